"""Tables of `docs/files.md`: what the night writes for merchants and issuers."""

from collections.abc import Callable, Iterator
from typing import Final

from clearing.files import csv_line
from clearing.fixed import BY_NAME, ZERO
from clearing.forms import FORMS
from clearing.layout import COLUMNS, DETAIL, LAYOUT, Total, amount_text
from clearing.run import STEPS
from config.manual.cards import states_of
from config.manual.page import Blocks, listing, table
from config.manual.samples import AMOUNT_MINOR, CARD, WHO
from host.estate.demo import CITY
from host.model.origins import Origin
from host.model.recon import DIFFERENCES, WEIGHTS
from host.model.requests import KINDS, Kind
from host.office.recon_files import LAYOUTS
from host.office.reports import REPORTS, STATEMENT_REPORT
from host.office.words import word_of
from host.rules.day_states import DAY_STATES
from host.rules.delivery_states import DELIVERY_STATES
from host.rules.payout_states import PAYOUT_STATES
from host.rules.statement_states import STATEMENT_STATES

_DAY: Final = "2026-11-23"
FEE_MINOR: Final = 74
"""0.6 % of the sale."""


def _columns() -> Iterator[tuple[str, str, str, str]]:
    total, end = _total(), Total(2)
    for column in COLUMNS:
        in_total, in_end = column.of_total(total), column.of_total(end)
        told = " and ".join(name for name, text in (("TOTAL", in_total), ("END", in_end)) if text)
        example = _SALE[column.name]
        yield f"`{column.name}`", column.meaning, example and f"`{example}`", told


_SALE: Final = {
    "record": DETAIL,
    "business_date": _DAY,
    "rrn": "112300000001",
    "kind": Kind.PURCHASE.value,
    "merchant_id": WHO.merchant_id,
    "issuer_id": CITY.institution_id,
    "terminal_id": WHO.terminal_id,
    "batch": WHO.batch,
    "trace": "000002",
    "card": CARD.pan.masked,
    "original_rrn": "",
    "unit": "CNY",
    "amount": amount_text(AMOUNT_MINOR, "CNY"),
    "points_earned": "123",
    "rows": "",
    "fee": amount_text(FEE_MINOR, "CNY"),
    "fee_unit": "CNY",
}
_REFUND: Final = {
    **_SALE,
    "rrn": "112300000002",
    "kind": Kind.REFUND.value,
    "trace": "000003",
    "original_rrn": _SALE["rrn"],
    "amount": "-3.45",
    "points_earned": "0",
    "fee": "-0.02",
}


def _total() -> Total:
    return Total(2, "CNY", AMOUNT_MINOR - 345, 123, FEE_MINOR - 2)


def _example() -> str:
    rows = [
        LAYOUT.header,
        [_SALE[name] for name in LAYOUT.header],
        [_REFUND[name] for name in LAYOUT.header],
        LAYOUT.trailer_row(_total()),
        LAYOUT.trailer_row(Total(2)),
    ]
    return listing("".join(csv_line(row).decode() for row in rows).replace("\r\n", "\n").strip())


def _kinds() -> Iterator[tuple[str]]:
    for kind, row in KINDS.items():
        if row.moves_value and Origin.NIGHT not in row.asked_by:
            yield (f"`{kind}`",)


def _fixed(layout: str) -> Callable[[], str]:
    return lambda: table(
        ("column", "positions", "characters", "stands at", "filled with"),
        (
            (
                f"`{column.name}`",
                f"{first}-{last}",
                str(column.characters),
                f"the {column.side}",
                "zeros" if column.filler == ZERO else "blanks",
            )
            for column, first, last in BY_NAME[layout].positions()
        ),
    )


def _reports() -> Iterator[tuple[str, str, str]]:
    for name, row in REPORTS.items():
        if name != STATEMENT_REPORT:
            yield f"`{name}`", row.title.en, str(row.days_max)


BLOCKS: Final[Blocks] = {
    "files.reports": lambda: table(("report", "what it says", "days at most"), _reports()),
    "files.forms": lambda: table(
        ("form", "ends in", "what it is"),
        ((f"`{form.name}`", f"`{form.suffix}`", form.meaning) for form in FORMS.values()),
    ),
    "files.fixed_detail": _fixed("detail"),
    "files.fixed_summary": _fixed("summary"),
    "files.columns": lambda: table(("column", "meaning", "for example", "also in"), _columns()),
    "files.example": _example,
    "files.steps": lambda: table(
        ("step", "what it does"), ((f"`{step.name}`", step.meaning) for step in STEPS)
    ),
    "files.day_states": states_of(DAY_STATES),
    "files.statement_states": states_of(STATEMENT_STATES),
    "files.payout_states": states_of(PAYOUT_STATES),
    "files.delivery_states": states_of(DELIVERY_STATES),
    "files.layouts": lambda: table(
        ("layout", "whose", "what it is"),
        ((f"`{name}`", word_of(row.source).en, row.meaning) for name, row in LAYOUTS.items()),
    ),
    "files.differences": lambda: table(
        ("class", "what it means"), ((f"`{name}`", said) for name, said in DIFFERENCES.items())
    ),
    "files.weights": lambda: table(
        ("what is alike", "of a hundred", "meaning"),
        ((f"`{one.name}`", str(one.score), one.meaning) for one in WEIGHTS),
    ),
    "files.kinds": lambda: ", ".join(row[0] for row in _kinds()) + ".",
}
