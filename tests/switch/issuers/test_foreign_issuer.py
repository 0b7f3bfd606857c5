"""An issuer that speaks the standard in its own way, composed by hand: read wide, told whole."""

from collections.abc import Callable
from typing import Any

import pytest
import trio

from host.model.requests import Kind, Request
from switch.issuer_settings import IssuerSettings
from switch.issuers.breaker import BreakerState
from tests.peers.bcd import Heard
from tests.switch.conftest import (
    PATIENCE_SECONDS,
    TRACK,
    PosTerminal,
    World,
    mac_of,
    purchase,
    purchase_fields,
    sealed,
)
from tests.switch.foreign import Fields, ForeignIssuer
from tests.switch.issuers.test_issuer import inquiry, refund, reversal, void

PAN = TRACK[:16].encode()


class Trade:
    def __init__(self, world: World, nursery: trio.Nursery) -> None:
        self.world, self.nursery, self.issuer = world, nursery, ForeignIssuer()
        self.terminal: PosTerminal

    async def begin(self, **changes) -> None:
        if not self.issuer.port:
            await self.nursery.start(self.issuer.run)
        values: dict[str, Any] = {
            "name": "far",
            "issuer_id": "48882955",
            "prefixes": ("998800",),
            "addresses": (f"127.0.0.1:{self.issuer.port}",),
            "seconds_max": 5.0,
            "retry_seconds_max": 0.2,
        }
        settings = IssuerSettings(**(values | changes))
        await self.world.start_switch(
            issuers=(settings,), routes=str(self.world.home / "routes.db"), host_seconds_max=5.0
        )
        self.terminal = await self.world.connect()
        await self.until(lambda: self.far.lines[0].is_up)

    @property
    def far(self):
        assert self.world.switch is not None
        return self.world.switch.lanes.issuers[0]

    async def again(self, **changes) -> None:
        await self.world.stop_switch()
        await self.begin(**changes)

    async def until(self, condition: Callable[[], bool]) -> None:
        with trio.fail_after(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - a fake of another house has no events
                await trio.sleep(0.01)

    async def asked(self, count: int) -> tuple[str, Fields]:
        """The latest of so many trade messages."""
        await self.until(lambda: len(self.issuer.financial) >= count)
        return self.issuer.financial[count - 1]

    def reported(self) -> list[Request]:
        return [each for each in self.world.host.requests if each.kind is Kind.CASE_REPORT]


@pytest.fixture
async def trade(world: World, nursery: trio.Nursery) -> Trade:
    return Trade(world, nursery)


def code_of(message: Heard) -> str:
    return message.fields["39"]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({37: b"REF00007    "}, {"37": "REF00007    "}),
        ({37: b"    REF00007"}, {"37": "    REF00007"}),
        ({37: b"ref00007    "}, {"37": "ref00007    "}),
        ({37: b"REF00007\0\0\0\0"}, {"37": "REF00007    "}),
        ({38: b"a1    "}, {"38": "a1    "}),
        ({38: b"     7"}, {"38": "     7"}),
        ({39: b"a2"}, {"39": "00"}),
        ({44: b"\xe4\xb8\xad\xe5\x9b\xbd"}, {}),
        ({55: bytes.fromhex("910A1122334455667788303072")}, {}),
        ({60: b"ANY TEXT AT ALL", 61: b"x", 63: b"CUP\xd6\xd0\xb9\xfa"}, {}),
        ({15: b"9999"}, {}),
        ({41: b" " * 8}, {}),
        ({3: b"003000"}, {"3": "000000"}),
        (
            {54: b"1001156C000000099999" + b"1002156C000000087655"},
            {"54": "1002156C000000087655"},
        ),
    ],
)
async def test_an_approval_is_told_however_its_fields_are_filled(
    trade: Trade, says: Fields, told: dict[str, str]
):
    await trade.begin()
    trade.issuer.says = says
    answer = await trade.terminal.ask(purchase())
    assert code_of(answer) == "00"
    assert {name: answer.fields.get(name) for name in told} == told


async def test_a_blank_reference_is_our_own_and_a_blank_authorisation_is_none(trade: Trade):
    await trade.begin()
    trade.issuer.says = {37: b" " * 12, 38: b" " * 6}
    answer = await trade.terminal.ask(purchase())
    [(_, sale)] = trade.issuer.financial
    assert (code_of(answer), answer.fields["37"]) == ("00", sale[37].decode())
    assert not answer.fields.get("38", "").strip()


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_padded_reference_comes_back_as_it_was_sent_in_reversal_void_and_refund(
    trade: Trade, is_restarted: bool
):
    await trade.begin()
    trade.issuer.says = {37: b"REF00007    ", 38: b"a1    "}
    first = await trade.terminal.ask(purchase())
    await trade.terminal.ask(purchase(3))
    if is_restarted:
        await trade.again()
    assert code_of(await trade.terminal.ask(reversal())) == "00"
    mti, undone = await trade.asked(3)
    assert (mti, undone[37], undone[38]) == ("0420", b"REF00007    ", b"a1    ")
    assert code_of(await trade.terminal.ask(void(4, 3, first.fields["37"]))) == "00"
    assert code_of(await trade.terminal.ask(refund(5, "REF00007    "))) == "00"
    voided, back = trade.issuer.financial[3], trade.issuer.financial[4]
    assert (voided[1][37], back[1][37]) == (b"REF00007    ", b"REF00007    ")
    await trade.until(lambda: trade.world.switch is not None and not trade.world.switch.saf.waiting)
    assert trade.reported() == []


