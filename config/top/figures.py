"""What happened between two looks at the programs: rates, latencies, codes, queues.

Counters only rise while a process lives. One that was started again begins at nothing, and what it
counts then is all of the interval.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from config.run.asking import HOST, program_of
from config.run.look import Look

PREFIX: Final = "posswitch_switch_"
APPROVED: Final = frozenset({"00", "10", "A6"})
INFINITE: Final = float("inf")
Labels = tuple[tuple[str, str], ...]
Counts = dict[tuple[str, Labels], float]
"""What one process has counted, by metric and labels."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Of answers of the host and of issuers, in milliseconds; None where there was none."""

    p50_ms: float | None = None
    p99_ms: float | None = None


class ChannelFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One channel, of all switch processes together."""

    name: str
    dialect: str
    address: str
    connections: int
    messages_per_second: float
    approved: int
    """In the interval."""
    answered: int
    silent: int
    wrong_macs: int
    latency: Latency


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A house at one moment, and in the interval before it."""

    at: float
    """Seconds since the epoch."""
    seconds: float
    """How long the interval was."""
    host_is_up: bool
    is_posting: bool
    switches: int
    link_is_up: bool
    messages_per_second: float
    channels: tuple[ChannelFigures, ...]
    codes: dict[str, int]
    """F39 -> answers in the interval."""
    kinds: dict[str, int]
    latency: Latency
    host_waiting: int
    """Requests taken by the host and not yet answered."""
    in_flight: int
    """Messages of the switch at the host and at issuers."""
    owed: int
    """Reversals and advices the switch owes."""
    owed_oldest_seconds: float
    memory_bytes: dict[str, int]
    """By program."""
    cpu_percent: dict[str, float]


def figures_between(before: Sequence[Look], after: Sequence[Look]) -> Figures:
    """The house as the second looks show it; rates since the first."""
    earlier = {(look.number, look.pid): look for look in before}
    seconds = _seconds_between(before, after)
    differences: Counts = defaultdict(float)
    for look in after:
        for key, value in _risen(earlier.get((look.number, look.pid)), look).items():
            differences[key] += value
    switches = [look for look in after if look.number > HOST]
    host = next((look for look in after if look.number == HOST), None)
    answered = _answered(differences)
    return Figures(
        at=max((look.at for look in after), default=0.0),
        seconds=seconds,
        host_is_up=host is not None,
        is_posting=host is not None and host.is_posting,
        switches=len(switches),
        link_is_up=bool(switches) and all(_now(look, "link_up") for look in switches),
        messages_per_second=sum(answered.values()) / seconds,
        channels=tuple(_channels(switches, differences, seconds)),
        codes=_summed(answered, "code"),
        kinds=_summed(answered, "kind"),
        latency=_latency(differences, lambda _labels: True),
        host_waiting=0 if host is None else int(_value(host, "posswitch_host_waiting")),
        in_flight=int(sum(_now(look, "host_in_flight") for look in switches)),
        owed=int(sum(_now(look, "reversals_waiting") for look in switches)),
        owed_oldest_seconds=max(
            (_now(look, "reversals_oldest_seconds") for look in switches), default=0.0
        ),
        memory_bytes={
            program_of(look.number): int(_value(look, "process_resident_memory_bytes"))
            for look in after
        },
        cpu_percent={
            program_of(look.number): _cpu(earlier.get((look.number, look.pid)), look)
            for look in after
        },
    )


def percentile(buckets: Mapping[float, float], share: float) -> float | None:
    """A quantile of a histogram, by its upper bounds and how much is up to each; None: empty.

    Inside a bucket all is taken to lie evenly; beyond the last bound, it is the last bound.
    """
    bounds = sorted(buckets.items())
    if not bounds or bounds[-1][1] <= 0:
        return None
    wanted = share * bounds[-1][1]
    for (low, below), (high, up_to) in pairwise([(0.0, 0.0), *bounds]):
        if up_to >= wanted and up_to > below:
            if high == INFINITE:
                return low
            return low + (high - low) * (wanted - below) / (up_to - below)
    return bounds[-1][0]


def _seconds_between(before: Iterable[Look], after: Iterable[Look]) -> float:
    first = min((look.at for look in before), default=0.0)
    last = max((look.at for look in after), default=0.0)
    return max(last - first, 1e-3)


def _risen(before: Look | None, after: Look) -> Counts:
    """By how much each value of a process is higher than it was."""
    now = _counts(after)
    if before is None:
        return now
    was = _counts(before)
    return {key: value - was.get(key, 0.0) for key, value in now.items()}


def _counts(look: Look) -> Counts:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in look.samples
    }


def _answered(differences: Counts) -> dict[Labels, int]:
    return {
        labels: round(value)
        for (name, labels), value in differences.items()
        if name == f"{PREFIX}messages_total" and value > 0
    }


def _summed(counts: Mapping[Labels, int], label: str) -> dict[str, int]:
    """By the values of one label, the most frequent first."""
    found: Counter[str] = Counter()
    for labels, value in counts.items():
        found[dict(labels).get(label, "")] += value
    return dict(found.most_common())


def _channels(
    switches: Sequence[Look], differences: Counts, seconds: float
) -> Iterable[ChannelFigures]:
    answered = _answered(differences)
    rows = {each.name: each for look in switches for each in look.channels}
    for name, row in rows.items():
        own = {labels: count for labels, count in answered.items() if _is_of(labels, name)}
        codes = _summed(own, "code")
        total = sum(own.values())
        yield ChannelFigures(
            name=name,
            dialect=row.dialect,
            address=row.address,
            connections=sum(
                each.connections for look in switches for each in look.channels if each.name == name
            ),
            messages_per_second=total / seconds,
            approved=sum(count for code, count in codes.items() if code in APPROVED),
            answered=total,
            silent=_count_of(differences, "silent_total", name),
            wrong_macs=_count_of(differences, "mac_failures_total", name),
            latency=_latency(differences, lambda labels, name=name: _is_of(labels, name)),  # type: ignore[misc]
        )


def _is_of(labels: Labels, channel: str) -> bool:
    return ("channel", channel) in labels


def _count_of(differences: Counts, metric: str, channel: str) -> int:
    return round(
        sum(
            value
            for (name, labels), value in differences.items()
            if name == PREFIX + metric and _is_of(labels, channel)
        )
    )


def _latency(differences: Counts, is_wanted: Callable[[Labels], bool]) -> Latency:
    buckets: dict[float, float] = defaultdict(float)
    for (name, labels), value in differences.items():
        if name == f"{PREFIX}host_seconds_bucket" and is_wanted(labels):
            buckets[float(dict(labels)["le"])] += value
    return Latency(
        p50_ms=_milliseconds(percentile(buckets, 0.5)),
        p99_ms=_milliseconds(percentile(buckets, 0.99)),
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _now(look: Look, name: str) -> float:
    return _value(look, PREFIX + name)


def _value(look: Look, name: str) -> float:
    return sum(sample.value for sample in look.samples if sample.name == name)


def _cpu(before: Look | None, after: Look) -> float:
    """Of one core; 0 where nothing is known of before."""
    if before is None:
        return 0.0
    name = "process_cpu_seconds_total"
    seconds = max(after.at - before.at, 1e-3)
    return round(100 * (_value(after, name) - _value(before, name)) / seconds, 1)
