"""One connection, many terminals: each hears its own answer, in whatever order they come."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from simulators.faults import Fault
from simulators.nac import Nac, NacSettings
from terminals.framing import FrameReader, wrap

PAYLOAD = bytes.fromhex("6000030000") + b"a message of twenty-one"
Answers = Callable[[list[bytes]], list[bytes]]


def is_mine(_frame: bytes) -> bool:
    return True


def answer_to(frame: bytes) -> bytes:
    return frame[:1] + frame[3:5] + frame[1:3] + frame[5:]


@asynccontextmanager
async def switch(answers: Answers, count: int) -> AsyncIterator[int]:
    """Takes `count` frames on one connection, then answers as it is told to."""

    async def serve(stream: trio.SocketStream) -> None:
        reader, frames = FrameReader(takes_keep_alive=True), list[bytes]()
        while len(frames) < count:
            frames += reader.feed(bytes(await stream.receive_some()))
        for answer in answers(frames):
            await stream.send_all(wrap(answer))
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def ask_all(nac: Nac, count: int) -> list[bytes | None]:
    heard: list[bytes | None] = [None] * count

    async def ask(number: int) -> None:
        payload = PAYLOAD + bytes([number])
        heard[number] = await nac.line(f"021{number:05d}").ask(payload, is_mine)

    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(ask, number)
    return heard


async def test_answers_out_of_order_find_their_terminals() -> None:
    async with switch(lambda frames: [answer_to(one) for one in reversed(frames)], 50) as port:
        nac = Nac(NacSettings(port=port))
        async with nac.running():
            heard = await ask_all(nac, 50)
    assert [one and one[-1] for one in heard] == list(range(50))
    assert nac.out_of_order > 0


async def test_an_answer_whose_call_has_ended_is_dropped() -> None:
    async with switch(lambda frames: [answer_to(one) for one in frames], 1) as port:
        nac = Nac(NacSettings(port=port))
        async with nac.running():
            assert await nac.carry(PAYLOAD, "", is_mine, Fault.DELAY_ANSWER) is None
            with trio.fail_after(5):
                while not nac.dropped:  # noqa: ASYNC110 - a count has no event
                    await trio.sleep(0.01)
    assert nac.dropped == 1


async def test_the_callers_number_stands_in_front_and_keep_alives_between() -> None:
    seen: list[bytes] = []

    def answers(frames: list[bytes]) -> list[bytes]:
        seen.extend(frames)
        return [one[:16] + answer_to(one[16:]) for one in frames]

    async with switch(answers, 1) as port:
        nac = Nac(NacSettings(port=port, preamble_bytes=16, keep_alive_seconds=0.01))
        async with nac.running():
            await nac.up.wait()
            await trio.sleep(0.05)
            [heard] = await ask_all(nac, 1)
    assert seen[0][:16] == b"02100000        "
    assert heard is not None
    assert heard[5:] == PAYLOAD[5:] + b"\x00"


async def test_it_can_be_called() -> None:
    nac = Nac(NacSettings(port=0, listens=True))
    async with nac.running():
        assert nac.bound_port is not None
        stream = await trio.open_tcp_stream("127.0.0.1", nac.bound_port)
        await nac.up.wait()

        async def answer() -> None:
            [frame] = FrameReader().feed(bytes(await stream.receive_some()))
            await stream.send_all(wrap(answer_to(frame)))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            assert await nac.line("1").ask(PAYLOAD, is_mine) is not None
        await stream.aclose()
