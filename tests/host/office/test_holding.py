"""Whose a card is: activated for somebody, bound to its buyer, given to another; seen by a till."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import trio

from host.model.instruments import Activation
from host.model.office import Done, Refused, Told, Waiting
from host.model.requests import Kind
from host.model.responses import Reason
from host.model.secrets import Pan
from host.office.reception import Reception
from host.store.connecting import SHORT, connect
from tests.host.conftest import NOW, Till, asking_of, audit_ledger
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.stock.conftest import HSM

FACE = 10_000
PHONE, OTHER_PHONE = "13800001234", "13900005678"
NOTE = "asked for at the counter"


@dataclass
class Shop:
    """An issuer's people, a host that trades, and a batch that was opened."""

    bureau: Bureau
    till: Till
    manager: Person
    owner: Person
    product: int
    batch: str
    part: int
    cards: list[int]

    async def done(self, who: Person, action: str, **values: Any) -> Told:
        """Asked with a code where one is needed; what waits is agreed to; its job is done."""
        told = self.bureau.do(who, action, **values)
        if isinstance(told, Refused) and told.code == "E-STEP-UP":
            told = self.bureau.do(who, action, _code=self.bureau.code(who), **values)
        if isinstance(told, Waiting):
            told = self.agree(told.approval)
        await trio.to_thread.run_sync(self.bureau.do_jobs)
        return told

    def agree(self, approval: int) -> Told:
        """By another administrator of the issuer."""
        return self.bureau.with_code(
            self.bureau.admin, "approval.decide", approval=approval, decision="approve"
        )

    async def activate(self, card: int, phone: str = PHONE) -> Told:
        return await self.done(self.manager, "card.activate_for", card=card, phone=phone, note=NOTE)

    def refused(self, card: int, **more: Any) -> str:
        """Why it is refused before anybody else is asked."""
        told = self.bureau.with_code(
            self.manager, "card.activate_for", card=card, note=NOTE, **{"phone": PHONE, **more}
        )
        assert isinstance(told, Refused), told
        return told.code

    def pan(self, card: int) -> Pan:
        [(sealed,)] = self.bureau.sql("SELECT pan_sealed FROM card WHERE id = %s", card)
        return HSM.open_pan(sealed)

    async def buy(self, card: int, amount: int = 100) -> Reason:
        sale = self.till.request(Kind.PURCHASE, None, amount, pan=self.pan(card))
        return (await self.till.ask(sale)).reason

    def job(self, told: Told) -> tuple[str, str]:
        """How the job of it ended."""
        assert isinstance(told, Done), told
        number = told.told.get("job") or told.told["outcome"]["told"]["job"]
        [row] = self.bureau.sql("SELECT state, error FROM job WHERE id = %s", number)
        return row[0], row[1]


@pytest.fixture
async def shop(bureau: Bureau, till: Till) -> Shop:
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    return await trio.to_thread.run_sync(lambda: made_shop(bureau, till))


def made_shop(bureau: Bureau, till: Till, **terms: Any) -> Shop:
    manager, maker = bureau.person("issuer_manager"), bureau.person("batch_maker")
    owner = bureau.person("batch_owner")
    told = {"form": "physical", "face_minor_min": FACE, "valid_days": 365, **terms}
    product = bureau.done(
        manager, "product.revise", issuer=HOME["issuer"], code="GIFT", name="Gift", **told
    ).subject
    vendor = bureau.done(
        manager, "vendor.save", issuer=HOME["issuer"], name="Card works", contact="Wu"
    ).subject
    made = bureau.done(
        maker, "card_batch.create", product=int(product), name="Autumn", cards=3,
        responsible=manager.login, vendor=int(vendor),
    )  # fmt: skip
    bureau.do_jobs()
    [(part,)] = bureau.sql(
        "SELECT p.id FROM card_batch_part AS p JOIN card_batch AS b ON b.id = p.batch_id"
        " WHERE b.code = %s", made.subject
    )  # fmt: skip
    cards = [(part << 32) + place for place in (1, 2, 3)]
    shop = Shop(bureau, till, manager, owner, int(product), made.subject, part, cards)
    opened = bureau.with_code(owner, "card_batch.open", batch=made.subject)
    assert isinstance(opened, Done), opened
    return shop


