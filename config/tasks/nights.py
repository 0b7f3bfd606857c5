"""What is looked at of nights, run again, held against digests, and handed out."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from clearing.digests import shown
from clearing.handout import RELEASED, hand_out
from clearing.run import StepDone, Summary
from clearing.standing import Shown, Status, refuse_unfinished, show, status, verify_night
from config.as_json import print_json
from config.errors import Say
from config.language import speech
from config.places import Places
from config.run.heads import open_key
from config.screen import Column, Sheet, number, screen
from config.settings import Settings
from config.tasks.night import (
    Order,
    clear,
    opened_for_night,
    position_told,
    positions_sheet,
)
from config.tasks.night_findings import print_findings
from config.tasks.typed import date_of
from host.office.words import word_of

DATES: Final = (
    Column("business date"),
    Column("state", is_worded=True),
    *map(number, ("steps", "findings")),
    Column("run by"),
    Column("released by"),
)
STEPS_SHOWN: Final = (
    Column("step"),
    Column("taken by"),
    Column("read"),
    Column("left"),
    Column("result"),
)


def look_at(settings: Settings, places: Places, *, say: Say) -> Status:
    """Who runs the night, and where dates stand.

    Raises:
        OperatorError: says what, why and what to do.
    """
    with opened_for_night(settings, places, say) as connection:
        return status(connection, places.files)


def look_at_date(settings: Settings, places: Places, date: str, *, say: Say) -> Shown:
    """The night of a date.

    Raises:
        OperatorError, ClearingError: says what, why and what to do.
    """
    day = date_of(date)
    with opened_for_night(settings, places, say) as connection:
        return show(connection, places.files, day)


def run_again(
    settings: Settings, places: Places, date: str, *, say: Say
) -> Iterator[StepDone | Summary]:
    """A finished night, computed again and compared.

    Raises:
        OperatorError, ClearingError: it is not finished, or comes to something else.
    """
    day = date_of(date)
    with opened_for_night(settings, places, say) as connection:
        refuse_unfinished(connection, places.files, day)
    yield from clear(settings, places, Order(date), say=say)


def find_others(settings: Settings, places: Places, date: str, *, say: Say) -> list[str]:
    """What of a finished night is not as it was left.

    Raises:
        OperatorError, ClearingError: says what, why and what to do.
    """
    day = date_of(date)
    with opened_for_night(settings, places, say) as connection:
        return verify_night(connection, places.files, day)


def hand_out_released(settings: Settings, places: Places, *, say: Say) -> list[dt.date]:
    """Files of released dates, to where they are fetched.

    Raises:
        OperatorError, ClearingError: a file is not what was released.
    """
    with opened_for_night(settings, places, say) as connection:
        return hand_out(connection, places.files, open_key(places))


def print_status(now: Status, *, as_json: bool = False) -> None:
    """Dates as they stand, the newest first."""
    if as_json:
        print_json(now)
        return
    console = screen()
    if now.since is None:
        console.print("nobody runs the night")
    else:
        since = f"{now.since.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S UTC}"
        console.print(f"the night is run by {now.run_by}, since {since}", markup=False)
        if now.step and now.step_since is not None:
            begun = f"{now.step_since.astimezone(dt.UTC):%H:%M:%S UTC}"
            console.print(f"it is at step {now.step}, since {begun}", markup=False)
        if now.rows_done is not None:
            console.print(f"rows written by now: {now.rows_done:,}", markup=False)
    rows = (
        (
            day.business_date.isoformat(),
            word_of(day.state).en,
            str(day.steps),
            str(day.findings),
            day.run_by,
            day.released_by or "",
        )
        for day in now.dates
    )
    console.print(Sheet(DATES, rows))


def print_shown(told: Shown, *, as_json: bool = False) -> None:
    """One date, whole."""
    if as_json:
        known = {name: getattr(told, name) for name in told.__struct_fields__}
        print_json(known | {"positions": [position_told(row) for row in told.positions]})
        return
    console, day = screen(), told.standing
    state = word_of(day.state).en
    console.print(f"business date {day.business_date}: {speech.said(state)}", markup=False)
    rows = (
        (
            step.step,
            step.taken_by,
            shown(step.read_digest) if step.read_digest else "",
            shown(step.left_digest) if step.left_digest else "",
            step.detail,
        )
        for step in told.steps
    )
    console.print(Sheet(STEPS_SHOWN, rows))
    print_findings(told.findings)
    console.print(positions_sheet(told.positions))
    console.print(f"{len(told.files)} files in {told.directory}", markup=False)


def print_others(found: Sequence[str], date: str, *, as_json: bool = False) -> None:
    """Each, or that there is none."""
    if as_json:
        print_json({"business_date": date, "others": found})
        return
    for what in found:
        screen().print(speech.said(what), markup=False)
    if found:
        screen().print(f"{date}: {len(found)} things are not as the night left them", markup=False)
    else:
        screen().print(f"{date}: all is as the night left it", markup=False)


def print_handed_out(out: Sequence[dt.date], places: Places, *, as_json: bool = False) -> None:
    """Which dates."""
    if as_json:
        print_json({"handed_out": out, "directory": places.files / RELEASED})
        return
    dates = ", ".join(str(date) for date in out) or "nothing"
    screen().print(f"handed out in {places.files / RELEASED}: {dates}", markup=False)
