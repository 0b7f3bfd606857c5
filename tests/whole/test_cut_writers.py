"""The writers' connections are ended under trade, once a second, and then a disk that fails.

A terminal is answered all the same, and nobody is told that a card is short of money because the
database was away.
"""

import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from host.estate.demo import demo_estate
from simulators.swarm import SwarmSettings
from simulators.tally import SILENCE, Tally
from tests.whole.day import audit_record, trading, wait_until_it_trades
from tests.whole.house import House, standing, wait_until
from tests.whole.test_chaos import ATTEMPTS_MAX, HOST, SWITCH, TRACES_A_DAY, cut_writers

ESTATE = demo_estate()
ANSWERED_MIN = 0.99
NO_MONEY = "51"
ATTACH_SECONDS_MAX = 60.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("cut") / "data"
    with standing(House(data, ESTATE, switch=SWITCH, host=HOST)) as house:
        yield house


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for both tests, whose terminals go on in the same batch."""
    return tmp_path_factory.mktemp("cut-record") / "terminals.jsonl"


@pytest.mark.counted
def test_terminals_are_answered_though_the_writers_connections_are_ended_each_second(
    house: House, record: Path, counts: SimpleNamespace
) -> None:
    dice = random.Random(counts.seed)
    with trading(_shops(house, record, day=1), ESTATE) as swarm:
        for _ in range(counts.cuts):
            time.sleep(1.0)
            cut_writers(house, dice)
        wait_until_it_trades(house, first_trace=TRACES_A_DAY)
    _check(swarm.tally)
    audit_record(house, record)


@pytest.mark.counted
def test_a_disk_that_does_not_take_the_log_ends_the_server_which_recovers_and_nothing_is_lost(
    house: House, record: Path
) -> None:
    """The kernel answers EIO when the log is forced to the disk."""
    with trading(_shops(house, record, day=2), ESTATE) as swarm:
        wait_until_it_trades(house, first_trace=2 * TRACES_A_DAY)
        with failing_disk(house):
            wait_until(lambda: "could not fdatasync" in _log_of(house), "no force has failed")
        wait_until_it_trades(house, first_trace=2 * TRACES_A_DAY + 500)
    assert not [name for name, f39 in swarm.tally.surprises if f39 == NO_MONEY]
    audit_record(house, record)


class failing_disk:  # noqa: N801 - used as a function is
    """As long as the block lasts, forces of the writers' servers fail with EIO."""

    def __init__(self, house: House) -> None:
        strace = shutil.which("strace")
        if strace is None:
            pytest.skip("strace makes the kernel's answer; it is not installed here")
        writers = house.rows(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'posswitch-writer'"
        )
        words = [word for (pid,) in writers for word in ("-p", str(pid))]
        inject = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO")
        self._process = subprocess.Popen(
            [strace, *words, *inject], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> None:
        assert self._process.stderr is not None
        told = self._process.stderr.readline()
        if "attached" not in told:
            self._process.kill()
            self._process.communicate()
            pytest.skip(f"no process may be traced here: {told.strip()}")

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=ATTACH_SECONDS_MAX)
        finally:
            self._process.kill()


def _log_of(house: House) -> str:
    return house.places.cluster.log.read_text(errors="replace")


def _shops(house: House, record: Path, *, day: int) -> SwarmSettings:
    """No answer is lost but by what the test does."""
    return SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=12,
        seconds=3_600.0,
        pause_seconds=0.05,
        answer_seconds_max=3.0,
        record=record,
        faults={},
        last_trace=day * TRACES_A_DAY,
        attempts_max=ATTEMPTS_MAX,
    )


def _check(tally: Tally) -> None:
    asked = tally.answers.total()
    silent = sum(count for (_, f39), count in tally.answers.items() if f39 == SILENCE)
    assert asked - silent >= ANSWERED_MIN * asked
    told = {f39 for _, f39 in tally.surprises}
    assert told <= {"91", "96"}, tally.surprises
