"""A member pays over a port for a card: loaded once, given back where it cannot be, never lost."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import ask
from host.model.catalogue import Catalogue, Look
from host.model.office import Done, Refused, Told
from host.office.catalogue import read_catalogue
from host.stock.port_payments import AFTERWARDS, OPEN_FOR
from host.store.changes import note_what_differs
from tests.host.conftest import Till, audit_ledger, opened
from tests.host.office.conftest import Bureau, Person
from tests.host.office.test_gifts import OTHER_PHONE
from tests.host.office.test_members_own import Two, two  # noqa: F401 - a fixture
from tests.host.test_gifts import money

SUM = 12_300


@pytest.fixture
async def till(bureau: Bureau) -> AsyncIterator[Till]:
    """One whose host has the office's clock."""
    with opened(bureau.dsns, clock=lambda: bureau.now) as poster, ExitStack() as kept:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            yield Till(poster, bureau.dsns, kept=kept)
            nursery.cancel_scope.cancel()
    audit_ledger(bureau.dsns)


class Payer:
    """A member before a port that is played, and what the house knows of their payments."""

    def __init__(self, two: Two) -> None:  # noqa: F811
        self.two, self.bureau, self.till = two, two.bureau, two.till
        self.before = money(two.till, two.giver)[0]

    async def ordered(self, **asked: Any) -> int:
        told = await self.two.told(
            self.two.wang, "load.online", **{"amount_minor": SUM, "card": self.two.giver, **asked}
        )
        assert isinstance(told, Done), told
        assert told.told["simulated_by"] == "wechat"
        return int(told.told["payment"])

    async def plays(self, payment: int, event: str, who: Person | None = None) -> Told:
        """It becomes of it what is said, and the clock asks the port."""
        played = {"payment": payment, "port_event": event}
        return await self.two.told(who or self.two.wang, "port.simulate", **played)

    async def later(self, **span: float) -> None:
        """Time goes by, and the clock asks."""
        self.bureau.later(**span)
        await trio.to_thread.run_sync(self.bureau.do_jobs)
        await trio.to_thread.run_sync(self.bureau.do_jobs)

    def stands(self, payment: int) -> tuple[str, str, int]:
        """State, why it went back, and how often more was paid."""
        self.bureau.sign_in(self.two.wang)
        [row] = self.bureau.rows(self.two.wang, "port_payments", payment=str(payment))
        return row["payment_state"], row["refusal"], row["more_paid"]

    def loaded(self) -> int:
        return money(self.till, self.two.giver)[0] - self.before

    def refunded(self, payment: int) -> list[bool]:
        """Of each payment that the port has, in their order, whether it went back."""
        [(paid,)] = self.bureau.sql(
            "SELECT s.paid FROM port_simulated AS s JOIN port_payment AS p USING (order_number)"
            " WHERE p.id = %s", payment,
        )  # fmt: skip
        return [one["is_refunded"] for one in paid]


@pytest.fixture
async def payer(two: Two) -> Payer:  # noqa: F811
    return await trio.to_thread.run_sync(Payer, two)


async def test_what_a_port_says_was_paid_is_put_onto_the_card_once(payer: Payer) -> None:
    """S3-06, S3-33: nothing before the port has said so; the port owes it to the issuer."""
    payment = await payer.ordered()
    assert payer.stands(payment) == ("to_pay", "", 0)
    assert payer.loaded() == 0
    assert isinstance(await payer.plays(payment, "paid"), Done)
    await payer.later(seconds=4)
    assert payer.stands(payment) == ("loaded", "", 0)
    for span in (*AFTERWARDS, AFTERWARDS[0]):
        await payer.later(seconds=span.total_seconds() + 1)
    assert payer.loaded() == SUM
    assert payer.bureau.sql("SELECT count(*) FROM journal WHERE kind = 'port_load'") == [(1,)]
    [(owed,)] = payer.bureau.sql(
        "SELECT -sum(m.amount_minor)::bigint FROM movement AS m JOIN account AS a"
        " ON a.id = m.account_id WHERE a.chart = 'port_receivable'"
    )
    assert owed == SUM
    payer.bureau.sign_in(payer.two.wang)
    [came] = payer.bureau.rows(payer.two.wang, "my_moves", event="port_load")
    assert came["amount_minor"] == SUM
    payer.bureau.sign_in(payer.bureau.admin)
    finance = await trio.to_thread.run_sync(lambda: payer.bureau.person("finance"))
    [load, *_] = payer.bureau.rows(finance, "loads")
    assert (load["way"], load["amount_minor"]) == ("port_load", SUM)


