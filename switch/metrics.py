"""What the switch counts. Every labelled child is bound once, before it is needed often.

Read by Prometheus over `metrics_port`. Names begin with `posswitch_switch_`.
"""

import functools
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from host.model.requests import Kind
from host.model.responses import RESPONSE_CODES, Reason
from switch.faults import FAULTS

PREFIX: Final = "posswitch_switch_"
SECONDS_BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ChannelMetrics:
    """One channel's connections."""

    def __init__(self, metrics: "Metrics", channel: str) -> None:
        self.accepted = metrics.accepted.labels(channel)
        self.throttled = metrics.throttled.labels(channel)
        self.undelivered = metrics.undelivered.labels(channel)
        self._closed = metrics.connections_closed
        self._refused = metrics.refused
        self._channel = channel

    def refused(self, why: str) -> None:
        """Count a connection that was let go before it said anything."""
        self._refused.labels(self._channel, why).inc()

    def closed(self, why: str) -> None:
        """Count a closed connection by the first words of its reason."""
        self._closed.labels(self._channel, why.partition(":")[0]).inc()


class Metrics:
    """Every metric of one switch process, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        registry.register(FAULTS)
        counter = functools.partial(Counter, registry=registry)
        self._answered = counter(
            f"{PREFIX}messages_total", "Messages answered.", ("channel", "kind", "reason", "code")
        )
        self._silent = counter(
            f"{PREFIX}silent_total", "Messages left without an answer.", ("channel", "why")
        )
        self._late = counter(
            f"{PREFIX}late_answers_total", "Host answers nobody waits for.", ("reason",)
        )
        self._seconds = Histogram(
            f"{PREFIX}host_seconds",
            "From the request to the host to its answer.",
            ("channel", "kind"),
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.accepted = counter(f"{PREFIX}connections_total", "Connections accepted.", ("channel",))
        self.refused = counter(
            f"{PREFIX}connections_refused_total",
            "Connections over a limit, from elsewhere, or without a good certificate.",
            ("channel", "why"),
        )
        self.throttled = counter(
            f"{PREFIX}throttled_total", "Reads put off: an address over its rate.", ("channel",)
        )
        self.connections_closed = counter(
            f"{PREFIX}connections_closed_total", "Connections closed.", ("channel", "why")
        )
        self.undelivered = counter(
            f"{PREFIX}undelivered_total", "Answers whose connection was gone.", ("channel",)
        )
        self.mac_failures = counter(
            f"{PREFIX}mac_failures_total", "Messages with a wrong MAC.", ("channel",)
        )
        self.terminal_locks = counter(
            f"{PREFIX}terminal_locks_total",
            "Terminals locked until they sign on, for wrong MACs in a row.",
            ("channel",),
        )
        self.unacknowledged = counter(
            f"{PREFIX}unacknowledged_total",
            "Approvals decided for a terminal that was gone: it will reverse them.",
            ("channel",),
        )
        self.reversals_owed = counter(
            f"{PREFIX}reversals_total", "Reversals the switch itself had to send."
        )

    def answered(self, channel: str, kind: Kind | None, reason: Reason) -> Counter:
        """The child to keep; callers bind it once for each combination."""
        f39 = RESPONSE_CODES[reason].f39
        return self._answered.labels(channel, _word(kind), reason.value, f39)

    def silent(self, channel: str, why: str) -> None:
        """Count a message that gets no answer."""
        self._silent.labels(channel, why).inc()

    def late(self, reason: Reason) -> None:
        """Count an answer that came after its exchange had ended."""
        self._late.labels(reason.value).inc()

    def seconds(self, channel: str, kind: Kind | None) -> Histogram:
        """The child to keep."""
        return self._seconds.labels(channel, _word(kind))

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for, and costs nothing until then."""
        Gauge(PREFIX + name, text, registry=self.registry).set_function(read)


def _word(kind: Kind | None) -> str:
    return kind.value if kind is not None else "unknown"
