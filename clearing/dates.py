"""Which business date is cleared: the oldest that was interrupted, else the open one.

A date is closed once it is today's or past. One that is still to come is closed only where an
operator says so, for every run more would turn the calendar one day further and every later
transaction would carry a date of the future. Dates that were missed come one after the other.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from clearing.night import ClearingError, Night


class DateAheadError(ClearingError):
    """The date is after today, and nobody said that it is to be closed all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What day it is where the acquirer is, and whether a later date may be closed."""

    today: dt.date
    zone: str
    may_go_ahead: bool = False


class Choice(NamedTuple):
    """A date, and why it was chosen where none was asked for."""

    business_date: dt.date
    note: str


def choose(night: Night, calendar: Calendar | None, asked: dt.date | None) -> Choice:
    """The date to clear: the one asked for, or the one that is due. `night` may be of any date.

    Without a calendar the open date is taken whenever it is.

    Raises:
        DateAheadError: it is open, after today, and the calendar does not let it be closed.
        ClearingError: it is no date of ours, or comes after one that was interrupted.
    """
    unfinished = _date_of(night, "oldest_unfinished")
    if asked is None and unfinished is not None:
        return Choice(unfinished, "its clearing had been interrupted")
    if asked is not None:
        _check(night, asked, unfinished)
        choice = Choice(asked, "")
    else:
        choice = _open_or_last(night, calendar)
    if calendar is not None:
        _refuse_ahead(night, calendar, choice.business_date)
    return choice


def a_date_was_missed(night: Night, calendar: Calendar) -> bool:
    """Whether the open date is past: then it is due."""
    is_open = _date_of(night, "open_date")
    return is_open is not None and is_open < calendar.today


def _date_of(night: Night, statement: str) -> dt.date | None:
    row = night.row(statement)
    return row["business_date"] if row else None


def _check(night: Night, asked: dt.date, unfinished: dt.date | None) -> None:
    if night.row("state_of", business_date=asked) is None:
        is_open = _date_of(night, "open_date")
        told = f"the open one is {is_open}" if is_open else "none is open"
        raise ClearingError(
            f"{asked} is not a business date of this database: {told}. "
            "Run the clearing without a date, or with one that is or was open"
        )
    if unfinished is not None and unfinished < asked:
        raise ClearingError(
            f"the clearing of {unfinished} was interrupted and comes before {asked}: "
            f"finish it with `posswitch clearing run --date {unfinished}`"
        )


def _open_or_last(night: Night, calendar: Calendar | None) -> Choice:
    row = night.row("open_date")
    if row is None:
        raise ClearingError(
            "no business date is open: load an estate with `posswitch up --estate demo`, "
            "which opens the first"
        )
    last = night.row("last_completed")
    if row["has_traded"] or last is None or last["max"] is None:
        return Choice(row["business_date"], "it was the open business date")
    if calendar is not None and row["business_date"] < calendar.today:
        return Choice(row["business_date"], "it was missed")
    ahead = ""
    if calendar is not None and row["business_date"] > calendar.today:
        ahead = " --ahead"
    return Choice(
        last["max"],
        f"nothing has been asked under {row['business_date']} yet, so {last['max']} was shown "
        f"again; to close {row['business_date']} all the same, name it with "
        f"--date {row['business_date']}{ahead}",
    )


def _refuse_ahead(night: Night, calendar: Calendar, date: dt.date) -> None:
    if date <= calendar.today or calendar.may_go_ahead:
        return
    row = night.row("state_of", business_date=date)
    if row is None or row["state"] != "open":
        return  # closed before: a repeat turns nothing
    raise DateAheadError(
        f"{date} has not come: today is {calendar.today} in {calendar.zone}. Closed now, its "
        f"trade would carry {date + dt.timedelta(days=1)}, and nothing was closed. Next: run the "
        f"clearing on {date}, or add --ahead to close it today"
    )
