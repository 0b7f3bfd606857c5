"""SCREENS: pages that are arranged by hand, each out of several views. No rule is here.

A screen is a row: its address, the views it asks at once, and the template that arranges what they
tell. What a view refuses or who reads may not see is a part that is not there; the template says
what stands where. Parts are asked as the reader: the office alone decides what they hold.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from host.model.office import Page, Refused
from terminals.web import links, pages
from terminals.web.home import HOME
from terminals.web.member import MEMBER_SCREENS
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Screen
from terminals.web.shown import Shown, shown

SCREENS: Final[Mapping[str, Screen]] = {one.id: one for one in (HOME, *MEMBER_SCREENS)}
_NAMED: Final = re.compile(r"\{([a-z_]+)(?:\.([a-z_]+))?\}")


def waits_for(part: Part) -> set[str]:
    """The parts that are asked before it."""
    told = (_NAMED.fullmatch(value) for value in part.filters.values())
    return {found[1] for found in told if found is not None and found[2]}


def filters_of(part: Part, given: Given, told: Mapping[str, Page]) -> dict[str, str] | None:
    """What a part is found by; None: it lacks what it needs, and is not asked."""
    filters = {name: _value(value, given, told) for name, value in part.filters.items()}
    kept = {name: value for name, value in filters.items() if value}
    return kept if part.needs <= kept.keys() else None


def _value(value: str, given: Given, told: Mapping[str, Page]) -> str:
    found = _NAMED.fullmatch(value)
    if found is None:
        return value
    if not found[2]:
        return given.get(found[1], "")
    page = told.get(found[1])
    if page is None or not page.rows or found[2] not in page.columns:
        return ""
    first = page.rows[0][page.columns.index(found[2])]
    return "" if first is None else str(first)


def to_screen(screen: Screen, given: Given) -> str:
    """Its address."""
    path = screen.path
    for name in re.findall(r"\{([a-z_]+)\}", screen.path):
        path = path.replace(f"{{{name}}}", quote(given.get(name, ""), safe=""))
    asked = {name: given[name] for name in screen.asks if given.get(name)}
    return path + (f"?{urlencode(asked)}" if asked else "")


def drawn(
    reader: Reader,
    screen: Screen,
    given: Given,
    told: Mapping[str, Page | Refused],
    *,
    is_live_alone: bool = False,
) -> str:
    """The page; or what is live of it."""
    parts: dict[str, Shown] = {}
    pages_told = {name: one for name, one in told.items() if isinstance(one, Page)}
    for name, one in told.items():
        part = screen.parts[name]
        filters = filters_of(part, given, pages_told) or {}
        export = links.to_export(part.view, filters)
        parts[name] = shown(reader, reader.views[part.view], one, export)
    address = to_screen(screen, given)
    return pages.rendered(
        screen.template,
        reader,
        block="live" if is_live_alone else "",
        screen=screen,
        given=given,
        parts=parts,
        address=address,
        live=f"/live{address}" if screen.live_seconds else "",
        **screen.arrange(reader, given, parts),
    )
