import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clearing.dates import Calendar, DateAheadError
from clearing.night import ClearingError
from clearing.preview import preview
from clearing.run import STEPS, Summary, clearing_of_due, run_clearing
from host.store.locks import CUT_OFF_LOCK

Connection = psycopg.Connection[Any]
DAY = dt.date(2026, 9, 30)
TABLES = (
    "business_day",
    "clearing_run",
    "clearing_step",
    "clearing_finding",
    "position",
    "trial_balance",
    "clearing_file",
    "checkpoint",
    "checkpoint_seal",
)


def run_due(connection: Connection, files: Path, today: Calendar) -> Iterator[Summary]:
    """The dates, each when it is cleared."""
    told = clearing_of_due(connection, files, today)
    return (each for each in told if isinstance(each, Summary))


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def tables(owner: Connection) -> dict[str, list[Any]]:
    return {
        name: owner.execute(f"SELECT t::text FROM {name} AS t ORDER BY 1").fetchall()
        for name in TABLES
    }


def test_a_night_turns_the_date_and_nets_every_merchant_and_issuer(
    day: Any, night_login: Connection, tmp_path: Path
) -> None:
    summary = run_clearing(night_login, tmp_path)
    assert (summary.business_date, summary.next_business_date) == (DAY, DAY + dt.timedelta(1))
    nets = {(p.merchant[-1], p.issuer[:4], p.unit): p.net.amount_minor for p in summary.positions}
    assert nets == {
        ("1", "9988", "CNY"): 12_345 + 900 - 300,
        ("1", "9988", "P:RED"): 100,
        ("1", "9977", "CNY"): -20_000,
        ("2", "9988", "CNY"): 5_000,
    }
    states = day.run("SELECT business_date, state FROM business_day ORDER BY 1").fetchall()
    assert states == [(DAY, "closed"), (DAY + dt.timedelta(1), "open")]


