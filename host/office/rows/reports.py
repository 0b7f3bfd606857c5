"""Reports: what a business date or a statement came to, for people, paper and programs.

Each is read once, and every format shows what was read.
"""

import base64
import datetime as dt
from typing import Final, Literal

from host.office.action import Acting, Action, Result
from host.office.fields import Number, Values
from host.office.printing import NoFontError, font_path
from host.office.refusals import FIELD, Refusal
from host.office.report_books import xlsx_of
from host.office.report_pages import html_page, json_page, text_page
from host.office.report_papers import pdf_of
from host.office.reports import read_report
from host.office.roles import AU, FN, IM, MO, PA, PO
from host.office.subjects import THE_PLATFORM, Ref

REPORT: Final = "report.run"
PRINT: Final = "settlement.print"
_STATEMENT: Final = {"en": "Settlement statement", "zh": "结算单"}


class ReportRun(Values, frozen=True, kw_only=True):
    """Which report, of which business date, and as what."""

    report: Literal["day"]
    date: dt.date
    format: Literal["text", "html", "json"] = "text"
    language: Literal["en", "zh"] = "en"


def _run(acting: Acting, values: ReportRun) -> Result:
    sections = read_report(acting.connection, values.report, values.date, acting.now)
    date, language = values.date, values.language
    pages = {
        "text": lambda: text_page(sections, date, language),
        "html": lambda: html_page(sections, date, acting.now, language),
        "json": lambda: json_page(sections, date, language),
    }
    if not any(row["today_minor"] for row in sections[0].rows) and not sections[1].rows:
        raise Refusal(FIELD, field="date", problem="there is nothing of that date")
    return _handed(
        pages[values.format]().encode(),
        {"report": values.report, "date": date.isoformat(), "format": values.format},
    )


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
    sections = read_report(acting.connection, "statement", date, acting.now, place)
    title = f"{_STATEMENT[language]} {number}"
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
    roles=frozenset({PA, PO, FN, AU}),
    do=_run,
    about=lambda _values: THE_PLATFORM,
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
