"""The clerk's pages on a phone: scan, what was found, done; today's own list. No rule is here."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from host.model.office import Refused
from terminals.web import cells
from terminals.web.pages import rendered
from terminals.web.reader import Reader

REDEEM: Final = "voucher.redeem"
DONE: Final = "done"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that was redeemed, or taken back."""

    at: str
    voucher: str
    taken: str
    rrn: str
    is_done: bool
    is_undone: bool
    is_void: bool


def scan(
    reader: Reader,
    stores: Sequence[tuple[int, str]],
    rows: Sequence[Row],
    *,
    wrong: str = "",
    refused: Refused | None = None,
) -> str:
    """Where a code is scanned or typed."""
    lines = lines_of(reader, rows)
    count = sum(one.is_done and not (one.is_void or one.is_undone) for one in lines)
    return rendered("clerk.html", reader, stores=stores, wrong=wrong, refused=refused, count=count)


def found(reader: Reader, told: Mapping[str, Any], token: str) -> str:
    """What it is, before it is redeemed."""
    face = ""
    if told.get("face_minor"):
        face = cells.shown("face_minor", told["face_minor"], reader.language, told.get("unit"))
    return rendered("clerk_found.html", reader, told=told, face=face, token=token)


def waits(reader: Reader, approval: int) -> str:
    """It waits for somebody else to look at it."""
    return rendered("clerk_waits.html", reader, approval=approval)


def done(reader: Reader, row: Row | None, rows: Sequence[Row]) -> str:
    """What came of it; None: that is not known yet."""
    known = {one.rrn: one for one in lines_of(reader, rows)}
    line = None
    if row is not None:
        line = known.get(str(row["rrn"] or "")) or lines_of(reader, [row])[0]
    return rendered("clerk_done.html", reader, line=line, row=row)


def today(reader: Reader, rows: Sequence[Row]) -> str:
    """One's own list."""
    return rendered("clerk_today.html", reader, lines=lines_of(reader, rows))


def lines_of(reader: Reader, rows: Sequence[Row]) -> list[Line]:
    """As they are shown."""
    undone = {row["of_rrn"] for row in rows if row["of_rrn"] and row["outcome"] == DONE}
    return [_line(reader, row, undone) for row in rows]


def _line(reader: Reader, row: Row, undone: set[str]) -> Line:
    at = dt.datetime.fromisoformat(str(row["at"])).astimezone()
    taken = ""
    if row["taken"] is not None:
        taken = cells.shown("taken_minor", row["taken"], reader.language, row["unit"])
    return Line(
        at=at.strftime("%H:%M:%S"),
        voucher=str(row["voucher"] or ""),
        taken=taken,
        rrn=str(row["rrn"] or ""),
        is_done=row["outcome"] == DONE,
        is_undone=row["rrn"] in undone,
        is_void=row["action"] != REDEEM,
    )
