"""NIGHT: how far a business date's night is, what it came to, what blocks it, and its release.

Steps still to come are those that the day before had and this one has not yet: no page knows the
steps by itself.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from terminals.web import cells
from terminals.web.home import STEPS
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row, Shown

LIVE_SECONDS: Final = 2.0
DIGEST_SHOWN: Final = 8
"""Of a digest so much says whether two are the same to who looks; the list has all of it."""
_BLOCK: Final = ("differences", "exceptions")
_COMPARED: Final = ("transactions", "payable_minor", "findings")


class Taken(NamedTuple):
    """A step: what is told of it, or that it is still to come."""

    name: str
    row: Row | None
    seconds: str
    digests: str


class Compared(NamedTuple):
    """A figure of the date and of the day before."""

    label: str
    now: str
    before: str
    change: str


def _arranged(reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    day = parts["day"].first
    assert day is not None, "it is what the page is about"
    before = _first(parts.get("before"))
    running = [
        row
        for row in parts["jobs"].rows
        if row.values["subject_key"] == given["date"] and not row.values["ended_at"]
    ] if "jobs" in parts else []  # fmt: skip
    return {
        "day": day,
        "before": before,
        "steps": _steps(parts.get(STEPS), parts.get("steps_before")),
        "compared": _compared(reader, day, before) if before is not None else [],
        "running": running[0] if running else None,
        "blocking": [one for name in _BLOCK if (one := _somebodys(parts.get(name))).rows],
    }


def _somebodys(shown: Shown | None) -> Shown:
    """Of what is open what is somebody's money."""
    assert shown is not None, "who sees a night sees what blocks it"
    return replace(shown, rows=[row for row in shown.rows if not row.values.get("is_notice")])


def _first(shown: Shown | None) -> Row | None:
    return shown.first if shown is not None else None


def _steps(now: Shown | None, before: Shown | None) -> list[Taken]:
    """In the order they were taken, with what each took; then those of the day before."""
    taken = _in_order(now)
    found, last = [], None
    for row in taken:
        ended = dt.datetime.fromisoformat(row.values["finished_at"])
        seconds = f"{(ended - last).total_seconds():.1f} s" if last is not None else ""
        digests = " → ".join(
            (row.values[name] or "")[:DIGEST_SHOWN] for name in ("read_digest", "left_digest")
        )
        found.append(Taken(row.text("step"), row, seconds, digests))
        last = ended
    names = {row.values["step"] for row in taken}
    return found + [
        Taken(row.text("step"), None, "", "")
        for row in _in_order(before)
        if row.values["step"] not in names
    ]


def _in_order(shown: Shown | None) -> list[Row]:
    rows: Sequence[Row] = shown.rows if shown is not None else ()
    return sorted(
        (row for row in rows if row.values["finished_at"]),
        key=lambda row: str(row.values["finished_at"]),
    )


def _compared(reader: Reader, day: Row, before: Row) -> list[Compared]:
    found = []
    for name in _COMPARED:
        now, then = day.values[name] or 0, before.values[name] or 0
        percent = f"{100 * (now - then) / then:+.1f} %" if then else ""
        label = day.cells[name].label
        found.append(
            Compared(
                label,
                cells.shown(name, now, reader.language),
                cells.shown(name, then, reader.language),
                percent,
            )
        )
    return found


_OF_DATE: Final = {"date": "{date}"}
_OPEN: Final = {**_OF_DATE, "is_open": "true"}
_BEFORE: Final = {"date": "{before.business_date}"}
NIGHT: Final = Screen(
    id="night",
    path="/nights/{date}",
    en="Night",
    zh="清算夜",
    template="night.html",
    is_about="day",
    parts={
        "day": Part(view="business_days", filters=_OF_DATE),
        "before": Part(view="business_days", filters={"before": "{date}"}, rows_max=1),
        STEPS: Part(view="clearing_steps", filters=_OF_DATE),
        "steps_before": Part(view="clearing_steps", filters=_BEFORE, needs=frozenset(_BEFORE)),
        "jobs": Part(view="jobs", filters={"action": "clearing.run"}, rows_max=3),
        "differences": Part(view="recon_items", filters=_OPEN, rows_max=20),
        "exceptions": Part(view="exceptions", rows_max=20),
        "disputes": Part(view="disputes", filters=_OPEN, rows_max=20),
        "recon_files": Part(view="recon_files", filters=_OF_DATE, rows_max=20),
        "settlements": Part(view="settlements", filters=_OF_DATE),
        "files": Part(view="clearing_files", filters=_OF_DATE),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
