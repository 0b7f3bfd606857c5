"""REPORTS: what is told of a business date, section by section, in one reading.

Every format shows the cells that are made here, so all of them say the same.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from host.cases import NOTICES
from host.model.money import HOUSE_CURRENCY, Money
from host.model.word import Word
from host.office.words import word_of, word_of_unit
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "reports.sql")
ROWS_MAX: Final = 60
"""Of a section: a report is read, not searched."""
ROWS_OF_LIST_MAX: Final = 5_000
"""Of a section that is read whole."""
DAYS_MAX: Final = 31
"""A month: positions of so many days are summed while somebody waits."""
UNIT: Final = "unit"


class SectionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One section: its statement is `report_` and its name; `drawn` is the column of its chart."""

    name: str
    title: Word
    columns: tuple[str, ...]
    """As WORDS has them. The unit is put beside each amount, and is no column."""
    drawn: str = ""
    by: tuple[str, ...] = ()
    """What names a bar."""
    is_wide: bool = False
    """Whether it has the whole width of a page."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One section of one date. `rows` are as they came; a cell's text is `cell_text`."""

    row: SectionRow
    rows: list[dict[str, Any]]

    def title(self, language: str) -> str:
        """What stands above it."""
        title: str = getattr(self.row.title, language)
        return title

    def heads(self, language: str) -> list[str]:
        """What stands above each column."""
        return [getattr(word_of(column), language) for column in self.row.columns]

    def cells(self, language: str) -> list[list[str]]:
        """Every row as text."""
        return [
            [cell_text(row[column], column, row, language) for column in self.row.columns]
            for row in self.rows
        ]


DAY: Final = (
    SectionRow(
        name="changes",
        is_wide=True,
        title=Word("The day, and the day before", "当日与前日"),
        columns=("report_figure", "today_minor", "before_minor", "change_minor"),
    ),
    SectionRow(
        name="kinds",
        title=Word("What was traded", "交易种类"),
        columns=("kind", "transactions", "net_minor"),
        drawn="transactions",
        by=("kind",),
    ),
    SectionRow(
        name="merchants",
        title=Word("Who is owed most", "应付商户"),
        columns=("merchant", "transactions", "net_minor", "merchant_fee_minor"),
        drawn="net_minor",
        by=("merchant",),
    ),
    SectionRow(
        name="exceptions",
        title=Word("Unexplained, by age in days", "差错账龄(天)"),
        columns=("age_days", "cases", "at_stake_minor"),
        drawn="cases",
        by=("age_days",),
    ),
    SectionRow(
        name="fees",
        title=Word("Fee income", "手续费收入"),
        columns=("payer", "kind", "fee_income"),
        drawn="fee_income",
        by=("payer", "kind"),
    ),
    SectionRow(
        name="unsettled",
        title=Word("Not released", "未放行"),
        is_wide=True,
        columns=("business_date", "day_state", "payable_minor"),
    ),
    SectionRow(
        name="liability",
        is_wide=True,
        title=Word("Owed on cards, by issuer and expiry", "未偿负债(按发卡方与到期月)"),
        columns=("issuer", "month", "cards", "outstanding_minor"),
        drawn="outstanding_minor",
        by=("issuer", "month"),
    ),
)
STATEMENT: Final = (
    SectionRow(
        name="parties",
        title=Word("Between", "双方"),
        columns=("side", "number", "name"),
    ),
    SectionRow(
        name="figures",
        title=Word("What it comes to", "合计"),
        columns=("report_figure", "amount_minor"),
    ),
    SectionRow(
        name="sold",
        title=Word("By kind", "按交易种类"),
        columns=(
            "kind", "transactions", "net_minor", "points_earned", "merchant_fee_minor",
            "issuer_fee_minor",
        ),
        drawn="net_minor",
        by=("kind",),
    ),
    SectionRow(
        name="stores",
        title=Word("By store", "按门店"),
        columns=("store", "kind", "transactions", "net_minor", "merchant_fee_minor"),
    ),
    SectionRow(
        name="shares",
        title=Word("Points of alliances", "联盟积分"),
        columns=("programme", "act", "points", "net_minor"),
    ),
    SectionRow(
        name="disputed",
        title=Word("Disputed", "异议"),
        columns=("side", "rrn", "net_minor", "held_out_minor", "verdict", "note"),
    ),
    SectionRow(
        name="given_back",
        title=Word("Given back of earlier statements", "更正前期结算单"),
        columns=("settlement", "rrn", "corrected_minor", "held_out_minor"),
    ),
)  # fmt: skip
"""Of a settlement: all of it, for a sum that has to be found in its parts."""
_OF_DAY: Final = {section.name: section for section in DAY}
SPENDING: Final = (
    SectionRow(
        name="spent",
        title=Word("Taken and given back, by merchant, store and kind", "按商户、门店与种类"),
        columns=("merchant", "store", "kind", "transactions", "net_minor", "mean_minor"),
        drawn="net_minor",
        by=("store", "kind"),
        is_wide=True,
    ),
    SectionRow(
        name="redeemed",
        title=Word("Points given and taken", "积分发放与承兑"),
        columns=("merchant", "store", "programme", "points_earned", "points_taken"),
        is_wide=True,
    ),
)
STATEMENT_REPORT: Final = "statement"


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report: what stands in it, in order, and of how much at most it tells."""

    title: Word
    sections: tuple[SectionRow, ...]
    days_max: int = 1
    rows_max: int = ROWS_OF_LIST_MAX
    """Of each section; one that is read whole is refused where it has more."""
    is_cut: bool = False
    """Whether it is the first so many that are meant."""
    is_of_place: bool = False
    """Whether merchants and stores have it of themselves."""
    is_of_now: bool = False
    """Whether it says how things stand, traded or not."""


def _alone(name: str, **how: Any) -> ReportRow:
    section = _OF_DAY[name]
    return ReportRow(title=section.title, sections=(section,), **how)


REPORTS: Final[Mapping[str, ReportRow]] = {
    "day": ReportRow(
        title=Word("The day at a glance", "营业日概览"),
        sections=DAY,
        rows_max=ROWS_MAX,
        is_cut=True,
    ),
    "changes": _alone("changes"),
    "unsettled": _alone("unsettled", is_of_now=True),
    "exceptions": _alone("exceptions", is_of_now=True),
    "fee_income": _alone("fees", days_max=DAYS_MAX),
    "liability": _alone("liability", is_of_now=True),
    "spending": ReportRow(
        title=Word("Spending and redemption", "消费与承兑统计"),
        sections=SPENDING,
        days_max=DAYS_MAX,
        is_of_place=True,
    ),
    STATEMENT_REPORT: ReportRow(
        title=Word("Settlement statement", "结算单"), sections=STATEMENT, is_cut=True
    ),
}
"""By name."""
AMOUNTS: Final = frozenset({"fee_income"})
"""Beside what ends in `_minor`."""
NAMED: Final = frozenset({"issuer", "merchant", "name", "note", "number", "store"})
"""What somebody else has named: no word of ours, whatever it says."""


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Which business dates, both ends with it."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        """As it stands above a report."""
        if self.first == self.last:
            return self.last.isoformat()
        return f"{self.first.isoformat()} .. {self.last.isoformat()}"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: of which dates, when, and of whom alone (none: of everybody)."""

    period: Period
    now: dt.datetime
    place: int = 0
    """Of a statement: which of its date."""
    merchant_id: int | None = None
    store_id: int | None = None


