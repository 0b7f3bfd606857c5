"""Who took no step of a night releases what it left; what stands in the way is said."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from clearing.handout import MANIFEST, RELEASED
from clearing.run import STEPS, run_clearing
from clearing.standing import Status, status
from clearing.turns import NightRunsError
from config.places import Places, places_of
from config.run.apart import NightsApart
from host.cases import NOTICES
from host.model.office import Done
from host.rules.day_states import DAY_STATES, DayState
from host.rules.states import NOTHING, from_which
from host.store.changes import note_what_differs
from tests.host.conftest import CardPool, Till
from tests.host.office.conftest import Bureau, Person

DAY = dt.date(2026, 11, 22)
BOUGHT = 12_300


def clear(till: Till, files: Path, who: str) -> None:
    with psycopg.connect(till.dsns.night, autocommit=True) as night:
        run_clearing(night, files, DAY, who=who)


def release(office: Bureau, person: Person, payable_minor: int = BOUGHT) -> Any:
    told = {"date": DAY.isoformat(), "payable_minor": payable_minor}
    return office.with_code(person, "clearing.release", **told)


def days(office: Bureau, person: Person) -> dict[str, dict[str, Any]]:
    return {row["business_date"]: row for row in office.rows(person, "business_days")}


async def test_a_night_is_released_by_who_did_not_run_it_and_says_how_much_is_paid(
    till: Till, pool: CardPool, office: Bureau, tmp_path: Path
) -> None:
    """S4-79, S3-21: from open to released, through the hands of two."""
    runner, other = office.person("finance"), office.person("finance")
    await till.buy(pool.city(), BOUGHT)
    assert days(office, other)[DAY.isoformat()]["day_state"] == "open"
    assert release(office, other).code == "E-STATE"
    await trio.to_thread.run_sync(clear, till, tmp_path, runner.login)
    row = days(office, other)[DAY.isoformat()]
    assert (row["day_state"], row["transactions"]) == ("files_out", 1)
    assert (row["payable_minor"], row["run_by"]) == (BOUGHT, runner.login)
    steps = office.rows(other, "clearing_steps", date=DAY.isoformat())
    assert {one["step"]: one["run_by"] for one in steps} == {
        step.name: runner.login for step in STEPS
    }
    assert all(len(one["read_digest"]) == len(one["left_digest"]) == 64 for one in steps)
    assert release(office, runner).code == "E-SAME-PERSON"
    wrong = release(office, other, BOUGHT + 1)
    assert (wrong.code, wrong.field) == ("E-FIELD", "payable_minor")
    assert isinstance(release(office, other), Done)
    row = days(office, other)[DAY.isoformat()]
    assert (row["day_state"], row["cleared_by"]) == ("released", other.login)
    assert release(office, other).code == "E-STATE"
    [(files,)] = office.sql(
        "SELECT left_digest = files_digest FROM clearing_release"
        " JOIN clearing_step USING (business_date) WHERE step = 'files'"
    )
    assert files
    [(done,)] = office.sql(
        "SELECT count(*) FROM history WHERE action = 'clearing.release' AND outcome = 'done'"
    )
    assert done == 1


CASE = """INSERT INTO exception_case (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, opened_at, seen_at
) SELECT %s, min(terminal_id), '000001', '', '', 500, 'CNY', now(), now() FROM terminal"""
TURNOVER = "UPDATE trial_balance SET debit_minor = debit_minor + %s WHERE chart = 'card_value'"


async def test_what_is_unexplained_is_not_released(
    till: Till, pool: CardPool, office: Bureau, tmp_path: Path
) -> None:
    """S4-79: neither over open cases nor over books that do not balance; a notice is no case."""
    await till.buy(pool.city(), BOUGHT)
    await trio.to_thread.run_sync(clear, till, tmp_path, "zhang")
    person = office.person("finance")
    office.sql(CASE, "totals_differ")
    told = release(office, person)
    assert (told.code, str(told.en)) == ("E-OPEN-EXCEPTIONS", "1 cases of 5.00 CNY are open")
    office.sql("DELETE FROM exception_case")
    office.sql(TURNOVER, 1)
    assert release(office, person).code == "E-TRIAL"
    office.sql(TURNOVER, -1)
    office.sql(CASE, NOTICES[0])
    assert isinstance(release(office, person), Done)
    office.sql("DELETE FROM exception_case")


async def test_the_database_itself_takes_no_release_of_who_took_a_step(
    till: Till, pool: CardPool, office: Bureau, tmp_path: Path
) -> None:
    await till.buy(pool.city(), BOUGHT)
    await trio.to_thread.run_sync(clear, till, tmp_path, "zhang")
    with pytest.raises(psycopg.errors.CheckViolation, match="release_by_another"):
        office.sql(
            "INSERT INTO clearing_release VALUES (%s, 'zhang', now(), 1, 'CNY', NULL, '{zhang}')",
            DAY,
        )


async def test_a_second_run_is_told_who_runs_it_and_since_when(till: Till, tmp_path: Path) -> None:
    """FAULTS: two nights at once."""

    def both() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as first:

            def again() -> dict[str, int]:
                with pytest.raises(NightRunsError, match=r"the night is run by zhang, .* since 20"):
                    clear(till, tmp_path, "li")
                with psycopg.connect(till.dsns.night, autocommit=True) as other:
                    seen.append(status(other, tmp_path))
                return {}

            run_clearing(first, tmp_path, DAY, who="zhang", owed=again)
            with psycopg.connect(till.dsns.night, autocommit=True) as other:
                seen.append(status(other, tmp_path))
            clear(till, tmp_path, "li")

    seen: list[Status] = []
    await trio.to_thread.run_sync(both)
    [during, after] = seen
    assert (during.run_by, during.step) == ("zhang", "completeness")
    assert during.since is not None
    assert during.step_since is not None
    assert during.step_since >= during.since
    assert (after.run_by, after.step, after.step_since) == ("", "", None)


def test_every_state_of_a_date_is_reached_and_only_files_that_are_out_are_released() -> None:
    reached = {NOTHING}
    for step in DAY_STATES:
        assert step.before in reached
        reached.add(step.after)
    assert reached == {NOTHING, *DayState}
    assert from_which(DAY_STATES, "clearing.release") == [
        DayState.FILES_OUT,
        DayState.RECONCILED,
    ]
    assert {step.action for step in DAY_STATES} & {row.name for row in STEPS} == {
        "cut_off", "net", "checkpoint",
    }  # fmt: skip


ZONE = "Asia/Shanghai"


@pytest.fixture
def house(till: Till, office: Bureau, tmp_path: Path) -> Places:
    """A directory of the host's, whose clerk runs nights."""
    places = places_of(tmp_path / "data")
    places.audit_key.parent.mkdir(parents=True)
    office.office = replace(office.office, nights=NightsApart(till.dsns.night, places, ZONE))
    return places


