"""What is read along one card's trail: its life.

The trail is that of `posswitch card show`: each journal names the one before it, so nothing here
costs a posting an index. A page costs the same however much came after it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from host.office.view import Walk, Walked
from host.store.card_told import Movement
from host.store.card_view import Page, movements_of
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "card_walks.sql")
FROM_THE_START: Final = 2**62
"""Before this number everything came."""


class _Event(NamedTuple):
    """One thing that happened to a card; `place` goes on after it, within its own source."""

    at: dt.datetime
    source: int
    place: str
    row: Mapping[str, Any]


# The life of a card. -------------------------------------------------------------------------


def card_events(connection: Connection, walk: Walk) -> Walked:
    """All that happened to a card, the newest first: messages, what people did, how it was made.

    Raises:
        CardUnknownError, ValueError: the place to go on from is none.
    """
    after = walk.after or ("", f"{FROM_THE_START}", "0")
    movement, line, milestone = after
    wanted = walk.rows_max + 1
    events = [
        *_movements(connection, walk.cards[0], movement, wanted),
        *_lines(connection, walk.cards[0], int(line), wanted),
        *_milestones(connection, walk.cards[0], int(milestone)),
    ]
    events.sort(key=lambda one: (one.at, -one.source), reverse=True)
    shown = events[: walk.rows_max]
    ended = list(after)
    for one in shown:
        ended[one.source] = one.place
    is_more = len(events) > len(shown)
    return Walked(rows=[one.row for one in shown], next=tuple(ended) if is_more else ())


def _movements(connection: Connection, card: int, after: str, count: int) -> Iterator[_Event]:
    moved = movements_of(connection, card, Page(after=after or None, count=count))
    for one in moved.movements:
        yield _Event(one.at, 0, f"{one.number}", _movement_row(one))


def _movement_row(one: Movement) -> dict[str, Any]:
    told: dict[str, Any] = {"at": one.at, "event": one.kind, "outcome": one.reason}
    told |= {"source": one.rrn, "by": one.name}
    for change, balance in zip(one.changes, one.balances, strict=True):
        if change.is_points:
            told["points"] = change.amount_minor
        elif not change.is_counted:
            told |= {"amount_minor": change.amount_minor, "balance_minor": balance.amount_minor}
    return told


def _lines(connection: Connection, card: int, before: int, count: int) -> Iterator[_Event]:
    asked = {"card": f"{card}", "before": before, "limit": count}
    for number, at, action, login, acting_as, outcome in connection.execute(SQL["lines"], asked):
        by = f"{login or ''} {acting_as}".strip()
        told = {"at": at, "event": action, "outcome": outcome, "source": f"#{number}", "by": by}
        yield _Event(at, 1, f"{number}", told)


def _milestones(connection: Connection, card: int, shown: int) -> Iterator[_Event]:
    """Made, opened and sold: the newest first, without those that were shown."""
    rows = connection.execute(SQL["milestones"], {"card": card}).fetchall()
    for place, (at, event, by, source) in enumerate(rows, 1):
        if place > shown:
            told = {"at": at, "event": event, "by": by, "source": source, "outcome": "done"}
            yield _Event(at, 2, f"{place}", told)
