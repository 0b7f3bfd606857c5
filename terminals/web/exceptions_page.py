"""EXCEPTIONS: one difference at a time: both sides, what is known, and what may be done about it.

Nothing is adjusted here: what comes to the same is matched, what was posted is named, and the
office holds each answer against the difference.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row, Shown

LIVE_SECONDS: Final = 5.0
MATCH: Final = "recon.match"


def _arranged(reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    items = _rows(parts.get("items"))
    cases = _rows(parts.get("cases"))
    chosen, case = _first(parts.get("item")), _first(parts.get("case"))
    if chosen is None and case is None and not given.get("case"):
        chosen = items[0] if items else None
    if chosen is None and case is None:
        case = cases[0] if cases else None
    login = reader.catalogue.login if reader.catalogue else ""
    owners = [row.values["owner"] for row in items]
    return {
        "items": items,
        "chosen": chosen,
        "partner": _partner(chosen, items) if chosen is not None else None,
        "cases": [row for row in cases if not row.values["is_notice"]],
        "notices": [row for row in cases if row.values["is_notice"]],
        "case": case,
        "mine": owners.count(login),
        "nobodys": sum(1 for owner in owners if not owner),
    }


def _rows(shown: Shown | None) -> Sequence[Row]:
    return shown.rows if shown is not None else ()


def _first(shown: Shown | None) -> Row | None:
    return shown.first if shown is not None else None


def _partner(chosen: Row, items: Sequence[Row]) -> Row | None:
    """The other difference that this one is suggested to be, where the two come to nothing."""
    suggested = chosen.values["suggested"]
    return next(
        (
            row
            for row in items
            if suggested
            and row.values["rrn"] == suggested
            and row.values["id"] != chosen.values["id"]
            and row.values["other_minor"] + chosen.values["other_minor"] == 0
        ),
        None,
    )


EXCEPTIONS: Final = Screen(
    id="exceptions",
    path="/exceptions",
    en="Exceptions",
    zh="差错工作台",
    template="exceptions.html",
    asks=("item", "case"),
    parts={
        "items": Part(view="recon_items", filters={"unanswered": "true"}),
        "item": Part(view="recon_items", filters={"id": "{item}"}, needs=frozenset({"id"})),
        "cases": Part(view="exceptions"),
        "case": Part(view="exceptions", filters={"id": "{case}"}, needs=frozenset({"id"})),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
