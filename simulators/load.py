"""A load generator that costs little: `python -m simulators.load --port 8583`.

Purchases (or sign-ons, `--what sign_ons`) are encoded and sealed before the clock starts and
answers are checked after it has stopped. In between there is a selector, `recv`, `send`, and one
addition a message, so that on a small machine the load leaves the processors to what is measured.

Closed loop: every terminal sends its next message as soon as it is answered. Open loop
(`--rate`): messages are due at fixed times; one that finds no idle terminal waits, and its
waiting counts as latency.
"""

import argparse
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, Final

import msgspec

from host.estate.demo import bench_estate
from simulators.prepared import Queue, check_answers, prepare_purchases, prepare_sign_ons
from simulators.tally import percentile

RECEIVE_BYTES_MAX: Final = 262_144
LENGTH_BYTES: Final = 2
TICK_SECONDS: Final = 0.5


class LoadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What to send where. The switch must serve `host.estate.demo.bench_estate`."""

    host: str = "127.0.0.1"
    port: int = 8583
    what: str = "purchases"
    """Or `sign_ons`: each terminal asks for keys, once where there are as many as messages."""
    messages: int = 20_000
    terminals: int = 128
    """How many trade: in a closed loop also how many messages are under way."""
    first_terminal: int = 0
    """Terminals of the estate to pass over, where several loads run side by side."""
    connections: int = 8
    cards: int = 10_000
    rate: float = 0.0
    """Messages a second in an open loop; 0 is a closed loop."""
    first_trace: int = 1
    """A trace is used once: a second load on the same estate goes on after the first."""
    with_pin: bool = True
    silence_seconds_max: float = 10.0
    """Without any answer for so long the load gives up."""
    seed: int = 8583
    wait: bool = False
    """Say `ready` when all is prepared and start at a line on standard input."""


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Latencies in milliseconds."""

    sent: int
    answered: int
    approved: int
    codes: dict[str, int]
    macs_wrong: int
    elapsed_seconds: float
    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    cpu_seconds: float
    cpu_us_per_message: float

    @property
    def is_clean(self) -> bool:
        """Whether every message was answered, approved and rightly sealed."""
        return self.approved == self.sent and self.macs_wrong == 0


def prepare(settings: LoadSettings) -> list[Queue]:
    """The messages of a load, by terminal."""
    estate = bench_estate(settings.first_terminal + settings.terminals, settings.cards)
    mine = msgspec.structs.replace(estate, terminals=estate.terminals[settings.first_terminal :])
    if settings.what == "sign_ons":
        return prepare_sign_ons(mine, settings.messages, first_trace=settings.first_trace)
    return prepare_purchases(
        mine,
        settings.messages,
        first_trace=settings.first_trace,
        with_pin=settings.with_pin,
        seed=settings.seed,
    )


