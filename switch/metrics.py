"""What the switch counts. Every labelled child is bound once, before it is needed often.

Read by Prometheus over `metrics_port`. Names begin with `posswitch_switch_`. What every message
adds to is kept in plain numbers, and made a metric when it is read.
"""

import functools
from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

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


class Tally:
    """How often one thing happened."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def inc(self) -> None:
        """Once more."""
        self.count += 1


class Waits:
    """How long one kind of thing took."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS_BUCKETS) + 1)
        """By bucket, the last for what took longer than any."""
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """It took so long."""
        self.counts[bisect_left(SECONDS_BUCKETS, seconds)] += 1
        self.total += seconds


class _Answered(Collector):
    """Messages answered. Read by a thread of its own while the loop counts on."""

    def __init__(self) -> None:
        self.tallies: dict[tuple[str, str, str, str], Tally] = {}

    def describe(self) -> list[CounterMetricFamily]:
        labels = ("channel", "kind", "reason", "code")
        return [CounterMetricFamily(f"{PREFIX}messages", "Messages answered.", labels=labels)]

    def collect(self) -> list[CounterMetricFamily]:
        [family] = self.describe()
        for values, tally in list(self.tallies.items()):
            family.add_metric(values, tally.count)
        return [family]


class _HostSeconds(Collector):
    """How long the host takes. Read as `_Answered` is."""

    def __init__(self) -> None:
        self.waits: dict[tuple[str, str], Waits] = {}

    def describe(self) -> list[HistogramMetricFamily]:
        what = "From the request to the host to its answer."
        return [HistogramMetricFamily(f"{PREFIX}host_seconds", what, labels=("channel", "kind"))]

    def collect(self) -> list[HistogramMetricFamily]:
        [family] = self.describe()
        for values, waits in list(self.waits.items()):
            family.add_metric(values, _in_buckets(waits), waits.total)
        return [family]


class Metrics:
    """Every metric of one switch process, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        registry.register(FAULTS)
        counter = functools.partial(Counter, registry=registry)
        self._answered = _Answered()
        self._host_seconds = _HostSeconds()
        registry.register(self._answered)
        registry.register(self._host_seconds)
        self._silent = counter(
            f"{PREFIX}silent_total", "Messages left without an answer.", ("channel", "why")
        )
        self._late = counter(
            f"{PREFIX}late_answers_total", "Host answers nobody waits for.", ("reason",)
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

    def answered(self, channel: str, kind: Kind | None, reason: Reason) -> Tally:
        """The child to keep; callers bind it once for each combination."""
        labels = (channel, _word(kind), reason.value, RESPONSE_CODES[reason].f39)
        return self._answered.tallies.setdefault(labels, Tally())

    def silent(self, channel: str, why: str) -> None:
        """Count a message that gets no answer."""
        self._silent.labels(channel, why).inc()

    def late(self, reason: Reason) -> None:
        """Count an answer that came after its exchange had ended."""
        self._late.labels(reason.value).inc()

    def seconds(self, channel: str, kind: Kind | None) -> Waits:
        """The child to keep."""
        return self._host_seconds.waits.setdefault((channel, _word(kind)), Waits())

    def watch(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for, and costs nothing until then."""
        Gauge(PREFIX + name, text, registry=self.registry).set_function(read)


def _word(kind: Kind | None) -> str:
    return kind.value if kind is not None else "unknown"


def _in_buckets(waits: Waits) -> list[tuple[str, float]]:
    """As Prometheus has them: each bucket with all that was quicker, under its upper bound."""
    bounds = [*(str(float(bound)) for bound in SECONDS_BUCKETS), "+Inf"]
    return list(zip(bounds, accumulate(waits.counts), strict=True))
