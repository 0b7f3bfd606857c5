"""SETTLEMENT: how each cent of a statement came to be, and what either side says to it.

Nothing is reckoned here but sums of what the office told: by store, and what a statement gives back
of earlier ones, which is what stands between what it comes to and what is paid.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from terminals.web import cells, links
from terminals.web.charts import Share, shares
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row, Shown
from terminals.web.texts import said

LIVE_SECONDS: Final = 5.0
PARTS_MAX: Final = 500
LINES_MAX: Final = 100
"""So many rows are there to be ticked; more are typed into the form."""
_ADDED: Final = (
    ("turnover_minor", "positions"),
    ("returned_minor", "positions"),
    ("alliance_minor", "positions"),
    ("corrected_minor", "disputes"),
    ("reserved_minor", "positions"),
    ("advertised_minor", "positions"),
)
"""What a statement comes to, and the part of the page that each is made of."""
_BESIDE: Final = (
    ("transactions", "lines"),
    ("points_taken", "positions"),
    ("points_earned", "positions"),
    ("merchant_fee_minor", "positions"),
    ("issuer_fee_minor", "positions"),
)
_GIVEN_BACK: Final = "given_back"
_NO_STORE: Final = "no_store"
_WHO_CONFIRMED: Final = {"merchant": "merchant_confirmed_by", "issuer": "issuer_confirmed_by"}


class Term(NamedTuple):
    """One of a sum."""

    sign: str
    label: str
    text: str
    link: str
    is_sum: bool = False


def _arranged(reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    statement = parts["statement"].first
    assert statement is not None, "it is what the page is about"
    sides = [*_WHO_CONFIRMED]
    own = reader.catalogue.grant.scope if reader.catalogue else ""
    positions = parts.get("positions")
    return {
        "statement": statement,
        "number": given["settlement"].split("-")[1],
        "sum": _summed(statement, reader),
        "beside": [_term("", statement, name, part) for name, part in _BESIDE],
        "stores": _by_store(reader, statement, positions) if positions is not None else [],
        "positions": _opening_lines(reader, positions) if positions is not None else None,
        "is_own_to_confirm": own in sides and not statement.values.get(_WHO_CONFIRMED[own]),
    }


def _term(sign: str, row: Row, name: str, part: str, *, is_sum: bool = False) -> Term:
    cell = row.cells[name]
    return Term(sign, cell.label, cell.text, f"#{part}", is_sum)


def _summed(row: Row, reader: Reader) -> list[Term]:
    """From what was sold to what is paid."""
    told = [
        _term("+" if place else "", row, name, part)
        for place, (name, part) in enumerate(_ADDED)
        if not place or row.values[name]
    ]
    told.append(_term("=", row, "payable_minor", "payouts", is_sum=True))
    if row.values["held_out_minor"]:
        told.append(_term("−", row, "held_out_minor", "disputes"))
    given_back = (
        row.values["due_minor"] - row.values["payable_minor"] + row.values["held_out_minor"]
    )
    if given_back:
        text = cells.shown("net_minor", given_back, reader.language, row.values["unit"])
        label = said(_GIVEN_BACK, reader.language)
        told.append(Term("+", label, text, "#disputes"))
    if row.values["due_minor"] != row.values["payable_minor"]:
        told.append(_term("=", row, "due_minor", "payouts", is_sum=True))
    return told


def _by_store(reader: Reader, statement: Row, positions: Shown) -> list[Share]:
    """How much of it is of which store; nothing where not all parts are told."""
    unit = statement.values["unit"]
    sums: dict[str, int] = {}
    for row in positions.rows:
        if row.values["unit"] == unit:
            store = row.text("store") or said(_NO_STORE, reader.language)
            sums[store] = sums.get(store, 0) + row.values["net_minor"]
    if positions.next or len(sums) < 2:
        return []
    return shares(
        [(name, minor, cells.shown("net_minor", minor, reader.language, unit))
         for name, minor in sorted(sums.items(), key=lambda one: -one[1])]
    )  # fmt: skip


def _opening_lines(reader: Reader, positions: Shown) -> Shown:
    """Each part opens the transactions that it is of."""
    if "usages" not in reader.views:
        return positions
    rows = []
    for row in positions.rows:
        told = {
            "date": row.values["business_date"],
            "merchant": row.values["merchant"],
            "issuer": row.values["issuer"],
            "store": row.values["store"],
        }
        filters = {name: str(value) for name, value in told.items() if value is not None}
        rows.append(row.opening("transactions", links.to_view("usages", filters)))
    return replace(positions, rows=rows)


_OF_BOTH: Final = {
    "date": "{statement.business_date}",
    "merchant": "{statement.merchant}",
    "issuer": "{statement.issuer}",
}
_BY_NUMBER: Final = {"settlement": "{settlement}"}
SETTLEMENT: Final = Screen(
    id="settlement",
    path="/settlements/{settlement}",
    en="Statement",
    zh="结算单",
    template="settlement.html",
    is_about="statement",
    parts={
        "statement": Part(view="settlements", filters=_BY_NUMBER),
        "positions": Part(
            view="positions", filters=_OF_BOTH, needs=frozenset(_OF_BOTH), rows_max=PARTS_MAX
        ),
        "lines": Part(
            view="usages", filters=_OF_BOTH, needs=frozenset(_OF_BOTH), rows_max=LINES_MAX
        ),
        "disputes": Part(view="disputes", filters=_BY_NUMBER),
        "payouts": Part(view="payouts", filters=_BY_NUMBER),
        "batches": Part(
            view="terminal_batches",
            filters={name: _OF_BOTH[name] for name in ("date", "merchant")},
            needs=frozenset({"date", "merchant"}),
        ),
        "history": Part(
            view="audit", filters={"subject_kind": "settlement", "subject_key": "{settlement}"}
        ),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
