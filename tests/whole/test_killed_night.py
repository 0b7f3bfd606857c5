"""The night is killed at its work, again and again, while the day after has begun to trade.

When one is let finish, every date has the files that it would have had, byte for byte, and no
posting and no line of a payment stands twice.
"""

import datetime as dt
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from clearing.run import run_clearing
from config.run.children import start_child, stop_child
from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from tests.whole.house import House, command, standing
from tests.whole.till import Till, Voice, fields_in

ESTATE = demo_estate()
SHORTEST, LONGEST = 0.3, 1.05
"""Of the time that a night takes when nobody kills it: a good part of it goes into imports."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with standing(House(tmp_path / "data", ESTATE)) as house:
        yield house


@pytest.mark.counted
def test_a_night_killed_at_any_moment_leaves_the_files_it_would_have_written(
    house: House, tmp_path: Path, counts: SimpleNamespace
) -> None:
    dice, voice = random.Random(counts.seed), Voice(ESTATE, "80010002")
    _sell(house, voice)
    seconds = _night(house)
    for _ in range(counts.nights):
        _sell(house, voice)
        _killed_night(house, seconds * dice.uniform(SHORTEST, LONGEST))
    _night(house)
    dates = _dates(house)
    assert len(dates) > 1
    with psycopg.connect(house.dsns.night, autocommit=True) as night:
        for date in dates:
            again = run_clearing(night, tmp_path / "again", date).files_dir
            written = house.places.files / again.relative_to(tmp_path / "again")
            assert _contents(again)
            assert _contents(written) == _contents(again), date
    told = command("audit", data=house.places.data)
    assert told.stdout.endswith("audit: 0 violations\n"), told.stdout + told.stderr


def _sell(house: House, voice: Voice) -> None:
    card = ESTATE.cards[int(voice.trace()) % 50]
    asked = messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=1, pin=card.pin
    )
    with Till(house.port) as till:
        assert fields_in(till.ask(voice.sealed(asked)))["39"] == "00"


def _words(house: House) -> list[str]:
    return ["clearing", "run", "--ahead", "--data", str(house.places.data)]


def _night(house: House) -> float:
    """Let one finish; the seconds it took."""
    begun = time.monotonic()
    process = start_child([sys.executable, "-m", "config", *_words(house)])
    assert process.wait() == 0
    return time.monotonic() - begun


def _killed_night(house: House, seconds: float) -> None:
    process = start_child([sys.executable, "-m", "config", *_words(house)])
    time.sleep(seconds)
    stop_child(process, ())


def _dates(house: House) -> list[dt.date]:
    """Every date that was cleared."""
    done = "SELECT business_date FROM clearing_run WHERE completed_at IS NOT NULL ORDER BY 1"
    return [date for (date,) in house.rows(done)]


def _contents(directory: Path) -> dict[str, bytes]:
    """All that stands there, drafts too."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}
