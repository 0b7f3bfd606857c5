"""What a process tells about itself over HTTP: its metrics, whether it lives, whether it serves.

`/metrics` for Prometheus. `/healthz`: 200 while the event loop turns; a process whose loop stands
is to be killed. `/readyz`: 200 while all that it needs is there, else 503 and a line for each thing
that is not; such a process mends by itself, and is only given no work meanwhile. Everything else is
404. Answered by threads, so that a loop that stands is told of.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any, Final, NoReturn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

import trio
from prometheus_client import CollectorRegistry, make_wsgi_app

from host.link.ports import port_error

TURN_SECONDS: Final = 0.5
"""Between two signs of life of the loop."""
STANDS_SECONDS: Final = 5.0
"""Without a sign for so long it stands."""
FRESH_SECONDS: Final = 1.0
"""How long the answer to a check serves for the next who asks."""
ASK_SECONDS_MAX: Final = 10.0
ASKERS_MAX: Final = 16
"""At a time: each has a thread and a file."""
"""Who asks has said so by then."""
TEXT: Final = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))

Check = Callable[[], bool]
"""Whether one thing is there. Called in a thread; may wait a few seconds."""


class Page:
    """One process's page. `run` is its sign of life and must run on the loop it tells of."""

    def __init__(self, registry: CollectorRegistry, checks: Mapping[str, Check]) -> None:
        self._metrics = make_wsgi_app(registry)
        self._checks = {what: _remembered(check) for what, check in checks.items()}
        self._turned_at = time.monotonic()
        self._server: _Server | None = None

    def open(self, host: str, port: int) -> None:
        """Answer there from now on, in threads.

        Raises:
            PortError: the port is taken, or the host is none of ours.
        """
        kind = _Server6 if ":" in host else _Server
        try:
            self._server = kind((host, port), _Handler)
        except OSError as error:
            raise port_error("the page of metrics", host, port, error) from None
        self._server.set_app(self._answer)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    async def run(self) -> NoReturn:
        """Show that the loop turns, for ever."""
        while True:
            self._turned_at = time.monotonic()
            await trio.sleep(TURN_SECONDS)

    def _answer(self, asked: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answers: dict[str, Callable[[], tuple[str, str]]] = {
            "/healthz": self._health,
            "/readyz": self._readiness,
        }
        path = asked.get("PATH_INFO", "")
        if asked.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return _told(start, "405 Method Not Allowed", "only GET is answered here")
        if path == "/metrics":
            page: Iterable[bytes] = self._metrics(asked, start)
            return page
        if path in answers:
            return _told(start, *answers[path]())
        return _told(start, "404 Not Found", "here are /metrics, /healthz and /readyz")

    def _health(self) -> tuple[str, str]:
        seconds = time.monotonic() - self._turned_at
        if seconds > STANDS_SECONDS:
            return "503 Service Unavailable", f"the event loop has not turned for {seconds:.0f} s"
        return "200 OK", "the event loop turns"

    def _readiness(self) -> tuple[str, str]:
        missing = [what for what, check in self._checks.items() if not check()]
        if missing:
            return "503 Service Unavailable", "\n".join(f"not ready: {what}" for what in missing)
        return "200 OK", "ready"


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each who asks."""

    daemon_threads = True

    def __init__(self, *where: Any) -> None:
        super().__init__(*where)
        self._room = threading.BoundedSemaphore(ASKERS_MAX)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Whoever finds no room is let go at once: files and threads are for the trade."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One who asks, to the end of the answer."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, *_who: object) -> None:
        """Who hangs up before the answer is nobody's trouble."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    """Writes no log, waits for nobody."""

    timeout = ASK_SECONDS_MAX

    def log_message(self, *_words: object) -> None:
        """As above."""


def _told(start: StartResponse, status: str, text: str) -> Iterable[bytes]:
    start(status, list(TEXT))
    return [f"{text}\n".encode()]


def _remembered(check: Check) -> Check:
    """The same, asked once a second at most however many ask."""
    lock = threading.Lock()
    told: list[Any] = [0.0, False]

    def answer() -> bool:
        with lock:
            if time.monotonic() - told[0] > FRESH_SECONDS:
                told[1] = check()
                told[0] = time.monotonic()
            return bool(told[1])

    return answer
