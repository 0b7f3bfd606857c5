"""Steady trade for long: memory, latency and dead rows stay where they were.

`make soak` takes half an hour, or as long as it is told: make soak COUNTS="--soak 28800".
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from host.estate.demo import demo_estate
from simulators.swarm import Swarm, SwarmSettings
from tests.whole.day import audit_record, trading, wait_until_it_trades
from tests.whole.house import House, resident_bytes, standing
from tests.whole.test_chaos import ATTEMPTS_MAX, HOST, SWITCH

ESTATE = demo_estate()
RATE = 100.0
"""Customers a second: what a busy day has on average, far below what a small machine can."""
LOOKS = 20
MIB = 1024 * 1024
GROWTH_MIB_AN_HOUR_MAX = 1.0
WARM_MIB = 4.0
"""What a process may still take after the first quarter: caches that fill once."""
P99_RATIO_MAX = 1.2
DEAD_PART_MAX = 0.5
JUDGED_SECONDS = 600
"""A shorter run is no measure of growth: it only shows that the measuring works."""


class Look(NamedTuple):
    """What was seen at one moment."""

    at: float
    host_mib: float
    switch_mib: float
    latencies: int


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with standing(House(tmp_path / "data", ESTATE, switch=SWITCH, host=HOST)) as house:
        yield house


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_hours_of_steady_trade_leave_memory_latency_and_dead_rows_where_they_were(
    house: House, tmp_path: Path, counts: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "terminals.jsonl"
    settings = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=30,
        seconds=counts.soak + 3_600.0,
        rate=RATE,
        seed=counts.seed,
        answer_seconds_max=3.0,
        record=record,
        attempts_max=ATTEMPTS_MAX,
    )
    with trading(settings, ESTATE) as swarm:
        wait_until_it_trades(house, first_trace=1)
        looks = [_look(house, swarm)]
        for _ in range(LOOKS):
            time.sleep(counts.soak / LOOKS)
            looks.append(_look(house, swarm))
    audit_record(house, record)
    figures = _figures(looks, swarm.tally.latencies)
    [(dead, live)] = house.rows(
        "SELECT sum(n_dead_tup)::bigint, sum(n_live_tup)::bigint FROM pg_stat_user_tables"
    )
    with capsys.disabled():
        print(f"{figures}, {dead:,} dead rows beside {live:,}")  # noqa: T201 - figures for people
    if counts.soak >= JUDGED_SECONDS:
        hours = counts.soak / 3_600
        assert figures["host_mib"] <= GROWTH_MIB_AN_HOUR_MAX * hours + WARM_MIB
        assert figures["switch_mib"] <= GROWTH_MIB_AN_HOUR_MAX * hours + WARM_MIB
        assert figures["p99_ratio"] <= P99_RATIO_MAX
        assert dead <= DEAD_PART_MAX * live


def _look(house: House, swarm: Swarm) -> Look:
    host, switch = (
        resident_bytes(part.program.process.pid) / MIB for part in (house.host, house.switch)
    )
    return Look(time.monotonic(), host, switch, len(swarm.tally.latencies))


def _figures(looks: list[Look], latencies: list[float]) -> dict[str, float]:
    """Growth from the end of the first quarter to the end, and the p99 of first and last half."""
    warm, last, half = looks[len(looks) // 4], looks[-1], looks[len(looks) // 2]
    early, late = latencies[: half.latencies], latencies[half.latencies : last.latencies]
    return {
        "host_mib": round(last.host_mib - warm.host_mib, 1),
        "switch_mib": round(last.switch_mib - warm.switch_mib, 1),
        "p99_ratio": round(_p99(late) / _p99(early), 2),
    }


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[-1]
