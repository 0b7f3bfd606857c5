"""What the web front counts, read by Prometheus over `[web] metrics_port`.

Names begin with `posswitch_web_`. A request is told by the first part of its path, as long as that
is one of ours: what strangers make up is counted together.
"""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX: Final = "posswitch_web_"
HOME: Final = "home"
OTHER: Final = "other"
SECONDS_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class WebMetrics:
    """Every metric of one front, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            f"{PREFIX}requests_total", "Requests answered.", ("place", "status"), registry=registry
        )
        self.seconds = Histogram(
            f"{PREFIX}seconds",
            "From the request to the end of its answer; live parts are not in it.",
            ("place",),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.listening = Gauge(f"{PREFIX}listening", "Pages that listen now.", registry=registry)
        self.link_up = Gauge(f"{PREFIX}link_up", "1: the host can be asked.", registry=registry)


class Measured:
    """Counts every request and how long it took."""

    def __init__(self, app: ASGIApp, *, metrics: WebMetrics, places: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            place = self._place_of(scope["path"])
            self._metrics.requests.labels(place, status).inc()
            if place != "live":
                self._metrics.seconds.labels(place).observe(time.perf_counter() - began)

    def _place_of(self, path: str) -> str:
        first = path.partition("/")[2].partition("/")[0]
        is_path = path.startswith("/")  # of the server as a whole it is *
        return (first or HOME) if is_path and first in self._places else OTHER
