"""A member finds stores that take their cards, the nearest first; and sees what is said of them.

Where they are comes from their browser, if they want, and stands in the address of the page alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from host.model.coordinates import Coordinates, metres_between, read_coordinates
from host.model.office import ROWS_MAX
from terminals.web.member_parts import MINE
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row

KILOMETRE: Final = 1_000
SEARCHED: Final = ("name", "at_merchant", "address", "region")
"""What is typed is looked for in these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A store, and how far it is."""

    row: Row
    far: str
    """In metres or kilometres; empty: it is not known."""
    geo: str
    """What a map opens (RFC 5870); empty: the store does not say where it is."""


def _stores(_reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    """Those that are looked for, the nearest first; those that say no place come last."""
    here = _read(given.get("at", ""))
    typed = given.get("q", "").casefold()
    part = parts.get("stores")
    rows = [row for row in part.rows if _is_meant(row, typed)] if part is not None else []
    found = [(_metres(here, row), row) for row in rows]
    found.sort(key=lambda one: (one[0] is None, one[0] or 0, one[1].values["id"]))
    return {
        "here": here,
        "stores": [Near(row=row, far=_far(metres), geo=_geo(row)) for metres, row in found],
        "is_more": part is not None and bool(part.next),
    }


def _is_meant(row: Row, typed: str) -> bool:
    return any(typed in str(row.values.get(name) or "").casefold() for name in SEARCHED)


def _read(text: str) -> Coordinates | None:
    try:
        return read_coordinates(text)
    except ValueError:
        return None


def _metres(here: Coordinates | None, row: Row) -> int | None:
    there = _read(str(row.values.get("coordinates") or ""))
    return metres_between(here, there) if here is not None and there is not None else None


def _far(metres: int | None) -> str:
    if metres is None:
        return ""
    return f"{metres} m" if metres < KILOMETRE else f"{metres / KILOMETRE:.1f} km"


def _geo(row: Row) -> str:
    there = str(row.values.get("coordinates") or "")
    return f"geo:{there}" if there else ""


def _profile(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    part = parts.get("profile")
    rows: Sequence[Row] = part.rows if part is not None else ()
    return {"profile": next(iter(rows), None)}


STORES: Final = Screen(
    id="me_stores",
    path="/me/stores",
    en="Stores near me",
    zh="附近门店",
    template="me_stores.html",
    roles=MINE,
    asks=("at", "q"),
    parts={
        "stores": Part(view="my_stores", rows_max=ROWS_MAX),
        "adverts": Part(view="adverts", filters={"shown_at": "stores"}),
    },
    arrange=_stores,
)
PROFILE: Final = Screen(
    id="me_profile",
    path="/me/profile",
    en="My profile",
    zh="我的资料",
    template="me_profile.html",
    roles=MINE,
    parts={"profile": Part(view="my_profile")},
    arrange=_profile,
)
