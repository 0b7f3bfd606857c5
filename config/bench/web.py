"""Pages beside trade, at a large history: what they take, and what they cost tills and memory.

The history is filled in by PostgreSQL: no ledger, but as many rows as years leave, so that a
page that read them whole would show. Trade is measured alone and beside pages, in turns of one run.
"""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from config.bench.cpu import resident_bytes
from config.bench.front import descriptors_for
from config.bench.ledger import Figures, free_port
from config.bench.loads import Load
from config.bench.years import evenly, fill_history
from config.errors import Say
from config.places import places_of
from config.run.database import embedded_dsns
from config.run.estates import loader
from config.run.staff import DemoStaff, opened_staff
from config.run.supervisor import running_posswitch
from config.settings import Settings
from host.estate.demo import MERCHANTS, bench_estate
from host.office.roles import AU, PA
from host.store.connecting import LONG, connect
from simulators.browsers import BrowserReport
from simulators.load import LoadReport

DATA: Final = Path("build/bench-web")
LIST_P95_MS_MAX: Final = 100.0
P99_RATIO_MAX: Final = 1.2
LISTENERS_MIB_MAX: Final = 100.0
MIB: Final = 1024 * 1024
OF_ONE_SESSION: Final = 8
"""Pages that one session may listen to."""
SETTLE_SECONDS: Final = 12.0
"""For which they listen before they are weighed."""
OF_HISTORY: Final = (
    "days", "issuers", "merchants", "stores", "terminals", "purses", "cards", "seals",
    "exchanges", "journals", "entries",
)  # fmt: skip


class WebBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 3
    messages: int = 1_000_000
    """Rows of history in the journal. What is asked about is 10,000,000."""
    rate: float = 500.0
    """Purchases a second, in an open loop."""
    seconds: int = 20
    """Of each turn."""
    pages: float = 50.0
    """Pages a second."""
    listeners: int = 200
    traders: int = 128
    connections: int = 16
    cards: int = 10_000


def measure_web(told: WebBench, say: Say) -> dict[str, Any]:
    """Latencies of pages and of tills, and the memory of who listens."""
    data = DATA.resolve()
    shutil.rmtree(data, ignore_errors=True)
    quiet = msgspec.structs.replace(Settings().log, level="warning")
    web = msgspec.structs.replace(Settings().web, is_on=True, port=free_port())
    settings = msgspec.structs.replace(Settings(), log=quiet, web=web)
    estate = bench_estate(told.traders, told.cards)
    port, places = free_port(), places_of(data)
    load = loader(estate, settings.host.timezone)
    with (
        descriptors_for(told.listeners + 4 * told.connections),
        running_posswitch(settings, places, port=port, load_estate=load, say=say) as running,
        opened_staff(running.settings, running.places, estate.name) as staff,
    ):
        sessions = _sessions(staff, places.data / "sessions", told.listeners)
        with connect(embedded_dsns(places.cluster).owner, LONG, autocommit=True) as connection:
            fill_history(connection, evenly(told.messages, OF_HISTORY), say=say)
        bench = _Turns(told, port, web.port or 0, sessions)
        bench.trade()  # keys are fetched, pages touched, and there is something to look at
        figures = Figures()
        for number in range(1, told.rounds + 1):
            alone = bench.trade()
            beside, seen = bench.trade_beside_pages()
            figures.add(**_figures(alone, beside, seen))
            p99 = f"p99 {alone.p99_ms:.1f} ms alone, {beside.p99_ms:.1f} ms beside pages"
            say(f"round {number} of {told.rounds}: {p99}; pages p95 {seen.p95_ms:.1f} ms")
        program = running.pages.program
        assert program is not None, "it was started"
        weighed = bench.weigh(program.process.pid, told.listeners)
    return {
        **figures.medians(),
        **weighed,
        "rounds": figures.values,
        "settings": msgspec.to_builtins(told),
    }


def _sessions(staff: DemoStaff, file: Path, listeners: int) -> Path:
    """One for each few that listen, in a file that nobody else reads."""
    count = -(-listeners // OF_ONE_SESSION)
    people = [staff.person(PA), *(staff.person(f"{AU} {number}") for number in range(count))]
    file.touch(mode=0o600)
    file.write_text("\n".join(one.session.reveal().decode() for one in people))
    return file


class _Turns:
    """Trade at a steady rate, alone and beside pages."""

    def __init__(self, told: WebBench, port: int, web_port: int, sessions: Path) -> None:
        self._told = told
        self._port = port
        self._web = {"port": web_port, "sessions": str(sessions)}
        self._next_trace = 1
        merchant = MERCHANTS[0].merchant_id
        today = datetime.now(ZoneInfo(Settings().host.timezone)).date()
        self._paths = (
            "/",
            f"/show/usages?date={today}&merchant={merchant}",
            "/show/terminals",
            "/show/audit",
            "/show/cards?batch=NONE",
            f"/show/merchants?merchant_id={merchant}",
        )

    def trade(self) -> LoadReport:
        """Purchases alone."""
        return _report(self._load().run())

    def trade_beside_pages(self) -> tuple[LoadReport, BrowserReport]:
        """The same, while pages are asked for."""
        told = self._told
        pages = Load(
            "simulators.browsers",
            **self._web,
            paths=",".join(self._paths),
            rate=told.pages,
            requests=int(told.pages * told.seconds),
            connections=told.connections,
        )
        with ThreadPoolExecutor(2) as threads:
            trade, seen = threads.map(Load.run, (self._load(), pages))
        report = msgspec.json.decode(seen, type=BrowserReport)
        assert set(report.statuses) == {"200"}, report.statuses
        return _report(trade), report

    def weigh(self, pid: int, listeners: int) -> dict[str, float]:
        """What the front holds, before and while so many listen."""
        before = resident_bytes(pid)
        load = Load(
            "simulators.browsers", **self._web, what="live", paths="/live/", connections=listeners
        )
        load.start()
        time.sleep(SETTLE_SECONDS)
        held = resident_bytes(pid)
        load.finish()
        return {
            "front_mib": round(before / MIB, 1),
            "listening_mib": round(held / MIB, 1),
            "listeners_mib": round((held - before) / MIB, 1),
        }

    def _load(self) -> Load:
        told, first = self._told, self._next_trace
        messages = int(told.rate * told.seconds)
        self._next_trace += messages // told.traders + 1
        return Load(
            "simulators.load",
            port=self._port,
            messages=messages,
            rate=told.rate,
            terminals=told.traders,
            connections=told.connections,
            cards=told.cards,
            first_trace=first,
        )


def _report(told: bytes) -> LoadReport:
    report = msgspec.json.decode(told, type=LoadReport)
    assert report.is_clean, (report.codes, report.macs_wrong, report.answered, report.sent)
    return report


def _figures(alone: LoadReport, beside: LoadReport, seen: BrowserReport) -> dict[str, float]:
    return {
        "pages_p50_ms": seen.p50_ms,
        "pages_p95_ms": seen.p95_ms,
        "pages_p99_ms": seen.p99_ms,
        "slowest_list_p95_ms": max(seen.by_path.values()),
        "alone_p99_ms": alone.p99_ms,
        "beside_p99_ms": beside.p99_ms,
        "p99_ratio": round(beside.p99_ms / alone.p99_ms, 3),
    }
