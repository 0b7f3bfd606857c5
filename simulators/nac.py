"""A dial-up gateway: one TCP connection to the switch, hundreds of terminals behind it.

A terminal's call takes a port. The gateway writes the port's number as the TPDU source, so that
the answer, which comes with the addresses exchanged, finds the line; answers may come in any
order, and one whose call has ended is dropped. A line is slow: a call takes `latency_seconds`
each way, drawn from the seed. In front of a message may stand the caller's number; frames of
length zero keep the connection alive. A gateway calls the switch, or listens and is called.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Self

import trio

from simulators.failures import Failures, TroubleError
from simulators.faults import DrawsFaults, Fault, no_faults
from simulators.line import RECEIVE_BYTES_MAX, IsMine
from terminals.framing import FrameReader, FramingError, wrap

PORTS: Final = 10_000
"""Four digits."""
KEEP_ALIVE: Final = wrap(b"")
TPDU_BYTES: Final = 5
CONNECT_SECONDS_MAX: Final = 10.0
RETRY_SECONDS: Final = 0.2
ALL_TAKEN: Final = f"all of its {PORTS - 1} ports have a call. Next: simulate fewer terminals on it"


@dataclass(frozen=True, slots=True, kw_only=True)
class NacSettings:
    """Where the switch is, or where it calls us, and what the telephone lines are like."""

    host: str = "127.0.0.1"
    port: int = 8584
    listens: bool = False
    """The switch calls us: `port` is ours, 0 takes any."""
    preamble_bytes: int = 0
    """Length of the caller's number in front of each message; the switch gives it back."""
    keep_alive_seconds: float = 0.0
    """0: none."""
    latency_seconds: tuple[float, float] = (0.0, 0.0)
    """Least and most, each way."""
    answer_seconds_max: float = 60.0
    seed: int = 8583


