"""The columns of the files that merchants and issuers get.

One table for both sides. A file (RFC 4180, UTF-8) has a header row, a DETAIL row for each
journal and unit, a TOTAL row for each unit, and one END row: a file without its END was cut
short. Amounts are signed: positive is what the issuer owes the merchant, in both files.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from host.model.money import UNIT_MARK
from host.model.numbers import business_date_of, rrn_of

DETAIL: Final = "DETAIL"
TOTAL: Final = "TOTAL"
END: Final = "END"


class Item(NamedTuple):
    """One journal in one unit, as `file_items` gives it. No card number: only its mask."""

    number: int
    kind: str
    terminal_id: str
    batch: str
    trace: str
    merchant: str
    issuer: str
    card: str
    original: int | None
    unit: str
    amount_minor: int
    points_earned: int
    reference: str | None = None
    """F37 of what an external issuer decided: its own, or given by the switch."""
    original_reference: str | None = None
    fee_minor: int = 0
    """What it costs whose file it is; below zero where a fee comes back."""
    fee_unit: str = ""
    """Empty: nothing was charged for it."""


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


def _original_rrn(item: Item) -> str:
    if item.original is None:
        return ""
    return item.original_reference or rrn_of(item.original)


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column: how it reads in a DETAIL row and in a TOTAL row."""

    name: str
    meaning: str
    of_item: Callable[[Item], str]
    of_total: Callable[[Total], str] = _nothing
    of_fees: bool = False
    """Files of dates that were cleared before there were fees do not have it."""


COLUMNS: Final = (
    Column(
        name="record",
        meaning="DETAIL, TOTAL or END",
        of_item=lambda _: DETAIL,
        of_total=lambda total: TOTAL if total.unit else END,
    ),
    Column(
        name="business_date",
        meaning="YYYY-MM-DD",
        of_item=lambda item: business_date_of(item.number).isoformat(),
    ),
    Column(
        name="rrn",
        meaning="F37 of the answer, 12 characters",
        of_item=lambda item: item.reference or rrn_of(item.number),
    ),
    Column(
        name="kind",
        meaning="a word of host.model.requests.Kind",
        of_item=lambda item: item.kind,
    ),
    Column(
        name="merchant_id",
        meaning="F42, 15 characters",
        of_item=lambda item: item.merchant,
    ),
    Column(
        name="issuer_id",
        meaning="the issuer's institution number",
        of_item=lambda item: item.issuer,
    ),
    Column(
        name="terminal_id",
        meaning="F41, 8 characters",
        of_item=lambda item: item.terminal_id,
    ),
    Column(
        name="batch",
        meaning="the terminal's batch number, F60.2",
        of_item=lambda item: item.batch,
    ),
    Column(
        name="trace",
        meaning="the terminal's trace number, F11",
        of_item=lambda item: item.trace,
    ),
    Column(
        name="card",
        meaning="first six and last four digits",
        of_item=lambda item: item.card,
    ),
    Column(
        name="original_rrn",
        meaning="of what a void, refund or reversal undoes",
        of_item=_original_rrn,
    ),
    Column(
        name="unit",
        meaning="currency letters, or P: and the points programme's code",
        of_item=lambda item: item.unit,
        of_total=lambda total: total.unit,
    ),
    Column(
        name="amount",
        meaning="positive is what the issuer owes the merchant",
        of_item=lambda item: amount_text(item.amount_minor, item.unit),
        of_total=lambda total: amount_text(total.amount_minor, total.unit) if total.unit else "",
    ),
    Column(
        name="points_earned",
        meaning="points the purchase gave its card, or that went back",
        of_item=lambda item: str(item.points_earned),
        of_total=lambda total: str(total.points_earned) if total.unit else "",
    ),
    Column(
        name="rows",
        meaning="in TOTAL and END: how many DETAIL rows",
        of_item=lambda _: "",
        of_total=lambda total: str(total.rows),
    ),
    Column(
        name="fee",
        meaning="what the transaction costs whose file it is; negative is what comes back",
        of_item=lambda item: amount_text(item.fee_minor, item.fee_unit) if item.fee_unit else "",
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
        of_item=lambda item: item.fee_unit,
        of_fees=True,
    ),
)


class Layout:
    """The rows of a file, in the order of its columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.header = tuple(column.name for column in columns)
        self._of_item = tuple(column.of_item for column in columns)
        self._of_total = tuple(column.of_total for column in columns)

    def detail_row(self, item: Item) -> list[str]:
        """An item."""
        return [text(item) for text in self._of_item]

    def trailer_row(self, total: Total) -> list[str]:
        """A total."""
        return [text(total) for text in self._of_total]


LAYOUT: Final = Layout(COLUMNS)
LAYOUT_WITHOUT_FEES: Final = Layout([column for column in COLUMNS if not column.of_fees])


class Totals:
    """What a file adds up to, unit by unit."""

    def __init__(self) -> None:
        self.rows = 0
        self._of: dict[str, Total] = {}

    def add(self, item: Item) -> None:
        """One more row. Its fee may be in another unit than itself, as that of points is."""
        self.rows += 1
        total = self._of.get(item.unit) or Total(0, item.unit)
        self._of[item.unit] = total._replace(
            rows=total.rows + 1,
            amount_minor=total.amount_minor + item.amount_minor,
            points_earned=total.points_earned + item.points_earned,
        )
        if item.fee_unit:
            total = self._of.get(item.fee_unit) or Total(0, item.fee_unit)
            self._of[item.fee_unit] = total._replace(fee_minor=total.fee_minor + item.fee_minor)

    def __iter__(self) -> Iterator[Total]:
        """A total for each unit, in order, and the end's."""
        yield from (self._of[unit] for unit in sorted(self._of))
        yield Total(self.rows)
