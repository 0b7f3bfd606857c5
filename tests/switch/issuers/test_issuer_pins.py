"""A PIN on its way to an issuer: under the zone key, by our own host's hand, or not at all."""

from collections.abc import Callable

import pytest
import trio

from host.model.requests import Kind, PinBlock, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.switch.conftest import (
    PATIENCE_SECONDS,
    World,
    approval,
    mac_of,
    purchase_fields,
    sealed,
)
from tests.switch.fake_issuer import approved
from tests.switch.issuers.test_issuer import Trade, code_of

TYPED = "71F9B13D35BD37AF"
UNDER_ZONE = "0F1E2D3C4B5A6978"
PIN = {"22": "021", "26": "12", "52": TYPED, "53": "2600000000000000"}
Decide = Callable[[Request], Response | None]


def translated(_request: Request) -> Response:
    return approval(auth_code=None, pin=PinBlock(0, Secret.from_hex(UNDER_ZONE)))


def sale(stan: int = 2, **changes: str) -> bytes:
    fields = purchase_fields(stan) | PIN | {name[1:]: text for name, text in changes.items()}
    return sealed(fields, mac_of())


def refund(stan: int = 5) -> bytes:
    return sale(
        stan, ft="0220", f3="200000", f37="112200000001", f60="25000012000500",
        f61="0000000000001122", f63="303030",
    )  # fmt: skip


@pytest.fixture
async def trade(world: World, nursery: trio.Nursery) -> Trade:
    made = Trade(world, nursery)
    await made.begin(pin_zone="far")
    decide_pins(made, translated)
    return made


def decide_pins(trade: Trade, decide: Decide) -> None:
    """What the host says to a translation; everything else it approves."""

    def decided(request: Request) -> Response | None:
        return decide(request) if request.kind is Kind.PIN_TRANSLATION else approval()

    trade.world.host.decide = decided


def translations(trade: Trade) -> list[Request]:
    return [one for one in trade.world.host.requests if one.kind is Kind.PIN_TRANSLATION]


async def test_the_issuer_gets_the_pin_under_its_zone_key(trade: Trade):
    assert code_of(await trade.terminal.ask(sale())) == "00"
    [asked] = trade.issuer.asked
    assert {name: asked[name] for name in ("22", "26", "52", "53")} == {
        "22": "021",
        "26": "12",
        "52": UNDER_ZONE,
        "53": "2600000000000000",
    }
    [request] = translations(trade)
    assert (request.zone, request.key.stan, request.key_generation) == ("far", "000002", 1)
    assert request.pin is not None
    assert request.pin.block == Secret.from_hex(TYPED)


async def test_a_message_without_a_pin_asks_for_none(trade: Trade):
    assert code_of(await trade.terminal.ask(sealed(purchase_fields(), mac_of()))) == "00"
    [asked] = trade.issuer.asked
    assert (asked["22"], "52" in asked, translations(trade)) == ("022", False, [])


async def test_a_wrong_pin_is_the_issuers_to_say(trade: Trade):
    trade.issuer.decide = lambda asked: approved(asked, _39="55", _38="")
    assert code_of(await trade.terminal.ask(sale())) == "55"


async def test_a_repeat_gets_the_first_answer_and_nobody_is_asked_again(trade: Trade):
    first = await trade.terminal.ask(sale())
    again = await trade.terminal.ask(sale())
    assert again.fields == first.fields
    assert (len(trade.issuer.asked), len(translations(trade))) == (1, 1)


async def test_a_block_the_host_cannot_read_is_declined_once_and_for_all(trade: Trade):
    decide_pins(trade, lambda _request: approval(reason=Reason.PIN_FORMAT, sign_on_again=True))
    answer = await trade.terminal.ask(sale())
    assert (code_of(answer), answer.header.hex()[5]) == ("99", "3")
    decide_pins(trade, translated)
    assert code_of(await trade.terminal.ask(sale())) == "99"
    assert trade.issuer.asked == []


async def test_a_host_that_cannot_say_now_is_91_and_the_same_message_may_come_again(trade: Trade):
    decide_pins(trade, lambda _request: approval(reason=Reason.MALFUNCTION))
    assert code_of(await trade.terminal.ask(sale())) == "91"
    assert trade.issuer.asked == []
    decide_pins(trade, translated)
    code = "09"  # until it is written down that nothing was sent
    with trio.fail_after(PATIENCE_SECONDS):
        while code == "09":
            code = code_of(await trade.terminal.ask(sale()))
    assert code == "00"


async def test_a_refund_that_could_not_be_translated_waits_in_silence(trade: Trade):
    decide_pins(trade, lambda _request: approval(reason=Reason.HOST_UNREACHABLE))
    await trade.terminal.send(refund())
    await trade.silence()
    decide_pins(trade, translated)
    assert code_of(await trade.terminal.ask(refund())) == "00"
    [asked] = trade.issuer.asked
    assert (asked["t"], asked["52"]) == ("0220", UNDER_ZONE)


async def test_a_refund_that_is_sent_again_has_its_pin_under_the_zone_key_again(trade: Trade):
    trade.issuer.decide = lambda _asked: None
    await trade.terminal.send(refund())
    await trade.issuer.has(1)
    await trade.issuer.hang_up()
    await trade.issuer.has_managed(2)
    trade.issuer.decide = approved
    await trade.until_up()
    assert code_of(await trade.terminal.ask(refund())) == "00"
    [again] = trade.issuer.asked
    assert (again["t"], again["52"]) == ("0221", UNDER_ZONE)


async def test_a_refund_whose_pin_was_put_and_that_cannot_be_spelled_goes_on(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
):
    """Any answer would end it: silence, as of a refund without a PIN."""
    with monkeypatch.context() as patch:
        patch.setattr("terminals.dialects.issuer._reference", lambda *_: "中")
        await trade.terminal.send(refund())
        await trade.silence()
    assert (len(translations(trade)), trade.issuer.asked) == (1, [])
    assert code_of(await trade.terminal.ask(refund())) == "00"


async def test_an_approval_without_a_block_approves_nothing(trade: Trade):
    decide_pins(trade, lambda _request: approval())
    assert code_of(await trade.terminal.ask(sale())) == "91"
    assert trade.issuer.asked == []


async def test_a_lost_host_link_leaves_nothing_at_the_issuer(trade: Trade):
    decide_pins(trade, lambda _request: None)
    await trade.terminal.send(sale())
    with trio.fail_after(PATIENCE_SECONDS):
        while not translations(trade):
            await trade.world.host.has(len(trade.world.host.requests) + 1)
    await trade.world.host.stop()
    answer = await trade.terminal.receive()
    assert answer is not None
    assert (code_of(answer), trade.issuer.asked) == ("91", [])


async def test_neither_block_is_written_down(trade: Trade):
    await trade.terminal.ask(sale())
    await trade.world.stop_switch()
    for file in trade.world.home.glob("*.db*"):
        data = file.read_bytes()
        for block in (TYPED, UNDER_ZONE):
            assert bytes.fromhex(block) not in data, file
            assert block.encode() not in data, file