async def test_the_office_activates_a_card_and_the_next_message_spends_it(shop: Shop) -> None:
    """S1-22, S1-24, S1-33: bound to a phone, with its face value, by one posting."""
    [card, *_] = shop.cards
    assert await shop.buy(card) is Reason.CARD_NOT_ACTIVE
    assert shop.job(await shop.activate(card)) == ("done", "")
    assert await shop.buy(card) is Reason.APPROVED
    [bound] = shop.bureau.sql(
        "SELECT c.status, c.code_hash IS NULL, m.phone_masked, m.made_by FROM card AS c"
        " JOIN member AS m ON m.id = c.member_id WHERE c.id = %s", card
    )  # fmt: skip
    assert bound == ("active", True, "138****1234", shop.manager.login)
    assert shop.bureau.sql(
        "SELECT kind, origin, made_by, amount_minor FROM journal WHERE slot LIKE 'office/%%'"
    ) == [("card_bound_activation", "office", shop.manager.login, FACE)]
    lines = shop.bureau.sql(
        "SELECT after->>'status', after->>'sale', after->>'rrn' IS NOT NULL, note,"
        " approval_id IS NOT NULL, acting_as LIKE 'issuer_manager@%%'"
        " FROM history WHERE action = 'card.activate_for' AND source LIKE 'job/%%'"
    )
    assert lines == [("active", "sold", True, NOTE, True, True)]


async def test_a_card_is_good_on_its_last_business_date_whatever_the_clock_says(
    bureau: Bureau, till: Till
) -> None:
    """As long as that date is open it is judged as a sale would be."""
    bureau.office = replace(bureau.office, ask=asking_of(till).ask_from_thread)
    days = {"valid_days": None, "valid_from": NOW.date(), "valid_to": NOW.date()}
    shop = await trio.to_thread.run_sync(lambda: made_shop(bureau, till, **days))
    bureau.later(hours=30)
    for who in (shop.manager, bureau.admin):
        bureau.sign_in(who)
    assert shop.job(await shop.activate(shop.cards[0])) == ("done", "")


async def test_no_phone_is_kept_with_what_waits_for_a_second_person(shop: Shop) -> None:
    """S1-22."""
    told = shop.bureau.with_code(
        shop.manager, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    assert isinstance(told, Waiting), told
    assert shop.bureau.sql("SELECT count(*) FROM approval WHERE asked::text LIKE %s",
                           f"%{PHONE}%") == [(0,)]  # fmt: skip


async def test_within_a_limit_nobody_else_is_asked(shop: Shop) -> None:
    """S1-22."""
    shop.till.sql("UPDATE person_grant SET limit_minor = %s", FACE)
    told = shop.bureau.with_code(
        shop.manager, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    assert isinstance(told, Done), told
    shop.till.sql("UPDATE person_grant SET limit_minor = %s", FACE - 1)
    told = shop.bureau.with_code(
        shop.manager, "card.activate_for", card=shop.cards[1], phone=PHONE, note=NOTE
    )
    assert isinstance(told, Waiting), told


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE card_batch_part SET state = 'generated', opened_by = NULL, opened_at = NULL",
         "E-NOT-OPENED"),
        ("UPDATE card SET status = 'voided' WHERE part_id IS NOT NULL", "E-VOIDED-BIND"),
        ("UPDATE card SET status = 'active', sale = 'sold', member_id = 99 WHERE part_id > 0",
         "E-BOUND"),
        ("UPDATE card SET status = 'frozen' WHERE part_id IS NOT NULL", "E-CARD"),
        ("UPDATE product_version SET activation = '{till,holder}'", "E-CARD"),
        ("UPDATE product_version SET is_registered = false;"  # noqa: ISC004 - one statement
         " UPDATE card_batch SET face_minor = 100001", "E-LIMIT-ANONYMOUS"),
        ("UPDATE product_version SET is_registered = false;"  # noqa: ISC004 - one statement
         " UPDATE office_setting SET value = 9999 WHERE name = 'anonymous_minor_max'",
         "E-LIMIT-ANONYMOUS"),
    ],
)  # fmt: skip
async def test_what_cannot_be_activated_is_refused_before_anybody_is_asked(
    shop: Shop, change: str, code: str
) -> None:
    """S1-12, S1-22, S1-35."""
    shop.till.sql(change)
    assert shop.refused(shop.cards[0]) == code


