"""Three times as much trade as the house can take: it does what it can, and is soon itself again.

What it can take is measured first, on the same machine in the same minute.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from config.bench.loads import Load
from host.estate.demo import bench_estate
from simulators.load import LoadReport
from tests.whole.house import House, command, standing

TERMINALS = 1_500
CARDS = 1_000
AT_ONCE = 128
"""Terminals under way where the capacity is measured."""
TIMES = 3
GOODPUT_MIN = 0.9
BACK_SECONDS_MAX = 5.0
ROUND_SECONDS = 5


class Street:
    """Loads one after the other on one house; a trace is used once."""

    def __init__(self, house: House) -> None:
        self._house, self._next_trace = house, 1

    def load(self, messages: int, terminals: int, rate: float = 0.0) -> LoadReport:
        first, self._next_trace = self._next_trace, self._next_trace + messages // terminals + 2
        told = Load(
            "simulators.load",
            port=self._house.port,
            messages=messages,
            terminals=terminals,
            cards=CARDS,
            rate=rate,
            first_trace=first,
        ).run()
        return msgspec.json.decode(told, type=LoadReport)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with standing(House(tmp_path / "data", bench_estate(TERMINALS, CARDS))) as house:
        yield house


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_three_times_the_capacity_is_served_as_far_as_it_goes_and_over_at_once(
    house: House, counts: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    street = Street(house)
    capacity = street.load(8_000, AT_ONCE).rate
    good: list[float] = []
    for _ in range(max(1, counts.overload // ROUND_SECONDS)):
        told = street.load(int(TIMES * capacity * ROUND_SECONDS), TERMINALS, rate=TIMES * capacity)
        good.append(told.approved / told.elapsed_seconds / capacity)
        assert set(told.codes) <= {"00", "91", "96"}, told.codes
        assert told.answered == told.sent, "a terminal was left without an answer"
        assert told.macs_wrong == 0
    after = street.load(AT_ONCE, AT_ONCE)
    assert after.is_clean, after.codes
    assert after.elapsed_seconds < BACK_SECONDS_MAX
    with capsys.disabled():
        worst = min(good)
        print(f"capacity {capacity:,.0f}/s, of it served at three times: {worst:.0%}")  # noqa: T201
    assert worst >= GOODPUT_MIN
    audited = command("audit", data=house.places.data)
    assert audited.stdout.endswith("audit: 0 violations\n"), audited.stdout + audited.stderr
