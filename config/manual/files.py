"""Tables of `docs/files.md`: what the night writes for merchants and issuers."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from clearing.files import csv_line
from clearing.layout import COLUMNS, LAYOUT, Item, Total
from clearing.run import STEPS
from config.manual.cards import states_of
from config.manual.page import Blocks, listing, table
from config.manual.samples import AMOUNT_MINOR, CARD, WHO
from host.estate.demo import CITY
from host.model.numbers import first_number_of
from host.model.origins import Origin
from host.model.requests import KINDS, Kind
from host.rules.day_states import DAY_STATES

_DAY: Final = "2026-11-23"
FEE_MINOR: Final = 74
"""0.6 % of the sale."""


def _columns() -> Iterator[tuple[str, str, str, str]]:
    item, total, end = _sale(), _total(), Total(2)
    for column in COLUMNS:
        in_total, in_end = column.of_total(total), column.of_total(end)
        told = " and ".join(name for name, text in (("TOTAL", in_total), ("END", in_end)) if text)
        example = column.of_item(item)
        yield f"`{column.name}`", column.meaning, example and f"`{example}`", told


def _sale() -> Item:
    return Item(
        number=first_number_of(_date()) + 1,
        kind=Kind.PURCHASE,
        terminal_id=WHO.terminal_id,
        batch=WHO.batch,
        trace="000002",
        merchant=WHO.merchant_id,
        issuer=CITY.institution_id,
        card=CARD.pan.masked,
        original=None,
        unit="CNY",
        amount_minor=AMOUNT_MINOR,
        points_earned=123,
        fee_minor=FEE_MINOR,
        fee_unit="CNY",
    )


def _total() -> Total:
    return Total(2, "CNY", AMOUNT_MINOR - 345, 123, FEE_MINOR - 2)


def _refund() -> Item:
    sale = _sale()
    return sale._replace(
        number=sale.number + 1,
        kind=Kind.REFUND,
        trace="000003",
        original=sale.number,
        amount_minor=-345,
        points_earned=0,
        fee_minor=-2,
    )


def _date() -> dt.date:
    return dt.date.fromisoformat(_DAY)


def _example() -> str:
    rows = [
        LAYOUT.header,
        LAYOUT.detail_row(_sale()),
        LAYOUT.detail_row(_refund()),
        LAYOUT.trailer_row(_total()),
        LAYOUT.trailer_row(Total(2)),
    ]
    return listing("".join(csv_line(row).decode() for row in rows).replace("\r\n", "\n").strip())


def _kinds() -> Iterator[tuple[str]]:
    for kind, row in KINDS.items():
        if row.moves_value and Origin.NIGHT not in row.asked_by:
            yield (f"`{kind}`",)


BLOCKS: Final[Blocks] = {
    "files.columns": lambda: table(("column", "meaning", "for example", "also in"), _columns()),
    "files.example": _example,
    "files.steps": lambda: table(
        ("step", "what it does"), ((f"`{step.name}`", step.meaning) for step in STEPS)
    ),
    "files.day_states": states_of(DAY_STATES),
    "files.kinds": lambda: ", ".join(row[0] for row in _kinds()) + ".",
}
