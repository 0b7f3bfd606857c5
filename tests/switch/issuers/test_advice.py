"""What an issuer approved is owed to our host before it is told; a settlement waits for it."""

import contextlib
import sqlite3
from collections.abc import Callable

import msgspec
import pytest
import trio

from host.model.requests import Kind, Request, Response
from switch.memory.saf_file import SafFile
from terminals.fields import AGREED, NOT_COMPARED
from tests.peers.bcd import Heard
from tests.switch.conftest import (
    BATCH,
    MERCHANT,
    PATIENCE_SECONDS,
    TERMINAL,
    World,
    approval,
    purchase,
    purchase_fields,
    sealed,
)
from tests.switch.fake_issuer import approved
from tests.switch.issuers.test_issuer import Trade, held, inquiry, refund, reversal, void


@pytest.fixture
async def trade(world: World, nursery: trio.Nursery) -> Trade:
    return Trade(world, nursery)


def settlement(stan: int = 50) -> bytes:
    fields = {
        "t": "0500",
        "11": f"{stan:06d}",
        "41": TERMINAL,
        "42": MERCHANT,
        "48": "0" * 62,
        "49": "156",
        "60": f"00{BATCH}201",
        "63": "303031",
    }
    return sealed(fields, None)


def code_of(message: Heard | None) -> str:
    assert message is not None
    return message.fields["39"]


def flag_of(message: Heard | None) -> int:
    """What a settlement's answer says; it has no F39."""
    assert message is not None
    return int(message.fields["48"][-1])


def owed_in(trade: Trade) -> list[tuple[Kind, str, bool]]:
    """Kind, trace, and whether it is an advice, of what our host is owed."""
    file = SafFile(trade.world.saf_path)
    with contextlib.closing(file):
        return [
            (request.kind, request.key.stan, request.decision is not None)
            for _, request, route in file.owed()
            if not route
        ]


