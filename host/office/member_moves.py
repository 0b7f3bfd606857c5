"""What came onto a member's cards and left them, with what each had behind it: their own account.

It is read along the trails of their cards, as long as these are theirs.
"""

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final

from host.office import trails
from host.office.trails import READ_MAX, Moved
from host.office.view import Walk, Walked
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "usages.sql")


@enum.unique
class Way(enum.StrEnum):
    """Whether a card has more by it, or less."""

    IN = "in"
    OUT = "out"


LATE: Final = dt.timedelta(days=2)
"""What is of an earlier date may have come behind what is of a later one."""

Row = Mapping[str, Any]
Key = tuple[int, int]
"""A journal: shard and number."""


def my_moves(connection: Connection, walk: Walk) -> Walked:
    """A page of what moved their cards, the newest first; what was declined moved none.

    Raises:
        CardUnknownError, ValueError: the place to go on from is none.
    """
    rows: list[Row] = []
    last, read = walk.after, 0
    masked = dict(connection.execute(SQL["masked"], {"cards": list(walk.cards)}).fetchall())
    for part in trails.of_cards(connection, walk, trails.since_of(connection, walk)):
        where = _where(connection, [one for _, one in part.read if one.movement.changes])
        for place, one in part.read:
            if _is_before(walk, one):
                return Walked(rows=rows)
            at = where.get((one.shard, one.number), {})
            row = {**_row(one), **at, "pan_masked": masked[one.card]}
            if one.movement.changes and _is_asked(walk, row):
                if len(rows) == walk.rows_max:
                    return Walked(rows=rows, next=last)
                rows.append(row)
            last = place
        last, read = part.end, read + len(part.read)
        if read >= READ_MAX:
            return Walked(rows=rows, next=last)
    return Walked(rows=rows)


def _is_before(walk: Walk, one: Moved) -> bool:
    """Nothing that is asked for comes after it any more."""
    since: dt.date | None = walk.asked.get("since")
    return since is not None and one.movement.business_date < since - LATE


def _is_asked(walk: Walk, row: Row) -> bool:
    asked, date = walk.asked, row["business_date"]
    if date < asked.get("since", date) or date > asked.get("until", date):
        return False
    moved = row.get("amount_minor") or row.get("points") or 0
    if "direction" in asked and (moved > 0) != (asked["direction"] == Way.IN):
        return False
    return bool(row["event"] == asked.get("event", row["event"]))


def _where(connection: Connection, moved: Sequence[Moved]) -> dict[Key, Row]:
    """At which merchant's and store's, where it was at one."""
    told = {"shards": [one.shard for one in moved], "numbers": [one.number for one in moved]}
    found = connection.execute(SQL["where_moved"], told).fetchall()
    return {
        (shard, number): {"at_merchant": merchant, "at_store": store}
        for shard, number, merchant, store in found
    }


def _row(one: Moved) -> Row:
    movement = one.movement
    told: dict[str, Any] = {
        "id": one.number,
        "rrn": movement.rrn,
        "at": movement.at,
        "business_date": movement.business_date,
        "event": movement.kind,
        "card": one.card,
        "is_valid": movement.undone_by is None,
    }
    for change, balance in zip(movement.changes, movement.balances, strict=True):
        if change.is_points:
            told["points"] = told.get("points", 0) + change.amount_minor
        elif not change.is_counted:
            told |= {"amount_minor": change.amount_minor, "balance_minor": balance.amount_minor}
    return told
