"""Reports: what a business date or a statement came to, for people, paper and programs.

Each is read once, and every format shows what was read.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Final, Literal

from host.office.action import Acting, Action, Result
from host.office.fields import MerchantId, Number, Values
from host.office.printing import NoFontError, font_path
from host.office.refusals import FIELD, PERIOD, Refusal
from host.office.report_books import report_csv, xlsx_of
from host.office.report_pages import html_page, json_page, text_page
from host.office.report_papers import pdf_of
from host.office.reports import (
    REPORTS,
    STATEMENT_REPORT,
    Period,
    ReportRow,
    Section,
    Told,
    TooMuchError,
    read_report,
)
from host.office.roles import AU, FN, IM, MO, PA, PO, SM
from host.office.subjects import THE_PLATFORM, Ref

REPORT: Final = "report.run"
PRINT: Final = "settlement.print"
ReportName = Literal[
    "day", "changes", "unsettled", "exceptions", "fee_income", "liability", "spending"
]
OF_PLACES: Final = frozenset(name for name, row in REPORTS.items() if row.is_of_place)
MOVED: Final = frozenset({"changes", "kinds", "fees", "spent", "redeemed"})
"""Sections that have a row where something moved."""


class ReportRun(Values, frozen=True, kw_only=True):
    """Which report, of which business dates, and as what; merchants and stores name themselves."""

    report: ReportName
    date: dt.date
    since: dt.date | None = None
    """The first day, where it is of more than one; `date` is the last."""
    merchant: MerchantId | None = None
    store: Number | None = None
    format: Literal["text", "html", "json", "csv", "pdf", "xlsx"] = "text"
    language: Literal["en", "zh"] = "en"


def _run(acting: Acting, values: ReportRun) -> Result:
    row, language = REPORTS[values.report], values.language
    period = _period(values, row)
    merchant_id, store_id = _place(acting, values)
    told = Told(period=period, now=acting.now, merchant_id=merchant_id, store_id=store_id)
    try:
        sections = read_report(acting.connection, values.report, told)
    except TooMuchError:
        raise Refusal(PERIOD, days=row.days_max) from None
    if not row.is_of_now and not any(map(_says_something, sections)):
        raise Refusal(FIELD, field="date", problem="there is nothing of that date")
    if values.format == "pdf":
        refuse_without_font()
    title = f"{getattr(row.title, language)} {period}"
    pages: dict[str, Callable[[], bytes]] = {
        "text": lambda: text_page(title, sections, language).encode(),
        "html": lambda: html_page(title, sections, acting.now, language).encode(),
        "json": lambda: json_page(sections, period.last, language).encode(),
        "csv": lambda: report_csv(sections, language).reveal(),
        "pdf": lambda: pdf_of(title, sections, period.last, language),
        "xlsx": lambda: xlsx_of(title, sections, period.last, language),
    }
    content = pages[values.format]()
    return _handed(
        content,
        {
            "report": values.report,
            "date": str(period),
            "format": values.format,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )


def _says_something(section: Section) -> bool:
    """Whether anything moved: figures that are all nothing say nothing."""
    return any(row.get("today_minor", 1) for row in section.rows if section.row.name in MOVED)


def _period(values: ReportRun, row: ReportRow) -> Period:
    period = Period(first=values.since or values.date, last=values.date)
    if period.days < 1:
        raise Refusal(FIELD, field="since", problem="it is after the date")
    if period.days > row.days_max:
        raise Refusal(PERIOD, days=row.days_max)
    return period


def _place(acting: Acting, values: ReportRun) -> tuple[int | None, int | None]:
    """Of which merchant and which store alone it is, as it was found for who asks.

    A store's merchant is told with it: an index leads to what merchants have moved.
    """
    kind, place = _about(values).kind, acting.subject.place
    if kind == "store":
        return place.merchant_id, int(acting.subject.id)
    return int(acting.subject.id) if kind == "merchant" else None, None


def _about(values: ReportRun) -> Ref:
    """Whose it is: what is of everybody is the platform's, whoever is named beside it."""
    if values.report in OF_PLACES and values.store is not None:
        return Ref("store", str(values.store))
    if values.report in OF_PLACES and values.merchant is not None:
        return Ref("merchant", values.merchant)
    return THE_PLATFORM


def _handed(content: bytes, beside: dict[str, str]) -> Result:
    return Result(shown_once={"content": base64.b64encode(content).decode()}, beside=beside)


class SettlementPrint(Values, frozen=True, kw_only=True):
    """Which statement: of which date, and which of that; and as what."""

    date: dt.date
    number: Number
    format: Literal["pdf", "xlsx", "json"] = "pdf"
    language: Literal["en", "zh"] = "en"


def _print(acting: Acting, values: SettlementPrint) -> Result:
    date, language, number = values.date, values.language, str(acting.subject.id)
    place = acting.subject.content["number"]
    told = Told(period=Period(first=date, last=date), now=acting.now, place=place)
    sections = read_report(acting.connection, STATEMENT_REPORT, told)
    title = f"{getattr(REPORTS[STATEMENT_REPORT].title, language)} {number}"
    if values.format == "pdf":
        refuse_without_font()
    pages = {
        "pdf": lambda: pdf_of(title, sections, date, language),
        "xlsx": lambda: xlsx_of(title, sections, date, language),
        "json": lambda: json_page(sections, date, language, number).encode(),
    }
    return _handed(pages[values.format](), {"format": values.format})


def refuse_without_font() -> None:
    """No PDF is made where no font with Chinese is installed."""
    try:
        font_path()
    except NoFontError:
        problem = "no font with Chinese is installed here: apt install fonts-wqy-microhei"
        raise Refusal(FIELD, field="format", problem=problem) from None


RUN: Final = Action(
    id=REPORT,
    en="Have a report made",
    zh="生成报表",
    values=ReportRun,
    roles=frozenset({PA, PO, FN, AU, MO, SM}),
    do=_run,
    about=_about,
    hands_out=True,
    may_print=True,
)
PRINTS: Final = Action(
    id=PRINT,
    en="Have a statement as a file",
    zh="导出结算单",
    values=SettlementPrint,
    roles=frozenset({PA, FN, AU, IM, MO}),
    do=_print,
    about=lambda values: Ref("settlement", f"{values.date:%Y%m%d}-{values.number}"),
    hands_out=True,
)
