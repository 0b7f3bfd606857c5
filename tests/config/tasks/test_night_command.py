"""`posswitch clearing run` as it is typed, on a database whose business date is today's."""

import datetime as dt
import json
import subprocess
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from clearing.netting import Position
from clearing.preview import Preview
from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import loader
from config.settings import DatabaseSettings
from config.tasks.night import print_previews
from host.clock import utc_now
from host.estate.demo import demo_estate
from tests.commands import run_command
from tests.whole.house import rows
from tests.zones import zone_at_noon

ZONE = zone_at_noon()
DAY = dt.timedelta(days=1)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """A data directory with the demo estate, loaded just now, and its server running."""
    found = places_of(tmp_path / "data")
    found.make()
    found.settings.write_text(f'[host]\ntimezone = "{ZONE}"\n')
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
    """A seal is what the night knows trade by; it covers one exchange."""
    rows(
        embedded_dsns(places.cluster).owner,
        """WITH day AS (SELECT business_date FROM business_day WHERE state = 'open'),
        last AS (SELECT * FROM seal WHERE shard = 0 ORDER BY seq DESC LIMIT 1),
        sealed AS (
            INSERT INTO seal SELECT
                0, last.seq + 1, last.digest, sha256(last.digest), 1, day.business_date, now()
            FROM last, day
        )
        INSERT INTO exchange (
            business_date, decided_at, home, slot, id, shard, seal, kind, fingerprint, reason,
            is_tombstone, answer, card_id, terminal_id
        ) SELECT
            day.business_date, now(), 0, 'pos/80010001/000001/' || last.seq || '/f',
            (SELECT max(id) + 1 FROM exchange), 0, last.seq + 1, 'purchase', 'x', 'declined',
            false, 'x', 0, '80010001'
        FROM last, day""",
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
    *steps, told = map(json.loads, ahead.stdout.splitlines())
    assert told["business_date"] == f"{today + DAY}"
    assert [each["step"] for each in steps] == told["steps"], "each on a line, as it ends"
    assert open_date(places) == today + 2 * DAY


@pytest.mark.parametrize(("steps", "is_said"), [(("fees", "net"), True), ((), False)])
def test_a_look_ahead_says_what_its_positions_are_without(
    capsys: pytest.CaptureFixture[str], steps: tuple[str, ...], *, is_said: bool
) -> None:
    position = Position(
        merchant="888290054110001", issuer="48882900", unit="CNY", entries=1,
        debit_minor=0, credit_minor=100,
    )  # fmt: skip
    told = Preview(
        business_date=dt.date(2026, 11, 29), note="", steps=steps, journals=1, entries=1, files=1,
        directory=Path("files"), positions=(position,),
    )  # fmt: skip
    print_previews([told], ZONE)
    assert ("so far: the night itself posts" in capsys.readouterr().out) is is_said


def test_a_file_where_the_files_should_be_is_a_sentence_and_status_three(places: Places) -> None:
    places.files.rmdir()
    places.files.write_text("in the way")
    told = clearing(places)
    assert told.returncode == 3
    assert told.stderr.startswith("posswitch: error E-NIGHT: files of ")
    assert "Traceback" not in told.stderr


def test_a_night_is_looked_at_held_against_its_digests_run_again_and_handed_out(
    places: Places,
) -> None:
    """S3-21, S4-79: all of it as it is typed, for people and for programs."""

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        return run_command("clearing", *words, "--data", places.data)

    date = open_date(places).isoformat()
    early = ask("rerun", date)
    assert (early.returncode, early.stdout) == (3, "")
    assert f"Next: posswitch clearing run --date {date}" in early.stderr
    assert clearing(places).returncode == 0
    now = json.loads(ask("status", "--json").stdout)
    assert (now["run_by"], now["since"]) == ("", None)
    [_, cleared] = now["dates"]
    assert (cleared["business_date"], cleared["state"]) == (date, "files_out")
    assert "nobody runs the night" in ask("status").stdout
    told = json.loads(ask("show", date, "--json").stdout)
    assert all(len(step["read_digest"]) == 64 for step in told["steps"])
    assert f"business date {date}: files written" in ask("show", date).stdout
    assert json.loads(ask("verify", date, "--json").stdout)["others"] == []
    again = ask("rerun", date)
    assert again.returncode == 0, again.stderr
    assert "(again, unchanged)" in again.stdout
    assert "nothing" in ask("hand-out").stdout
    owner = embedded_dsns(places.cluster).owner
    rows(
        owner,
        "INSERT INTO clearing_release SELECT business_date, 'li', now(), 0, 'CNY', left_digest,"
        " '{zhang}' FROM clearing_step WHERE step = 'files'",
    )
    out = json.loads(ask("hand-out", "--json").stdout)
    assert out["handed_out"] == [date]
    [file, *_] = sorted(places.files.glob("2*/merchant-*.csv"))
    file.write_text("other")
    found = ask("verify", date)
    assert found.returncode == 1
    assert f"file {file.name} is not as it was written" in found.stdout
