"""Terminals that all sign on at once, beside others that trade.

A sign-on costs keys, a transaction and two questions of the switch; whoever trades is to notice
little of it and nobody is to be told 91. Trade is measured alone and beside, in turns in one run,
so that a busy machine spoils neither figure more than the other.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from config.bench.front import descriptors_for
from config.bench.ledger import Figures, free_port
from config.bench.loads import Load
from config.errors import Say
from config.places import places_of
from config.run.estates import loader
from config.run.supervisor import running_posswitch
from config.settings import Settings
from host.estate.demo import bench_estate
from simulators.load import LoadReport

DATA: Final = Path("build/bench-desk")
SIGN_ONS_PER_SECOND_MIN: Final = 500.0


class DeskBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 2
    sign_ons: int = 10_000
    """Terminals that sign on, all at once."""
    messages: int = 6_000
    """Purchases in each turn."""
    traders: int = 128
    connections: int = 16
    cards: int = 1_000


def measure_desk(told: DeskBench, say: Say) -> dict[str, Any]:
    """Sign-ons and purchases a second, and what the first cost the second."""
    data = DATA.resolve()
    shutil.rmtree(data, ignore_errors=True)
    settings = msgspec.structs.replace(
        Settings(), log=msgspec.structs.replace(Settings().log, level="warning")
    )
    estate = bench_estate(told.traders + told.sign_ons, told.cards)
    port, places = free_port(), places_of(data)
    say(f"starting PostgreSQL, the host and the switch for {len(estate.terminals):,} terminals")
    load = loader(estate, settings.host.timezone)
    with (
        descriptors_for(4 * told.connections),
        running_posswitch(settings, places, port=port, load_estate=load, say=say),
    ):
        turns = _Turns(told, port)
        turns.run_once(with_sign_ons=False)  # keys are fetched, pages touched
        figures = Figures()
        for number in range(1, told.rounds + 1):
            alone, _ = turns.run_once(with_sign_ons=False)
            beside, sign_ons = turns.run_once(with_sign_ons=True)
            assert sign_ons is not None
            figures.add(**_figures(alone, beside, sign_ons))
            rates = f"{sign_ons.rate:,.0f} sign-ons/s beside {beside.rate:,.0f} purchases/s"
            say(f"round {number} of {told.rounds}: {rates}, alone {alone.rate:,.0f}")
    return {
        **figures.medians(),
        "rounds": figures.values,
        "settings": msgspec.to_builtins(told),
    }


class _Turns:
    """Loads of purchases, with or without sign-ons beside them."""

    def __init__(self, told: DeskBench, port: int) -> None:
        self._told = told
        self._port = port
        self._next_trace = 1

    def run_once(self, *, with_sign_ons: bool) -> tuple[LoadReport, LoadReport | None]:
        """One turn; everything in it is approved."""
        told, first = self._told, self._next_trace
        self._next_trace += told.messages // told.traders + 1
        loads = [
            Load(
                "simulators.load",
                port=self._port,
                messages=told.messages,
                terminals=told.traders,
                connections=told.connections,
                cards=told.cards,
                first_trace=first,
            )
        ]
        if with_sign_ons:
            loads.append(
                Load(
                    "simulators.load",
                    port=self._port,
                    what="sign_ons",
                    messages=told.sign_ons,
                    terminals=told.sign_ons,
                    first_terminal=told.traders,
                    connections=told.connections,
                    cards=1,
                    first_trace=first,
                )
            )
        with ThreadPoolExecutor(len(loads)) as threads:
            reports = [_report(told) for told in threads.map(Load.run, loads)]
        return reports[0], reports[1] if with_sign_ons else None


def _report(told: bytes) -> LoadReport:
    report = msgspec.json.decode(told, type=LoadReport)
    assert report.is_clean, (report.codes, report.macs_wrong, report.answered, report.sent)
    return report


def _figures(alone: LoadReport, beside: LoadReport, sign_ons: LoadReport) -> dict[str, float]:
    return {
        "sign_ons_rate": sign_ons.rate,
        "sign_ons_p99_ms": sign_ons.p99_ms,
        "alone_rate": alone.rate,
        "beside_rate": beside.rate,
        "beside_ratio": round(beside.rate / alone.rate, 3),
        "alone_p99_ms": alone.p99_ms,
        "beside_p99_ms": beside.p99_ms,
    }
