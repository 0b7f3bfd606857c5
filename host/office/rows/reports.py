"""Reports: what a business date or a statement came to, for people, paper and programs.

Each is read once, and every format shows what was read.
"""

import base64
import datetime as dt
import hashlib
from dataclasses import replace
from typing import Final, Literal

from host.office.action import Acting, Action, Result
from host.office.fields import MerchantId, Number, Values
from host.office.printing import NoFontError, font_path
from host.office.refusals import FIELD, PERIOD, Refusal
from host.office.report_books import xlsx_of
from host.office.report_making import Format, Language, NothingMovedError, Wanted, make_report
from host.office.report_pages import json_page
from host.office.report_papers import pdf_of
from host.office.reports import (
    REPORTS,
    STATEMENT_REPORT,
    Period,
    ReportRow,
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
NO_FONT: Final = "no font with Chinese is installed here: apt install fonts-wqy-microhei"


class OfPlace(Values, frozen=True, kw_only=True):
    """Which report, and as what; merchants and stores name themselves."""

    report: ReportName
    merchant: MerchantId | None = None
    store: Number | None = None
    format: Format = "text"
    language: Language = "en"


class ReportRun(OfPlace, frozen=True, kw_only=True):
    """Which report, of which business dates, and as what; merchants and stores name themselves."""

    date: dt.date
    since: dt.date | None = None
    """The first day, where it is of more than one; `date` is the last."""


def _run(acting: Acting, values: ReportRun) -> Result:
    row = REPORTS[values.report]
    period = _period(values, row)
    merchant_id, store_id = place_of_report(acting, values)
    wanted = Wanted(
        report=values.report,
        period=period,
        format=values.format,
        language=values.language,
        merchant_id=merchant_id,
        store_id=store_id,
    )
    try:
        content = make_report(acting.connection, wanted, acting.now).content
    except TooMuchError:
        raise Refusal(PERIOD, days=row.days_max) from None
    except NothingMovedError:
        raise Refusal(FIELD, field="date", problem="there is nothing of that date") from None
    except NoFontError:
        raise Refusal(FIELD, field="format", problem=NO_FONT) from None
    return handed(
        content,
        {
            "report": values.report,
            "date": str(period),
            "format": values.format,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )


def _period(values: ReportRun, row: ReportRow) -> Period:
    period = Period(first=values.since or values.date, last=values.date)
    if period.days < 1:
        raise Refusal(FIELD, field="since", problem="it is after the date")
    if period.days > row.days_max:
        raise Refusal(PERIOD, days=row.days_max)
    return period


def place_of_report(acting: Acting, values: OfPlace) -> tuple[int | None, int | None]:
    """Of which merchant and which store alone it is, as it was found for who asks.

    A store's merchant is told with it: an index leads to what merchants have moved.
    """
    kind, place = about_report(values).kind, acting.subject.place
    if kind == "store":
        return place.merchant_id, int(acting.subject.id)
    return int(acting.subject.id) if kind == "merchant" else None, None


def about_report(values: OfPlace) -> Ref:
    """Whose it is: what is of everybody is the platform's, whoever is named beside it."""
    if values.report in OF_PLACES and values.store is not None:
        return Ref("store", str(values.store))
    if values.report in OF_PLACES and values.merchant is not None:
        return Ref("merchant", values.merchant)
    return THE_PLATFORM


def handed(content: bytes, beside: dict[str, str]) -> Result:
    """A file for who asks, and what history keeps of it."""
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
    made = handed(pages[values.format](), {"format": values.format})
    return replace(made, told={"name": f"{number}.{values.format}"})


def refuse_without_font() -> None:
    """No PDF is made where no font with Chinese is installed."""
    try:
        font_path()
    except NoFontError:
        raise Refusal(FIELD, field="format", problem=NO_FONT) from None


RUN: Final = Action(
    id=REPORT,
    en="Have a report made",
    zh="生成报表",
    values=ReportRun,
    roles=frozenset({PA, PO, FN, AU, MO, SM}),
    do=_run,
    about=about_report,
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
