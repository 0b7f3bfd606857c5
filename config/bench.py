"""`posswitch bench`: how fast, at what cost, held against pgbench on the same server.

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
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from config.bench_cpu import CpuClock, with_descendants
from config.children import READY, Program, running_program
from config.errors import Say
from config.estates import loader
from config.places import Places, places_of
from config.postgres import OWNER, PostgresError, binary
from config.programs import command
from config.settings import Settings
from config.supervisor import Running, running_posswitch
from host.estate.demo import bench_estate
from host.estate.plan import EstatePlan
from simulators.linkload import LinkLoadReport
from simulators.load import LoadReport

DATA: Final = Path("build/bench")
PGBENCH_DATABASE: Final = "pgbench"
PGBENCH_SCALE: Final = 20
PGBENCH_CLIENTS: Final = 32
QUIET_RATE: Final = 100.0
"""Messages a second at which a terminal's usual waiting time is measured."""
_TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
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
    cards: int = 10_000
    quiet_messages: int = 500


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
    echo_port: int
    echo_switch: Program
    metrics_port: int
    pgbench: Path | None
    figures: Figures = field(default_factory=Figures)
    next_trace: int = 1

    def traces(self, messages: int, terminals: int) -> int:
        """Take unused traces for a load; gives the first."""
        first = self.next_trace
        self.next_trace += messages // terminals + 1
        return first


def run_bench(told: BenchSettings, *, report: Path, say: Say) -> dict[str, Any]:
    """Measure, say how it goes, write `report` as JSON, return what is in it."""
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
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    return document


def measure_pgbench(bench: Bench) -> None:
    """TPC-B-like, prepared, on the server that carries the ledger, with its settings."""
    if bench.pgbench is None:
        return
    text = _pgbench(
        bench,
        ["--no-vacuum", "--protocol=prepared", f"--client={PGBENCH_CLIENTS}",
         f"--time={bench.settings.seconds}"],
    )  # fmt: skip
    found = _TPS.search(text)
    assert found is not None, text
    bench.figures.add(pgbench_tps=float(found[1]))


