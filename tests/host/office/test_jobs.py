"""Long work: step by step, resumed after any end, stopped when it is asked to."""

from typing import Any

import psycopg
import pytest

from host.office.jobs import AtWork, Clerk, take_job
from host.store.held import Held
from tests.host.office.conftest import HOME, Bureau

ADD = (
    "INSERT INTO job (action, subject_kind, subject_key, plan, total, asked_by, asked_at)"
    " SELECT 'count', 'platform', '', '{}', 10, p.id, now() FROM person AS p"
    " WHERE p.login = 'root' RETURNING id"
)


def step(at_work: AtWork) -> int:
    """One of ten."""
    return at_work.job.done + 1


def clerk(bureau: Bureau, works: Any = None) -> Clerk:
    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(bureau.dsns.office, autocommit=True)

    return Clerk(bureau.office, Held(connect), works or {"count": step})


def state(bureau: Bureau, job: int) -> tuple[str, int]:
    [row] = bureau.sql("SELECT state, done FROM job WHERE id = %s", job)
    return row[0], row[1]


def test_a_job_is_done_step_by_step(bureau: Bureau) -> None:
    """S1-04."""
    job = bureau.sql(ADD)[0][0]
    one = clerk(bureau)
    assert one.do_next()
    assert not one.do_next()
    one.shut()
    assert state(bureau, job) == ("done", 10)


def test_a_job_whose_clerk_was_killed_goes_on_where_it_was(bureau: Bureau) -> None:
    job = bureau.sql(ADD)[0][0]
    done: list[int] = []

    def killed(at_work: AtWork) -> int:
        if at_work.job.done == 4:
            raise KeyboardInterrupt
        done.append(at_work.job.done)
        return at_work.job.done + 1

    one = clerk(bureau, {"count": killed})
    with pytest.raises(KeyboardInterrupt):
        one.do_next()
    one.shut()
    assert state(bureau, job) == ("running", 4)

    def going_on(at_work: AtWork) -> int:
        done.append(at_work.job.done)
        return at_work.job.done + 1

    two = clerk(bureau, {"count": going_on})
    assert not two.do_next(), "somebody may be at it still"
    bureau.later(seconds=31)
    assert two.do_next()
    two.shut()
    assert done == list(range(10))


def test_a_job_that_is_stopped_undoes_its_step_and_goes_on_when_it_is_let(bureau: Bureau) -> None:
    job = bureau.sql(ADD)[0][0]

    def stopping(at_work: AtWork) -> int:
        if at_work.job.done == 3:
            bureau.done(bureau.admin, "job.stop", job=job)
        return at_work.job.done + 1

    one = clerk(bureau, {"count": stopping})
    assert one.do_next()
    one.shut()
    assert state(bureau, job) == ("stopped", 3)
    bureau.done(bureau.admin, "job.stop", job=job, is_stopped=False)
    two = clerk(bureau)
    assert two.do_next()
    two.shut()
    assert state(bureau, job) == ("done", 10)


def test_a_job_that_fails_says_why_and_ends_no_other(bureau: Bureau) -> None:
    first, second = bureau.sql(ADD)[0][0], bureau.sql(ADD)[0][0]

    def failing(at_work: AtWork) -> int:
        if at_work.job.id == first:
            raise ValueError("no numbers left")
        return at_work.job.total

    one = clerk(bureau, {"count": failing})
    assert one.do_next()
    assert one.do_next()
    one.shut()
    assert state(bureau, first)[0] == "failed"
    assert state(bureau, second)[0] == "done"
    [row] = [one for one in bureau.rows(bureau.admin, "jobs") if one["id"] == first]
    assert row["error"] == "ValueError: no numbers left"


def test_two_clerks_take_two_jobs(bureau: Bureau) -> None:
    bureau.sql(ADD)
    bureau.sql(ADD)
    with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
        taken = [take_job(connection, {"count": step}, bureau.now) for _ in range(3)]
    assert len({job.id for job in taken if job}) == 2
    assert taken[2] is None


def test_what_nobody_decided_is_ended_by_the_clock(bureau: Bureau) -> None:
    bureau.with_code(bureau.admin, "merchant.close", merchant_id=HOME["merchant"], note="gone")
    bureau.later(hours=73)
    bureau.do_jobs()
    assert bureau.sql("SELECT state FROM approval") == [("expired",)]


def test_a_job_says_how_many_it_does_a_second_and_how_long_the_rest_takes(bureau: Bureau) -> None:
    """S1-04."""
    job = bureau.sql(ADD)[0][0]

    def told() -> tuple[int | None, int | None]:
        [row] = [one for one in bureau.rows(bureau.admin, "jobs") if one["id"] == job]
        return row["per_second"], row["seconds_left"]

    assert told() == (None, None), "nobody is at it yet"
    bureau.sql(
        "UPDATE job SET state = 'running', total = 1000000, done = 400000,"
        " started_at = '2026-11-26 12:00:00+00', beat_at = '2026-11-26 12:00:20+00' WHERE id = %s",
        job,
    )
    assert told() == (20_000, 30)
    bureau.sql(
        "UPDATE job SET state = 'done', done = total, ended_at = '2026-11-26 12:00:50+00'"
        " WHERE id = %s",
        job,
    )
    assert told() == (20_000, None)
