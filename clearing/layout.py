"""The columns of the files that merchants and issuers get.

One table for both sides. A file (RFC 4180, UTF-8) has a header row, a DETAIL row for each
journal and unit, a TOTAL row for each unit, and one END row: a file without its END was cut
short. Amounts are signed: positive is what the issuer owes the merchant, in both files.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from host.model.money import UNIT_MARK
from host.model.numbers import COUNTERS_PER_HEAD, DAY_ZERO, HEADS, NUMBERS_PER_DAY

DETAIL: Final = "DETAIL"
TOTAL: Final = "TOTAL"
END: Final = "END"
TO_BE_QUOTED: Final = """E'[,"\\r\\n]'"""
"""What may not stand in a field as it is."""


class Total(NamedTuple):
    """What a trailer row says: all rows of one unit, or of the whole file where `unit` is empty."""

    rows: int
    unit: str = ""
    amount_minor: int = 0
    points_earned: int = 0
    fee_minor: int = 0


def amount_text(amount_minor: int, unit: str) -> str:
    """Money with its two decimals, points whole; never a thousands mark."""
    if UNIT_MARK in unit:
        return str(amount_minor)
    whole, part = divmod(abs(amount_minor), 100)
    return f"{'-' if amount_minor < 0 else ''}{whole}.{part:02d}"


def _nothing(_total: Total) -> str:
    return ""


def of_amount(amount: str, unit: str) -> str:
    """As `amount_text`, of two columns."""
    return (
        f"CASE WHEN {unit} LIKE '%{UNIT_MARK}%' THEN {amount}::text "
        f"ELSE concat(CASE WHEN {amount} < 0 THEN '-' END, abs({amount}) / 100, "
        f"CASE WHEN abs({amount}) % 100 < 10 THEN '.0' ELSE '.' END, abs({amount}) % 100) END"
    )


def of_number(number: str) -> str:
    """As `host.model.numbers.rrn_of`, of a column of `line`: its date's own day is told once."""
    counter, plain = f"{number} % {NUMBERS_PER_DAY}", 10 * COUNTERS_PER_HEAD
    day, own = f"({number} / {NUMBERS_PER_DAY})::integer", f"line.business_date - date '{DAY_ZERO}'"
    return (
        f"CASE WHEN {day} = {own} THEN (SELECT to_char(line.business_date, 'MMDD')) "
        f"ELSE to_char(date '{DAY_ZERO}' + {day}, 'MMDD') END || "
        f"CASE WHEN {counter} < {plain} THEN lpad(({counter})::text, 8, '0') "
        f"ELSE substr('{HEADS}', ({counter} / {COUNTERS_PER_HEAD})::integer + 1, 1) "
        f"|| lpad(({counter} % {COUNTERS_PER_HEAD})::text, 7, '0') END"
    )


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column: how it reads in a DETAIL row and in a TOTAL row.

    `of_line` is what PostgreSQL makes of `day_priced`; of a fee it names the `{side}` whose file it
    is. Nothing is empty.
    """

    name: str
    meaning: str
    of_line: str
    of_total: Callable[[Total], str] = _nothing
    free: str = ""
    """What of it others wrote, so that it may hold what has to be quoted."""
    of_fees: bool = False
    """Files of dates that were cleared before there were fees do not have it."""


_FEE: Final = "line.{side}_fee_minor"
COLUMNS: Final = (
    Column(
        name="record",
        meaning="DETAIL, TOTAL or END",
        of_line=f"'{DETAIL}'",
        of_total=lambda total: TOTAL if total.unit else END,
    ),
    Column(
        name="business_date",
        meaning="YYYY-MM-DD",
        of_line="(SELECT line.business_date::text)",
    ),
    Column(
        name="rrn",
        meaning="F37 of the answer, 12 characters",
        of_line=f"coalesce(nullif(line.reference, ''), {of_number('line.number')})",
        free="line.reference",
    ),
    Column(
        name="kind",
        meaning="a word of host.model.requests.Kind",
        of_line="line.kind",
    ),
    Column(
        name="merchant_id",
        meaning="F42, 15 characters",
        of_line="line.merchant",
        free="line.merchant",
    ),
    Column(
        name="issuer_id",
        meaning="the issuer's institution number",
        of_line="line.issuer",
        free="line.issuer",
    ),
    Column(
        name="terminal_id",
        meaning="F41, 8 characters",
        of_line="nullif(line.terminal_id, '')",
        free="line.terminal_id",
    ),
    Column(
        name="batch",
        meaning="the terminal's batch number, F60.2",
        of_line="nullif(line.batch, '')",
        free="line.batch",
    ),
    Column(
        name="trace",
        meaning="the terminal's trace number, F11",
        of_line="nullif(line.trace, '')",
        free="line.trace",
    ),
    Column(
        name="card",
        meaning="first six and last four digits",
        of_line="nullif(line.card, '')",
        free="line.card",
    ),
    Column(
        name="original_rrn",
        meaning="of what a void, refund or reversal undoes",
        of_line=f"coalesce(nullif(line.original_reference, ''), {of_number('line.original')})",
        free="line.original_reference",
    ),
    Column(
        name="unit",
        meaning="currency letters, or P: and the points programme's code",
        of_line="line.unit",
        of_total=lambda total: total.unit,
        free="line.unit",
    ),
    Column(
        name="amount",
        meaning="positive is what the issuer owes the merchant",
        of_line=of_amount("line.amount_minor", "line.unit"),
        of_total=lambda total: amount_text(total.amount_minor, total.unit) if total.unit else "",
    ),
    Column(
        name="points_earned",
        meaning="points its card gained by it; negative where more paid for it, or went back",
        of_line="line.points_earned::text",
        of_total=lambda total: str(total.points_earned) if total.unit else "",
    ),
    Column(
        name="rows",
        meaning="in TOTAL and END: how many DETAIL rows",
        of_line="NULL",
        of_total=lambda total: str(total.rows),
    ),
    Column(
        name="fee",
        meaning="what the transaction costs whose file it is; negative is what comes back",
        of_line=(f"CASE WHEN {_FEE} IS NOT NULL THEN {of_amount(_FEE, 'line.fee_unit')} END"),
        of_total=lambda total: (
            amount_text(total.fee_minor, total.unit)
            if total.unit and UNIT_MARK not in total.unit
            else ""
        ),
        of_fees=True,
    ),
    Column(
        name="fee_unit",
        meaning="currency letters of the fee",
        of_line=f"CASE WHEN {_FEE} IS NOT NULL THEN line.fee_unit END",
        of_fees=True,
    ),
)


class Layout:
    """The rows of a file, in the order of its columns, those of fees last.

    What PostgreSQL makes of `day_priced`, as RFC 4180 writes it: `of_line` is the part of a DETAIL
    row that both sides' files have, `of_fee` the end of it, with the fee of each side.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.header = tuple(column.name for column in columns)
        self.of_line = _of_line([column for column in columns if not column.of_fees])
        fees = _joined(["''", *(column.of_line for column in columns if column.of_fees)])
        self.of_fee = {side: fees.format(side=side) for side in ("merchant", "issuer")}
        self._of_total = [
            (place, column.of_total)
            for place, column in enumerate(columns)
            if column.of_total is not _nothing
        ]

    def trailer_row(self, total: Total) -> list[str]:
        """A total."""
        row = [""] * len(self.header)
        for place, text in self._of_total:
            row[place] = text(total)
        return row


def _of_line(columns: Sequence[Column]) -> str:
    """Field by field it is quoted only where there is anything to quote, which is next to never."""
    free = ", ".join(column.free for column in columns if column.free)
    quoted = [_quoted(column.of_line) if column.free else column.of_line for column in columns]
    return (
        f"CASE WHEN concat({free}) ~ {TO_BE_QUOTED} THEN {_joined(quoted)} "
        f"ELSE {_joined([column.of_line for column in columns])} END"
    )


def _quoted(field: str) -> str:
    return (
        f"CASE WHEN {field} ~ {TO_BE_QUOTED} "
        f"THEN concat('\"', replace({field}, '\"', '\"\"'), '\"') ELSE {field} END"
    )


def _joined(fields: Sequence[str]) -> str:
    return " || ',' || ".join(f"coalesce({field}, '')" for field in fields)


LAYOUT: Final = Layout(COLUMNS)
LAYOUT_WITHOUT_FEES: Final = Layout([column for column in COLUMNS if not column.of_fees])
