"""Reads which moves between cards are open, and keeps how far each is."""

import datetime as dt
from typing import Any, Final, NamedTuple

import psycopg

from host.model.money import Money
from host.model.origins import Origin
from host.model.own import CardAt
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "moves.sql")
MERGE: Final = "merge"
BREAKAGE: Final = "breakage"
GATHER: Final = "gather"
GATHER_POINTS: Final = "gather_points"
_GATHERS: Final = frozenset({GATHER, GATHER_POINTS})
BEFORE_ALL: Final = (-1, -1, "")
Connection = psycopg.Connection[Any]


class OpenMove(NamedTuple):
    """A move that is not done."""

    shard: int
    card: int
    name: str
    origin: Origin
    made_by: str
    step: int
    """Which is asked next; each has a key of its own."""
    wanted: int
    """How often something was to leave the card."""
    giver: CardAt
    receiver: CardAt | None
    """None: what is left goes back to the issuer."""
    fee: Money | None = None
    """What its issuer takes before anything leaves it."""
    points: Money | None = None
    """How many of them are still to leave, where points are gathered."""

    @property
    def is_merge(self) -> bool:
        """Both cards stay in use: what the other may not have comes back."""
        return self.name == MERGE

    @property
    def is_gathering(self) -> bool:
        """What a payment takes of it leaves, and is spent from the other card."""
        return self.name in _GATHERS

    def after(self, sent_minor: int) -> "OpenMove":
        """What is asked next, once a step has sent so much."""
        left = self.points
        if left is not None:
            left = Money(left.amount_minor - sent_minor, left.unit)
        return self._replace(step=self.step + 1, points=left)

    @property
    def has_gathered(self) -> bool:
        """Whether no more is to leave for a payment: money goes in one step, points lot by lot."""
        return self.is_gathering and (self.points is None or self.points.amount_minor <= 0)

    @property
    def key(self) -> tuple[int, int, str]:
        """By which its row is found, and after which others come."""
        return self.shard, self.card, self.name


class OnItsWay(NamedTuple):
    """What a step has sent to the other card."""

    is_open: bool
    amount: Money
    expires_on: dt.date | None
    available_from: dt.date | None
    is_debt: bool
    to: CardAt


def open_moves(connection: Connection, last: tuple[int, int, str], limit: int) -> list[OpenMove]:
    """The next ones by shard, card and name, behind the last one seen."""
    wanted = dict(zip(("shard", "card", "name"), last, strict=True), limit=limit)
    return [_open(row) for row in connection.execute(SQL["open_moves"], wanted)]


def on_its_way(connection: Connection, shard: int, number: int) -> OnItsWay | None:
    """What the posting of that number has sent; None where it sent nothing."""
    told = {"shard": shard, "number": number}
    row = connection.execute(SQL["transit"], told).fetchone()
    if row is None:
        return None
    is_open, amount, unit, expires_on, is_debt, available_from, *to = row
    days = (expires_on, available_from)
    return OnItsWay(is_open, Money(amount, unit), *days, is_debt, CardAt(*to))


def arrived(connection: Connection, move: OpenMove, number: int, sent_minor: int) -> None:
    """What that posting sent is there; the next step may be asked."""
    told = _told(move)
    if move.points is not None:
        told["points"] = sent_minor
    with connection.transaction():
        connection.execute(SQL["arrived"], {"shard": move.shard, "number": number})
        connection.execute(SQL["next_step"], told)


def came_back(
    connection: Connection, move: OpenMove, number: int, refused: str, now: dt.datetime
) -> None:
    """What that posting sent is on its own card again, and no more leaves it."""
    with connection.transaction():
        connection.execute(SQL["arrived"], {"shard": move.shard, "number": number})
        connection.execute(SQL["next_step"], _told(move))
        connection.execute(SQL["refuse"], {**_told(move), "refused": refused, "now": now})


def finish(connection: Connection, move: OpenMove, now: dt.datetime) -> None:
    """Nothing is left. Where something has come back since it was read it stays open."""
    with connection.transaction():
        connection.execute(SQL["next_step"], _told(move))
        connection.execute(SQL["finish"], {**_told(move), "now": now})


def refuse(connection: Connection, move: OpenMove, refused: str, now: dt.datetime) -> None:
    """It cannot be done; `refused` says why."""
    with connection.transaction():
        connection.execute(SQL["next_step"], _told(move))
        connection.execute(SQL["refuse"], {**_told(move), "refused": refused, "now": now})


def _open(row: tuple[Any, ...]) -> OpenMove:
    shard, card, name, origin, made_by, step, wanted, giver, to_shard, receiver, *sums = row
    (fee, points) = (sums[:2], sums[2:])
    to = None if receiver is None else CardAt(to_shard, bytes(receiver))
    at = CardAt(shard, bytes(giver))
    taken = Money(*fee) if fee[0] else None
    left = Money(*points) if name == GATHER_POINTS else None
    return OpenMove(shard, card, name, Origin(origin), made_by, step, wanted, at, to, taken, left)


def _told(move: OpenMove) -> dict[str, object]:
    shard, card, name = move.key
    told: dict[str, object] = {"shard": shard, "card": card, "name": name}
    return told | {"step": move.step, "wanted": move.wanted, "points": 0}
