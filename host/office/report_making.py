"""One report as a file: read once, in the format that is asked for, or why there is none."""

import datetime as dt
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import msgspec

from host.office.files import FILE_BYTES_MAX
from host.office.printing import font_path
from host.office.report_books import report_csv, xlsx_of
from host.office.report_pages import html_page, json_page, text_page
from host.office.report_papers import pdf_of
from host.office.reports import REPORTS, Period, Section, Told, TooMuchError, read_report
from host.store.connecting import Connection

Format = Literal["text", "html", "json", "csv", "pdf", "xlsx"]
Language = Literal["en", "zh"]
MOVED: Final = frozenset({"changes", "kinds", "fees", "spent", "redeemed"})
"""Sections that have a row where something moved."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which report, of which dates and whom, and as what."""

    report: str
    period: Period
    format: Format
    language: Language
    merchant_id: int | None = None
    store_id: int | None = None
    """Its merchant is named with it: an index leads to what merchants have moved."""


class Made(NamedTuple):
    """A report, and how many rows its sections have in all."""

    content: bytes
    rows: int


class NothingMovedError(Exception):
    """There is nothing to tell of those dates."""


def make_report(connection: Connection, wanted: Wanted, now: dt.datetime) -> Made:
    """The file.

    Raises:
        host.office.reports.TooMuchError: it has more rows, or bytes, than a report takes.
        NothingMovedError: nothing moved, of a report that tells of what did.
        host.office.printing.NoFontError: a PDF is asked for, and no font with Chinese is installed.
    """
    row, language = REPORTS[wanted.report], wanted.language
    last = wanted.period.last
    told = Told(
        period=wanted.period, now=now, merchant_id=wanted.merchant_id, store_id=wanted.store_id
    )
    sections = read_report(connection, wanted.report, told)
    if not row.is_of_now and not any(map(_says_something, sections)):
        raise NothingMovedError
    if wanted.format == "pdf":
        font_path()
    title = f"{getattr(row.title, language)} {wanted.period}"
    pages: dict[Format, Callable[[], bytes]] = {
        "text": lambda: text_page(title, sections, language).encode(),
        "html": lambda: html_page(title, sections, now, language).encode(),
        "json": lambda: json_page(sections, last, language).encode(),
        "csv": lambda: report_csv(sections, language).reveal(),
        "pdf": lambda: pdf_of(title, sections, last, language),
        "xlsx": lambda: xlsx_of(title, sections, last, language),
    }
    content = pages[wanted.format]()
    if len(content) > FILE_BYTES_MAX:
        raise TooMuchError(row.rows_max)
    return Made(content, sum(len(section.rows) for section in sections))


def _says_something(section: Section) -> bool:
    """Whether anything moved: figures that are all nothing say nothing."""
    return any(row.get("today_minor", 1) for row in section.rows if section.row.name in MOVED)