def ask_to_run(office: Bureau, person: Person) -> Any:
    return office.with_code(person, "clearing.run", date=DAY.isoformat())


def ended(office: Bureau, person: Person) -> tuple[str, str]:
    """The last job, done as far as it goes: its state, and why not."""
    office.do_jobs()
    row = office.rows(person, "jobs")[0]
    return row["state"], row["error"]


async def test_finance_has_the_host_run_a_night_and_its_files_are_handed_out_by_themselves(
    till: Till, pool: CardPool, office: Bureau, house: Places
) -> None:
    """S4-13, S3-21, S4-79: in the name of who asks, and once, some time after the release."""
    runner, other = office.person("finance"), office.person("finance")
    await till.buy(pool.city(), BOUGHT)

    def night() -> None:
        assert isinstance(ask_to_run(office, runner), Done)
        again = ask_to_run(office, other)
        assert (again.code, runner.login in again.en) == ("E-RUNNING", True)
        assert ended(office, runner) == ("done", "")
        assert days(office, other)[DAY.isoformat()]["run_by"] == runner.login
        assert release(office, runner).code == "E-SAME-PERSON"
        assert isinstance(ask_to_run(office, other), Done), "again: it comes to the same"
        assert ended(office, other) == ("done", "")
        assert isinstance(release(office, other), Done)
        out = house.files / RELEASED / f"{DAY:%Y%m%d}"
        office.sql("UPDATE office_setting SET value = 0 WHERE name = 'hand_out_minutes'")
        office.later(hours=1)
        office.do_jobs()
        assert not out.exists(), "by a command alone"
        office.sql("UPDATE office_setting SET value = 90 WHERE name = 'hand_out_minutes'")
        office.do_jobs()
        assert not out.exists(), "not yet"
        office.later(hours=1)
        office.do_jobs()
        first = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
        assert MANIFEST in first
        office.later(hours=1)
        office.do_jobs()
        assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == first

    await trio.to_thread.run_sync(night)
    with psycopg.connect(till.dsns.owner, autocommit=True) as owner:
        note_what_differs(owner, ("office_setting",))


