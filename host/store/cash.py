"""Moves loads of cash on with the postings that took them, and handed them in."""

from typing import Any, Final

from host.rules.cash import CashHandedIn, CashTaken
from host.store import arrays
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "cash.sql")
COLUMNS: Final = (arrays.smallints, arrays.bigints, arrays.bigints)


def row_of(shard: int, number: int, kept: CashTaken | CashHandedIn) -> tuple[Any, ...]:
    """The posting, and which load it is of."""
    return shard, number, kept.load
