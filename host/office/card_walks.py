"""What is read along one card's trail: its life, and what was paid with it.

The trail is that of `posswitch card show`: each journal names the one before it, so nothing here
costs a posting an index. A page costs the same however much came after it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from host.model.money import Money
from host.model.requests import Kind, Response, read_answer
from host.model.responses import Reason
from host.office.view import Walk, Walked
from host.store.card_view import Moved, Movement, Page, movements_of
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "card_walks.sql")
FROM_THE_START: Final = 2**62
"""Before this number everything came."""
PAYS: Final = frozenset({Kind.PURCHASE, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN})
"""What a card is used by to pay: with what is on it, with points, or elsewhere while it earns."""
READ_AT_A_TIME: Final = 100
READ_MAX: Final = 2_000
"""So much of a trail is read for one page of what may be few."""


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
        *_movements(connection, walk.card, movement, wanted),
        *_lines(connection, walk.card, int(line), wanted),
        *_milestones(connection, walk.card, int(milestone)),
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
        else:
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


# What was paid with it. ----------------------------------------------------------------------


def usages(connection: Connection, walk: Walk) -> Walked:
    """What a card was used for, the newest first, each by what it was paid with.

    Raises:
        CardUnknownError, ValueError: the place to go on from is none.
    """
    [after] = walk.after or ("",)
    rows: list[Mapping[str, Any]] = []
    read = 0
    while True:
        count = min(READ_AT_A_TIME, READ_MAX - read)
        moved = movements_of(connection, walk.card, Page(after=after or None, count=count))
        read += count
        for place, row in _usages_of(connection, moved):
            if len(rows) == walk.rows_max:
                return Walked(rows=rows, next=(after,))
            rows.append(row)
            after = place
        if moved.next is None:
            return Walked(rows=rows)
        after = moved.next
        if read >= READ_MAX:
            return Walked(rows=rows, next=(after,))


def _usages_of(connection: Connection, moved: Moved) -> Iterator[tuple[str, Mapping[str, Any]]]:
    paid = [one for one in moved.movements if one.kind in PAYS and one.reason == Reason.APPROVED]
    asked = {"shard": moved.shard, "numbers": [one.number for one in paid]}
    places = {row[0]: row[1:] for row in connection.execute(SQL["places"], asked)}
    for one in paid:
        *place, answer = places[one.number]
        yield f"{one.number}", _usage_row(one, tuple(place), read_answer(answer))


def _usage_row(one: Movement, place: tuple[Any, ...], told: Response) -> dict[str, Any]:
    """Split into what was on the card, points, and what was paid elsewhere."""
    of_card = next((-each.amount_minor for each in one.changes if not each.is_points), 0)
    merchant, store, terminal = place
    return {
        "id": one.number,
        "rrn": one.rrn,
        "at": one.at,
        "event": one.kind,
        "gift_card_minor": max(of_card, 0),
        "points": told.points_used,
        "cash_minor": told.self_pay_minor,
        "refunded_minor": one.refunded.amount_minor if one.refunded is not None else 0,
        "merchant": merchant,
        "store": store,
        "terminal": terminal,
        "source": one.name,
        "is_valid": _is_valid(one),
    }


def _is_valid(one: Movement) -> bool:
    """Neither taken back nor given back whole."""
    paid = sum(abs(each.amount_minor) for each in one.changes if not _is_earned(one, each))
    is_given_back = one.refunded is not None and one.refunded.amount_minor >= paid > 0
    return one.undone_by is None and not is_given_back


def _is_earned(one: Movement, change: Money) -> bool:
    """Points that a purchase gave are no part of what was paid."""
    return change.is_points and one.kind != Kind.POINTS_REDEMPTION
