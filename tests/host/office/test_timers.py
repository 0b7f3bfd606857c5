"""What the clock clears of the office: after its time, a few rows at a time, noted as a change."""

import datetime as dt

import psycopg
import pytest

from host.office.timer import AT_A_TIME, Timer, Timers
from host.office.timers import FORMS_KEPT, SIGNS_KEPT, TIMERS
from tests.host.conftest import NOW
from tests.host.office.conftest import Bureau


def count(bureau: Bureau, table: str) -> int:
    rows = bureau.sql(f"SELECT count(*) FROM {table}")
    number: int = rows[0][0]
    return number


def test_forms_sessions_codes_and_invitations_are_cleared_after_their_time(bureau: Bureau) -> None:
    bureau.person("risk")
    bureau.do(bureau.admin, "merchant.close", merchant_id="8" * 15, note="gone", _once_key="k1")
    bureau.done(bureau.admin, "session.use_grant", grant=1, _once_key="k2")
    bureau.sql("INSERT INTO step_up VALUES ('x', 'y', %s, 0)", bureau.now)
    bureau.sql("INSERT INTO code_try VALUES ('here', 1, %s)", bureau.now)
    tables = ("once_key", "session", "invitation", "step_up", "code_try")
    bureau.do_jobs()
    assert all(count(bureau, table) for table in tables)
    bureau.later(hours=2)
    bureau.do_jobs()
    assert [count(bureau, table) > 0 for table in tables] == [True, True, True, False, False]
    bureau.now = NOW + max(FORMS_KEPT, SIGNS_KEPT) + dt.timedelta(days=2)
    bureau.do_jobs()
    assert [count(bureau, table) for table in tables] == [0, 0, 0, 0, 0]


def test_what_is_cleared_is_noted_as_a_program_did_it(bureau: Bureau) -> None:
    bureau.now = NOW + SIGNS_KEPT + dt.timedelta(days=2)
    bureau.do_jobs()
    rows = bureau.sql(
        "SELECT relation FROM change WHERE digest IS NULL AND before IS NOT NULL ORDER BY 1"
    )
    assert ("session",) in rows
    assert ("invitation",) in rows


def test_no_transaction_clears_more_than_so_many_and_the_rest_is_next(bureau: Bureau) -> None:
    bureau.sql(
        "INSERT INTO code_try SELECT 's' || n, 1, %s FROM generate_series(1, %s) AS n",
        NOW - dt.timedelta(days=1), AT_A_TIME + 5,
    )  # fmt: skip
    [row] = [timer for timer in TIMERS if timer.name == "tries"]
    timers = Timers((row,))
    with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
        assert timers.run(connection, NOW)
        assert count(bureau, "code_try") == 5
        assert not timers.run(connection, NOW)
    assert count(bureau, "code_try") == 0


def test_a_timer_is_due_again_after_its_time(bureau: Bureau) -> None:
    done: list[dt.datetime] = []

    def do(_connection: object, now: dt.datetime) -> int:
        done.append(now)
        return 0

    timers = Timers((Timer(name="x", every=dt.timedelta(minutes=1), do=do),))
    with psycopg.connect(bureau.dsns.office, autocommit=True) as connection:
        for seconds in (0, 30, 59, 60, 61, 120):
            timers.run(connection, NOW + dt.timedelta(seconds=seconds))
    assert [(at - NOW).seconds for at in done] == [0, 60, 120]


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_every_timer_finds_nothing_in_a_new_office(bureau: Bureau, timer: Timer) -> None:
    with psycopg.connect(bureau.dsns.office) as connection:
        if timer.unseal is not None:
            assert timer.unseal(connection, NOW, bureau.hsm) == 0
        assert timer.do(connection, NOW) == 0
