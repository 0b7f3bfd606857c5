"""What every step of the night is given, and how it says that it cannot go on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import DictRow, dict_row

from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY, first_number_of
from host.store.queries import load_queries

SQL: Final = load_queries("clearing", "queries.sql")

Connection = psycopg.Connection[Any]


class ClearingError(Exception):
    """The night cannot go on. Says what is wrong, why it matters, and what to do next.

    What was finished before it stays finished: the same command goes on from there.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One business date being cleared.

    Attributes:
        connection: of the night's login. A step runs in a transaction its caller opened.
        shards: those that the ledger has rows of.
        is_repeat: this step finished before; it writes nothing to the database then, computes
            again, and compares.
    """

    connection: Connection
    business_date: dt.date
    files_dir: Path
    shards: tuple[int, ...] = ()
    is_repeat: bool = False

    def run(self, name: str, /, **values: object) -> int:
        """Run a named statement; gives the number of rows it wrote."""
        with self.connection.cursor() as cursor:
            return cursor.execute(SQL[name], self._with_date(values)).rowcount

    def rows(self, name: str, /, **values: object) -> list[DictRow]:
        """The rows of a named statement, columns by name."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(SQL[name], self._with_date(values)).fetchall()

    def row(self, name: str, /, **values: object) -> DictRow | None:
        """The only row of a named statement, or None."""
        rows = self.rows(name, **values)
        assert len(rows) <= 1, f"{name} gives one row at most"
        return rows[0] if rows else None

    def sum_up(self) -> None:
        """Lay out what the date moved on each account, for the rest of this transaction."""
        self.run("sum_up_day")
        self.run("analyze_day")

    def _with_date(self, values: Mapping[str, object]) -> dict[str, object]:
        first = first_number_of(self.business_date)
        return {
            "business_date": self.business_date,
            "first_number": first,
            "end_number": first + NUMBERS_PER_DAY,
            "shards": list(self.shards),
            **values,
        }


def begun(connection: Connection, files_dir: Path) -> Night:
    """A night of no date yet. In a transaction its caller opened."""
    night = Night(connection=connection, business_date=DAY_ZERO, files_dir=files_dir)
    return replace(night, shards=shards(night))


def shards(night: Night) -> tuple[int, ...]:
    """The shards that the ledger has rows of; asked anew in each step, for there may be more."""
    return tuple(row["shard"] for row in night.rows("shards"))
