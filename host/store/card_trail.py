"""What moved a card, read along its trail: each journal names the one before it.

So no posting keeps up an index for those who look.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "life.sql")
STEPS_READ: Final = 500
"""Of a trail at a time."""


class CardRow(msgspec.Struct, frozen=True):
    """A row of `card_of`."""

    id: int
    shard: int
    masked: str
    status: str
    expiry: str
    has_pin: bool
    pin_failures: int
    pin_tries_max: int
    issuer: int
    institution: str
    issuer_name: str


class Step(NamedTuple):
    """One journal of a card's trail."""

    number: int
    previous: int | None
    """0: it is the first; None: from before trails."""


class Trail:
    """Reads what moved a card, from any journal of it back."""

    def __init__(self, connection: Connection, card: CardRow) -> None:
        self._connection = connection
        self._card = card

    def back_from(self, number: int, count: int) -> list[Step]:
        """So many journals at most, this one first; 0: none."""
        if number <= 0 or count <= 0:
            return []
        told = {"shard": self._card.shard, "number": number, "limit": count}
        rows = self._connection.execute(SQL["trail"], told).fetchall()
        steps = [Step(*row) for row in rows]
        if steps and steps[-1].previous is None:
            steps += self.before_trails(steps[-1].number, count - len(steps))
        return steps

    def before_trails(self, before: int, count: int) -> list[Step]:
        """Of those that have none, from a number back."""
        told = {"shard": self._card.shard, "card": self._card.id, "before": before, "limit": count}
        return [Step(*row) for row in self._connection.execute(SQL["before_trails"], told)]

    def all_from(self, number: int) -> Iterator[Step]:
        """All of them, read a part at a time."""
        while number > 0:
            steps = self.back_from(number, STEPS_READ)
            yield from steps
            number = self.after(steps[-1]) if len(steps) == STEPS_READ else 0

    def after(self, step: Step) -> int:
        """The journal that comes after this one, going back; 0: none."""
        if step.previous is not None:
            return step.previous
        return next((older.number for older in self.before_trails(step.number, 1)), 0)
