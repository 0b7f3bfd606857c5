"""What a night costs: a day that the host itself has posted, beside what no night does without.

The ledger's side is held against one bare aggregate of the same entries, the files against a bare
COPY of the same rows, both in the same database and run. CPU is counted by process, which is steady
where a rate is not. A second day is cleared while tills go on: how long they wait is held against
what they waited just before.
"""

import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import sql

from clearing.run import STEPS, Summary, run_clearing
from clearing.verify import Violation, audit
from config.bench.cpu import CpuClock
from config.bench.ledger import free_port
from config.bench.loads import Load
from config.errors import Say
from config.homes import BENCH
from config.places import places_of
from config.run.behind import have_step_behind
from config.run.database import Dsns, embedded_dsns
from config.run.estates import loader
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from host.estate.many import many_estate
from host.store.changes import note_what_differs
from host.store.connecting import LONG, Connection, connect
from host.store.queries import load_queries
from simulators.linkload import LinkLoadReport

DATA: Final = BENCH / "bench-night"
SQL: Final = load_queries("config.bench", "night.sql")
TURN: Final = 100_000
"""Messages that a load has ready at a time."""
BESIDE_MESSAGES_MAX: Final = 1_000_000
"""Of the day that is cleared while tills go on."""
BESIDE_SECONDS_MAX: Final = 180
"""So long they go on at most."""
DETAIL: Final = "files"
"""The step that writes files: all others are the ledger's side."""


class NightBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is to clear."""

    messages: int = 1_000_000
    merchants: int = 2_000
    cards: int = 20_000
    rate: float = 500.0
    """Messages a second beside a night."""
    alone_seconds: int = 20
    """So long they are measured before it."""


class _Timed(NamedTuple):
    """What something took."""

    seconds: float
    own_seconds: float
    """CPU of this process."""
    postgres_seconds: float
    """CPU of the backend that worked for it."""

    @property
    def cpu_seconds(self) -> float:
        """Of both."""
        return self.own_seconds + self.postgres_seconds


def measure_night(told: NightBench, say: Say) -> dict[str, Any]:
    """Seconds of each step, and of both sides beside what is bare."""
    data = DATA.resolve()
    shutil.rmtree(data, ignore_errors=True)
    say(f"loading an estate of {told.merchants:,} merchants")
    with _everything_up(data, told, say) as (running, dsns):
        tills = _Tills(running, told, say)
        tills.trade(told.messages)
        with tempfile.TemporaryDirectory(prefix="posswitch-night-") as files:
            document = _measure(dsns, Path(files), told, say)
            tills.trade(min(told.messages, BESIDE_MESSAGES_MAX))
            document |= _beside(dsns, Path(files), tills)
    shutil.rmtree(data, ignore_errors=True)
    return {**document, "settings": msgspec.to_builtins(told)}


class _Tills:
    """One for each merchant; no trace of theirs comes twice."""

    def __init__(self, running: Running, told: NightBench, say: Say) -> None:
        self._link = running.settings.host.link
        self.told = told
        self._say = say
        self._trace = 1

    def trade(self, messages: int) -> None:
        """A day, posted by the host as fast as it does."""
        began = time.monotonic()
        for done in range(0, messages, TURN):
            turn = min(TURN, messages - done)
            _clean(self._load(turn).run())
            took = time.monotonic() - began
            self._say(f"{done + turn:,} of {messages:,} traded, {took:,.0f} s")

    def steady(self, seconds: int) -> Load:
        """Messages at the rate, for so long at most."""
        return self._load(int(seconds * self.told.rate), rate=self.told.rate)

    def _load(self, messages: int, **told: object) -> Load:
        merchants = self.told.merchants
        load = Load(
            "simulators.linkload",
            link=self._link,
            mix="day",
            messages=messages,
            terminals=merchants,
            cards=self.told.cards,
            window=merchants,
            first_trace=self._trace,
            **told,
        )
        self._trace += messages // merchants + 1
        return load


def _clean(told: bytes) -> LinkLoadReport:
    answered = msgspec.json.decode(told, type=LinkLoadReport)
    assert answered.is_clean, answered.reasons
    return answered


def _beside(dsns: Dsns, files: Path, tills: _Tills) -> dict[str, Any]:
    """How long tills wait while a night runs, and just before."""
    alone = _clean(tills.steady(tills.told.alone_seconds).run())
    load = tills.steady(BESIDE_SECONDS_MAX)
    with connect(dsns.night, LONG, autocommit=True) as night:
        have_step_behind(night)
        load.start()
        took = _timed(night, lambda: run_clearing(night, files))
        beside = _clean(load.finish())
    return {
        "beside_seconds": round(took.seconds, 2),
        "alone_messages": alone.sent,
        "beside_messages": beside.sent,
        "alone_p99_ms": alone.p99_ms,
        "beside_p99_ms": beside.p99_ms,
        "beside_p99_ratio": round(beside.p99_ms / alone.p99_ms, 2),
    }


def _measure(dsns: Dsns, files: Path, told: NightBench, say: Say) -> dict[str, Any]:
    millions = told.messages / 1e6
    with connect(dsns.owner, LONG, autocommit=True) as owner:
        bare = _timed(owner, lambda: owner.execute(SQL["bare_aggregate"]))
    say(f"one bare aggregate: {bare.seconds:.1f} s")
    summary: list[Summary] = []
    with connect(dsns.night, LONG, autocommit=True) as night:
        whole = _timed(night, lambda: summary.append(run_clearing(night, files)))
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    steps = {step.name: step for step in summary[0].steps}
    for step in summary[0].steps:
        say(f"{step.name}: {step.seconds:.1f} s, {step.detail}")
    with connect(dsns.owner, LONG, autocommit=True) as owner:
        copied = _bare_copy(owner, sorted(summary[0].files_dir.glob("*.csv")))
    say(f"bare COPY of the same rows: {copied.seconds:.1f} s")
    with (
        connect(dsns.audit, LONG, autocommit=True) as auditor,
        connect(dsns.audit, LONG, autocommit=True) as beside,
    ):
        found: list[Violation] = []
        audited = _timed(
            auditor, lambda: found.extend(audit(auditor, beside=beside)), beside=beside
        )
    assert not found, found[0]
    ledger = sum(step.seconds for step in steps.values() if step.name != DETAIL)
    return {
        "transactions": told.messages,
        "parties": len(summary[0].files),
        "bare_aggregate_seconds": round(bare.seconds, 2),
        "ledger_seconds": round(ledger, 2),
        "ledger_ratio": round(ledger / bare.seconds, 2),
        "bare_copy_seconds": round(copied.seconds, 2),
        "files_seconds": round(steps[DETAIL].seconds, 2),
        "files_ratio": round(steps[DETAIL].seconds / copied.seconds, 2),
        "night_seconds_a_million": round(whole.seconds / millions, 2),
        "night_cpu_seconds_a_million": round(whole.cpu_seconds / millions, 2),
        "audit_seconds_a_million": round(audited.seconds / millions, 2),
        "audit_cpu_seconds_a_million": round(audited.cpu_seconds / millions, 2),
        "python_mib": mib,
        "steps": {step.name: round(steps[step.name].seconds, 2) for step in STEPS},
    }


def _bare_copy(owner: Connection, files: Sequence[Path]) -> _Timed:
    """What the same rows take as they come out of a table that is nothing but rows."""
    header = files[0].read_text().splitlines()[0].split(",")
    columns = sql.SQL(", ").join(sql.Identifier(name) + sql.SQL(" text") for name in header)
    owner.execute(sql.SQL("CREATE TEMPORARY TABLE bare ({})").format(columns))
    with owner.cursor() as cursor, cursor.copy(SQL["bare_copy_in"]) as rows:
        for file in files:
            rows.write(file.read_bytes().split(b"\n", 1)[1])
    copied = _timed(owner, lambda: _read_all(owner))
    owner.execute(SQL["drop_bare"])
    return copied


def _read_all(owner: Connection) -> None:
    with owner.cursor() as cursor, cursor.copy(SQL["bare_copy"]) as rows:
        for _row in rows:
            pass


def _timed(
    connection: Connection, work: Callable[[], object], *, beside: Connection | None = None
) -> _Timed:
    servers = [each.info.backend_pid for each in (connection, beside) if each is not None]
    clocks, began = [CpuClock.read(pids) for pids in ([os.getpid()], servers)], time.monotonic()
    work()
    seconds = time.monotonic() - began
    own, postgres = (clock.us_each(1) / 1e6 for clock in clocks)
    return _Timed(seconds, own, postgres)


@contextmanager
def _everything_up(data: Path, told: NightBench, say: Say) -> Iterator[tuple[Running, Dsns]]:
    settings = msgspec.structs.replace(
        Settings(), log=msgspec.structs.replace(Settings().log, level="warning")
    )
    load = loader(many_estate(told.merchants, told.cards), settings.host.timezone)
    places = places_of(data)
    with running_posswitch(settings, places, port=free_port(), load_estate=load, say=say) as up:
        dsns = embedded_dsns(places.cluster)
        with connect(dsns.owner, LONG, autocommit=True) as owner:
            owner.execute(SQL["fees"])
            note_what_differs(owner)
        yield up, dsns
