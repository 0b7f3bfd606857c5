"""Cards that people replace or void, and what a till is told of them; their money follows."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import trio

from host.model.money import Money
from host.model.office import Done, Refused, Told, Waiting
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.model.secrets import Pan
from host.office import jobs
from host.office.jobs import take_job
from host.office.tables import WORKS
from host.stock import ends, lives
from host.store.card_view import Page, view_card
from tests.host.conftest import Till, audit_ledger, trading
from tests.host.office.conftest import HOME, Bureau, Person
from tests.host.office.test_stock import Issuer
from tests.host.stock.conftest import Stock
from tests.host.test_activation import FACE, activate, pans_of, standing
from tests.host.test_moves import KilledError, drive, killed_at


@pytest.fixture
def issuer(bureau: Bureau) -> Issuer:
    return Issuer(bureau)


@pytest.fixture
def stock(bureau: Bureau) -> Iterator[Stock]:
    with psycopg.connect(bureau.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=bureau.dsns)


@pytest.fixture
async def till(bureau: Bureau) -> AsyncIterator[Till]:
    async with trading(bureau.dsns) as till:
        yield till
    audit_ledger(bureau.dsns)


class Shelf:
    """The cards of a batch that is opened, by their places."""

    def __init__(self, issuer: Issuer, stock: Stock, cards: int) -> None:
        issuer.batch(cards)
        made = issuer.bureau.sql("SELECT code, id FROM card_batch ORDER BY id DESC LIMIT 1")[0]
        self.batch = str(made[0])
        told = issuer.bureau.with_code(issuer.owner, "card_batch.open", batch=self.batch)
        assert isinstance(told, Done), told
        [(self.part,)] = stock.rows("SELECT id FROM card_batch_part WHERE batch_id = %s", made[1])
        self.pans = pans_of(stock, self.part)
        self.ids = [
            card
            for (card,) in stock.rows(
                "SELECT id FROM card WHERE part_id = %s ORDER BY 1", self.part
            )
        ]


async def buy(till: Till, pan: Pan, amount: int) -> Response:
    return await till.ask(till.request(Kind.PURCHASE, None, amount, pan=pan))


def agreed(bureau: Bureau, told: Told, by: Person) -> Done:
    """What waits is agreed to by another person."""
    assert isinstance(told, Waiting), told
    done = bureau.with_code(by, "approval.decide", approval=told.approval, decision="approve")
    assert isinstance(done, Done), done
    return done


async def test_value_on_its_way_is_shown_where_it_is_and_why_it_is_not_there(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-40: on the card, in between, arrived; and to nobody of another issuer."""
    shelf = Shelf(issuer, stock, 4)
    (old, new, other, last) = shelf.ids
    for pan in (shelf.pans[0], shelf.pans[2]):
        await activate(till, pan)
    service, manager = bureau.person("service", "issuer"), issuer.manager
    told = bureau.with_code(service, "card.replace", card=old, replacement=new, note="it is worn")
    agreed(bureau, told, manager)
    bureau.later(minutes=2)

    def shown(**filters: str) -> list[tuple[Any, ...]]:
        names = ("card", "kind", "batch", "to_card", "state", "left_minor", "in_transit_minor")
        return [
            tuple(row[name] for name in names) for row in bureau.rows(manager, "moves", **filters)
        ]

    replacement = (old, "replacement", shelf.batch, new)
    assert shown() == [(*replacement, "open", FACE, 0)]
    [row] = bureau.rows(manager, "moves")
    assert row["age_seconds"] >= 120
    view = view_card(stock.connection, old, Page())
    assert [(each.name, each.comes, each.other_id) for each in view.moving] == [
        ("replacement", False, new)
    ]
    view = view_card(stock.connection, new, Page())
    assert [(each.comes, each.other_id) for each in view.moving] == [(True, old)]
    with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
        await drive(till, killed_at(till, 0, is_heard=True))
    assert shown(state="open") == [(*replacement, "open", 0, FACE)]
    await drive(till)
    assert shown(batch=shelf.batch) == shown(card=str(old)) == shown(batch=shelf.batch, part="1")
    assert shown(batch=shelf.batch, part="2") == []
    assert shown(batch=shelf.batch) == [(*replacement, "done", 0, 0)]
    assert view_card(stock.connection, old, Page()).moving == ()
    told = bureau.with_code(
        service, "card.replace", card=other, replacement=last, note="it is worn"
    )
    agreed(bureau, told, manager)
    till.sql("UPDATE card SET status = 'active' WHERE id = %s", other)
    await drive(till)
    till.sql("UPDATE card SET status = 'replaced' WHERE id = %s", other)
    [row] = bureau.rows(manager, "moves", state="refused")
    assert (row["card"], row["left_minor"], row["why"]) == (other, FACE, "not_permitted_to_card")
    view = view_card(stock.connection, other, Page())
    assert [(each.state, each.refused) for each in view.moving] == [("refused", row["why"])]
    [(foreign,)] = bureau.sql(
        "SELECT institution_id FROM issuer WHERE institution_id <> %s LIMIT 1", HOME["issuer"]
    )
    stranger = bureau.person("issuer_manager", "issuer", foreign)
    assert bureau.rows(stranger, "moves") == []
    assert bureau.rows(stranger, "moves", card=str(old)) == []


