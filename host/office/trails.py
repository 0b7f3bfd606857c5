"""What was asked of cards, read along their trails and put together: the newest first.

A place is what each card was read to; a card without one has not been begun. Of a card that was
another's before nothing is read of then, where a member asks or somebody for one.
"""

import datetime as dt
import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Final, NamedTuple

from host.office.view import Walk
from host.store.card_told import Movement
from host.store.card_view import Page, movements_of
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "usages.sql")
READ_AT_A_TIME: Final = 100
READ_MAX: Final = 2_000
"""So much is read for one page of what may be few."""

Place = tuple[str, ...]
"""Where a page ends, in its source's own words."""
Since = Mapping[int, dt.datetime]
"""By cards that were another's before: since when they are the member's."""


class Moved(NamedTuple):
    """A movement of a card, as cards are put together."""

    at: dt.datetime
    number: int
    card: int
    place: str
    shard: int
    movement: Movement


class Part(NamedTuple):
    """What was read at once, each with the place behind it, and where that ended."""

    read: Sequence[tuple[Place, Moved]]
    end: Place


def since_of(connection: Connection, walk: Walk) -> Since:
    """Of cards that were another's before, where it is asked as a member or for one."""
    if not walk.is_of_member:
        return {}
    return dict(connection.execute(SQL["since"], {"cards": list(walk.cards)}).fetchall())


def of_cards(connection: Connection, walk: Walk, since: Since) -> Iterator[Part]:
    """All of them together, part by part.

    Raises:
        ValueError: the place to go on from is another view's.
    """
    places = dict(_place_of(word, walk.cards) for word in walk.after)
    count = max(10, READ_AT_A_TIME // len(walk.cards))
    trails = [
        _of_member(trail(connection, card, places.get(card, ""), count), since.get(card))
        for card in walk.cards
    ]
    merged = heapq.merge(*trails, key=lambda one: (one.at, one.number), reverse=True)
    while part := list(islice(merged, READ_AT_A_TIME)):
        read = []
        for one in part:
            places[one.card] = one.place
            read.append((_place(places), one))
        yield Part(read, _place(places))


def _of_member(moved: Iterator[Moved], since: dt.datetime | None) -> Iterator[Moved]:
    """What came since a card is theirs; what was before is not read."""
    return moved if since is None else takewhile(lambda one: one.at >= since, moved)


def _place(places: Mapping[int, str]) -> Place:
    return tuple(f"{card}:{place}" for card, place in sorted(places.items()) if place)


def _place_of(word: str, cards: Sequence[int]) -> tuple[int, str]:
    card, _, place = word.partition(":")
    if not place or int(card) not in cards:
        raise ValueError("it is the end of another view's page")
    return int(card), place


def trail(connection: Connection, card: int, after: str, count: int) -> Iterator[Moved]:
    """What moved it, and what did not; a page of what did not costs a place of its own."""
    while True:
        moved = movements_of(connection, card, Page(after=after or None, count=count))
        for place, one in enumerate(moved.movements, 1):
            if one.changes:
                after = f"{one.number}"
            if place == len(moved.movements) and moved.next is not None:
                after = moved.next
            yield Moved(one.at, one.number, card, after, moved.shard, one)
        if moved.next is None:
            return
