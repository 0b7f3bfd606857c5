"""The demo's night is reconciled: a merchant's own file of the date, with an amount mistyped.

Finance takes it, finds the one difference, and answers it; somebody else agrees. When the date is
released, what it came to is told in one HTML file.
"""

import base64
import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from clearing.files import ClearingFile
from clearing.layout import amount_text
from clearing.run import Summary
from config.errors import SurroundingsError
from config.language import speech
from config.run.staff import DemoStaff
from config.screen import amount
from config.tasks.demo_night import OTHER_FINANCE
from host.model.money import HOUSE_CURRENCY
from host.model.recon import Answer, Layout
from host.office.roles import FN
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("config.tasks", "demo_recon.sql")
SENT: Final = ("record", "business_date", "rrn", "terminal_id", "batch", "trace", "unit", "amount",
               "rows")  # fmt: skip
"""What a merchant's program has of each transaction."""
MISTYPED_MINOR: Final = 900
SECONDS_MAX: Final = 120.0
"""For the host to match the file."""
LOOK_SECONDS: Final = 0.1
REPORT_FILE: Final = "day.html"

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReconTale:
    """What came of it: of whose file, how many lines, and how the difference was answered."""

    merchant: str
    lines: int
    matched: int
    rrn: str
    ours_minor: int
    theirs_minor: int
    by: tuple[str, str]
    """Who answered it, and who agreed."""

    def told(self) -> list[str]:
        """In lines that a newcomer understands."""
        ours, theirs = (
            amount(each, HOUSE_CURRENCY) for each in (self.ours_minor, self.theirs_minor)
        )
        merchant, rrn, (who, other) = self.merchant, self.rrn, self.by
        matched, lines = f"{self.matched:,}", f"{self.lines:,}"
        return [
            f"merchant {merchant} sent its own list: {matched} of {lines} lines are ours",
            f"in {rrn} they have {theirs}, we have {ours}; {who} answered it, {other} agreed",
        ]


def reconcile_night(staff: DemoStaff, connection: Connection, summary: Summary) -> ReconTale | None:
    """Take the list of the merchant who sold most, and answer what is other in it.

    None where nobody sold anything for money.

    Raises:
        SurroundingsError: its host does not match it.
    """
    lists = _of_merchants(summary)
    if not lists:
        return None
    rows, at, ours_minor, theirs_minor = _sent(staff, summary, lists[0])
    difference, matched = _waited_for(connection, rows[at]["rrn"])
    note = "their clerk has mistyped it, and the slip has what we have"
    asked = {"difference": difference, "answer": Answer.WRITE_OFF.value, "note": note}
    staff.agreed(FN, "recon.match", asked, agreed_by=OTHER_FINANCE)
    return ReconTale(
        merchant=lists[0].file.party,
        lines=len(rows),
        matched=matched,
        rrn=rows[at]["rrn"],
        ours_minor=ours_minor,
        theirs_minor=theirs_minor,
        by=(staff.person(FN).login, staff.person(OTHER_FINANCE).login),
    )


def leave_difference(staff: DemoStaff, summary: Summary) -> None:
    """Another merchant's list comes late, with an amount mistyped: nobody has answered it yet."""
    for told in _of_merchants(summary)[1:2]:
        _sent(staff, summary, told)


class _Listed(NamedTuple):
    """A merchant's file of the date, as its own program has it too."""

    file: ClearingFile
    rows: list[Row]
    sold_at: list[int]
    """Where what was sold for money stands."""


def _of_merchants(summary: Summary) -> list[_Listed]:
    """Those in which something was sold for money, of who sold most before the rest."""
    listed = (_listed(summary.files_dir, one) for one in summary.files if one.side == "merchant")
    return sorted((one for one in listed if one.sold_at), key=lambda one: -one.file.items)


def _listed(directory: Path, file: ClearingFile) -> _Listed:
    rows = _details(directory / file.name)
    return _Listed(file, rows, _places_sold(rows))


def _sent(staff: DemoStaff, summary: Summary, told: _Listed) -> tuple[list[Row], int, int, int]:
    """Its rows as they were sent, which of them is mistyped, what we have there, what they have."""
    rows, at = list(told.rows), told.sold_at[0]
    ours_minor = _minor(rows[at]["amount"])
    theirs_minor = ours_minor + MISTYPED_MINOR
    rows[at] = {**rows[at], "amount": amount_text(theirs_minor, HOUSE_CURRENCY)}
    sent = staff.done(FN, "file.send", {"name": "theirs.csv", "content": _as_file(rows)})
    staff.done(
        FN,
        "recon.import",
        {
            "file_layout": Layout.MERCHANT_CSV.value,
            "date": summary.business_date.isoformat(),
            "merchant": told.file.party,
            "file": sent.told["file"],
        },
    )
    return rows, at, ours_minor, theirs_minor


def _details(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["record"] == "DETAIL"]


def _places_sold(rows: list[Row]) -> list[int]:
    return [
        place
        for place, row in enumerate(rows)
        if row["unit"] == HOUSE_CURRENCY and _minor(row["amount"]) > 0
    ]


def _minor(text: str) -> int:
    return int(text.replace(".", ""))


def _as_file(rows: list[Row]) -> str:
    """As its program writes it, for the office: every transaction, and how many there are."""
    text = io.StringIO()
    sheet = csv.DictWriter(text, SENT, extrasaction="ignore", restval="")
    sheet.writeheader()
    sheet.writerows(rows)
    sheet.writerow({"record": "END", "rows": len(rows)})
    return base64.b64encode(text.getvalue().encode()).decode()


def _waited_for(connection: Connection, rrn: str) -> tuple[int, int]:
    """The number of the difference, and how many lines are ours, once the host has matched them."""
    ends_at = time.monotonic() + SECONDS_MAX
    while True:
        row = connection.execute(SQL["difference"], {"rrn": rrn}).fetchone()
        if row is not None:
            return row[0], row[1]
        if time.monotonic() > ends_at:
            raise SurroundingsError(
                f"the merchant's list was not matched in {SECONDS_MAX:.0f} s: the host does not "
                "come to it. Next: posswitch doctor",
                "E-SIMULATOR",
            )
        time.sleep(LOOK_SECONDS)


def report_day(staff: DemoStaff, summary: Summary, data: Path) -> Path:
    """What the date came to, in one file for a browser; gives where it is."""
    date, language = summary.business_date.isoformat(), speech.language.value
    asked = {"report": "day", "date": date, "format": "html", "language": language}
    made = staff.done(FN, "report.run", asked)
    path = data / REPORT_FILE
    path.write_bytes(base64.b64decode(made.shown_once["content"]))
    return path