def measure_host(bench: Bench) -> None:
    """Purchases over the link, no switch: decide and commit alone."""
    told, host = bench.settings, bench.running.host.process.pid
    first = bench.traces(told.messages, told.terminals)
    link = bench.running.settings.host.link
    load = _Load(
        "simulators.linkload", link=link, messages=told.messages, terminals=told.terminals,
        cards=told.cards, window=told.in_flight, first_trace=first,
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
    answered = _wire_load(bench, _port_of(running.listeners), told.messages, told.in_flight)
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
    clock = CpuClock.read([bench.echo_switch.process.pid])
    answered = _wire_load(bench, bench.echo_port, told.messages, told.in_flight)
    bench.figures.add(
        switch_tps=answered.rate,
        switch_alone_cpu_us=clock.us_each(told.messages),
        switch_p50_ms=answered.p50_ms,
        switch_p95_ms=answered.p95_ms,
        switch_p99_ms=answered.p99_ms,
    )


def measure_quiet(bench: Bench) -> None:
    """What a terminal waits when the house is quiet: an open loop at a low rate."""
    count = bench.settings.quiet_messages
    answered = _wire_load(
        bench, _port_of(bench.running.listeners), count, bench.settings.in_flight, rate=QUIET_RATE
    )
    bench.figures.add(
        quiet_p50_ms=answered.p50_ms, quiet_p95_ms=answered.p95_ms, quiet_p99_ms=answered.p99_ms
    )


PARTS: Final[tuple[Callable[[Bench], None], ...]] = (
    measure_pgbench,
    measure_host,
    measure_end_to_end,
    measure_switch,
    measure_quiet,
)
"""What a round measures, in this order; a ratio needs pgbench before it."""


class _Load:
    """A load generator of its own process: ready before its clock starts."""

    def __init__(self, module: str, **told: object) -> None:
        words = [f"--{name.replace('_', '-')}={value}" for name, value in told.items()]
        wait = [] if module.endswith("linkload") else ["--wait"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", module, *wait, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline().strip()
        assert ready == READY.encode(), ready

    def run(self) -> bytes:
        """Let it start; its report when it has ended."""
        report, _ = self._process.communicate(b"go\n")
        return report


def _wire_load(
    bench: Bench, port: int, messages: int, terminals: int, *, rate: float = 0.0
) -> LoadReport:
    told = bench.settings
    load = _Load(
        "simulators.load", port=port, messages=messages, terminals=terminals, rate=rate,
        connections=told.connections, cards=told.cards,
        first_trace=bench.traces(messages, terminals),
    )  # fmt: skip
    report = msgspec.json.decode(load.run(), type=LoadReport)
    assert report.is_clean, (report.codes, report.macs_wrong, report.answered, report.sent)
    return report


@contextmanager
def _everything_up(
    data: Path, told: BenchSettings, estate: EstatePlan, say: Say
) -> Iterator[Bench]:
    metrics_port, port, echo_port = (_free_port() for _ in range(3))
    quiet = msgspec.structs.replace(Settings().log, level="warning")
    host = msgspec.structs.replace(Settings().host, metrics_port=metrics_port)
    settings = msgspec.structs.replace(Settings(), host=host, log=quiet)
    places = places_of(data)
    say("starting PostgreSQL, the host and the switch, and loading the bench estate")
    load_estate = loader(estate, settings.host.timezone)
    with (
        running_posswitch(settings, places, port=port, load_estate=load_estate, say=say) as running,
        _echo_pair(running, estate, echo_port) as echo_switch,
    ):
        bench = Bench(told, running, echo_port, echo_switch, metrics_port, _find_pgbench(say))
        if bench.pgbench is not None:
            say(f"filling pgbench's tables, scale {PGBENCH_SCALE}")
            with psycopg.connect(_owner_dsn(places), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {PGBENCH_DATABASE}")
            _pgbench(bench, ["--initialize", "--quiet", f"--scale={PGBENCH_SCALE}"])
        yield bench


@contextmanager
def _echo_pair(running: Running, estate: EstatePlan, port: int) -> Iterator[Program]:
    """A second switch, with a host behind it that has no ledger."""
    places = places_of(running.places.data / "echo")
    places.make()
    link = f"unix:{places.run / 'echo.sock'}"
    terminals = places.data / "terminals.json"
    terminals.write_bytes(msgspec.json.encode(list(_echo_terminals(estate))))
    echo = [sys.executable, "-m", "host.link.echo", link, str(terminals)]
    channel = msgspec.structs.replace(running.settings.switch.channels[0], port=port)
    switch = msgspec.structs.replace(
        running.settings.switch, link=link, saf=str(places.saf), channels=(channel,)
    )
    told = msgspec.json.encode(msgspec.structs.replace(running.settings, switch=switch))
    with (
        running_program("echo", echo, places.log / "echo.log"),
        running_program("switch", command("switch", places), places.log / "switch.log", told=told)
        as program,
    ):  # fmt: skip
        program.wait_until_ready()
        yield program


def _echo_terminals(estate: EstatePlan) -> Iterator[dict[str, str]]:
    for terminal in estate.terminals:
        assert terminal.working is not None
        yield {
            "terminal_id": terminal.terminal_id,
            "merchant_id": estate.merchant_of(terminal).merchant_id,
            "epoch": terminal.epoch,
            "mac_algorithm": terminal.mac_algorithm.value,
            "mac_key": terminal.working.mak.reveal().hex(),
        }


def _find_pgbench(say: Say) -> Path | None:
    try:
        return binary("pgbench")
    except PostgresError:
        found = shutil.which("pgbench")
    if found is None:
        say("pgbench is not installed, so there are no ratios. Next: install PostgreSQL's contrib")
    return Path(found) if found else None


def _pgbench(bench: Bench, words: Sequence[str]) -> str:
    assert bench.pgbench is not None
    dsn = _owner_dsn(bench.running.places, PGBENCH_DATABASE)
    done = subprocess.run(  # noqa: S603 - a program of the wheel or the path, our own words
        [bench.pgbench, *words, dsn], check=True, capture_output=True, text=True
    )
    return done.stdout


def _owner_dsn(places: Places, database: str = "postgres") -> str:
    cluster = places.cluster
    return cluster.dsn(OWNER, cluster.owner_passfile, database)


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
