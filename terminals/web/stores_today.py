"""STORES: the stores of a merchant as they trade today, those that sell nothing first."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from host.model.office import ROWS_MAX
from terminals.web import cells
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

LIVE_SECONDS: Final = 5.0
WORST_FIRST: Final = ("no_sales", "at_rest", "trading", "not_in_use")
SUMMED: Final = ("sales", "net_minor", "redeemed")


def _arranged(reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    """Trouble first; and what all that are shown come to."""
    rows = parts["stores"].rows
    in_order = sorted(
        rows, key=lambda row: (WORST_FIRST.index(row.values["store_state"]), row.values["store"])
    )
    sums = [
        (rows[0].cells[name].label, cells.shown(name, total, reader.language))
        for name in SUMMED
        for total in (sum(row.values[name] for row in rows),)
        if rows
    ]
    silent = [row for row in in_order if row.values["store_state"] == WORST_FIRST[0]]
    return {"stores": replace(parts["stores"], rows=in_order), "sums": sums, "silent": silent}


STORES_TODAY: Final = Screen(
    id="stores_today",
    path="/stores-today",
    en="Stores today",
    zh="门店实时",
    template="stores_today.html",
    parts={"stores": Part(view="live_stores", rows_max=ROWS_MAX, goes_on="after")},
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
