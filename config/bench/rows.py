"""`posswitch bench`: every bench by its name, what it measures and what it has to hold."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from config.bench.cards import CORE_US_MAX, CardsBench, measure_cards
from config.bench.desk import SIGN_ONS_PER_SECOND_MIN, DeskBench, measure_desk
from config.bench.gate import GateBench, measure_gate
from config.bench.history import HistoryBench, measure_history
from config.bench.interpreter import Interpreter
from config.bench.ledger import BenchSettings, measure_ledger
from config.bench.mix import ONE_RATIO_MIN, MixBench, measure_mix
from config.bench.nac import NacBench, measure_nac
from config.bench.night import NightBench, measure_night
from config.bench.processes import ProcessesBench, measure_processes
from config.bench.report import (
    CARDS_FIGURES,
    DESK_FIGURES,
    GATE_FIGURES,
    HISTORY_FIGURES,
    MIX_FIGURES,
    NAC_FIGURES,
    NIGHT_FIGURES,
    PROCESSES_FIGURES,
    SLOW_FIGURES,
    WEB_FIGURES,
    print_figures,
    print_ledger,
)
from config.bench.slow import SlowBench, measure_slow
from config.bench.web import LISTENERS_MIB_MAX, WebBench, measure_web
from config.errors import Say, SettingsError

P99_RATIO_MAX: Final = 2.0
SLOW_OVER_MIB_MAX: Final = 200.0
START_SECONDS_MORE_MAX: Final = 1.0
PYTHON_MIB_MAX: Final = 300


class Extent(NamedTuple):
    """How much is measured; None: what each bench takes by itself."""

    rounds: int | None = None
    messages: int | None = None


class Bench(NamedTuple):
    """One bench."""

    why: str
    measure: Callable[[Extent, Say], dict[str, Any]]
    show: Callable[[dict[str, Any]], None]
    holds: Callable[[dict[str, Any]], bool] = lambda _document: True
    """Whether the figures that do not depend on a quiet machine are met."""


def _sized(kind: type[msgspec.Struct], extent: Extent) -> Any:
    """Its settings, with what was said of them."""
    told = {name: value for name, value in extent._asdict().items() if value is not None}
    return kind(**{name: told[name] for name in told if name in kind.__struct_fields__})


BENCHES: Final[dict[str, Bench]] = {
    "ledger": Bench(
        why="rates, latencies and CPU a message, beside pgbench on the same server",
        measure=lambda extent, say: measure_ledger(_sized(BenchSettings, extent), say),
        show=print_ledger,
    ),
    "mix": Bench(
        why="every kind of money at once, at many merchants and at one, beside pgbench",
        measure=lambda extent, say: measure_mix(_sized(MixBench, extent), say),
        show=partial(print_figures, rows=MIX_FIGURES),
        holds=lambda document: bool(document["one_ratio"] >= ONE_RATIO_MIN),
    ),
    "nac": Bench(
        why="499 terminals of a gateway beside one whose answer is held up",
        measure=lambda extent, say: measure_nac(_sized(NacBench, extent), say),
        show=partial(print_figures, rows=NAC_FIGURES),
        holds=lambda document: bool(document["ratio"] < P99_RATIO_MAX),
    ),
    "processes": Bench(
        why="two switch processes on one port against one",
        measure=lambda extent, say: measure_processes(_sized(ProcessesBench, extent), say),
        show=partial(print_figures, rows=PROCESSES_FIGURES),
    ),
    "slow": Bench(
        why="honest terminals beside 2,000 slow senders, and beside idle connections",
        measure=lambda extent, say: measure_slow(_sized(SlowBench, extent), say),
        show=partial(print_figures, rows=SLOW_FIGURES),
        holds=lambda document: bool(
            document["p99_ratio"] <= P99_RATIO_MAX
            and document["slow_over_mib"] <= SLOW_OVER_MIB_MAX
        ),
    ),
    "history": Bench(
        why="the host's start with years of history behind it",
        measure=lambda extent, say: measure_history(_sized(HistoryBench, extent), say),
        show=partial(print_figures, rows=HISTORY_FIGURES),
        holds=lambda document: bool(
            document["ready_seconds"] - document["ready_seconds_before"] < START_SECONDS_MORE_MAX
        ),
    ),
    "desk": Bench(
        why="terminals that all sign on at once beside others that trade",
        measure=lambda extent, say: measure_desk(_sized(DeskBench, extent), say),
        show=partial(print_figures, rows=DESK_FIGURES),
        holds=lambda document: bool(document["sign_ons_rate"] >= SIGN_ONS_PER_SECOND_MIN),
    ),
    "cards": Bench(
        why="cards of a batch made a second, beside a bare COPY of the same rows",
        measure=lambda extent, say: measure_cards(_sized(CardsBench, extent), say),
        show=partial(print_figures, rows=CARDS_FIGURES),
        holds=lambda document: bool(
            max(document["own_cpu_us"], document["postgres_cpu_us"]) <= CORE_US_MAX
        ),
    ),
    "gate": Bench(
        why="from a card batch's suspending to its first refusal, under trade",
        measure=lambda extent, say: measure_gate(_sized(GateBench, extent), say),
        show=partial(print_figures, rows=GATE_FIGURES),
        holds=lambda document: not document["late_approved"],
    ),
    "web": Bench(
        why="pages beside trade, at a large history, and pages that listen",
        measure=lambda extent, say: measure_web(_sized(WebBench, extent), say),
        show=partial(print_figures, rows=WEB_FIGURES),
        holds=lambda document: bool(document["listeners_mib"] <= LISTENERS_MIB_MAX),
    ),
    "night": Bench(
        why="a night, beside one aggregate and one COPY of the same rows",
        measure=lambda extent, say: measure_night(_sized(NightBench, extent), say),
        show=partial(print_figures, rows=NIGHT_FIGURES),
        holds=lambda document: bool(document["python_mib"] <= PYTHON_MIB_MAX),
    ),
}
"""In the order in which they are run."""


def run_benches(names: Sequence[str], extent: Extent, report: Path, *, say: Say) -> list[str]:
    """Run these, or all where none is named, each into a file; gives those that did not hold.

    The ledger's figures go to `report`, others beside it, `bench_nac.json`. Which
    interpreter it was is said first and stands in each.

    Raises:
        SettingsError: there is no such bench.
    """
    for name in names:
        if name not in BENCHES:
            raise SettingsError(
                f"there is no bench {name!r}. Next: choose of {', '.join(BENCHES)}",
                "E-COMMAND-LINE",
            )
    missed: list[str] = []
    interpreter = Interpreter.running()
    say(f"with {interpreter}")
    wanted = list(names or BENCHES)
    for number, name in enumerate(wanted):
        bench = BENCHES[name]
        say(f"{name}: {bench.why}")
        try:
            measured = bench.measure(extent, say)
        except KeyboardInterrupt:
            done = ", ".join(wanted[:number]) or "nothing"
            say(f"stopped: measured {done}; not measured {', '.join(wanted[number:])}")
            raise
        document = {**measured, "interpreter": msgspec.to_builtins(interpreter)}
        bench.show(document)
        file = report if name == "ledger" else report.with_stem(f"{report.stem}_{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        say(f"{name}: written to {file}")
        if not bench.holds(document):
            missed.append(name)
    return missed