class Nac:
    """The gateway. `run` keeps the connection; `line` gives a terminal its own."""

    def __init__(self, settings: NacSettings, failures: Failures | None = None) -> None:
        self.settings = settings
        self.failures = Failures() if failures is None else failures
        self.up = trio.Event()
        self.bound_port: int | None = None
        """Where it listens, if it does."""
        self.out_of_order = 0
        """Answers that overtook an earlier question."""
        self.dropped = 0
        """Answers whose call had ended."""
        self.keep_alives = 0
        self._calls: dict[bytes, trio.MemorySendChannel[bytes]] = {}
        self._order: dict[bytes, None] = {}
        self._stream: trio.SocketStream | None = None
        self._life = trio.CancelScope()
        self._sending = trio.Lock()
        self._next_port = 0
        self._dice = random.Random(settings.seed)  # noqa: S311 - a simulation repeats itself

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Nac"]:
        """Connected, or waiting to be called, as long as the block lasts."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._live)
            yield self
            nursery.cancel_scope.cancel()

    def line(self, number: str, faults: DrawsFaults | None = None) -> "NacLine":
        """A telephone line; `number` is its own, for the preamble."""
        return NacLine(self, number, faults or no_faults())

    def restart(self) -> None:
        """Lose everything: the connection, the calls of terminals, the place where it listens."""
        self._life.cancel()
        self._hang_up()
        for call in self._calls.values():
            call.close()

    async def carry(
        self, payload: bytes, number: str, is_mine: IsMine, fault: Fault
    ) -> bytes | None:
        """One message of a terminal and its answer; None is silence."""
        source = self._take_port()
        if source is None:
            await trio.lowlevel.checkpoint()
            return None
        asked = payload[:3] + source + payload[TPDU_BYTES:]
        send, heard = trio.open_memory_channel[bytes](4)
        self._calls[source] = send
        self._order[source] = None
        try:
            with trio.move_on_after(self.settings.answer_seconds_max):
                await self._latency()
                await self._send(self._preamble(number) + asked, fault)
                if fault in {Fault.CUT, Fault.DELAY_ANSWER, Fault.HALF_OPEN}:
                    return None
                return await self._hear(heard, is_mine, fault)
        finally:
            del self._calls[source]
            self._order.pop(source, None)
        return None

    async def _hear(
        self, heard: trio.MemoryReceiveChannel[bytes], is_mine: IsMine, fault: Fault
    ) -> bytes | None:
        async for answer in heard:
            if not is_mine(answer):
                continue
            await self._latency()
            if fault is Fault.DROP_ANSWER:
                return None
            if fault is Fault.GARBLE_ANSWER:
                return answer[:-1] + bytes([answer[-1] ^ 1])
            return answer
        return None

    async def _send(self, message: bytes, fault: Fault) -> None:
        await self.up.wait()
        frame = wrap(message)
        async with self._sending:
            stream = self._stream
            if stream is None:
                return
            try:
                await stream.send_all(frame + frame if fault is Fault.DUPLICATE else frame)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                await trio.aclose_forcefully(stream)

    async def _live(self, *, task_status: trio.TaskStatus[None]) -> None:
        """For ever. Whoever starts it is told where it cannot listen; later it tries again."""
        listeners = await self._listen() if self.settings.listens else []
        task_status.started()
        await self.failures.kept("gateway", "", self._lives, listeners)

    async def _lives(self, listeners: list[trio.SocketListener]) -> None:
        """One life after the other; the first has these places to listen at."""
        while True:
            with trio.CancelScope() as self._life:
                if self.settings.listens:
                    taken = listeners[:] or await self._listen_again()
                    listeners.clear()
                    await trio.serve_listeners(self._carry_alone, taken)
                else:
                    await self._call()

    async def _call(self) -> None:
        while True:
            try:
                with trio.fail_after(CONNECT_SECONDS_MAX):
                    stream = await trio.open_tcp_stream(self.settings.host, self.settings.port)
            except (OSError, trio.TooSlowError):
                await trio.sleep(RETRY_SECONDS)
                continue
            await self._carry_alone(stream)
            await trio.sleep(RETRY_SECONDS)

    async def _listen(self) -> list[trio.SocketListener]:
        """At the port it had before, if it has lived before."""
        port = self.bound_port or self.settings.port
        listeners = await trio.open_tcp_listeners(port, host=self.settings.host)
        self.bound_port = listeners[0].socket.getsockname()[1]
        return listeners

    async def _listen_again(self) -> list[trio.SocketListener]:
        """Whoever has taken the port meanwhile may give it back."""
        is_noted = False
        while True:
            try:
                return await self._listen()
            except OSError as error:
                if not is_noted:
                    self.failures.note("gateway", f"at port {self.bound_port}", error)
                    is_noted = True
            await trio.sleep(RETRY_SECONDS)

    async def _carry_alone(self, stream: trio.SocketStream) -> None:
        await self.failures.alone("connection of the gateway", "", self._carry_all, stream)

    async def _carry_all(self, stream: trio.SocketStream) -> None:
        """One connection until it ends."""
        self._stream = stream
        self.up.set()
        try:
            async with trio.open_nursery() as nursery:
                if self.settings.keep_alive_seconds:
                    alone = self.failures.alone
                    nursery.start_soon(alone, "keep-alives", "", self._keep_alive, stream)
                await self._receive(stream)
                nursery.cancel_scope.cancel()
        finally:
            if self._stream is stream:  # who calls anew may come before the old call ends
                self._hang_up()
            await trio.aclose_forcefully(stream)

    def _hang_up(self) -> None:
        self.up = trio.Event()
        self._stream = None

    async def _receive(self, stream: trio.SocketStream) -> None:
        reader = FrameReader(takes_keep_alive=True)
        size = self.settings.preamble_bytes
        try:
            while data := await stream.receive_some(RECEIVE_BYTES_MAX):
                for frame in reader.feed(bytes(data)):
                    self._deliver(frame[size:])
                self.keep_alives += reader.keep_alives
                reader.keep_alives = 0
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, FramingError):
            return

    def _deliver(self, answer: bytes) -> None:
        """To whose port the answer is addressed."""
        port = answer[1:3]
        call = self._calls.get(port)
        if call is None:
            self.dropped += 1
            return
        self.out_of_order += next(iter(self._order), port) != port
        self._order.pop(port, None)
        try:
            call.send_nowait(answer)
        except (trio.WouldBlock, trio.ClosedResourceError):
            self.dropped += 1

    async def _keep_alive(self, stream: trio.SocketStream) -> None:
        """Where one cannot be sent the connection is over, and whoever listens on it hears so."""
        while True:
            await trio.sleep(self.settings.keep_alive_seconds)
            async with self._sending:
                try:
                    await stream.send_all(KEEP_ALIVE)
                except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                    await trio.aclose_forcefully(stream)
                    return

    async def _latency(self) -> None:
        least, most = self.settings.latency_seconds
        await trio.sleep(self._dice.uniform(least, most))

    def _take_port(self) -> bytes | None:
        """The next port nobody talks on; None where all are taken, and the line is engaged."""
        for _ in range(PORTS):
            self._next_port = self._next_port % (PORTS - 1) + 1
            source = bytes.fromhex(f"{self._next_port:04d}")
            if source not in self._calls:
                return source
        self.failures.note("gateway", "", TroubleError(ALL_TAKEN))
        return None

    def _preamble(self, number: str) -> bytes:
        return number.encode("ascii").ljust(self.settings.preamble_bytes)[
            : self.settings.preamble_bytes
        ]


class NacLine:
    """A terminal's end of its telephone line: as `simulators.line.Line`."""

    def __init__(self, nac: Nac, number: str, faults: DrawsFaults) -> None:
        self._nac = nac
        self._number = number
        self._faults = faults
        self.repeats_that_differed = 0

    def restart_gateway(self) -> None:
        """The gateway of all its lines begins anew."""
        self._nac.restart()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return

    async def ask(self, payload: bytes, is_mine: IsMine) -> bytes | None:
        """Send a payload and wait for the answer that `is_mine`; None is silence."""
        fault = self._faults.draw()
        if fault in {Fault.DROP_REQUEST, Fault.CUT_MID_FRAME}:  # it forwards whole messages only
            await trio.lowlevel.checkpoint()
            return None
        return await self._nac.carry(payload, self._number, is_mine, fault)
