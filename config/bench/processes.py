"""Two switch processes on one port against one, in front of a host that only says yes.

In turns, in one run. The rate can only rise where processors are free, so what was left of them is
told beside it; messages a CPU second tell on a busy machine, too, whether a second process costs
the first anything.
"""

import os
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from config.bench.cpu import CpuClock, IdleClock
from config.bench.front import Front, running_front
from config.bench.loads import run_wire_load
from config.errors import Say
from config.settings import Settings
from host.estate.demo import bench_estate

COUNTS: Final = (1, 2)


class ProcessesBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 3
    messages: int = 30_000
    terminals: int = 512
    """In a closed loop: so many messages are under way."""
    connections: int = 64
    """The kernel deals them out; of few, one process may get most."""
    cards: int = 1_000


def measure_processes(told: ProcessesBench, say: Say) -> dict[str, Any]:
    """Rates, CPU and what was left of the processors, by the number of switch processes."""
    estate = bench_estate(told.terminals, told.cards)
    rows: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="posswitch-processes-") as home,
        ExitStack() as stack,
    ):
        fronts = {
            count: stack.enter_context(
                running_front(Path(home, f"{count}"), estate, Settings(), processes=count)
            )
            for count in COUNTS
        }
        each = told.messages // told.terminals + 1
        for turn in range(told.rounds):
            for count, front in fronts.items():
                figures = _load(told, front, first_trace=1 + turn * each)
                for name, value in figures.items():
                    rows.setdefault(f"{name}_{count}", []).append(value)
            rates = ", ".join(f"{count}: {rows[f'rate_{count}'][-1]:,.0f}/s" for count in COUNTS)
            say(f"round {turn + 1} of {told.rounds}: {rates}")
    middle = {name: round(statistics.median(values), 3) for name, values in rows.items()}
    return {
        **middle,
        "rate_ratio": _ratio(rows, "rate"),
        "per_cpu_second_ratio": _ratio(rows, "per_cpu_second"),
        "rounds": rows,
        "processors": os.cpu_count(),
    }


def _load(told: ProcessesBench, front: Front, *, first_trace: int) -> dict[str, float]:
    clocks, idle = [CpuClock.read([pid]) for pid in front.pids], IdleClock.read()
    report = run_wire_load(
        port=front.port,
        messages=told.messages,
        terminals=told.terminals,
        connections=told.connections,
        cards=told.cards,
        first_trace=first_trace,
    )
    left = idle.part()
    parts = [clock.us_each(told.messages) for clock in clocks]
    return {
        "rate": report.rate,
        "cpu_us": sum(parts),
        "per_cpu_second": 1e6 / sum(parts),
        "idle_part": left,
        "busiest_part": max(parts) / sum(parts),
    }


def _ratio(rows: dict[str, list[float]], name: str) -> float:
    one, two = (rows[f"{name}_{count}"] for count in COUNTS)
    return round(statistics.median(b / a for a, b in zip(one, two, strict=True)), 3)