async def test_a_lost_card_is_replaced_and_the_other_trades_with_what_it_had(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-46, S4-75: its money, its points, its days and whose it is."""
    shelf = Shelf(issuer, stock, 2)
    (old, new), (old_pan, new_pan) = shelf.ids, shelf.pans
    await activate(till, old_pan)
    await buy(till, old_pan, 4_000)
    owner, service = bureau.person("merchant_owner"), bureau.person("service", "issuer")
    member = int(
        bureau.done(
            owner, "member.add", phone="13700001234", merchant=HOME["merchant"], name="Wang"
        ).subject
    )
    till.sql("UPDATE card SET member_id = %s WHERE id = %s", member, old)
    bureau.done(service, "card.freeze", card=old, kind="lose", note="left on a train")
    told = bureau.with_code(
        service, "card.replace", card=old, replacement=new, note="left on a train"
    )
    agreed(bureau, told, issuer.manager)
    assert (await buy(till, old_pan, 1)).reason is Reason.CARD_REPLACED
    assert (await buy(till, new_pan, 1)).reason is Reason.INSUFFICIENT_FUNDS
    await drive(till)
    sale = await buy(till, new_pan, 6_000)
    assert (sale.reason, sale.balance) == (Reason.APPROVED, Money(0, "CNY"))
    assert standing(stock, old_pan)[0::4] == ("replaced", 0)
    assert standing(stock, new_pan)[:4] == ("active", "sold", standing(stock, old_pan)[2], False)
    assert stock.rows("SELECT member_id FROM card WHERE id = %s", new) == [(member,)]
    assert stock.rows("SELECT name, state, made_by, to_card FROM move") == [
        ("replacement", "done", service.login, new)
    ]
    [line] = bureau.sql(
        "SELECT before ->> 'status', after ->> 'status' FROM history"
        " WHERE action = 'card.replace' AND outcome = 'done'"
    )
    assert line == ("lost", "replaced")


async def test_a_fee_for_a_replacement_is_within_what_product_and_card_allow(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-46: told before it is done and after, refused in a sentence, and shown with the card."""
    shelf = Shelf(issuer, stock, 2)
    (old, new), (old_pan, new_pan) = shelf.ids, shelf.pans
    await activate(till, old_pan)
    service = bureau.person("service", "issuer")
    asked = {"card": old, "replacement": new, "note": "it was bent"}

    def refused(fee: int) -> tuple[str, str]:
        told = bureau.with_code(service, "card.replace", fee_minor=fee, **asked)
        assert isinstance(told, Refused), told
        return told.code, f"{told}"

    assert refused(1)[0] == "E-FEE", "its product says nothing of one"
    till.sql("UPDATE product_version SET replacement_fee_minor_max = %s", FACE)
    assert refused(FACE + 1)[0] == "E-FEE"
    await buy(till, old_pan, 9_700)
    assert refused(301)[0] == "E-FEE-NOT-COVERED"
    told = {"fee_minor": 200, "moved_minor": 100, "replacement": new}
    seen = bureau.done(service, "card.replace", _is_dry_run=True, fee_minor=200, **asked)
    assert {name: seen.told[name] for name in told} == told
    waiting = bureau.with_code(service, "card.replace", fee_minor=200, **asked)
    done = agreed(bureau, waiting, issuer.manager)
    assert done.told["outcome"]["told"] == told
    [row] = bureau.rows(issuer.manager, "moves")
    assert (row["fee_minor"], row["left_minor"]) == (200, 300)
    await drive(till)
    assert standing(stock, new_pan)[-1] == 100
    view = view_card(stock.connection, old, Page())
    kinds = [one.kind for one in view.movements]
    assert set(kinds[: kinds.index("card_fee")]) == {"move_out"}, "all that moved came after it"
    [(fee,)] = bureau.sql(
        "SELECT after ->> 'fee_minor' FROM history"
        " WHERE action = 'card.replace' AND outcome = 'done'"
    )
    assert fee == "200"


async def test_below_the_limit_of_the_grant_nobody_else_is_asked_and_of_two_one_wins(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-46: the other is told how the cards stand now."""
    shelf = Shelf(issuer, stock, 4)
    for pan in shelf.pans[:2]:
        await activate(till, pan)
    one, two, new, other = shelf.ids
    service = bureau.person("service", "issuer")
    till.sql("UPDATE person_grant SET limit_minor = %s WHERE role = 'service'", FACE)
    done = bureau.with_code(service, "card.replace", card=one, replacement=new, note="worn out")
    assert isinstance(done, Done), done
    for old, whose, code in ((one, other, "E-STATE"), (two, new, "E-NEW")):
        told = bureau.with_code(
            service, "card.replace", card=old, replacement=whose, note="worn out"
        )
        assert isinstance(told, Refused)
        assert told.code == code
    await drive(till)
    assert [standing(stock, pan)[-1] for pan in shelf.pans] == [0, FACE, FACE, 0]


async def test_one_card_is_voided_alone_and_many_by_two(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-35, S1-36: refused at once, in the words of each use; what they had is the issuer's."""
    shelf = Shelf(issuer, stock, 4)
    for pan in shelf.pans[:3]:
        await activate(till, pan)
    sale = till.request(Kind.PURCHASE, None, 2_500, pan=shelf.pans[0])
    assert (await till.ask(sale)).is_approved
    till.sql("UPDATE person_grant SET limit_minor = %s WHERE role = 'issuer_manager'", FACE)
    told = bureau.with_code(issuer.manager, "card.void", many=shelf.ids[:1], note="misprint")
    assert isinstance(told, Done), told
    assert told.told["written_back_minor"] == FACE - 2_500
    assert (await buy(till, shelf.pans[0], 1)).reason is Reason.CARD_VOIDED_SPEND
    many = bureau.with_code(issuer.owner, "card.void", many=shelf.ids[1:], note="misprint")
    assert (await buy(till, shelf.pans[1], 1)).is_approved, "nobody has agreed yet"
    agreed(bureau, many, issuer.manager)
    for pan in shelf.pans:
        asked = (
            till.request(Kind.PURCHASE, None, 1, pan=pan),
            till.request(Kind.CARD_ACTIVATION, None, FACE, pan=pan),
            till.request(Kind.CASH_LOAD, None, 1, pan=pan),
        )
        assert [(await till.ask(one)).reason for one in asked] == [
            Reason.CARD_VOIDED_SPEND,
            Reason.CARD_VOIDED_SELL,
            Reason.CARD_VOIDED_LOAD,
        ]
    await drive(till)
    assert [standing(stock, pan)[-1] for pan in shelf.pans] == [0, 0, 0, 0]
    subjects = bureau.sql(
        "SELECT subject_key FROM history WHERE action = 'card.void' AND outcome = 'done'"
        " AND after ->> 'status' = 'voided'"
    )
    assert sorted(subjects) == sorted((str(card),) for card in shelf.ids)
    assert (await till.ask(till.reversal(sale))).is_approved
    assert standing(stock, shelf.pans[0])[-1] == 2_500, "its customer's money came back"
    await drive(till)
    assert standing(stock, shelf.pans[0])[-1] == 0


def void_batch(bureau: Bureau, issuer: Issuer, batch: str) -> dict[str, Any]:
    told = bureau.with_code(issuer.owner, "card_batch.void", batch=batch, note="misprint")
    return dict(agreed(bureau, told, issuer.manager).told)


async def test_a_voided_batch_is_refused_at_once_and_its_cards_are_written_back_by_a_job(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1-14, S1-35: some cards after the other, whoever is killed meanwhile."""
    monkeypatch.setattr(ends, "CARDS_PER_STEP", 2)
    shelf = Shelf(issuer, stock, 5)
    for pan in shelf.pans[:4]:
        await activate(till, pan)
    void_batch(bureau, issuer, shelf.batch)
    for pan in shelf.pans:
        assert (await buy(till, pan, 1)).reason is Reason.CARD_VOIDED_SPEND
    assert [standing(stock, pan)[-1] for pan in shelf.pans] == [FACE] * 4 + [0]
    seen = []
    for is_killed in (True, False):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_driving, till)
            while (job := bureau.rows(issuer.owner, "jobs")[0])["state"] != "done":
                seen.append(job["done"])
                await trio.to_thread.run_sync(one_step if is_killed else finish, bureau)
                if is_killed and seen[-1] >= 2:
                    break
            nursery.cancel_scope.cancel()
    assert seen == sorted(seen)
    assert [standing(stock, pan)[-1] for pan in shelf.pans] == [0] * 5
    assert bureau.sql(
        "SELECT count(*)::int, min(made_by) FROM journal WHERE kind = 'card_void'"
    ) == [(4, issuer.owner.login)]


async def test_who_voids_a_batch_and_who_agrees_see_what_it_would_do(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-14: its cards by state, what goes back by unit, what does not and why; counted anew."""
    shelf, new = Shelf(issuer, stock, 5), Shelf(issuer, stock, 1)
    for pan in shelf.pans[:4]:
        await activate(till, pan)
    await buy(till, shelf.pans[0], 4_000)
    service = bureau.person("service", "issuer")
    told = bureau.with_code(
        service, "card.replace", card=shelf.ids[1], replacement=new.ids[0], note="it was bent"
    )
    agreed(bureau, told, issuer.manager)
    lives.stop_card(stock.connection, shelf.ids[2], lives.Stop.FREEZE)
    [(points, unit)] = bureau.sql(
        "SELECT posted_minor, unit FROM purse WHERE card_id = %s AND unit LIKE 'P:%%'", shelf.ids[0]
    )
    asked = {"batch": shelf.batch, "note": "misprint"}
    money = {"unit": "CNY", "cards": 3, "amount": "260.00"}
    earned = {"unit": unit, "cards": 1, "amount": f"{points}"}
    wanted = {
        "cards_by_state": {"active": 2, "frozen": 1, "inactive": 1, "replaced": 1},
        "written_back": [money, earned],
        "not_written_back": {"replaced": [{"unit": "CNY", "cards": 1, "amount": "100.00"}]},
    }
    seen = bureau.done(issuer.owner, "card_batch.void", _is_dry_run=True, **asked)
    assert {name: seen.told[name] for name in wanted} == wanted
    assert issuer.state(issuer.owner, shelf.batch) == "opened"
    waiting = bureau.with_code(issuer.owner, "card_batch.void", **asked)
    assert isinstance(waiting, Waiting)
    [row] = bureau.rows(issuer.manager, "approvals", to_decide="1")
    assert row["foretold"] == wanted
    await drive(till)
    await buy(till, shelf.pans[0], 1_000)
    decision = {"approval": waiting.approval, "decision": "approve"}
    seen = bureau.done(issuer.manager, "approval.decide", _is_dry_run=True, **decision)
    now = seen.told["outcome"]["told"]
    assert now["not_written_back"] == {}
    assert now["written_back"][0] == money | {"amount": "250.00"}
    assert issuer.state(issuer.owner, shelf.batch) == "opened"
    agreed(bureau, waiting, issuer.manager)
    assert issuer.state(issuer.owner, shelf.batch) == "voided"


async def test_what_a_replaced_card_had_is_not_written_back_with_its_batch(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-14, S1-46: it is its customer's, on a card of another batch, and has one way there."""
    old, new = Shelf(issuer, stock, 2), Shelf(issuer, stock, 1)
    for pan in old.pans:
        await activate(till, pan)
    service = bureau.person("service", "issuer")
    told = bureau.with_code(
        service, "card.replace", card=old.ids[0], replacement=new.ids[0], note="it was bent"
    )
    agreed(bureau, told, issuer.manager)
    void_batch(bureau, issuer, old.batch)
    await trio.to_thread.run_sync(one_step, bureau)
    assert stock.rows("SELECT card_id, name FROM move ORDER BY card_id") == [
        (old.ids[0], "replacement"),
        (old.ids[1], "void"),
    ]
    await drive(till)
    assert standing(stock, new.pans[0])[-1] == FACE


async def keep_driving(till: Till) -> None:
    while True:
        await drive(till)
        await trio.sleep(0.05)


def one_step(bureau: Bureau) -> None:
    """A clerk that is killed after one step: its transaction is kept, and the job is left."""
    with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
        bureau.later(minutes=1)
        job = take_job(connection, WORKS, bureau.now)
        assert job is not None
        jobs._do_step(connection, bureau.office, job, WORKS[job.action])


def finish(bureau: Bureau) -> None:
    bureau.later(minutes=1)
    bureau.do_jobs()


async def test_neither_a_card_nor_a_batch_of_which_something_is_held_is_voided(
    bureau: Bureau, issuer: Issuer, stock: Stock, till: Till
) -> None:
    """S1-14, S1-36."""
    shelf = Shelf(issuer, stock, 2)
    await activate(till, shelf.pans[0])
    till.sql("UPDATE purse SET held_minor = 1 WHERE card_id = %s AND unit = 'CNY'", shelf.ids[0])
    for action, values in (
        ("card_batch.void", {"batch": shelf.batch}),
        ("card.void", {"many": shelf.ids}),
    ):
        told = bureau.with_code(issuer.owner, action, note="misprint", **values)
        assert isinstance(told, Refused)
        assert told.code == "E-HELD"
    till.sql("UPDATE purse SET held_minor = 0 WHERE card_id = %s", shelf.ids[0])