async def test_what_was_swiped_goes_on_as_a_track_and_is_nowhere_written_down(trade: Trade):
    await trade.begin()
    await trade.terminal.ask(purchase())
    [(_, sale)] = trade.issuer.financial
    assert (sale[22], sale[35]) == (b"022", TRACK.replace("D", "=").encode())
    assert [each.track for each in trade.world.host.requests] == [None]
    await trade.world.stop_switch()
    for path in trade.world.home.iterdir():
        if path.is_file():
            data = path.read_bytes()
            assert not [each for each in (TRACK, TRACK.replace("D", "=")) if each.encode() in data]


async def test_a_keyed_card_has_no_track(trade: Trade):
    await trade.begin()
    fields = purchase_fields() | {"2": TRACK[:16], "14": "3012", "22": "012"}
    del fields["35"]
    assert code_of(await trade.terminal.ask(sealed(fields, mac_of()))) == "00"
    [(_, sale)] = trade.issuer.financial
    assert (sale[22], sale.get(35)) == (b"012", None)


async def test_a_reversal_has_the_card_the_entry_mode_and_the_answer_of_its_original(trade: Trade):
    await trade.begin()
    await trade.terminal.ask(purchase())
    await trade.terminal.ask(reversal())
    _, undone = await trade.asked(2)
    assert (undone[2], undone[22], undone[39]) == (PAN, b"022", b"00")
    assert undone.get(35) is None


async def test_the_reversal_of_what_was_not_answered_says_so(trade: Trade):
    await trade.begin(seconds_max=0.2)
    trade.issuer.is_silent_to = lambda mti: mti == "0200"
    await trade.terminal.send(purchase())
    _, undone = await trade.asked(2)
    assert (undone[2], undone[22], undone[39]) == (PAN, b"022", b"68")


async def test_after_a_restart_a_keyed_reversal_names_its_card_and_a_swiped_one_only_its_original(
    trade: Trade,
):
    await trade.begin()
    await trade.terminal.ask(purchase())
    await trade.terminal.ask(purchase(3))
    await trade.again()
    await trade.terminal.ask(reversal(f2=PAN.decode()))
    _, keyed = await trade.asked(3)
    await trade.terminal.ask(reversal(3))
    _, swiped = await trade.asked(4)
    assert (keyed[2], swiped.get(2)) == (PAN, None)
    assert keyed[90][:4] == swiped[90][:4] == b"0200"


async def test_what_an_issuer_takes_as_an_authorisation_is_0100_and_undone_as_such(trade: Trade):
    await trade.begin(authorises=(Kind.PURCHASE, Kind.BALANCE_INQUIRY))
    assert code_of(await trade.terminal.ask(purchase())) == "00"
    assert code_of(await trade.terminal.ask(inquiry(3))) == "00"
    await trade.terminal.ask(reversal())
    _, undone = await trade.asked(3)
    assert [mti for mti, _ in trade.issuer.financial] == ["0100", "0100", "0420"]
    assert undone[90][:4] == b"0100"


def test_a_refund_is_never_an_authorisation():
    with pytest.raises(ValueError, match="refund is never a 0100"):
        IssuerSettings(
            name="far",
            issuer_id="1",
            prefixes=("9",),
            addresses=("127.0.0.1:1",),
            authorises=(Kind.REFUND,),
        )


async def test_a_reversal_that_cannot_be_spelled_is_a_case_at_once(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
):
    await trade.begin()
    await trade.terminal.ask(purchase())
    monkeypatch.setattr("terminals.dialects.issuer._original_data", lambda *_: "not 42 digits")
    assert code_of(await trade.terminal.ask(reversal())) == "00"
    await trade.until(lambda: len(trade.reported()) == 1)
    detail = trade.reported()[0].detail
    assert "to issuer far" in detail
    assert detail.endswith("refused: format_error")
    await trade.until(lambda: trade.world.switch is not None and not trade.world.switch.saf.waiting)
    assert len(trade.issuer.financial) == 1


async def test_a_sale_that_cannot_be_spelled_is_refused_and_the_breaker_goes_on(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
):
    await trade.begin(seconds_max=0.1, breaker_time_outs=1, breaker_seconds=0.2)
    trade.issuer.is_silent_to = lambda mti: mti == "0200"
    await trade.terminal.send(inquiry(2))
    await trade.until(lambda: trade.far._breaker.state is BreakerState.OPEN)
    trade.issuer.is_silent_to = lambda _mti: False
    await trio.sleep(0.25)
    with monkeypatch.context() as patch:
        patch.setattr("terminals.dialects.issuer._reference", lambda *_: "中")
        assert code_of(await trade.terminal.ask(purchase(3))) == "30"
    assert trade.far._breaker.state is not BreakerState.TRYING
    assert code_of(await trade.terminal.ask(purchase(4))) == "00"
    assert trade.far._breaker.state is BreakerState.CLOSED
