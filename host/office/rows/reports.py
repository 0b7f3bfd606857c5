"""Reports: what a business date came to, for people, for paper and for programs, in one reading."""

import base64
import datetime as dt
from typing import Final, Literal

from host.office.action import Acting, Action, Result
from host.office.fields import Values
from host.office.refusals import FIELD, Refusal
from host.office.report_pages import html_page, json_page, text_page
from host.office.reports import read_report
from host.office.roles import AU, FN, PA, PO
from host.office.subjects import THE_PLATFORM

REPORT: Final = "report.run"


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
    content = base64.b64encode(pages[values.format]().encode()).decode()
    return Result(
        shown_once={"content": content},
        beside={"report": values.report, "date": date.isoformat(), "format": values.format},
    )


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