async def test_a_night_that_stops_says_at_which_step_and_goes_on_from_there(
    till: Till, pool: CardPool, office: Bureau, house: Places
) -> None:
    """S4-13: E-STEP, with what to do next; what was finished stays."""
    person = office.person("finance")
    await till.buy(pool.city(), BOUGHT)

    def night() -> None:
        house.files.write_text("in the way")
        assert isinstance(ask_to_run(office, person), Done)
        state, why = ended(office, person)
        assert state == "failed"
        assert why.startswith("E-STEP: step files stopped: files of 2026-11-22 could not be")
        assert "then posswitch clearing run: it goes on with the files" in why
        house.files.unlink()
        assert isinstance(ask_to_run(office, person), Done)
        assert ended(office, person) == ("done", "")
        [(done,)] = office.sql(
            "SELECT after FROM history WHERE action = 'clearing.run' AND outcome = 'done'"
            " AND after ? 'again'"
        )
        taken = [step.name for step in STEPS]
        assert (done["steps"], done["again"]) == (len(taken), taken.index("files"))

    await trio.to_thread.run_sync(night)


async def test_a_night_that_somebody_else_runs_is_not_run_beside(
    till: Till, office: Bureau, house: Places
) -> None:
    """S4-13: E-RUNNING, by whom and since when."""
    person = office.person("finance")

    def both() -> None:
        with psycopg.connect(till.dsns.night, autocommit=True) as first:

            def beside() -> dict[str, int]:
                assert isinstance(ask_to_run(office, person), Done)
                state, why = ended(office, person)
                assert state == "failed"
                assert why.startswith("E-RUNNING: the night is run by zhang already, since 20")
                return {}

            run_clearing(first, house.files, DAY, who="zhang", owed=beside)

    await trio.to_thread.run_sync(both)


async def test_a_night_whose_database_is_away_holds_up_nothing_else_of_the_office(
    till: Till, office: Bureau, house: Places
) -> None:
    """S4-13: neither jobs nor what else the clock does."""
    away = NightsApart("host=/nowhere dbname=none connect_timeout=1", house, ZONE)
    office.office = replace(office.office, nights=away)
    person = office.person("finance")
    await trio.to_thread.run_sync(clear, till, house.files, "zhang")
    assert isinstance(ask_to_run(office, person), Done)
    told = office.done(person, "ledger.verify")
    assert told.told["job"] == 2
    assert ended(office, person)[0] in {"waiting", "running"}, "nobody proves it here"
    first = office.rows(person, "jobs")[1]
    assert first["state"] == "failed"
    assert first["error"].startswith("E-STEP: step - stopped: ")
