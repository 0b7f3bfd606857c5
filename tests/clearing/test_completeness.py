"""Nothing of a date is missing, or its night stops; what is open of it is listed."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.findings import FINDINGS, Finding
from clearing.night import SQL, ClearingError
from clearing.run import run_clearing
from config.run.safs import owed_by_route
from host.store.locks import SHARD_LOCK_CLASS
from switch.memory.saf_file import SafFile

Connection = psycopg.Connection[Any]
DAY = dt.date(2026, 9, 30)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            """DELETE FROM exchange WHERE shard = 1 AND id = (
                SELECT max(id) FROM exchange WHERE shard = 1 AND reason <> 'approved'
            )""",
            "the seals of shard 1 cover 9 exchanges, and 8 are there",
        ),
        ("DELETE FROM seal WHERE shard = 0 AND seq = 3", "of 9 seals of shard 0, 7 follow"),
        (
            "UPDATE seal SET previous = sha256('x') WHERE shard = 0 AND seq = 1",
            "of 9 seals of shard 0, 8 follow",
        ),
        (f"UPDATE number_block SET next_number = 5 WHERE business_date = '{DAY}'", "no writer"),
    ],
)
@pytest.mark.usefixtures("day")
def test_what_is_missing_stops_the_night_before_anything_is_netted(
    owner: Connection, night_login: Connection, tmp_path: Path, edit: str, said: str
) -> None:
    with owner.transaction():
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute(edit)
    with pytest.raises(ClearingError, match=said):
        run_clearing(night_login, tmp_path)
    assert not list(tmp_path.iterdir())
    steps = owner.execute("SELECT step FROM clearing_step").fetchall()
    assert steps == [("cut_off",)]


@pytest.mark.usefixtures("day")
def test_what_is_open_is_listed_and_a_repeat_shows_what_was_open_then(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    owner.execute(
        "INSERT INTO exception_case (kind, terminal_id, epoch, stan, detail, amount_minor, unit,"
        " opened_at, seen_at) VALUES ('totals_differ', '80010001', '000012', '', '', 1, 'CNY',"
        " now(), now())"
    )
    first = run_clearing(night_login, tmp_path, owed=lambda: {"external": 3, "host": 0})
    [points, batch, case, waiting] = first.findings
    assert (points.name, points.subject) == ("points_due", "")
    assert (batch.name, batch.subject) == ("batches_open", "pos/80010001/000012")
    assert batch.items == len(set(_lines(first.files_dir, "merchant")))
    assert case == Finding(
        step="completeness", name="exceptions_open", subject="totals_differ", items=1
    )
    assert waiting == Finding(
        step="completeness", name="forward_waiting", subject="external", items=3
    )
    owner.execute(
        "UPDATE exception_case SET resolved_at = now(), resolved_by = 'me', note = 'slip'"
    )
    assert run_clearing(night_login, tmp_path, DAY).findings == first.findings


def _lines(directory: Path, side: str) -> Iterator[str]:
    for path in sorted(directory.glob(f"{side}-*.csv")):
        for line in path.read_text().splitlines():
            if line.startswith("DETAIL"):
                yield line.split(",")[2]


@pytest.mark.usefixtures("day")
def test_a_second_night_begins_behind_the_seals_of_the_first(
    day: Any, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    with owner.transaction():
        day.turn()
        day.purchase(1, 2_000)
    second = run_clearing(night_login, tmp_path)
    [detail] = [one.detail for one in second.steps if one.name == "completeness"]
    assert detail.startswith("1 exchanges, 1 seals; ")


@pytest.mark.usefixtures("day")
def test_the_clock_of_a_running_host_is_waited_for(
    owner: Connection,
    database: Any,
    night_login: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish = "INSERT INTO points_expiry VALUES (%s, 0, now())"
    owner.execute(finish, [DAY])
    waits = []

    def clock(_seconds: float) -> None:
        waits.append(owner.execute(finish, [DAY + dt.timedelta(1)]).rowcount)

    monkeypatch.setattr("clearing.clockwork.time.sleep", clock)
    with psycopg.connect(database.owner) as host:
        host.execute("SELECT pg_advisory_lock(%s, 1)", [SHARD_LOCK_CLASS])
        summary = run_clearing(night_login, tmp_path)
    assert waits == [1]
    assert "points_due" not in {one.name for one in summary.findings}


@pytest.mark.usefixtures("day")
def test_a_host_that_is_not_there_is_not_waited_for(
    night_login: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_seconds: float) -> None:
        pytest.fail("nobody does it, so there is nothing to wait for")

    monkeypatch.setattr("clearing.clockwork.time.sleep", never)
    assert "points_due" in {one.name for one in run_clearing(night_login, tmp_path).findings}


def test_each_finding_is_looked_for_by_a_statement_of_its_name() -> None:
    assert {row.name for row in FINDINGS} - {"forward_waiting"} <= SQL.keys()


def test_what_the_switch_owes_is_counted_beside_it(tmp_path: Path) -> None:
    first = tmp_path / "switch-saf.db"
    assert owed_by_route(first) == {}
    SafFile(first).close()
    SafFile(tmp_path / "switch-saf-2.db").close()
    for path, route in ((first, ""), (tmp_path / "switch-saf-2.db", "external")):
        with sqlite3.connect(path) as file:
            file.execute(
                "INSERT INTO owed (key_text, route, stored_at, request)"
                " VALUES ('k', ?, 1.0, x'00')",
                [route],
            )
    assert owed_by_route(first) == {"host": 1, "external": 1}
