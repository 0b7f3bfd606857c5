"""Browsers that ask for pages at a steady rate, or listen to what is live of one.

They speak HTTP/1.1 (RFC 9112) by themselves over connections that stay open, one request of each
at a time. Pages are due at fixed times (an open loop); one that finds nobody idle waits, and its
wait counts. Sessions are read of a file, so that none stands in a command line.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from simulators.tally import percentile

READ_BYTES: Final = 65_536
PERCENT: Final = (0.50, 0.95, 0.99)


class BrowserSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, and how often."""

    port: int
    host: str = "127.0.0.1"
    sessions: str = ""
    """A file with one session a line; connections have them in turn."""
    paths: str = "/"
    """With commas between; asked for in turn, or listened to."""
    requests: int = 1_000
    rate: float = 50.0
    """Pages a second, of all."""
    connections: int = 8
    what: str = "pages"
    """Or `live`: listen to the paths until standard input ends."""
    wait: bool = False
    """Say `ready` when all is prepared and start at a line on standard input."""


class BrowserReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Latencies in milliseconds, from when a page was due."""

    answered: int
    statuses: dict[str, int]
    bytes: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    by_path: dict[str, float]
    """The p95 of each."""


class _Line:
    """One connection of a browser."""

    def __init__(self, settings: BrowserSettings, session: str) -> None:
        self._settings = settings
        self._session = session
        self._stream: trio.SocketStream | None = None
        self._left = b""

    async def ask(self, path: str) -> tuple[int, int]:
        """Its status, and how long its body is."""
        if self._stream is None:
            told = self._settings
            self._stream = await trio.open_tcp_stream(told.host, told.port)
        words = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n"
            f"Cookie: posswitch_session={self._session}\r\n\r\n"
        )
        await self._stream.send_all(words.encode())
        head = (await self._until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        lines = [line.partition(":") for line in head[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        if "content-length" in headers:
            return status, len(await self._exactly(int(headers["content-length"])))
        size = 0
        while headers.get("transfer-encoding") == "chunked":
            count = int((await self._until(b"\r\n")).strip(), 16)
            await self._exactly(count + 2)
            if not count:
                break
            size += count
        return status, size

    async def hear(self, path: str) -> None:
        """Listen, for ever."""
        told = self._settings
        async with await trio.open_tcp_stream(told.host, told.port) as stream:
            words = (
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                f"Cookie: posswitch_session={self._session}\r\n\r\n"
            )
            await stream.send_all(words.encode())
            first = await stream.receive_some(READ_BYTES)
            assert b" 200 " in first.split(b"\r\n", 1)[0], first[:100]
            while await stream.receive_some(READ_BYTES):
                pass
        raise AssertionError("what was listened to ended")

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self._left:
            await self._more()
        found, _, self._left = self._left.partition(mark)
        return found

    async def _exactly(self, count: int) -> bytes:
        while len(self._left) < count:
            await self._more()
        found, self._left = self._left[:count], self._left[count:]
        return found

    async def _more(self) -> None:
        assert self._stream is not None, "it was asked over it"
        told = await self._stream.receive_some(READ_BYTES)
        assert told, "the front closed the connection in an answer"
        self._left += bytes(told)


class _Run:
    def __init__(self, settings: BrowserSettings, sessions: Sequence[str]) -> None:
        self._settings = settings
        self._paths = settings.paths.split(",")
        self._lines = [
            _Line(settings, sessions[number % len(sessions)])
            for number in range(settings.connections)
        ]
        self._next = 0
        self._began = 0.0
        self.statuses: Counter[str] = Counter()
        self.bytes = 0
        self.latencies: dict[str, list[float]] = defaultdict(list)

    async def ask(self) -> None:
        """All of it."""
        self._began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for line in self._lines:
                nursery.start_soon(self._work, line)

    async def _work(self, line: _Line) -> None:
        while self._next < self._settings.requests:
            number, self._next = self._next, self._next + 1
            due = self._began + number / self._settings.rate
            await trio.sleep_until(due)
            path = self._paths[number % len(self._paths)]
            status, size = await line.ask(path)
            self.statuses[str(status)] += 1
            self.bytes += size
            self.latencies[path].append((trio.current_time() - due) * 1_000)

    async def hear(self) -> None:
        """Until standard input ends."""
        async with trio.open_nursery() as nursery:
            for number, line in enumerate(self._lines):
                nursery.start_soon(line.hear, self._paths[number % len(self._paths)])
            await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
            nursery.cancel_scope.cancel()

    def report(self) -> BrowserReport:
        """What came of it."""
        every = sorted(value for values in self.latencies.values() for value in values)
        p50, p95, p99 = (round(percentile(every, part), 2) if every else 0.0 for part in PERCENT)
        return BrowserReport(
            answered=len(every),
            statuses=dict(self.statuses),
            bytes=self.bytes,
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            by_path={
                path: round(percentile(sorted(values), 0.95), 2)
                for path, values in self.latencies.items()
            },
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the report goes to standard output as JSON."""
    settings = _settings_of(arguments)
    told = Path(settings.sessions).read_text().split() if settings.sessions else []
    run = _Run(settings, told or [""])
    if settings.wait:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
    trio.run(run.hear if settings.what == "live" else run.ask)
    sys.stdout.buffer.write(msgspec.json.encode(run.report()) + b"\n")
    return 0


def _settings_of(arguments: Sequence[str] | None) -> BrowserSettings:
    parser = argparse.ArgumentParser(prog="python -m simulators.browsers", description=__doc__)
    for field in msgspec.structs.fields(BrowserSettings):
        name = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(name, default=field.default, action=argparse.BooleanOptionalAction)
        else:
            parser.add_argument(name, default=field.default, type=field.type)
    told: dict[str, Any] = vars(parser.parse_args(arguments))
    return BrowserSettings(**told)


if __name__ == "__main__":
    sys.exit(main())