def test_every_step_is_recorded_by_its_name(
    day: Any, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    steps = day.run("SELECT step FROM clearing_step ORDER BY finished_at, step").fetchall()
    assert {name for (name,) in steps} == {step.name for step in STEPS}


@pytest.mark.usefixtures("day")
def test_a_second_run_changes_nothing(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    first = run_clearing(night_login, tmp_path)
    before = tables(owner), contents(first.files_dir), first.files_dir.stat().st_mtime_ns
    again = run_clearing(night_login, tmp_path, DAY)
    assert again.is_repeat
    assert again.positions == first.positions
    assert again.files == first.files
    after = tables(owner), contents(first.files_dir)
    assert after == before[:2]


@pytest.mark.usefixtures("day")
def test_a_second_run_without_a_date_does_not_close_an_untraded_day(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    before = tables(owner)
    again = run_clearing(night_login, tmp_path)
    assert again.business_date == DAY
    assert "--date 2026-10-01" in again.note
    assert tables(owner) == before


@pytest.mark.usefixtures("day")
def test_a_date_that_is_cleared_once_more_names_the_date_that_is_open_now(
    night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    run_clearing(night_login, tmp_path, DAY + dt.timedelta(1))
    assert run_clearing(night_login, tmp_path, DAY).next_business_date == DAY + dt.timedelta(2)


@pytest.mark.usefixtures("day")
def test_files_lost_from_disk_are_written_again_byte_for_byte(
    night_login: Connection, tmp_path: Path
) -> None:
    first = run_clearing(night_login, tmp_path / "first")
    elsewhere = run_clearing(night_login, tmp_path / "second", DAY)
    assert contents(elsewhere.files_dir) == contents(first.files_dir)


@pytest.mark.parametrize("fatal", [step.name for step in STEPS])
@pytest.mark.usefixtures("day")
def test_a_night_killed_after_any_step_goes_on_there_to_the_same_end(
    owner: Connection,
    night_login: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fatal: str,
) -> None:
    def dying(night: Any, run: Any = None) -> str:
        run(night)
        raise KeyboardInterrupt

    def broken(step: Any) -> Any:
        return step._replace(run=lambda night: dying(night, step.run))

    steps = tuple(broken(step) if step.name == fatal else step for step in STEPS)
    with monkeypatch.context() as patch:
        patch.setattr("clearing.run.STEPS", steps)
        with pytest.raises(KeyboardInterrupt):
            run_clearing(night_login, tmp_path)
    summary = run_clearing(night_login, tmp_path)
    assert summary.business_date == DAY
    other = run_clearing(night_login, tmp_path / "undisturbed", DAY)
    assert contents(summary.files_dir) == contents(other.files_dir)
    assert len(summary.files) == 4
    assert owner.execute(
        "SELECT count(*) FROM clearing_run WHERE completed_at IS NULL"
    ).fetchone() == (0,)


def test_every_step_keeps_digests_and_a_repeat_has_the_same(
    day: Any, night_login: Connection, tmp_path: Path
) -> None:
    first = run_clearing(night_login, tmp_path)
    kept = day.run(
        "SELECT step, encode(read_digest, 'hex'), encode(left_digest, 'hex') FROM clearing_step"
    ).fetchall()
    assert sorted(kept) == sorted((one.name, one.read, one.left) for one in first.steps)
    again = run_clearing(night_login, tmp_path, DAY)
    assert [(one.read, one.left) for one in again.steps] == [
        (one.read, one.left) for one in first.steps
    ]


@pytest.mark.parametrize("step", [step.name for step in STEPS])
@pytest.mark.parametrize(
    ("what", "said"),
    [("read", "reads something else than it did"), ("left", "left is not there as it was")],
)
@pytest.mark.usefixtures("day")
def test_a_repeat_names_the_step_that_is_another_and_says_which_of_the_two_differs(
    owner: Connection, night_login: Connection, tmp_path: Path, step: str, what: str, said: str
) -> None:
    run_clearing(night_login, tmp_path)
    owner.execute(
        f"UPDATE clearing_step SET {what}_digest = sha256('another') WHERE step = %s", [step]
    )
    with pytest.raises(ClearingError, match=f"step {step} of {DAY} {said}"):
        run_clearing(night_login, tmp_path, DAY)


@pytest.mark.usefixtures("day")
def test_a_checkpoint_that_was_changed_shows_in_what_its_step_left(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    owner.execute("UPDATE checkpoint SET balance_minor = balance_minor + 1 WHERE account_id = 4")
    with pytest.raises(ClearingError, match=f"step checkpoint of {DAY} left is not"):
        run_clearing(night_login, tmp_path, DAY)


@pytest.mark.usefixtures("day")
def test_steps_that_were_taken_before_there_were_digests_are_repeated_all_the_same(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    owner.execute("UPDATE clearing_step SET read_digest = NULL, left_digest = NULL")
    assert run_clearing(night_login, tmp_path, DAY).is_repeat


@pytest.mark.usefixtures("day")
def test_a_date_is_not_cleared_before_an_earlier_one_that_was_interrupted(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    owner.execute("UPDATE clearing_run SET completed_at = NULL")
    with pytest.raises(ClearingError, match="clearing run --date 2026-09-30"):
        run_clearing(night_login, tmp_path, DAY + dt.timedelta(1))


@pytest.mark.usefixtures("day")
def test_a_date_that_is_none_of_ours_is_refused_with_the_open_one(
    night_login: Connection, tmp_path: Path
) -> None:
    with pytest.raises(ClearingError, match="the open one is 2026-09-30"):
        run_clearing(night_login, tmp_path, dt.date(2026, 12, 1))


@pytest.mark.usefixtures("day")
def test_a_closed_date_that_was_changed_is_not_cleared_again(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    first = run_clearing(night_login, tmp_path)
    before = contents(first.files_dir)
    owner.execute("UPDATE entry SET amount_minor = amount_minor + 1 WHERE journal_id % 100 = 8")
    with pytest.raises(ClearingError, match="posswitch audit"):
        run_clearing(night_login, tmp_path, DAY)
    assert contents(first.files_dir) == before


def test_books_that_do_not_balance_stop_the_night_before_any_file(
    day: Any, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    owner.execute(
        "UPDATE purse SET posted_minor = posted_minor + 1 WHERE account_id = %s", [day.purse(1)]
    )
    with pytest.raises(ClearingError, match=f"account {day.purse(1)} holds"):
        run_clearing(night_login, tmp_path)
    assert not list(tmp_path.iterdir())


def test_checkpoints_and_later_entries_make_the_next_nights_balances(
    day: Any, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    run_clearing(night_login, tmp_path)
    day.date += dt.timedelta(1)
    day.take_numbers()
    with owner.transaction():
        day.purchase(1, 2_000)
    assert run_clearing(night_login, tmp_path).business_date == day.date
    payable = day.account("merchant_payable", "CNY", 1, 1)
    balances = owner.execute(
        "SELECT balance_minor FROM checkpoint WHERE account_id = %s ORDER BY business_date",
        [payable],
    ).fetchall()
    assert balances == [(12_345 + 600,), (12_345 + 600 + 2_000,)]


def wait_until_night_waits(owner: Connection) -> None:
    waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while owner.execute(waiting).rowcount == 0:
        pass


def test_cut_off_waits_for_a_batch_in_flight_and_counts_it_to_the_old_date(
    day: Any, owner: Connection, database: Any, night_login: Connection, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database.owner) as writer:
        writer.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", CUT_OFF_LOCK)
        night = pool.submit(run_clearing, night_login, tmp_path)
        wait_until_night_waits(owner)
        day.connection = writer
        posted = day.purchase(2, 1_000, merchant=2)
        writer.commit()
        summary = night.result()
    assert posted.rrn in (summary.files_dir / "merchant-888290054110002.csv").read_text()


@pytest.mark.usefixtures("day")
def test_cut_off_gives_way_to_a_writer_that_never_ends_and_leaves_the_date_open(
    database: Any, night_login: Connection, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("clearing.cutoff.TRIES_MAX", 2)
    monkeypatch.setattr("clearing.cutoff.PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("clearing.cutoff.LOCK_MILLISECONDS_MAX", 20)
    with psycopg.connect(database.owner) as writer:
        writer.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", CUT_OFF_LOCK)
        with pytest.raises(ClearingError, match="The date is still open"):
            run_clearing(night_login, tmp_path)
    assert run_clearing(night_login, tmp_path).business_date == DAY


@pytest.mark.usefixtures("day")
def test_clearing_needs_a_connection_with_no_transaction_open(
    database: Any, tmp_path: Path
) -> None:
    with psycopg.connect(database.night) as busy:
        busy.execute("SELECT 1")
        with pytest.raises(ClearingError, match="commit or roll back"):
            run_clearing(busy, tmp_path)


# What day it is. --------------------------------------------------------------------------------


def calendar(today: dt.date, *, ahead: bool = False) -> Calendar:
    return Calendar(today=today, zone="Asia/Shanghai", may_go_ahead=ahead)


def open_date(owner: Connection) -> dt.date:
    row = owner.execute("SELECT business_date FROM business_day WHERE state = 'open'").fetchone()
    assert row is not None
    date: dt.date = row[0]
    return date


def sell(day: Any, owner: Connection) -> None:
    day.date = open_date(owner)
    day.take_numbers()
    with owner.transaction():
        day.purchase(2, 100)


def test_runs_within_a_minute_close_today_and_nothing_of_the_future(
    day: Any, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    """Clearing never runs ahead of the calendar."""
    [first] = run_due(night_login, tmp_path, calendar(DAY))
    assert first.business_date == DAY
    before = None
    for _ in range(4):
        sell(day, owner)
        with pytest.raises(DateAheadError, match="2026-10-01 has not come: today is 2026-09-30 in"):
            list(run_due(night_login, tmp_path, calendar(DAY)))
        assert before in {None, str(tables(owner))}
        before = str(tables(owner))
    assert open_date(owner) == DAY + dt.timedelta(1)


@pytest.mark.usefixtures("day")
def test_a_date_that_has_not_come_is_refused_by_its_name_too(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    yesterday = calendar(DAY - dt.timedelta(1))
    with pytest.raises(DateAheadError, match="add --ahead"):
        run_clearing(night_login, tmp_path, DAY, calendar=yesterday)
    assert open_date(owner) == DAY


@pytest.mark.usefixtures("day")
def test_a_date_is_closed_ahead_where_the_operator_says_so(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    early = calendar(DAY - dt.timedelta(1), ahead=True)
    assert [one.business_date for one in run_due(night_login, tmp_path, early)] == [DAY]
    again = run_clearing(night_login, tmp_path, DAY, calendar=calendar(DAY - dt.timedelta(1)))
    assert again.is_repeat, "a repeat turns nothing and needs no leave"
    assert open_date(owner) == DAY + dt.timedelta(1)


@pytest.mark.usefixtures("day")
def test_days_that_were_missed_are_cleared_in_order_up_to_yesterday(
    owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    today = DAY + dt.timedelta(3)
    cleared = [one.business_date for one in run_due(night_login, tmp_path, calendar(today))]
    assert cleared == [DAY, DAY + dt.timedelta(1), DAY + dt.timedelta(2)]
    assert open_date(owner) == today
    [again] = run_due(night_login, tmp_path, calendar(today))
    assert again.is_repeat
    assert f"--date {today}" in again.note
    assert open_date(owner) == today


@pytest.mark.usefixtures("day")
def test_a_run_killed_between_missed_days_goes_on_with_the_next(
    night_login: Connection, tmp_path: Path
) -> None:
    today = calendar(DAY + dt.timedelta(3))
    first = next(run_due(night_login, tmp_path, today))
    rest = list(run_due(night_login, tmp_path, today))
    assert first.business_date == DAY
    assert [one.business_date for one in rest] == [DAY + dt.timedelta(1), DAY + dt.timedelta(2)]
    assert not any(one.is_repeat for one in rest)


def test_a_dry_run_says_what_the_run_then_does_and_writes_nothing(
    day: Any, owner: Connection, night_login: Connection, tmp_path: Path
) -> None:
    assert day.date == DAY
    before = tables(owner)
    today = calendar(DAY + dt.timedelta(2))
    names = tuple(step.name for step in STEPS)
    told = preview(night_login, tmp_path, None, today, names)
    assert tables(owner) == before
    assert not list(tmp_path.iterdir())
    done = list(run_due(night_login, tmp_path, today))
    assert [one.business_date for one in told] == [one.business_date for one in done]
    assert [one.positions for one in told] == [one.positions for one in done]
    assert [one.files for one in told] == [len(one.files) for one in done]
    assert [one.steps for one in told] == [names, names]
    journals = owner.execute("SELECT count(*) FROM journal").fetchone()
    assert journals == (told[0].journals,)
    [again] = preview(night_login, tmp_path, DAY, today, names)
    assert again.steps == ()


@pytest.mark.usefixtures("day")
def test_a_dry_run_is_refused_where_the_run_would_be(
    night_login: Connection, tmp_path: Path
) -> None:
    with pytest.raises(DateAheadError):
        preview(night_login, tmp_path, None, calendar(DAY - dt.timedelta(1)), ())