def read_report(connection: Connection, report: str, told: Told) -> list[Section]:
    """Every section.

    Raises:
        TooMuchError: one that is read whole has more rows than it may.
    """
    row = REPORTS[report]
    asked = {
        "place": told.place,
        "first_date": told.period.first,
        "business_date": told.period.last,
        "now": told.now,
        "unit": HOUSE_CURRENCY,
        "rows_max": row.rows_max if row.is_cut else row.rows_max + 1,
        "notices": NOTICES,
        "merchant_id": told.merchant_id,
        "store_id": told.store_id,
    }
    sections = [
        Section(row=section, rows=_rows(connection, section.name, asked))
        for section in row.sections
    ]
    if not row.is_cut and any(len(section.rows) > row.rows_max for section in sections):
        raise TooMuchError(row.rows_max)
    return sections


class TooMuchError(Exception):
    """A section has more rows than a report takes; how many it takes is its argument."""


def _rows(connection: Connection, name: str, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(SQL[f"report_{name}"], told)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def cell_text(value: object, column: str, row: Mapping[str, Any], language: str) -> str:
    """A cell as every format shows it: an amount in its unit, a count in thousands, a word."""
    if isinstance(value, int) and is_amount(column) and row.get(UNIT):
        return f"{Money(value, row[UNIT]).figures} {unit_text(row[UNIT], language)}"
    if isinstance(value, int):
        return f"{value:,}"
    if column in NAMED:
        return str(value)
    word: str = getattr(word_of(str(value)), language)
    return word


def unit_text(unit: str, language: str) -> str:
    """What an amount is in."""
    told: str = getattr(word_of_unit(unit), language)
    return told


def is_amount(column: str) -> bool:
    """Whether a column is of minor units."""
    return column.endswith("_minor") or column in AMOUNTS


def is_number(column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column is set to the right."""
    return any(isinstance(row[column], int) for row in rows)
