"""What the clock does with reports: each that is due is made once, kept, and put on its way.

One is due as soon as the night has reckoned its last date. What was missed comes in order, a date
at a time; that there is none, and why, is kept like a report, so it is not tried for ever.
"""

import datetime as dt
import hashlib
from typing import Any, Final

import psycopg
import structlog
from psycopg.rows import dict_row

from host.office.printing import NoFontError
from host.office.report_making import Made, NothingMovedError, Wanted, make_report
from host.office.reports import REPORTS, Period, TooMuchError
from host.office.timer import AT_A_TIME, Timer
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "timed_reports.sql")
MINUTELY: Final = dt.timedelta(minutes=1)
MONTH: Final = "month"
MADE: Final = "made"
FAILED: Final = "failed"
OF_A_ROUND: Final = 20
"""Kept together: whoever is killed makes so many again."""
SUFFIXES: Final = {"text": "txt"}
"""Of formats that are not called by it."""
WITHOUT: Final = {
    NothingMovedError: "moved_nothing",
    TooMuchError: "too_much",
    NoFontError: "no_font",
}
"""What is kept in place of a report that cannot be made."""
NONE: Final = Made(b"", 0)
_LOG = structlog.get_logger(__name__)


def make_due(connection: Connection, now: dt.datetime) -> int:
    """Make those that are due for longest, one of each schedule.

    Where there were any there may be more: it gives as much as a timer does in one transaction.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        due = cursor.execute(SQL["due_reports"], {"limit": OF_A_ROUND}).fetchall()
    for one in due:
        _keep(connection, one, now)
    return AT_A_TIME if due else 0


def _keep(connection: Connection, due: dict[str, Any], now: dt.datetime) -> None:
    outcome, made = _made(connection, due, now)
    name = name_of(due["schedule_id"], due["report"], due["format"])
    kept = {
        "name": name,
        "outcome": outcome,
        "rows": made.rows,
        "content": made.content or None,
        "sha256": hashlib.sha256(made.content).digest() if made.content else None,
        "now": now,
    }
    if connection.execute(SQL["keep_report"], due | kept).rowcount and outcome == MADE:
        connection.execute(SQL["queue_report"], due | kept)
    _LOG.info("a report was due", report=name, date=str(due["business_date"]), outcome=outcome)


def _made(connection: Connection, due: dict[str, Any], now: dt.datetime) -> tuple[str, Made]:
    wanted = Wanted(
        report=due["report"],
        period=period_of(due["report"], due["every"], due["business_date"]),
        format=due["format"],
        language=due["language"],
        merchant_id=due["merchant_id"],
        store_id=due["store_id"],
    )
    try:
        with connection.transaction():
            return MADE, make_report(connection, wanted, now)
    except tuple(WITHOUT) as error:
        return WITHOUT[type(error)], NONE
    except psycopg.Error as error:
        if connection.closed:
            raise
        _LOG.error("a report failed", report=due["report"], why=type(error).__name__)
        return FAILED, NONE


def period_of(report: str, every: str, last: dt.date) -> Period:
    """Of which dates a report is whose last date that is."""
    is_of_month = every == MONTH and REPORTS[report].days_max > 1
    return Period(first=last.replace(day=1) if is_of_month else last, last=last)


def name_of(schedule: int, report: str, form: str) -> str:
    """How a report is called as a file; the date stands beside it."""
    return f"report-{schedule}-{report}.{SUFFIXES.get(form, form)}"


REPORT_TIMERS: Final = (Timer(name="reports", every=MINUTELY, do=make_due),)
