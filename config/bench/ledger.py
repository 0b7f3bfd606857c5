"""The ledger's bench: how fast, at what cost, held against pgbench on the same server.

Machines are noisy, so each round measures everything one after the other, and the ratios are
taken within a round; CPU per message, read from the kernel's own count of each process, is
steady even where rates are not. Loads run in processes of their own with messages encoded and
sealed before the clock starts; every answer is checked.
"""

import os
import re
import shutil
import socket
import statistics
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from config.bench.cpu import CpuClock, with_descendants
from config.bench.front import Front, running_front
from config.bench.loads import Load, run_wire_load
from config.bench.pgbench import Pgbench, filled_pgbench
from config.errors import Say
from config.homes import BENCH
from config.places import places_of
from config.run.estates import loader
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from host.estate.demo import bench_estate
from host.estate.plan import EstatePlan
from simulators.linkload import LinkLoadReport
from simulators.load import LoadReport

DATA: Final = BENCH / "bench"
QUIET_RATE: Final = 100.0
"""Messages a second at which a terminal's usual waiting time is measured."""
_BUCKET: Final = re.compile(
    r'^posswitch_host_batch_items_bucket\{le="([^"]+)"\} ([0-9.]+)', re.MULTILINE
)


class BenchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 3
    seconds: int = 5
    """Of each pgbench run; the loads are sized to take about as long."""
    messages: int = 30_000
    terminals: int = 1024
    in_flight: int = 512
    connections: int = 32
    singles: int = 16
    """Connections of one terminal each, one message of it under way: tills without a gateway."""
    cards: int = 10_000
    quiet_messages: int = 500


class Crowd(NamedTuple):
    """How many terminals trade, each with a message under way, and over how many connections."""

    terminals: int
    connections: int


@dataclass(slots=True)
class Figures:
    """Each figure, one value a round."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, **figures: float) -> None:
        """Note a round's values."""
        for name, value in figures.items():
            self.values.setdefault(name, []).append(value)

    def medians(self) -> dict[str, float]:
        """The middle value of each."""
        return {name: round(statistics.median(row), 3) for name, row in self.values.items()}


@dataclass(slots=True)
class Bench:
    """What is up, and how far each terminal's traces have been used."""

    settings: BenchSettings
    running: Running
    front: Front
    """A second switch, with a host behind it that has no ledger."""
    metrics_port: int
    pgbench: Pgbench | None
    figures: Figures = field(default_factory=Figures)
    next_trace: int = 1

    @property
    def crowd(self) -> Crowd:
        """Of a full load."""
        return Crowd(self.settings.in_flight, self.settings.connections)

    def traces(self, messages: int, terminals: int) -> int:
        """Take unused traces for a load; gives the first."""
        first = self.next_trace
        self.next_trace += messages // terminals + 1
        return first


def measure_ledger(told: BenchSettings, say: Say) -> dict[str, Any]:
    """Measure and say how it goes; gives the medians, and every round's values."""
    data = DATA.resolve()
    shutil.rmtree(data, ignore_errors=True)
    estate = bench_estate(told.terminals, told.cards)
    with _everything_up(data, told, estate, say) as bench:
        for number in range(1, told.rounds + 1):
            for part in PARTS:
                part(bench)
            say(f"round {number} of {told.rounds}: {_line(bench.figures)}")
        document: dict[str, Any] = {
            **bench.figures.medians(),
            "rounds": bench.figures.values,
            "batch_items": _batch_items(bench),
            "settings": msgspec.to_builtins(told),
            "processors": os.cpu_count(),
        }
    shutil.rmtree(data, ignore_errors=True)
    return document


def measure_pgbench(bench: Bench) -> None:
    """TPC-B-like, prepared, on the server that carries the ledger, with its settings."""
    if bench.pgbench is None:
        return
    bench.figures.add(pgbench_tps=bench.pgbench.tps(bench.settings.seconds))


def measure_host(bench: Bench) -> None:
    """Purchases over the link, no switch: decide and commit alone, one under way a terminal."""
    told, host = bench.settings, bench.running.host.process.pid
    first = bench.traces(told.messages, told.terminals)
    link = bench.running.settings.host.link
    load = Load(
        "simulators.linkload", link=link, messages=told.messages, terminals=told.terminals,
        cards=told.cards, window=told.terminals, first_trace=first,
    )  # fmt: skip
    before = CpuClock.read([host])
    answered = msgspec.json.decode(load.run(), type=LinkLoadReport)
    assert answered.is_clean, answered.reasons
    bench.figures.add(
        host_tps=answered.rate,
        host_alone_cpu_us=before.us_each(told.messages),
        host_p50_ms=answered.p50_ms,
        host_p95_ms=answered.p95_ms,
        host_p99_ms=answered.p99_ms,
    )
    _add_ratio(bench, "host_ratio", "host_tps")


