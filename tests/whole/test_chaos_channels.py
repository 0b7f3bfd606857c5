"""Everything is killed under the trade of several channels, and while batches are settled.

Merchants' tills and a gateway's lines stand beside the POS terminals; when the shops close
each terminal mends what is pending and settles, and the killing goes on meanwhile.
"""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from host.estate.demo import demo_estate
from simulators.swarm import SwarmSettings
from tests.whole.day import audit_with_terminals, wait_until_it_trades
from tests.whole.house import House, standing, wait_until
from tests.whole.streets import Street, close, open_street, record_in
from tests.whole.test_chaos import ATTEMPTS_MAX, HOST, HOST_POINTS, KILLS, SWITCH, TRACES

ESTATE = demo_estate()
TERMINALS = 4
"""Of each channel."""
QUIET_SECONDS = 0.4
MENDING_MAX = 300
"""Rounds: nobody goes home who is still owed an answer that ends something."""
SHORT = (f"host at {HOST_POINTS[-1]}", "switch", "all three")


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    house = House(tmp_path_factory.mktemp("street") / "data", ESTATE, switch=SWITCH, host=HOST)
    street = Street(house)
    with standing(house):
        yield street


@pytest.mark.counted
def test_killing_under_tills_and_gateways_and_while_batches_settle(
    street: Street, tmp_path: Path, counts: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    """S4-06: POS terminals, merchants' tills and lines of a gateway trade at one switch."""
    dice = random.Random(counts.seed)
    for cycle in range(counts.cycles):
        names = SHORT if counts.cycles == 1 else dice.sample(sorted(KILLS), k=len(KILLS))
        with capsys.disabled():
            said = f"cycle {cycle + 1} of {counts.cycles}, seed {counts.seed}: {', '.join(names)}"
            print(said)  # noqa: T201
        _day(street, tmp_path, dice, cycle * TRACES // (counts.cycles + 1), names)


def _day(
    street: Street, directory: Path, dice: random.Random, first_trace: int, names: Sequence[str]
) -> None:
    house, record = street.house, record_in(directory)
    told = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=TERMINALS,
        seconds=3_600.0,
        pause_seconds=0.1,
        seed=dice.randrange(10**6),
        answer_seconds_max=3.0,
        last_trace=first_trace,
        attempts_max=ATTEMPTS_MAX,
        settles=True,
        rounds_of_mending=MENDING_MAX,
    )
    swarms = street.swarms(told, ESTATE, record)
    with open_street(swarms, record) as tally:
        wait_until(lambda: tally.signed_on > len(swarms), "the shops do not open")
        for name in names:
            time.sleep(dice.uniform(0, 2 * QUIET_SECONDS))
            KILLS[name](house, dice)
        wait_until_it_trades(house, first_trace=1 + first_trace)
        time.sleep(2 * QUIET_SECONDS)
        close(swarms)
        for name in names[1:]:
            time.sleep(dice.uniform(0, QUIET_SECONDS))
            KILLS[name](house, dice)
    assert tally.pending == 0
    assert tally.settled.total() > len(swarms)
    assert tally.count("00") > 0
    audit_with_terminals(house, directory / "terminals.jsonl")
