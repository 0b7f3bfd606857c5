"""SCREENS: pages that are arranged by hand, each out of several views. No rule is here.

A screen is a row: its address, the views it asks at once, and the template that arranges what they
tell. What a view refuses or who reads may not see is a part that is not there; the template says
what stands where. Parts are asked as the reader: the office alone decides what they hold.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from host.model.office import Page, Refused
from terminals.web import links, pages
from terminals.web.batch_page import CARD_BATCH
from terminals.web.card_page import CARD
from terminals.web.face_page import CARD_FACE
from terminals.web.home import HOME
from terminals.web.hr_page import HR
from terminals.web.kept import NOTHING, Kept
from terminals.web.member import MEMBER_SCREENS
from terminals.web.night_screens import NIGHT_SCREENS
from terminals.web.pickups_page import QUEUE
from terminals.web.profile_page import PROFILE
from terminals.web.reader import Reader
from terminals.web.rule_page import RULE
from terminals.web.screen import TAB, Given, Part, Screen
from terminals.web.sheet_page import SHEET
from terminals.web.shown import Shown, shown
from terminals.web.stores_today import STORES_TODAY
from terminals.web.transaction_page import TRANSACTION

SCREENS: Final[Mapping[str, Screen]] = {
    one.id: one
    for one in (
        HOME,
        CARD_BATCH,
        CARD,
        CARD_FACE,
        RULE,
        SHEET,
        PROFILE,
        TRANSACTION,
        HR,
        STORES_TODAY,
        QUEUE,
        *NIGHT_SCREENS,
        *MEMBER_SCREENS,
    )
}
_NAMED: Final = re.compile(r"\{([a-z_]+)(?:\.([a-z_]+))?\}")


class Tab(NamedTuple):
    """One of a screen's."""

    name: str
    text: str
    link: str
    is_open: bool


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
    for told, name in re.findall(r"(\{([a-z_]+)(?::path)?\})", screen.path):
        path = path.replace(told, quote(given.get(name, ""), safe=""))
    asked = {name: given[name] for name in names_asked(screen) if given.get(name)}
    return path + (f"?{urlencode(asked)}" if asked else "")


def names_asked(screen: Screen) -> list[str]:
    """Names that may stand behind the `?` of its address."""
    return [*screen.asks, *([TAB] if screen.tabs else [])]


def _to_more(screen: Screen, given: Given, part: Part, page: Page) -> str:
    """Its address at the place where a part goes on; empty where it does not."""
    if not page.next or not part.goes_on:
        return ""
    address = to_screen(screen, given)
    place = urlencode([(part.goes_on, each) for each in page.next])
    return f"{address}{'&' if '?' in address else '?'}{place}"


def _tabs(reader: Reader, screen: Screen, given: Given) -> list[Tab]:
    opened = screen.tab_of(reader, given)
    return [
        Tab(
            each,
            reader.named(reader.views[screen.parts[each].view]),
            to_screen(screen, {**given, TAB: each}),
            each == opened,
        )
        for each in screen.tabs_of(reader)
    ]


def drawn(
    reader: Reader,
    screen: Screen,
    given: Given,
    told: Mapping[str, Page | Refused],
    *,
    kept: Kept = NOTHING,
    is_live_alone: bool = False,
) -> str:
    """The page, with what was typed there and refused; or what is live of it."""
    parts: dict[str, Shown] = {}
    pages_told = {name: one for name, one in told.items() if isinstance(one, Page)}
    for name, one in told.items():
        part = screen.parts[name]
        filters = filters_of(part, given, pages_told) or {}
        parts[name] = replace(
            shown(reader, reader.views[part.view], one, links.to_export(part.view, filters)),
            link=links.to_list(part.view, filters),
            more=_to_more(screen, given, part, one) if isinstance(one, Page) else "",
        )
    address = to_screen(screen, given)
    return pages.rendered(
        screen.template,
        reader,
        block="live" if is_live_alone else "",
        screen=screen,
        given=given,
        parts=parts,
        tabs=_tabs(reader, screen, given),
        tab=screen.tab_of(reader, given),
        address=address,
        live=f"/live{address}" if screen.live_seconds else "",
        kept=kept,
        **screen.arrange(reader, given, parts),
    )