def measure_end_to_end(bench: Bench) -> None:
    """Terminals' bytes in, sealed answers out, each committed in between."""
    told, running = bench.settings, bench.running
    assert running.server is not None
    clocks = {
        "switch_cpu_us": CpuClock.read([running.switch.process.pid]),
        "host_cpu_us": CpuClock.read([running.host.process.pid]),
        "postgres_cpu_us": CpuClock.read(with_descendants(running.server.process.pid)),
    }
    answered = _wire_load(bench, _port_of(running.listeners), told.messages, bench.crowd)
    bench.figures.add(
        e2e_tps=answered.rate,
        e2e_p50_ms=answered.p50_ms,
        e2e_p95_ms=answered.p95_ms,
        e2e_p99_ms=answered.p99_ms,
        load_cpu_us=answered.cpu_us_per_message,
        **{name: clock.us_each(told.messages) for name, clock in clocks.items()},
    )
    _add_ratio(bench, "e2e_ratio", "e2e_tps")


def measure_switch(bench: Bench) -> None:
    """The switch in front of a host that only says yes."""
    told = bench.settings
    clock = CpuClock.read(bench.front.pids)
    answered = _wire_load(bench, bench.front.port, told.messages, bench.crowd)
    bench.figures.add(
        switch_tps=answered.rate,
        switch_alone_cpu_us=clock.us_each(told.messages),
        switch_p50_ms=answered.p50_ms,
        switch_p95_ms=answered.p95_ms,
        switch_p99_ms=answered.p99_ms,
    )


def measure_singles(bench: Bench) -> None:
    """The same with a message of each connection at a time, so that little is shared by a turn."""
    told = bench.settings
    clock = CpuClock.read(bench.front.pids)
    crowd = Crowd(told.singles, told.singles)
    answered = _wire_load(bench, bench.front.port, told.messages, crowd)
    bench.figures.add(
        singles_tps=answered.rate,
        singles_cpu_us=clock.us_each(told.messages),
        singles_p50_ms=answered.p50_ms,
        singles_p95_ms=answered.p95_ms,
        singles_p99_ms=answered.p99_ms,
    )


def measure_quiet(bench: Bench) -> None:
    """What a terminal waits when the house is quiet: an open loop at a low rate."""
    port, count = _port_of(bench.running.listeners), bench.settings.quiet_messages
    answered = _wire_load(bench, port, count, bench.crowd, rate=QUIET_RATE)
    bench.figures.add(
        quiet_p50_ms=answered.p50_ms, quiet_p95_ms=answered.p95_ms, quiet_p99_ms=answered.p99_ms
    )


PARTS: Final[tuple[Callable[[Bench], None], ...]] = (
    measure_pgbench,
    measure_host,
    measure_end_to_end,
    measure_switch,
    measure_singles,
    measure_quiet,
)
"""What a round measures, in this order; a ratio needs pgbench before it."""


def _wire_load(
    bench: Bench, port: int, messages: int, crowd: Crowd, *, rate: float = 0.0
) -> LoadReport:
    return run_wire_load(
        port=port, messages=messages, rate=rate, **crowd._asdict(), cards=bench.settings.cards,
        first_trace=bench.traces(messages, crowd.terminals),
    )  # fmt: skip


@contextmanager
def _everything_up(
    data: Path, told: BenchSettings, estate: EstatePlan, say: Say
) -> Iterator[Bench]:
    metrics_port, port = (free_port() for _ in range(2))
    quiet = msgspec.structs.replace(Settings().log, level="warning")
    host = msgspec.structs.replace(Settings().host, metrics_port=metrics_port)
    settings = msgspec.structs.replace(Settings(), host=host, log=quiet)
    places = places_of(data)
    say("starting PostgreSQL, the host and the switch, and loading the bench estate")
    load_estate = loader(estate, settings.host.timezone)
    with (
        running_posswitch(settings, places, port=port, load_estate=load_estate, say=say) as running,
        running_front(data / "echo", estate, Settings()) as front,
    ):
        yield Bench(told, running, front, metrics_port, filled_pgbench(places.cluster, say))


def _batch_items(bench: Bench) -> dict[str, int]:
    """Transactions by how many requests each posted, at most: the host's own histogram."""
    page = f"http://127.0.0.1:{bench.metrics_port}/metrics"
    with urllib.request.urlopen(page) as answer:
        found = _BUCKET.findall(answer.read().decode())
    counts, below = {}, 0
    for limit, total in found:
        counts[f"<={limit.removesuffix('.0')}"] = int(float(total)) - below
        below = int(float(total))
    return counts


def _add_ratio(bench: Bench, name: str, rate: str) -> None:
    values = bench.figures.values
    if bench.pgbench is not None:
        bench.figures.add(**{name: values[rate][-1] / values["pgbench_tps"][-1]})


def _line(figures: Figures) -> str:
    shown = ("pgbench_tps", "host_tps", "e2e_tps", "switch_tps")
    last = {name: figures.values[name][-1] for name in shown if name in figures.values}
    return ", ".join(f"{name.removesuffix('_tps')} {value:,.0f}/s" for name, value in last.items())


def _port_of(listeners: Sequence[str]) -> int:
    """The port in the switch's ready line of its first channel."""
    return int(listeners[0].rpartition(":")[2])


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
