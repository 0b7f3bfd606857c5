"""Every misfortune of the line is what its name says, seen from both ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import trio

from simulators.faults import DEMO_RATES, Fault, FaultSource
from simulators.line import Line
from terminals.framing import FrameReader, FramingError, wrap


@dataclass
class Echo:
    """A server that gives every frame back, and remembers what it heard."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    is_silent: bool = False
    counts: bool = False
    """Answers differ from one another."""

    async def serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        reader = FrameReader()
        try:
            async for data in stream:
                for frame in reader.feed(bytes(data)):
                    self.heard.append(frame)
                    if not self.is_silent:
                        tail = bytes([len(self.heard)]) if self.counts else b""
                        await stream.send_all(wrap(frame + tail))
        except (trio.BrokenResourceError, FramingError):
            pass


class Always:
    """Draws these faults in order, then none."""

    def __init__(self, *faults: Fault) -> None:
        self._faults = list(faults)

    def draw(self) -> Fault:
        return self._faults.pop(0) if self._faults else Fault.NONE


@asynccontextmanager
async def connected(
    *faults: Fault, seconds: float = 5.0, **traits: Any
) -> AsyncIterator[tuple[Line, Echo]]:
    """A line with these faults to an echo with these traits."""
    echo = Echo(**traits)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, host="127.0.0.1"), echo.serve, 0)
        echo.port = listeners[0].socket.getsockname()[1]
        async with Line(
            "127.0.0.1", echo.port, answer_seconds_max=seconds, faults=Always(*faults)
        ) as line:
            yield line, echo
        nursery.cancel_scope.cancel()


FIRST, SECOND = b"A" * 30, b"B" * 30


def anything(_frame: bytes) -> bool:
    return True


async def test_an_answer_comes_back_on_a_kept_connection() -> None:
    async with connected() as (line, echo):
        assert await line.ask(FIRST, anything) == FIRST
        assert await line.ask(SECOND, anything) == SECOND
        assert echo.connections == 1


async def test_a_dropped_request_never_arrives() -> None:
    async with connected(Fault.DROP_REQUEST) as (line, echo):
        assert await line.ask(FIRST, anything) is None
        assert await line.ask(SECOND, anything) == SECOND
        assert echo.heard == [SECOND]


async def test_a_dropped_answer_was_given() -> None:
    async with connected(Fault.DROP_ANSWER) as (line, echo):
        assert await line.ask(FIRST, anything) is None
        assert echo.heard == [FIRST]


async def test_a_delayed_answer_comes_in_the_middle_of_the_next_exchange() -> None:
    async with connected(Fault.DELAY_ANSWER) as (line, _echo):
        assert await line.ask(FIRST, anything) is None
        seen: list[bytes] = []

        def is_second(frame: bytes) -> bool:
            seen.append(frame)
            return frame == SECOND

        assert await line.ask(SECOND, is_second) == SECOND
        assert seen == [FIRST, SECOND]


async def test_a_cut_closes_the_connection_behind_the_request() -> None:
    async with connected(Fault.CUT) as (line, echo):
        assert await line.ask(FIRST, anything) is None
        assert await line.ask(SECOND, anything) == SECOND
        assert echo.connections == 2


async def test_a_garbled_answer_differs_in_one_bit() -> None:
    async with connected(Fault.GARBLE_ANSWER) as (line, _echo):
        said = await line.ask(FIRST, anything)
        assert said == FIRST[:-1] + bytes([FIRST[-1] ^ 1])


@pytest.mark.parametrize("counts", [False, True])
async def test_a_duplicate_is_sent_twice_and_its_answers_are_compared(counts: bool) -> None:
    async with connected(Fault.DUPLICATE, counts=counts) as (line, echo):
        assert await line.ask(FIRST, anything) is not None
        assert echo.heard == [FIRST, FIRST]
        assert line.repeats_that_differed == counts


async def test_a_silent_switch_is_silence() -> None:
    async with connected(seconds=0.05, is_silent=True) as (line, _echo):
        assert await line.ask(FIRST, anything) is None


async def test_nobody_listening_is_silence() -> None:
    async with connected() as (_line, echo):
        pass
    async with Line("127.0.0.1", echo.port) as line:
        assert await line.ask(FIRST, anything) is None


async def test_a_frame_out_of_bounds_is_silence_and_a_new_call() -> None:
    async with connected() as (line, _echo):
        assert await line.ask(b"too short", anything) is None
        assert await line.ask(FIRST, anything) == FIRST


def test_one_seed_draws_the_same_faults() -> None:
    one, other = FaultSource(DEMO_RATES, "7"), FaultSource(DEMO_RATES, "7")
    drawn = [one.draw() for _ in range(2_000)]
    assert drawn == [other.draw() for _ in range(2_000)]
    assert set(drawn) == set(Fault)
