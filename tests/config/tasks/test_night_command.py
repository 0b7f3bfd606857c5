"""`posswitch clearing run` as it is typed, on a database whose business date is today's."""

import datetime as dt
import json
import subprocess
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import loader
from config.settings import DatabaseSettings, Settings
from host.clock import utc_now
from host.estate.demo import demo_estate
from tests.commands import run_command
from tests.whole.house import rows

ZONE = Settings().host.timezone
DAY = dt.timedelta(days=1)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """A data directory with the demo estate, loaded just now, and its server running."""
    found = places_of(tmp_path / "data")
    with opened_database(DatabaseSettings(), found, say=lambda _: None):
        loader(demo_estate(), ZONE)(embedded_dsns(found.cluster).owner, found)
        yield found


def clearing(places: Places, *words: str) -> subprocess.CompletedProcess[str]:
    return run_command("clearing", "run", *words, "--data", places.data)


def open_date(places: Places) -> dt.date:
    owner = embedded_dsns(places.cluster).owner
    [(date,)] = rows(owner, "SELECT business_date FROM business_day WHERE state = 'open'")
    return date


def trade_under_the_open_date(places: Places) -> None:
    """A seal is what the night knows trade by."""
    rows(
        embedded_dsns(places.cluster).owner,
        "INSERT INTO seal SELECT shard, max(seq) + 1, '', '', 1,"
        " (SELECT business_date FROM business_day WHERE state = 'open'), now()"
        " FROM seal WHERE shard = 0 GROUP BY shard",
    )


def test_a_dry_run_and_five_runs_within_a_minute(places: Places) -> None:
    """The calendar is the host's; what has not come is refused as a mistake of the command line."""
    today = utc_now().astimezone(zoneinfo.ZoneInfo(ZONE)).date()
    told = clearing(places, "--dry-run")
    assert told.returncode == 0, told.stderr
    assert f"business date {today} would be cleared" in told.stdout
    assert max(map(len, told.stdout.splitlines()[:3])) <= 80
    assert told.stdout.endswith("nothing was written\n")
    assert open_date(places) == today
    first = clearing(places)
    assert first.returncode == 0, first.stderr
    for words in ((), ("--dry-run",), ("--date", f"{today + DAY}"), ()):
        trade_under_the_open_date(places)
        refused = clearing(places, *words)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"{today + DAY} has not come: today is {today} in {ZONE}" in refused.stderr
        assert "add --ahead" in refused.stderr
    assert open_date(places) == today + DAY
    ahead = clearing(places, "--ahead", "--json")
    assert ahead.returncode == 0, ahead.stderr
    assert json.loads(ahead.stdout)["business_date"] == f"{today + DAY}"
    assert open_date(places) == today + 2 * DAY


def test_a_file_where_the_files_should_be_is_a_sentence_and_status_three(places: Places) -> None:
    places.files.rmdir()
    places.files.write_text("in the way")
    told = clearing(places)
    assert told.returncode == 3
    assert told.stderr.startswith("posswitch: error E-NIGHT: files of ")
    assert "Traceback" not in told.stderr