async def test_what_was_paid_twice_goes_back_once_and_is_loaded_once(payer: Payer) -> None:
    payment = await payer.ordered()
    await payer.plays(payment, "paid_twice")
    await payer.later(seconds=4)
    assert payer.stands(payment) == ("loaded", "", 1)
    assert payer.refunded(payment) == [False, True]
    await payer.plays(payment, "paid")
    await payer.later(seconds=4)
    assert payer.stands(payment) == ("loaded", "", 2)
    assert payer.refunded(payment) == [False, True, True]
    assert payer.loaded() == SUM


async def test_another_amount_is_none_and_goes_back(payer: Payer) -> None:
    payment = await payer.ordered()
    await payer.plays(payment, "paid_another_amount")
    await payer.later(seconds=4)
    assert payer.stands(payment) == ("to_pay", "", 1)
    assert payer.refunded(payment) == [True]
    await payer.plays(payment, "paid")
    await payer.later(seconds=4)
    assert payer.stands(payment) == ("loaded", "", 1)
    assert payer.loaded() == SUM


async def test_an_order_that_is_not_paid_is_closed_and_what_comes_late_goes_back(
    payer: Payer,
) -> None:
    """Who was told that nothing was paid may have paid again meanwhile."""
    payment = await payer.ordered()
    await payer.later(seconds=OPEN_FOR.total_seconds() + 1)
    assert payer.stands(payment)[0] == "unpaid"
    payer.bureau.sign_in(payer.two.wang)
    await payer.plays(payment, "paid")
    await payer.later(seconds=1)
    assert payer.stands(payment) == ("refunded", "late", 0)
    assert payer.refunded(payment) == [True]
    assert payer.loaded() == 0


async def test_while_the_port_says_nothing_nothing_is_known_and_it_is_asked_again(
    payer: Payer,
) -> None:
    payment = await payer.ordered()
    await payer.plays(payment, "silent")
    await payer.plays(payment, "paid")
    await payer.later(seconds=4)
    assert payer.stands(payment) == ("to_pay", "", 0), "never told as failed, or as paid"
    assert payer.loaded() == 0
    await payer.later(seconds=31)
    assert payer.stands(payment) == ("loaded", "", 0)
    assert payer.loaded() == SUM


async def test_what_the_card_does_not_take_after_all_goes_back(payer: Payer) -> None:
    """It was lost between paying and loading: the member hears why, and has the money back."""
    payment = await payer.ordered()
    payer.till.sql("UPDATE card SET status = 'lost' WHERE id = %s", payer.two.giver)
    await payer.plays(payment, "paid")
    await payer.later(seconds=4)
    state, refusal, _ = payer.stands(payment)
    assert (state, bool(refusal)) == ("refunded", True)
    assert payer.refunded(payment) == [True]
    assert payer.loaded() == 0
    assert payer.bureau.sql("SELECT count(*) FROM journal WHERE kind = 'port_load'") == [(0,)]


async def test_a_phone_number_is_loaded_without_telling_whose_it_is(payer: Payer) -> None:
    """S3-06: it goes onto the card of who has the phone; phones that have none are counted."""
    others = [money(payer.till, card)[0] for card in (payer.two.getter, payer.two.others)]
    payment = await payer.ordered(card=None, phone=OTHER_PHONE)
    await payer.plays(payment, "paid")
    await payer.later(seconds=4)
    assert payer.stands(payment)[0] == "loaded"
    now = [money(payer.till, card)[0] for card in (payer.two.getter, payer.two.others)]
    assert sum(now) - sum(others) == SUM
    wrong = {"amount_minor": SUM, "phone": "13799998888"}
    codes = [payer.bureau.refused(payer.two.wang, "load.online", **wrong) for _ in range(6)]
    assert codes == ["E-NO-CARD"] * 5 + ["E-TRIES"]


