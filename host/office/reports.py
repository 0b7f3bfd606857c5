"""REPORTS: what is told of a business date, section by section, in one reading.

Every format shows the cells that are made here, so all of them say the same.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from host.cases import CASES
from host.model.money import HOUSE_CURRENCY, Money
from host.office.words import Word, word_of
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "reports.sql")
ROWS_MAX: Final = 60
"""Of a section: a report is read, not searched."""
UNIT: Final = "unit"
NOTICES: Final = [kind.value for kind, row in CASES.items() if row.is_notice]


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
REPORTS: Final[Mapping[str, tuple[SectionRow, ...]]] = {"day": DAY, "statement": STATEMENT}
"""By name: the sections of each, in order."""
AMOUNTS: Final = frozenset({"fee_income"})
"""Beside what ends in `_minor`."""
NAMED: Final = frozenset({"issuer", "merchant", "name", "note", "number", "store"})
"""What somebody else has named: no word of ours, whatever it says."""


def read_report(
    connection: Connection, report: str, date: dt.date, now: dt.datetime, place: int = 0
) -> list[Section]:
    """Every section of a date, or of that of its statements."""
    told = {
        "place": place,
        "business_date": date,
        "now": now,
        "unit": HOUSE_CURRENCY,
        "rows_max": ROWS_MAX,
        "notices": NOTICES,
    }
    return [Section(row=row, rows=_rows(connection, row.name, told)) for row in REPORTS[report]]


def _rows(connection: Connection, name: str, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    cursor = connection.execute(SQL[f"report_{name}"], told)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def cell_text(value: object, column: str, row: Mapping[str, Any], language: str) -> str:
    """A cell as every format shows it: an amount in its unit, a count in thousands, a word."""
    if isinstance(value, int) and is_amount(column) and row.get(UNIT):
        return str(Money(value, row[UNIT]))
    if isinstance(value, int):
        return f"{value:,}"
    if column in NAMED:
        return str(value)
    word: str = getattr(word_of(str(value)), language)
    return word


def is_amount(column: str) -> bool:
    """Whether a column is of minor units."""
    return column.endswith("_minor") or column in AMOUNTS


def is_number(column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column is set to the right."""
    return any(isinstance(row[column], int) for row in rows)