async def until(is_so: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - what is looked at has no event
            await trio.sleep(0.01)


async def host_is_up(trade: Trade) -> None:
    await trade.world.start_host()
    assert trade.world.switch is not None
    await until(lambda: trade.world.switch.link.is_up)


async def test_an_approval_is_on_disk_before_its_terminal_hears_it(trade: Trade):
    await trade.begin()
    await trade.world.host.stop()
    assert code_of(await trade.terminal.ask(purchase(7))) == "00"
    assert owed_in(trade) == [(Kind.PURCHASE, "000007", True)]
    await trade.world.start_host()
    await trade.world.host.has(1)
    [told] = trade.world.host.requests
    assert (told.key.stan, told.pan, told.issued_by_switch) == ("000007", None, False)
    await until(lambda: not owed_in(trade))


async def test_declines_and_inquiries_are_no_advices(trade: Trade):
    await trade.begin()
    trade.issuer.decide = lambda asked: approved(asked, f39="51", f38="")
    assert code_of(await trade.terminal.ask(purchase())) == "51"
    trade.issuer.decide = approved
    assert code_of(await trade.terminal.ask(inquiry(3))) == "00"
    assert (trade.world.host.requests, owed_in(trade)) == ([], [])


async def test_voids_and_refunds_are_told_with_what_they_are_about(trade: Trade):
    await trade.begin()
    sale = await trade.terminal.ask(purchase(7))
    assert code_of(await trade.terminal.ask(void(8, 7, sale.fields["37"]))) == "00"
    assert code_of(await trade.terminal.ask(refund(9, sale.fields["37"]))) == "00"
    await trade.world.host.has(3)
    bought, voided, refunded = trade.world.host.requests
    assert [one.kind for one in (bought, voided, refunded)] == [
        Kind.PURCHASE,
        Kind.VOID,
        Kind.REFUND,
    ]
    assert voided.original.key == bought.key
    assert (voided.original.rrn, refunded.original) == (None, None), "an issuer's reference"
    assert all(one.decision.issuer_id == "48882955" for one in (bought, voided, refunded))


async def test_of_what_nobody_knows_our_host_hears_the_undoing_alone(trade: Trade):
    await trade.begin(seconds_max=0.3)
    trade.issuer.decide = lambda asked: None if asked["t"] == "0200" else approved(asked)
    await trade.terminal.send(purchase())
    await trade.world.host.has(1)
    [undoing] = trade.world.host.requests
    assert (undoing.kind, undoing.decision) == (Kind.REVERSAL, None)
    assert undoing.original.kind is Kind.PURCHASE


async def test_an_answer_that_comes_too_late_is_no_advice(trade: Trade):
    await trade.begin(seconds_max=0.3)
    trade.issuer.decide = lambda asked: None if asked["t"] == "0200" else approved(asked)
    await trade.terminal.send(purchase())
    await trade.issuer.has(2)
    await trade.issuer.send(approved(trade.issuer.asked[0]))
    await trade.world.host.has(1)
    trade.issuer.decide = approved
    assert code_of(await trade.terminal.ask(inquiry(3))) == "00"
    assert {one.kind for one in trade.world.host.requests} == {Kind.REVERSAL}


async def test_a_reversal_names_what_was_asked_to_our_host_too(trade: Trade):
    await trade.begin()
    await trade.terminal.ask(purchase(7))
    assert code_of(await trade.terminal.ask(reversal(7))) == "00"
    await trade.world.host.has(2)
    advice, undoing = trade.world.host.requests
    assert undoing.original.key == advice.key
    assert (undoing.original.kind, undoing.amount) == (advice.kind, advice.amount)


async def test_a_refund_is_not_reversed(trade: Trade):
    await trade.begin()
    await trade.terminal.ask(refund(9, "112200000001"))
    asked = len(trade.issuer.asked)
    assert (
        code_of(await trade.terminal.ask(reversal(9, f3="200000", f60=f"23{BATCH}000500"))) == "40"
    )
    await trade.terminal.ask(inquiry(10))
    assert [one["3"] for one in trade.issuer.asked[asked:]] == ["310000"]


async def test_when_too_much_is_owed_issuers_are_asked_for_nothing_new(
    world: World, nursery: trio.Nursery
):
    trade = Trade(world, nursery)
    await nursery.start(trade.issuer.run)
    await world.start_switch(
        issuers=(trade.issuer.settings(),),
        routes=str(trade.routes),
        saf_waiting_max=2,
        saf_retry_seconds_max=30.0,
    )
    trade.terminal = await world.connect()
    await trade.until_up()
    await world.host.stop()
    codes = [code_of(await trade.terminal.ask(purchase(stan))) for stan in (7, 8, 9)]
    assert codes == ["00", "00", "91"]
    assert code_of(await trade.terminal.ask(inquiry(10))) == "00", "an inquiry owes nothing"
    assert code_of(await trade.terminal.ask(purchase(7))) == "00", "what was told is told again"
    assert code_of(await trade.terminal.ask(reversal(7))) == "00", "undoing always goes"


class Ledger:
    """A host that keeps advices back until it is told to go on."""

    def __init__(self, trade: Trade) -> None:
        self.host = trade.world.host
        self.host.decide = self._decide
        self.is_waiting = True

    def _decide(self, request: Request) -> Response | None:
        return None if self.is_waiting and request.decision is not None else approval()

    def go_on(self) -> None:
        self.is_waiting = False
        for _request, answer in self.host.held:
            answer(approval())

    def kinds(self) -> list[Kind]:
        return [request.kind for request in self.host.requests]


async def test_a_settlement_waits_for_advices_of_its_terminal(trade: Trade):
    await trade.begin()
    ledger = Ledger(trade)
    for stan in (7, 8):
        assert code_of(await trade.terminal.ask(purchase(stan))) == "00"
    await trade.world.host.has(2)
    await trade.terminal.send(settlement())
    await trade.silence()
    assert Kind.SETTLEMENT not in ledger.kinds()
    ledger.go_on()
    assert flag_of(await trade.terminal.receive()) == AGREED
    assert ledger.kinds() == [Kind.PURCHASE, Kind.PURCHASE, Kind.SETTLEMENT]


async def test_while_the_host_is_away_a_settlement_is_not_compared_as_ever(trade: Trade):
    await trade.begin()
    await trade.world.host.stop()
    assert code_of(await trade.terminal.ask(purchase(7))) == "00"
    assert flag_of(await trade.terminal.ask(settlement())) == NOT_COMPARED
    await host_is_up(trade)
    assert flag_of(await trade.terminal.ask(settlement())) == AGREED


async def test_a_settlement_that_waits_too_long_is_left_and_may_come_again(
    world: World, nursery: trio.Nursery
):
    trade = Trade(world, nursery)
    await nursery.start(trade.issuer.run)
    await world.start_switch(
        issuers=(trade.issuer.settings(),), routes=str(trade.routes), host_seconds_max=0.5
    )
    trade.terminal = await world.connect()
    await trade.until_up()
    ledger = Ledger(trade)
    assert code_of(await trade.terminal.ask(purchase(7))) == "00"
    await trade.terminal.send(settlement(50))
    assert world.switch is not None
    await until(lambda: world.switch.front.in_flight == 1)
    await until(lambda: world.switch.front.in_flight == 0)
    await trade.terminal.send(settlement(51))
    await until(lambda: world.switch.front.in_flight == 1)
    ledger.go_on()
    answer = await trade.terminal.receive()
    assert answer is not None
    assert answer.stan == "000051", "nobody waited for the first any more"
    assert ledger.kinds().count(Kind.SETTLEMENT) == 1


async def test_a_settlement_of_another_terminal_does_not_wait(trade: Trade):
    await trade.begin()
    ledger = Ledger(trade)
    other = "80010002"
    profile = trade.world.host.profiles[TERMINAL]
    trade.world.host.profiles[other] = msgspec.structs.replace(profile, terminal_id=other)
    assert code_of(await trade.terminal.ask(purchase(7, other))) == "00"
    assert flag_of(await trade.terminal.ask(settlement())) == AGREED
    ledger.go_on()


async def test_the_file_holds_no_card_number(trade: Trade):
    await trade.begin()
    await trade.world.host.stop()
    await trade.terminal.ask(purchase(7))
    pan = purchase_fields()["35"][:16]
    with contextlib.closing(sqlite3.connect(trade.world.saf_path)) as db:
        [(blob,)] = db.execute("SELECT request FROM owed").fetchall()
    assert pan.encode() not in blob
    assert b"998800******0015" in blob


async def test_an_issuer_that_holds_its_answer_back_is_not_believed_in_advance(trade: Trade):
    await trade.begin()
    trade.issuer.decide = held
    await trade.terminal.send(purchase(7))
    await trade.issuer.has(1)
    assert owed_in(trade) == []
