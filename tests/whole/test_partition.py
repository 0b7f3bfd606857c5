"""The network between switch and host fails, again and again, under trade; then the audit.

Every approval that comes too late is undone exactly once, which is the audit's to say: it compares
the ledger with what each terminal was told. No terminal waits longer than it would without the
switch, which the terminals' own deadline sees to.
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from config.places import Places, places_of
from host.estate.demo import demo_estate
from simulators.swarm import SwarmSettings
from tests.whole.day import audit_with_terminals, trading, wait_until_it_trades
from tests.whole.house import House, standing
from tests.whole.relay import Relay, Trouble, relayed

ESTATE = demo_estate()
HOST_SECONDS_MAX = 1.0
TROUBLE_SECONDS = (0.5, 2.0)
"""Shorter and longer than the switch waits."""
LATE_SECONDS = 1.5
ANSWER_SECONDS_MAX = 3.0
QUIET_SECONDS = 0.4
TROUBLES = [each for each in Trouble if each is not Trouble.NONE]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    found = places_of(tmp_path_factory.mktemp("partition") / "data")
    found.make()
    return found


@pytest.fixture(scope="module")
def link(places: Places) -> Iterator[Relay]:
    """The line between the two."""
    with relayed(places.run / "host.sock") as relay:
        relay.late_seconds = LATE_SECONDS
        yield relay


@pytest.fixture(scope="module")
def house(places: Places, link: Relay) -> Iterator[House]:
    house = House(
        places.data,
        ESTATE,
        switch=f'link = "unix:{link.path.name}"\nhost_seconds_max = {HOST_SECONDS_MAX}\n'
        "saf_retry_seconds_max = 0.5",
        host="statement_seconds_max = 0.8",
    )
    with standing(house):
        yield house


@pytest.mark.counted
def test_however_the_network_fails_nothing_is_lost_or_done_twice(
    house: House, link: Relay, tmp_path: Path, counts: SimpleNamespace
) -> None:
    dice, record = random.Random(counts.seed), tmp_path / "terminals.jsonl"
    settings = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=12,
        seconds=24 * 3_600.0,
        pause_seconds=0.05,
        seed=counts.seed,
        answer_seconds_max=ANSWER_SECONDS_MAX,
        record=record,
        attempts_max=10_000,
    )
    with trading(settings, ESTATE):
        for number in range(counts.partitions):
            time.sleep(QUIET_SECONDS)
            link.trouble = TROUBLES[number % len(TROUBLES)]
            time.sleep(dice.uniform(*TROUBLE_SECONDS))
            link.heal()
        wait_until_it_trades(house, first_trace=1)
    audit_with_terminals(house, record)