def run_load(settings: LoadSettings, queues: Sequence[Queue]) -> LoadReport:
    """Send everything, wait for the answers, check them."""
    run = _Run(settings, queues)
    try:
        run.go()
    finally:
        run.close()
    checked = check_answers(queues, run.answers)
    milliseconds = sorted(second * 1000 for second in run.latencies)
    answered = len(run.answers)
    return LoadReport(
        sent=run.sent,
        answered=answered,
        approved=checked.codes["00"],
        codes=dict(checked.codes),
        macs_wrong=checked.macs_wrong,
        elapsed_seconds=round(run.elapsed, 4),
        rate=round(answered / run.elapsed, 1) if run.elapsed else 0.0,
        p50_ms=round(percentile(milliseconds, 0.50), 3),
        p95_ms=round(percentile(milliseconds, 0.95), 3),
        p99_ms=round(percentile(milliseconds, 0.99), 3),
        max_ms=round(percentile(milliseconds, 1.0), 3),
        cpu_seconds=round(run.cpu, 4),
        cpu_us_per_message=round(run.cpu / answered * 1e6, 2) if answered else 0.0,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: prepare, run, print the report as JSON."""
    settings = _settings_of(arguments)
    queues = prepare(settings)
    if settings.wait:
        _say("ready")
        sys.stdin.readline()
    report = run_load(settings, queues)
    _say(msgspec.json.encode(report).decode())
    return 0 if report.is_clean else 1


class _Connection:
    """One socket with what is to be sent and what came in part."""

    __slots__ = ("inbox", "outbox", "socket")

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(0)
        self.inbox = b""
        self.outbox = bytearray()

    def frames(self) -> Iterator[bytes]:
        """The whole payloads that have arrived."""
        data = self.inbox + self.socket.recv(RECEIVE_BYTES_MAX)
        if len(data) == len(self.inbox):
            raise ConnectionError("the switch closed the connection in the middle of the load")
        at, end = 0, len(data)
        while end - at >= LENGTH_BYTES:
            stop = at + LENGTH_BYTES + int.from_bytes(data[at : at + LENGTH_BYTES], "big")
            if stop > end:
                break
            yield data[at + LENGTH_BYTES : stop]
            at = stop
        self.inbox = data[at:]

    def flush(self) -> bool:
        """Send what can be sent; False when some is left."""
        try:
            del self.outbox[: self.socket.send(self.outbox)]
        except BlockingIOError:
            return False
        return not self.outbox


class _Terminal:
    """A terminal under load: its frames, its connection, when its last message was due."""

    __slots__ = ("connection", "due_at", "frames")

    def __init__(self, queue: Queue, connection: _Connection) -> None:
        self.frames = deque(queue.frames)
        self.connection = connection
        self.due_at = 0.0


class _Run:
    """The part under the clock."""

    def __init__(self, settings: LoadSettings, queues: Sequence[Queue]) -> None:
        self.answers: list[bytes] = []
        self.latencies: list[float] = []
        self.sent = 0
        self.elapsed = 0.0
        self.cpu = 0.0
        self._settings = settings
        self._total = sum(len(queue.frames) for queue in queues)
        self._selector = selectors.DefaultSelector()
        self._connections = [
            _Connection(settings.host, settings.port) for _ in range(settings.connections)
        ]
        for connection in self._connections:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._terminals = {
            queue.address: _Terminal(queue, connection)
            for queue, connection in zip(queues, cycle(self._connections), strict=False)
        }
        self._idle = deque(one for one in self._terminals.values() if one.frames)
        self._gap = 1 / settings.rate if settings.rate else 0.0
        self._began = 0.0

    def go(self) -> None:
        """Run until everything is answered or nothing has been for too long."""
        cpu, self._began = time.process_time(), time.perf_counter()
        heard_at = self._began
        self._send_due(self._began)
        while len(self.answers) < self._total:
            ready = self._selector.select(self._patience())
            for key, events in ready:
                self._serve(key.data, events)
            now = time.perf_counter()
            heard_at = now if ready else heard_at
            self._send_due(now)
            if now - heard_at > self._settings.silence_seconds_max:
                break
        self.elapsed = time.perf_counter() - self._began
        self.cpu = time.process_time() - cpu

    def close(self) -> None:
        """Close every connection."""
        self._selector.close()
        for connection in self._connections:
            connection.socket.close()

    def _serve(self, connection: _Connection, events: int) -> None:
        if events & selectors.EVENT_READ:
            now = time.perf_counter()
            for frame in connection.frames():
                terminal = self._terminals[frame[1:3]]
                self.latencies.append(now - terminal.due_at)
                self.answers.append(frame)
                if terminal.frames:
                    self._idle.append(terminal)
        if events & selectors.EVENT_WRITE:
            self._flush(connection)

    def _send_due(self, now: float) -> None:
        """Give every idle terminal its next message, as far as messages are due."""
        touched: dict[_Connection, None] = {}
        while self._idle:
            due_at = self._began + self.sent * self._gap if self._gap else now
            if due_at > now:
                break
            terminal = self._idle.popleft()
            terminal.due_at = due_at
            terminal.connection.outbox += terminal.frames.popleft()
            touched[terminal.connection] = None
            self.sent += 1
        for connection in touched:
            self._flush(connection)

    def _flush(self, connection: _Connection) -> None:
        events = selectors.EVENT_READ
        if not connection.flush():
            events |= selectors.EVENT_WRITE
        if self._selector.get_key(connection.socket).events != events:
            self._selector.modify(connection.socket, events, connection)

    def _patience(self) -> float:
        """How long to wait for an answer: until the next message is due in an open loop."""
        if not self._gap or not self._idle:
            return TICK_SECONDS
        next_at = self._began + self.sent * self._gap
        return min(TICK_SECONDS, max(0.0, next_at - time.perf_counter()))


def _settings_of(arguments: Sequence[str] | None) -> LoadSettings:
    parser = argparse.ArgumentParser(prog="python -m simulators.load", description=__doc__)
    for field in msgspec.structs.fields(LoadSettings):
        name = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(name, default=field.default, action=argparse.BooleanOptionalAction)
        else:
            parser.add_argument(name, default=field.default, type=field.type)
    told: dict[str, Any] = vars(parser.parse_args(arguments))
    return LoadSettings(**told)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