async def test_more_than_a_card_takes_is_said_before_anything_is_paid(payer: Payer) -> None:
    """S3-06: how much it still takes."""
    [(most,)] = payer.bureau.sql("SELECT balance_minor_max FROM issuer WHERE id = 1")
    payer.till.sql("UPDATE issuer SET amount_minor_max = %s WHERE id = 1", most)
    told = await payer.two.told(
        payer.two.wang, "load.online", card=payer.two.giver, amount_minor=most - payer.before + 1
    )
    assert isinstance(told, Refused), told
    assert told.code == "E-LOAD-MAX"
    assert payer.bureau.sql("SELECT count(*) FROM port_payment") == [(0,)]
    foreign = await payer.two.told(
        payer.two.wang, "load.online", card=payer.two.getter, amount_minor=100
    )
    assert isinstance(foreign, Refused)
    assert foreign.code == "E-NOT-FOUND"


async def test_nobody_plays_or_sees_anothers_payment(payer: Payer) -> None:
    payment = await payer.ordered()
    assert payer.bureau.rows(payer.two.li, "port_payments") == []
    for action, more in (("port.simulate", {"port_event": "paid"}), ("payment.look", {})):
        told = await payer.two.told(payer.two.li, action, payment=payment, **more)
        assert isinstance(told, Refused)
        assert told.code == "E-NOT-FOUND"
    ops = await trio.to_thread.run_sync(lambda: payer.bureau.person("platform_ops"))
    assert isinstance(await payer.plays(payment, "paid", ops), Done)
    await payer.later(seconds=4)
    assert payer.loaded() == SUM


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        ("UPDATE port_payment SET amount_minor = 1 WHERE state = 'loaded'", "port_not_owed"),
        ("UPDATE port_payment SET amount_minor = 1", "payment_not_its_journal"),
        ("UPDATE port_payment SET journal_id = NULL, state = 'paid'", "payment_not_its_journal"),
        ("UPDATE port_payment SET journal_id = NULL, state = 'paid'", "port_not_owed"),
    ],
)
async def test_the_audit_holds_payments_against_the_ledger(
    two: Two,  # noqa: F811
    edit: str,
    finding: str,
) -> None:
    payer = await trio.to_thread.run_sync(Payer, two)
    payment = await payer.ordered()
    await payer.plays(payment, "paid")
    await payer.later(seconds=4)
    with psycopg.connect(two.bureau.dsns.owner) as connection:
        assert finding not in {one.test for one in ask(connection)}
        connection.execute(edit.encode())
        assert finding in {one.test for one in ask(connection)}
        connection.rollback()


async def test_nobody_plays_a_payment_where_the_house_has_not_said_so(payer: Payer) -> None:
    """What nobody has paid comes onto no card of a house that takes money."""
    payment = await payer.ordered()
    with psycopg.connect(payer.bureau.dsns.owner, autocommit=True) as owner:
        owner.execute("UPDATE office_setting SET value = 0 WHERE name = 'simulated_payments'")
        note_what_differs(owner)  # as if two people had set it
    told = await payer.plays(payment, "paid")
    assert isinstance(told, Refused)
    assert told.code == "E-NOT-OPENED-HERE"
    again = await payer.two.told(
        payer.two.wang, "load.online", amount_minor=SUM, card=payer.two.giver
    )
    assert isinstance(again, Refused)
    assert again.code == "E-NOT-OPENED-HERE"
    await payer.later(minutes=1)
    assert money(payer.till, payer.two.giver)[0] == payer.before
    session = payer.two.wang.session
    told = read_catalogue(payer.bureau.office, payer.bureau.connection, Look(session=session))
    assert isinstance(told, Catalogue)
    assert not {"load.online", "port.simulate"} & {one.id for one in told.actions}
