"""A database filled with history by PostgreSQL itself: as many rows as years of trade leave.

They are no ledger: nothing balances, no seal covers anything. What reads history whole shows, by
its plan or by the clock.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import psycopg

from host.store.queries import load_queries

SQL: Final = load_queries("config.bench", "years.sql")
DAYS: Final = 1_000
"""Over how many business dates the rows are spread."""
AT_START: Final = (
    *("days", "issuers", "merchants", "stores", "terminals", "purses", "seals", "exchanges"),
)
"""The tables that a host could read when it starts."""

Connection = psycopg.Connection[Any]
Say = Callable[[str], None]


def fill_history(connection: Connection, rows: dict[str, int], *, say: Say) -> None:
    """Run these statements, each for so many rows, in a database of which we are the owner.

    Nothing is analysed.
    """
    for name, count in rows.items():
        done = connection.execute(SQL[name], {"rows": count, "days": DAYS})
        say(f"{name}: {done.rowcount:,}")


def evenly(rows: int, names: Sequence[str] = tuple(SQL)) -> dict[str, int]:
    """As many rows by each of these statements."""
    return dict.fromkeys(names, rows)
