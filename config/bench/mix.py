"""Every kind of money at once: the host alone, at many merchants and at one that takes everything.

Beside pgbench in the same round, as the ledger's bench; every message is approved.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from config.bench.cpu import CpuClock, with_descendants
from config.bench.ledger import Figures, free_port
from config.bench.loads import Load
from config.bench.pgbench import Pgbench, filled_pgbench
from config.errors import Say
from config.places import places_of
from config.run.estates import loader
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from host.estate.mixed import mixed_estate
from simulators.linkload import LinkLoadReport
from simulators.mix import vouchers_of

DATA: Final = Path("build/bench-mix")
ONE_RATIO_MIN: Final = 0.8


class MixBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 3
    seconds: int = 5
    """Of each pgbench run."""
    messages: int = 30_000
    """Of each turn."""
    terminals: int = 1_024
    """Of the one merchant, and as many of all others."""
    cards: int = 10_000


def measure_mix(told: MixBench, say: Say) -> dict[str, Any]:
    """Messages a second and what each costs, spread and at one merchant."""
    data = DATA.resolve()
    shutil.rmtree(data, ignore_errors=True)
    say("starting PostgreSQL, the host and the switch, and loading an estate of two programmes")
    with _everything_up(data, told, say) as (running, pgbench):
        turns, figures = _Turns(told, running), Figures()
        for number in range(1, told.rounds + 1):
            tps = pgbench.tps(told.seconds) if pgbench is not None else None
            spread, one = turns.run("spread", figures), turns.run("one", figures)
            figures.add(one_ratio=one / spread)
            if tps is not None:
                figures.add(pgbench_tps=tps, spread_ratio=spread / tps)
            say(f"round {number} of {told.rounds}: spread {spread:,.0f}/s, one {one:,.0f}/s")
    shutil.rmtree(data, ignore_errors=True)
    return {
        **figures.medians(),
        "rounds": figures.values,
        "settings": msgspec.to_builtins(told),
    }


class _Turns:
    """Loads of the mix, each with traces of its own."""

    def __init__(self, told: MixBench, running: Running) -> None:
        self._told, self._running = told, running
        self._next_trace, self._next_voucher = 1, 0

    def run(self, where: str, figures: Figures) -> float:
        """One turn; gives its rate and notes it with what it cost."""
        told, running = self._told, self._running
        assert running.server is not None
        load = Load(
            "simulators.linkload",
            link=running.settings.host.link,
            mix=where,
            messages=told.messages,
            terminals=told.terminals,
            cards=told.cards,
            window=told.terminals,
            first_trace=self._next_trace,
            first_voucher=self._next_voucher,
        )
        self._next_voucher += vouchers_of(told.messages)
        self._next_trace += told.messages // told.terminals + 1
        host = CpuClock.read([running.host.process.pid])
        postgres = CpuClock.read(with_descendants(running.server.process.pid))
        answered = msgspec.json.decode(load.run(), type=LinkLoadReport)
        assert answered.is_clean, answered.reasons
        figures.add(
            **{
                f"{where}_tps": answered.rate,
                f"{where}_host_cpu_us": host.us_each(told.messages),
                f"{where}_postgres_cpu_us": postgres.us_each(told.messages),
                f"{where}_p99_ms": answered.p99_ms,
            }
        )
        return answered.rate


@contextmanager
def _everything_up(
    data: Path, told: MixBench, say: Say
) -> Iterator[tuple[Running, Pgbench | None]]:
    settings = msgspec.structs.replace(
        Settings(), log=msgspec.structs.replace(Settings().log, level="warning")
    )
    load = loader(mixed_estate(told.terminals, told.cards), settings.host.timezone)
    places = places_of(data)
    with running_posswitch(
        settings, places, port=free_port(), load_estate=load, say=say
    ) as running:
        yield running, filled_pgbench(places.cluster, say)
