"""Connections that say next to nothing: idle ones, and senders that never end a message.

An idle one has been answered an echo and is silent. A slow sender sends a message byte by byte,
one now and then, so that it always seems about to end; cut off, it calls again.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import trio

from simulators.failures import Failures
from terminals.framing import wrap

RECEIVE_BYTES_MAX: Final = 4096
CONNECTING_MAX: Final = 64
"""How many call at the same moment."""
RETRY_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowSettings:
    """Where to, how many, how slow."""

    host: str = "127.0.0.1"
    port: int
    connections: int = 2_000
    pause_seconds: float = 10.0
    """Between two bytes."""
    seed: int = 8583


class SlowSenders:
    """Run `run` for as long as they are to annoy; `connected` is set once all have called."""

    def __init__(self, settings: SlowSettings, payload: bytes) -> None:
        self.connected = trio.Event()
        self.cut_off = 0
        """How often the switch has closed one."""
        self.refused = 0
        """How often one could not call; each tries again."""
        self.refusal: OSError | None = None
        """Why not, the last time."""
        self.failures = Failures()
        self._settings = settings
        self._frame = wrap(payload)
        self._called: set[int] = set()
        self._calling = trio.CapacityLimiter(CONNECTING_MAX)

    async def run(self) -> None:
        """All of them, until cancelled."""
        async with trio.open_nursery() as nursery:
            for number in range(self._settings.connections):
                nursery.start_soon(
                    self.failures.kept, "slow sender", f"{number}", self._one, number
                )

    @property
    def waiting(self) -> int:
        """How many have not called yet."""
        return self._settings.connections - len(self._called)

    async def _one(self, number: int) -> None:
        settings = self._settings
        dice = random.Random(f"{settings.seed}/{number}")  # noqa: S311 - a simulation repeats itself
        stream = await self._call()
        self._called.add(number)
        if len(self._called) == settings.connections:
            self.connected.set()
        pause = dice.random() * settings.pause_seconds
        while True:
            async with stream:
                await trio.sleep(pause)
                await self._dribble(stream)
            self.cut_off += 1
            pause = 0.0
            await trio.sleep(RETRY_SECONDS)
            stream = await self._call()

    async def _call(self) -> trio.SocketStream:
        while True:
            try:
                async with self._calling:
                    return await trio.open_tcp_stream(self._settings.host, self._settings.port)
            except OSError as error:
                self.refused += 1
                self.refusal = error
            await trio.sleep(RETRY_SECONDS)

    async def _dribble(self, stream: trio.SocketStream) -> None:
        """A byte and a pause, message after message, until the other end has had enough."""
        try:
            for byte in cycle(self._frame):
                await stream.send_all(bytes([byte]))
                with trio.move_on_after(self._settings.pause_seconds):
                    while await stream.receive_some(RECEIVE_BYTES_MAX):
                        pass
                    return
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            return


async def idle_connections(host: str, port: int, asked: Sequence[bytes]) -> list[trio.SocketStream]:
    """As many connections as payloads, each of them answered once, and silent since."""
    streams = []
    for payload in asked:
        stream = await trio.open_tcp_stream(host, port)
        await stream.send_all(wrap(payload))
        await stream.receive_some(RECEIVE_BYTES_MAX)
        streams.append(stream)
    return streams
