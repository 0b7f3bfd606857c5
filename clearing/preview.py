"""What a run of the night would do, read and not done: dates, counts, positions."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from clearing.dates import Calendar, choose
from clearing.files import directory_of
from clearing.netting import Position, positions
from clearing.night import Connection, Night, begun

NET: Final = "net"
"""The step that leaves positions."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done for one date. Counts are of this moment; trade may go on."""

    business_date: dt.date
    note: str
    steps: tuple[str, ...]
    """Those that are still to be done; none where a finished date would only be compared."""
    journals: int
    entries: int
    files: int
    directory: Path
    positions: tuple[Position, ...]
    """As they were left where they were netted; else so far, without what the night posts."""


def preview(
    connection: Connection,
    files_dir: Path,
    business_date: dt.date | None,
    calendar: Calendar,
    steps: tuple[str, ...],
) -> tuple[Preview, ...]:
    """The dates that a run would clear, in order; `steps` are the night's, by name.

    Raises:
        ClearingError: a run would be refused, with the same words.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        night = begun(connection, files_dir)
        choice = choose(night, calendar, business_date)
        night = replace(night, business_date=choice.business_date)
        first = _of_date(night, choice.note, steps)
        if business_date is not None:
            return (first,)
        missed = _days_between(_open_after(night), calendar.today)
        later = (replace(night, business_date=date) for date in missed)
        return (first, *(_of_date(each, "it was missed", steps) for each in later))


def _open_after(night: Night) -> dt.date:
    """The date that is open once this one is cleared."""
    row = night.row("open_date")
    assert row is not None, "a date was chosen, so one is open"
    date: dt.date = row["business_date"]
    return date + dt.timedelta(days=1) if date == night.business_date else date


def _days_between(first: dt.date, end: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=number) for number in range((end - first).days)]


def _of_date(night: Night, note: str, steps: tuple[str, ...]) -> Preview:
    done = {row["step"] for row in night.rows("steps_recorded")}
    counts = night.row("count_day")
    files = night.row("count_parties")
    assert counts is not None, "a count always has a row"
    assert files is not None, "a count always has a row"
    return Preview(
        business_date=night.business_date,
        note=note,
        steps=tuple(step for step in steps if step not in done),
        journals=counts["journals"],
        entries=counts["entries"],
        files=files["parties"],
        directory=directory_of(night),
        positions=positions(night) if NET in done else _so_far(night),
    )


def _so_far(night: Night) -> tuple[Position, ...]:
    return tuple(Position(**row) for row in night.rows("positions_so_far"))