async def test_who_moved_first_is_told_by_the_poster(shop: Shop) -> None:
    """S1-22: what changed between asking and posting is refused, and history has why."""
    told = shop.bureau.with_code(
        shop.manager, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    done = shop.agree(told.approval)
    shop.bureau.done(shop.manager, "card_batch.suspend", batch=shop.batch, note="misprinted")
    await trio.to_thread.run_sync(shop.bureau.do_jobs)
    state, error = shop.job(done)
    assert (state, error[:6]) == ("failed", "E-CARD")
    assert shop.bureau.sql(
        "SELECT outcome FROM history WHERE action = 'card.activate_for' AND source LIKE 'job/%%'"
    ) == [("E-CARD",)]
    assert await shop.buy(shop.cards[0]) is Reason.CARD_BATCH_SUSPENDED


async def test_a_job_that_was_killed_after_its_posting_is_told_the_same(shop: Shop) -> None:
    """S1-22: the same key gets the same answer, so its value is on the card once."""
    told = shop.bureau.with_code(
        shop.manager, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    done, ask = shop.agree(told.approval), shop.bureau.office.ask
    assert ask is not None

    def killed(own: Any) -> Any:
        assert ask(own).is_approved
        raise KeyboardInterrupt

    shop.bureau.office = replace(shop.bureau.office, ask=killed)
    with pytest.raises(KeyboardInterrupt):
        await trio.to_thread.run_sync(shop.bureau.do_jobs)
    shop.bureau.office = replace(shop.bureau.office, ask=ask)
    shop.bureau.later(seconds=31)
    await trio.to_thread.run_sync(shop.bureau.do_jobs)
    assert shop.job(done) == ("done", "")
    assert shop.bureau.sql(
        "SELECT sum(posted_minor) FROM purse WHERE card_id = %s", shop.cards[0]
    ) == [(FACE,)]


async def test_a_host_that_is_asked_does_it_without_being_waited_for(shop: Shop) -> None:
    """S1-22: the clerk for postings is woken by who asks, whatever long work is under way."""
    shop.till.sql("UPDATE person_grant SET limit_minor = %s", FACE)
    dsn = shop.bureau.dsns.office
    reception = Reception(
        shop.bureau.office, lambda: connect(dsn, SHORT, autocommit=True), look_seconds=3_600
    )
    asked = shop.bureau.asked(
        shop.manager, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reception.run)
        with trio.fail_after(60):
            assert (await reception.ask(asked())).code == "E-STEP-UP"
            told = await reception.ask(asked(code=shop.bureau.code(shop.manager)))
            while shop.job(told)[0] in {"waiting", "running"}:  # noqa: ASYNC110 - it is a row
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    reception.shut()
    assert shop.job(told) == ("done", "")
    assert await shop.buy(shop.cards[0]) is Reason.APPROVED


async def test_service_activates_with_a_right_of_its_own(shop: Shop) -> None:
    """S1-22."""
    service = shop.bureau.person("service", "issuer", HOME["issuer"])
    told = shop.bureau.with_code(
        service, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-YOUR-ROLE"
    shop.till.sql("UPDATE person_grant SET rights = '{activate}' WHERE role = 'service'")
    told = shop.bureau.with_code(
        service, "card.activate_for", card=shop.cards[0], phone=PHONE, note=NOTE
    )
    assert isinstance(told, Waiting), told


async def test_a_bought_card_is_bound_to_its_buyer_and_nobody_else(shop: Shop) -> None:
    """S1-31."""
    bureau = shop.bureau
    members = [
        int(bureau.done(bureau.person("merchant_owner"), "member.add", phone=phone,
                        merchant=HOME["merchant"]).subject)
        for phone in (PHONE, OTHER_PHONE)
    ]  # fmt: skip
    ops = bureau.person("platform_ops")
    sold = bureau.done(
        ops, "card.sell", product=shop.product, cards=1, order="A1", member=members[0]
    )
    [card] = sold.told["cards"]
    told = bureau.refused(ops, "card.bind_bought", card=card, member=members[1])
    assert told == "E-NOT-YOURS"
    done = await shop.done(ops, "card.bind_bought", card=card, member=members[0])
    assert shop.job(done) == ("done", "")
    assert bureau.sql(
        "SELECT origin, made_by, amount_minor FROM journal WHERE slot LIKE 'member/%%'"
    ) == [("member", str(members[0]), FACE)]
    assert await shop.buy(card) is Reason.APPROVED


async def test_who_asks_decides_which_way_of_the_product_it_is(shop: Shop) -> None:
    """S1-22, S1-31: a product that the office alone activates is not bound by its holder."""
    bureau = shop.bureau
    owner = bureau.person("merchant_owner")
    member = int(bureau.done(owner, "member.add", phone=PHONE, merchant=HOME["merchant"]).subject)
    ops = bureau.person("platform_ops")
    sold = bureau.done(ops, "card.sell", product=shop.product, cards=1, order="A1", member=member)
    shop.till.sql("UPDATE product_version SET activation = %s", [Activation.OFFICE.value])
    told = bureau.refused(ops, "card.bind_bought", card=sold.told["cards"][0], member=member)
    assert told == "E-CARD"


async def test_a_card_is_rebound_by_two_and_a_bearers_is_given_away(shop: Shop) -> None:
    """S1-24: a controlled transfer."""
    bureau, [card, *_] = shop.bureau, shop.cards
    await shop.activate(card)
    service = bureau.person("service", "platform")
    told = bureau.with_code(
        service, "card.rebind", card=card, phone=OTHER_PHONE, evidence="form 12", note=NOTE
    )
    assert isinstance(told, Waiting), told
    shop.agree(told.approval)
    assert bureau.sql(
        "SELECT m.phone_masked FROM card AS c JOIN member AS m ON m.id = c.member_id"
        " WHERE c.id = %s", card
    ) == [("139****5678",)]  # fmt: skip
    shop.till.sql("UPDATE product_version SET is_registered = false")
    told = bureau.with_code(service, "card.rebind", card=card, phone=PHONE, note=NOTE)
    assert isinstance(told, Refused)
    assert told.code == "E-GIFT"
    audit_ledger(bureau.dsns)


async def sell_at_the_till(shop: Shop, card: int) -> None:
    sale = shop.till.request(Kind.CARD_ACTIVATION, None, FACE, pan=shop.pan(card))
    assert (await shop.till.ask(sale)).reason is Reason.APPROVED


@pytest.mark.parametrize("is_registered", [True, False])
async def test_a_bearers_card_is_bound_once_by_service_and_nothing_moves(
    shop: Shop, is_registered: bool
) -> None:
    """S1-24, S1-34: two people; what waits for another holder is not agreed to afterwards."""
    bureau, [card, *_] = shop.bureau, shop.cards
    shop.till.sql("UPDATE product_version SET is_registered = %s, activation = '{till}'",
                  is_registered)  # fmt: skip
    await sell_at_the_till(shop, card)
    posted = bureau.sql("SELECT count(*) FROM journal")
    service = bureau.person("service", "platform")
    asked = [
        bureau.with_code(service, "card.rebind", card=card, phone=phone, note=NOTE)
        for phone in (PHONE, OTHER_PHONE)
    ]
    assert [type(told) for told in asked] == [Waiting, Waiting], asked
    first, second = (shop.agree(told.approval) for told in asked)
    assert isinstance(first, Done), first
    assert isinstance(second, Refused), second
    assert second.code == "E-STALE"
    assert bureau.sql(
        "SELECT m.phone_masked, c.code_hash, c.code_sealed FROM card AS c"
        " JOIN member AS m ON m.id = c.member_id WHERE c.id = %s", card
    ) == [("138****1234", None, None)]  # fmt: skip
    assert bureau.sql("SELECT count(*) FROM journal") == posted
    assert bureau.sql(
        "SELECT outcome, before ? 'member', after->>'member' IS NOT NULL, note"
        " FROM history WHERE action = 'card.rebind' AND after IS NOT NULL"
    ) == [("done", True, True, NOTE)]
    assert await shop.buy(card) is Reason.APPROVED
    audit_ledger(bureau.dsns)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE card SET status = 'frozen' WHERE part_id IS NOT NULL", "E-CARD"),
        ("UPDATE card SET status = 'voided' WHERE part_id IS NOT NULL", "E-VOIDED-BIND"),
        ("UPDATE card SET valid_to = '2026-01-01' WHERE part_id IS NOT NULL", "E-CARD"),
        ("UPDATE card_batch SET state = 'suspended', suspended_by = 'x'", "E-CARD"),
        ("UPDATE member SET state = 'frozen'", "E-STATE"),
    ],
)
async def test_a_bearers_card_that_may_not_be_bound_says_why(
    shop: Shop, change: str, code: str
) -> None:
    """S1-24, S1-35: by the same tables as a till is told."""
    [card, other, _] = shop.cards
    await sell_at_the_till(shop, card)
    await shop.activate(other)
    shop.till.sql(change)
    service = shop.bureau.person("service", "platform")
    told = shop.bureau.with_code(service, "card.rebind", card=card, phone=PHONE, note=NOTE)
    assert isinstance(told, Refused), told
    assert told.code == code


async def test_a_card_sold_to_a_merchants_own_record_is_bound_to_its_holder(shop: Shop) -> None:
    """S1-31, S1-24: whichever of their numbers is named."""
    bureau, ops = shop.bureau, shop.bureau.person("platform_ops")
    merchants = bureau.sql("SELECT merchant_id FROM merchant ORDER BY id LIMIT 2")
    holder, record = (
        int(bureau.done(ops, "member.add", phone=PHONE, merchant=merchant).subject)
        for (merchant,) in merchants
    )
    sold = bureau.done(ops, "card.sell", product=shop.product, cards=2, order="A1", member=record)
    for card, member in zip(sold.told["cards"], (record, holder), strict=True):
        done = await shop.done(ops, "card.bind_bought", card=card, member=member)
        assert shop.job(done) == ("done", "")
    assert bureau.sql("SELECT DISTINCT member_id FROM card WHERE member_id IS NOT NULL") == [
        (holder,)
    ]
    service = bureau.person("service", "platform")
    await sell_at_the_till(shop, shop.cards[2])
    told = bureau.with_code(service, "card.rebind", card=shop.cards[2], member=record, note=NOTE)
    shop.agree(told.approval)
    assert bureau.sql("SELECT member_id FROM card WHERE id = %s", shop.cards[2]) == [(holder,)]
    audit_ledger(bureau.dsns)
