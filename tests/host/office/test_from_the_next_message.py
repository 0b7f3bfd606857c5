"""What people do at the office while a host trades holds from the very next message on."""

from typing import Any

from host.model.office import Refused
from host.model.responses import Reason
from tests.host.batched import put_batch
from tests.host.conftest import FIRST, CardPool, Till
from tests.host.office.conftest import Bureau


async def test_an_issuer_that_is_suspended_is_refused_at_once_and_taken_again_by_two(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S4-80."""
    card, second = pool.city(), office.person("platform_admin")
    [(issuer,)] = till.sql(
        "SELECT i.institution_id FROM issuer AS i JOIN card AS c ON c.issuer_id = i.id"
        " WHERE c.id = %s", card,
    )  # fmt: skip
    assert (await till.buy(card, 100)).is_approved
    office.done(second, "issuer.suspend", institution_id=issuer, note="in trouble")
    assert (await till.buy(card, 100)).reason is Reason.ISSUER_UNKNOWN
    office.done_by_two(
        second, office.admin, "issuer.suspend",
        institution_id=issuer, is_suspended=False, note="mended",
    )  # fmt: skip
    assert (await till.buy(card, 100)).is_approved


async def test_a_merchant_that_is_suspended_is_refused_at_once(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S3-17, S4-47."""
    card, risk = pool.city(), office.person("risk")
    merchant = till.terminal.merchant.merchant_id
    assert (await till.buy(card, 100)).is_approved
    office.done(risk, "merchant.suspend", merchant_id=merchant, note="strange trade")
    assert (await till.buy(card, 100)).reason is Reason.INVALID_MERCHANT


async def test_a_terminal_that_is_disabled_is_refused_at_once_and_heard_again(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S4-21: heard again with the next batch of anybody, or within a second."""
    card, operations = pool.city(), office.person("platform_ops")
    asked = {"terminal_id": FIRST, "note": "stolen last night", "with_open_batch": True}
    assert (await till.buy(card, 100)).is_approved
    office.done(operations, "terminal.disable", **asked)
    assert (await till.buy(card, 100)).reason is Reason.INVALID_TERMINAL
    office.done(operations, "terminal.disable", is_disabled=False, **asked)
    await till.buy(card, 100, terminal_id="80010002")
    assert (await till.buy(card, 100)).is_approved


async def test_a_card_batch_that_is_suspended_by_a_person_is_refused_at_once(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S1-13."""
    card, risk = pool.city(), office.person("risk")
    put_batch(till, 1, [card])
    assert (await till.buy(card, 100)).is_approved
    office.done(risk, "card_batch.suspend", batch="CB-1", note="many tries")
    assert (await till.buy(card, 100)).reason is Reason.CARD_BATCH_SUSPENDED


async def test_a_members_cards_are_refused_at_once_while_the_member_is_frozen(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S3-18."""
    card, service = pool.city(), office.person("service", "platform")
    owner = office.person("merchant_owner")
    [(merchant,)] = till.sql("SELECT merchant_id FROM merchant WHERE id = 1")
    told = {"phone": "13700001234", "merchant": merchant, "name": "Wu"}
    member = int(office.done(owner, "member.add", **told).subject)
    till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, card)
    assert (await till.buy(card, 100)).is_approved
    office.done(service, "member.freeze", member=member, note="lost their phone")
    assert (await till.buy(card, 100)).reason is Reason.MEMBER_FROZEN


async def test_a_programme_that_is_revised_and_one_that_is_new_earn_from_the_next_sale_on(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S4-01: an issuer's second programme earns beside its primary one."""
    card, second = pool.city(), office.person("platform_admin")
    answer = await till.buy(card, 10_000)
    assert answer.points_earned == 100
    [(code, issuer)] = till.sql(
        "SELECT p.code, i.institution_id FROM programme AS p JOIN issuer AS i"
        " ON i.id = p.issuer_id JOIN card AS c ON c.issuer_id = i.id WHERE c.id = %s", card,
    )  # fmt: skip
    office.done_by_two(office.admin, second, "programme.revise", programme=code, earn_points=2)
    assert (await till.buy(card, 10_000)).points_earned == 200
    office.done_by_two(
        office.admin, second, "programme.revise", programme="GREEN", issuer=issuer,
        name="Green points", earn_points=1, earn_per_minor=1_000, redemption_points_min=10,
        lot_life="months", lot_count=12,
    )  # fmt: skip
    await till.buy(card, 10_000)
    assert till.sql(
        "SELECT posted_minor FROM purse WHERE card_id = %s AND unit = 'P:GREEN'", card
    ) == [(10,)]
    rows = {row["programme"]: row for row in office.rows(office.admin, "programmes")}
    assert (rows[code]["version"], rows[code]["is_primary"]) == (2, True)
    assert (rows["GREEN"]["version"], rows["GREEN"]["is_primary"]) == (1, False)


async def test_who_is_invited_into_an_alliance_agrees_and_earns_in_it_until_it_ends(
    till: Till, pool: CardPool, office: Bureau
) -> None:
    """S4-02: a merchant agrees by its owner, an issuer by its manager."""
    card, second = pool.city(), office.person("platform_admin")
    merchant = till.terminal.merchant.merchant_id
    [(issuer,)] = till.sql(
        "SELECT i.institution_id FROM issuer AS i JOIN card AS c ON c.issuer_id = i.id"
        " WHERE c.id = %s", card,
    )  # fmt: skip
    today = f"{office.now:%Y-%m-%d}"
    office.done_by_two(office.admin, second, "alliance.save", alliance="HARBOUR", name="Harbour")
    office.done_by_two(
        office.admin, second, "programme.revise", programme="SHARED", alliance="HARBOUR",
        name="Harbour points", earn_points=1, earn_per_minor=500, redemption_points_min=1,
        lot_life="months", lot_count=12,
    )  # fmt: skip
    owner = office.person("merchant_owner", "merchant", merchant)
    manager = office.person("issuer_manager", "issuer", issuer)
    asked = {"alliance": "HARBOUR", "since": today}
    office.done_by_two(office.admin, owner, "alliance.invite", merchant=merchant, **asked)
    await till.buy(card, 10_000)
    assert points(till, card) == []
    office.done_by_two(office.admin, manager, "alliance.invite", issuer=issuer, **asked)
    await till.buy(card, 10_000)
    assert points(till, card) == [(20,)]
    told = office.do(office.admin, "alliance.invite", merchant=merchant, alliance="HARBOUR",
                     since=f"{office.now:%Y-12-31}")  # fmt: skip
    assert isinstance(told, Refused)
    assert told.code == "E-MEMBER", "in it already"
    office.done_by_two(
        office.admin, owner, "alliance.invite", merchant=merchant, earns=False, **asked
    )
    await till.buy(card, 10_000)
    assert points(till, card) == [(20,)]
    [row] = office.rows(owner, "directory")
    assert (row["merchant"], row["earns"], row["redeems"]) == (merchant, False, True)
    [row] = office.rows(office.admin, "alliances")
    assert (row["programmes"], row["issuers_in"], row["merchants_in"]) == (["SHARED"], 1, 1)


def points(till: Till, card: int) -> list[tuple[Any, ...]]:
    return till.sql("SELECT posted_minor FROM purse WHERE card_id = %s AND unit = 'P:SHARED'", card)
