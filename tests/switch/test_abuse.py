"""What a hostile peer can do with bytes alone: lie about lengths, or send them very slowly."""

import contextlib
import resource
import tracemalloc

import pytest
import trio

from switch.wire.connection import READ_BYTES
from tests.switch.conftest import framed, purchase
from tests.switch.test_reload import until
from tests.switch.wire.test_tls import count

LIARS = {
    "be2": [b"\x00\x01", b"\x00\x14", b"\x10\x01", b"\xff\xff", b"\xff\xff\xff\xff"],
    "be2-inclusive": [b"\x00\x00", b"\x00\x01", b"\x00\x03", b"\x10\x03", b"\xff\xff"],
    "ascii4": [b"0001", b"4097", b"9999", b"\xff\xff\xff\xff", b"-001", b"+100", b" 100"],
}
"""Lengths out of bounds, each with its codec: too small, over the limit, as large as it goes."""
SLOW = 200


@pytest.fixture
def descriptors():
    """Both ends of every connection are ours, and the limit of a test's process is low."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("codec", "length"), [(codec, length) for codec, row in LIARS.items() for length in row]
)
async def test_a_lie_about_the_length_closes_the_connection_and_nothing_else(world, codec, length):
    await world.start_switch(channel_length_codec=codec, channel_keep_alive="refuse")
    liar, honest = await world.connect(), await world.connect()
    await liar.stream.send_all(length + b"and so on")
    assert await liar.receive() is None
    payload = purchase()
    size = {
        "be2": len(payload).to_bytes(2),
        "be2-inclusive": (len(payload) + 2).to_bytes(2),
        "ascii4": b"%04d" % len(payload),
    }[codec]
    await honest.stream.send_all(size + payload)
    assert await honest.stream.receive_some()
    assert len(world.host.requests) == 1


async def test_the_longest_length_there_may_be_and_then_silence_holds_no_memory(world):
    await world.start_switch(channel_frame_seconds_max=1.0)
    peers = [await world.connect() for _ in range(100)]
    tracemalloc.start()
    for peer in peers:
        await peer.stream.send_all((4096).to_bytes(2))
    [channel] = world.switch.channels
    await until(lambda: len(channel._mid_frame) == len(peers))
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < len(peers) * 4096
    for peer in peers:
        assert await peer.receive() is None
    why = "frame not finished in time"
    assert count(world, "connections_closed_total", channel="pos", why=why) == len(peers)


async def test_a_connection_holds_no_more_than_one_read_and_one_frame(world):
    await world.start_switch(channel_unanswered_max=1)
    world.host.decide = lambda _request: None
    flood = await world.connect()
    with trio.move_on_after(0.5):
        while True:
            await flood.stream.send_all(framed(purchase(1)) * 100)
    [channel] = world.switch.channels
    [connection] = channel._heard
    assert connection.unanswered <= READ_BYTES // len(framed(purchase())) + 1
    assert len(connection._reader._rest) < 4096 + 2


@pytest.mark.usefixtures("descriptors")
@pytest.mark.parametrize("count_slow", [SLOW, pytest.param(2_000, marks=pytest.mark.chaos)])
async def test_slow_senders_are_closed_and_an_honest_terminal_is_answered_meanwhile(
    world, nursery, count_slow
):
    await world.start_switch(channel_frame_seconds_max=1.0)
    slow = [await world.connect() for _ in range(count_slow)]
    honest = await world.connect()

    async def drip() -> None:
        for byte in framed(purchase()):
            for each in slow:
                with contextlib.suppress(trio.BrokenResourceError):
                    await each.stream.send_all(bytes([byte]))
            await trio.sleep(0.2)

    nursery.start_soon(drip)
    [channel] = world.switch.channels
    await until(lambda: len(channel._mid_frame) == count_slow)
    stan = 0
    while channel.connections > 1:
        stan += 1
        assert (await honest.ask(purchase(stan))).fields["39"] == "00"
    why = "frame not finished in time"
    assert count(world, "connections_closed_total", channel="pos", why=why) == count_slow
    assert stan > 1
