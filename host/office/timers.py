"""TIMERS: what the clock ends and clears, a few rows in each transaction.

What is cleared is noted like any other change, so that the chain of changes says that a program did
it.
"""

import datetime as dt
from typing import Final

import structlog

from host.office.events import SQL as EVENTS
from host.office.files import end_files_over
from host.office.jobs import LEFT_AFTER
from host.office.jobs import SQL as JOBS
from host.office.lottery_clock import LOTTERY_TIMERS
from host.office.nights import Nights, NightStoppedError
from host.office.records import SQL as RECORDS
from host.office.reminding import queue_due, send_due
from host.office.report_clock import REPORT_TIMERS
from host.office.rows.breakage import take_due
from host.office.rows.members import CLOSING
from host.office.rows.online import PAYMENT_TIMER
from host.office.staff_issuing import give_back_left
from host.office.step_up import OPEN
from host.office.timer import AT_A_TIME, Do, Timer
from host.stock.ageing import close_batches, expire_batches, expire_cards
from host.store.connecting import Connection
from host.store.estate_versions import Followed, note_estate_change
from host.store.office_settings import HAND_OUT_MINUTES, TRIES_MINUTES, value_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "timers.sql")
FORMS_KEPT: Final = dt.timedelta(days=14)
SIGNS_KEPT: Final = dt.timedelta(days=30)
"""Sessions and invitations that have ended."""
MESSAGES_KEPT: Final = dt.timedelta(days=30)
"""To programs, that have them."""
PICKUPS_KEPT: Final = dt.timedelta(days=1)
"""In a store's queue, after the hour at which somebody was to come."""
SOON: Final = dt.timedelta(0)
HOURLY: Final = dt.timedelta(hours=1)
MINUTELY: Final = dt.timedelta(minutes=1)

_LOG = structlog.get_logger(__name__)


def _expire_approvals(connection: Connection, now: dt.datetime) -> int:
    return connection.execute(RECORDS["expire_approvals"], {"now": now}).rowcount


def _end_left_jobs(connection: Connection, now: dt.datetime) -> int:
    told = {"left_at": now - LEFT_AFTER, "now": now}
    return connection.execute(JOBS["end_left"], told).rowcount


def _clearing(statement: str, kept: dt.timedelta) -> Do:
    """Rows that are older than so long are deleted."""

    def clear(connection: Connection, now: dt.datetime) -> int:
        told = {"before": now - kept, "limit": AT_A_TIME}
        return connection.execute(SQL[statement], told).rowcount

    return clear


def _clear_tries(connection: Connection, now: dt.datetime) -> int:
    counts = dt.timedelta(minutes=value_of(connection, TRIES_MINUTES))
    return _clearing("clear_tries", counts)(connection, now)


def _clear_messages(connection: Connection, now: dt.datetime) -> int:
    told = {"before": now - MESSAGES_KEPT, "limit": AT_A_TIME}
    return connection.execute(EVENTS["clear_messages"], told).rowcount


def _forget_members(connection: Connection, now: dt.datetime) -> int:
    told = {"before": now - CLOSING, "limit": AT_A_TIME}
    leaving = connection.execute(SQL["leaving"], told).fetchall()
    for (member,) in leaving:
        connection.execute(SQL["unbind"], {"id": member})
        connection.execute(SQL["forget_gifts"], {"id": member})
        connection.execute(SQL["forget_letters"], {"id": member})
        connection.execute(SQL["forget_member"], {"id": member})
        note_estate_change(connection, Followed.MEMBER, member)
    return len(leaving)


def _end_pickups(connection: Connection, now: dt.datetime) -> int:
    told = {"now": now, "before": now - PICKUPS_KEPT, "limit": AT_A_TIME}
    return connection.execute(SQL["end_pickups"], told).rowcount


def _hand_out(connection: Connection, now: dt.datetime, nights: Nights) -> int:
    """Files of dates that were released so long ago. What cannot be is said, and tried again."""
    minutes = value_of(connection, HAND_OUT_MINUTES)
    if minutes:
        try:
            for date in nights.hand_out(now - dt.timedelta(minutes=minutes)):
                _LOG.info("files of a released date were handed out", business_date=str(date))
        except NightStoppedError as error:
            _LOG.warning("files of a released date were not handed out", why=error.why)
    return 0


TIMERS: Final = (
    Timer(name="approvals", every=SOON, do=_expire_approvals),
    Timer(name="left jobs", every=SOON, do=_end_left_jobs),
    Timer(name="files", every=SOON, do=end_files_over),
    Timer(name="cards", every=MINUTELY, do=lambda one, _now: expire_cards(one, AT_A_TIME)),
    Timer(name="breakage", every=MINUTELY, do=take_due),
    Timer(name="batches", every=MINUTELY, do=lambda one, _now: expire_batches(one, AT_A_TIME)),
    Timer(name="left batches", every=HOURLY, do=lambda one, _now: close_batches(one, AT_A_TIME)),
    *LOTTERY_TIMERS,
    Timer(name="reminders", every=HOURLY, do=lambda one, now: queue_due(one, now, AT_A_TIME)),
    Timer(name="texts", every=SOON, texts=send_due),
    Timer(name="staff", every=MINUTELY, do=lambda one, _now: give_back_left(one, AT_A_TIME)),
    Timer(name="hand-out", every=MINUTELY, nightly=_hand_out),
    Timer(name="pick-ups", every=HOURLY, do=_end_pickups),
    Timer(name="members", every=HOURLY, do=_forget_members),
    Timer(name="forms", every=HOURLY, do=_clearing("clear_forms", FORMS_KEPT)),
    Timer(name="sessions", every=HOURLY, do=_clearing("clear_sessions", SIGNS_KEPT)),
    Timer(name="step-ups", every=HOURLY, do=_clearing("clear_step_ups", OPEN)),
    Timer(name="phone codes", every=HOURLY, do=_clearing("clear_phone_codes", OPEN)),
    Timer(name="invitations", every=HOURLY, do=_clearing("clear_invitations", SIGNS_KEPT)),
    Timer(name="messages", every=HOURLY, do=_clear_messages),
    Timer(name="tries", every=HOURLY, do=_clear_tries),
    PAYMENT_TIMER,
    *REPORT_TIMERS,
)
