"""Messages under DUKPT counters that are not new: they get an answer that stands, or move nothing.

A POS terminal that missed an answer may send its reversal again in the very same bytes, or sealed
anew; other messages of it may have been heard meanwhile.
"""

from collections.abc import Callable

import pytest

from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from switch.settings import ChannelSettings
from terminals.dialects import DialectOptions
from tests.peers.bcd import say
from tests.switch.conftest import TERMINAL, PosTerminal, World, approval, purchase_fields
from tests.switch.test_tdes_dukpt import DEVICE, PROFILE, ksn_of, sale


def reversal(counter: int, trace: int = 1) -> bytes:
    """The 0400 of a sale with this trace, under a KSN."""
    fields = purchase_fields(trace) | {"t": "0400", "39": "98", "59": ksn_of(counter)}
    del fields["53"]
    return say(fields, DEVICE.under(bytes.fromhex(ksn_of(counter))).compute)


def answered_before(*kinds: Kind) -> Callable[[Request], Response | None]:
    """A host that has answered these, and nothing else, before."""

    def decide(request: Request) -> Response:
        is_refused = request.only_as_repeat and request.kind not in kinds
        return approval(reason=Reason.KSN_REFUSED if is_refused else Reason.APPROVED)

    return decide


@pytest.fixture
async def till(world: World) -> PosTerminal:
    """A terminal whose messages up to counter 9 were heard."""
    world.host.profiles[TERMINAL] = PROFILE
    options = DialectOptions(ksn_in="59")
    await world.start_switch(channels=(ChannelSettings(port=0, options=options),))
    till = await world.connect()
    for counter in (3, 9):
        assert (await till.ask(sale(counter))).fields["39"] == "00"
    return till


def asked(world: World) -> list[tuple[Kind, bool]]:
    """What the host was asked beyond those, and whether for an answer alone."""
    return [(each.kind, each.only_as_repeat) for each in world.host.requests[2:]]


async def test_what_is_sealed_anew_is_asked_as_any_other(till: PosTerminal, world: World) -> None:
    for counter in (10, 11):
        assert (await till.ask(reversal(counter))).fields["39"] == "00"
    assert asked(world) == [(Kind.REVERSAL, False)] * 2


async def test_the_very_bytes_of_a_recent_message_are_asked_as_any_other(
    till: PosTerminal, world: World
) -> None:
    """The host knows a repeat when it sees one, and may not have seen the first."""
    assert (await till.ask(sale(3))).fields["39"] == "00"
    assert asked(world) == [(Kind.PURCHASE, False)]


async def test_an_old_message_gets_the_answer_that_stands(till: PosTerminal, world: World) -> None:
    world.host.decide = answered_before(Kind.REVERSAL, Kind.PURCHASE)
    for message in (reversal(5), sale(4)):
        assert (await till.ask(message)).fields["39"] == "00"
    assert asked(world) == [(Kind.REVERSAL, True), (Kind.PURCHASE, True)]


async def test_an_old_reversal_that_nobody_answered_is_silence_and_one_case(
    till: PosTerminal, world: World
) -> None:
    """63 would end it, and nothing was put back. People hear of it once, the terminal goes on."""
    world.host.decide = answered_before()
    await till.send(reversal(5), reversal(5))
    await world.host.has(5)
    assert (await till.ask(sale(12))).fields["11"] == "000012"
    reports = [one for one in world.host.requests if one.kind is Kind.CASE_REPORT]
    assert len({one.key for one in reports}) == 1
    assert (await till.ask(reversal(13))).fields["39"] == "00"


async def test_an_old_sale_that_nobody_answered_is_refused(till: PosTerminal, world: World) -> None:
    world.host.decide = answered_before()
    assert (await till.ask(sale(4))).fields["39"] == "63"


async def test_in_doubt_of_an_old_message_nothing_is_undone(
    till: PosTerminal, world: World
) -> None:
    """Played again while the host is away, it must not have undone what was told long ago."""
    world.host.decide = lambda _request: None
    await till.send(sale(4), reversal(5), sale(15))
    await world.host.has(5)
    await world.host.stop()
    world.host.decide = answered_before()
    await world.start_host()
    await world.host.has(6)
    assert (await till.ask(sale(16))).fields["39"] == "00"
    assert asked(world)[:2] == [(Kind.PURCHASE, True), (Kind.REVERSAL, True)]
    undone = [one.key.stan for one in world.host.requests[5:] if one.kind is Kind.REVERSAL]
    assert undone == ["000015"]


async def test_a_reversal_that_waits_on_disk_is_not_held_against_its_counter(
    till: PosTerminal, world: World
) -> None:
    """It was new when it came; what its terminal sends meanwhile has higher counters."""
    world.host.decide = lambda _request: None
    await till.send(reversal(10))
    await world.host.has(3)
    await world.host.stop()
    world.host.decide = answered_before()
    await world.start_host()
    await world.host.has(4)
    stored = world.host.requests[3]
    assert (stored.kind, stored.ksn, stored.only_as_repeat) == (Kind.REVERSAL, None, False)
