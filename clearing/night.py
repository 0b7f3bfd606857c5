"""What every step of the night is given, and how it says that it cannot go on."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY, first_number_of
from host.shards import NIGHT_SHARD
from host.store.queries import load_queries

FILES: Final = (
    "queries.sql", "findings.sql", "standing.sql", "fees.sql", "alliances.sql", "corrections.sql",
    "adverts.sql", "reserves.sql", "statements.sql", "digests.sql", "deliveries.sql",
)  # fmt: skip
SQL: Final = {name: text for file in FILES for name, text in load_queries("clearing", file).items()}
LAID_OUT: Final = (
    "day_account", "day_line", "day_given", "day_place", "day_fee_choice", "day_priced",
    "day_sum", "day_seal",
)  # fmt: skip
"""Tables of the run, which end with it."""
ROOMY: Final = {"work_mem": "64MB", "default_statistics_target": "10", "jit": "off"}
"""Of each step: a day is sorted and summed in memory, and what is laid out is counted by as much of
it as tells how large it is. No plan is compiled: a server that does takes longer for that than for
most of a step."""
OF_MANY_ROWS: Final = {
    "enable_nestloop": "off", "enable_memoize": "off", "enable_mergejoin": "off",
}  # fmt: skip
"""A day's rows are joined whole: told that few are there, a server would look them up one by one in
tables that have no index, or sort both sides first. What it is told to look up it does not look up
twice, nor remember."""
OF_A_RANGE: Final = {**OF_MANY_ROWS, "enable_indexscan": "off"}
"""A whole day is read page by page, not row by row in the order of its key."""
RANGES: Final = frozenset({"accounts", "items", "asked", "lines"})
"""What is laid out of all entries or journals of the date."""
LOOKED_UP: Final = frozenset({"fee_bases", "seals"})
"""What is laid out of few rows of large tables: each is looked up by its key."""

Connection = psycopg.Connection[Any]
Owed = Callable[[], Mapping[str, int]]
"""What the switch keeps for others and has not brought yet: how many messages, by whom they are
for. The night knows no switch: the roof says it, where the files are at hand."""


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
        owed: what the switch keeps for others, by whom it is for.
        who: runs it.
        has_fees: the date is one whose fees are charged; older ones came before.
        laid_out: what of LAID_OUT stands by now.
        digests: of what stands laid out, by the statements that digest it.
    """

    connection: Connection
    business_date: dt.date
    files_dir: Path
    shards: tuple[int, ...] = ()
    is_repeat: bool = False
    has_fees: bool = True
    owed: Owed = dict
    who: str = ""
    laid_out: set[str] = field(default_factory=set)
    digests: dict[str, bytes] = field(default_factory=dict)

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

    def value(self, statement: sql.Composed) -> Any:
        """The one value of a statement that is made of named ones."""
        with self.connection.cursor() as cursor:
            row = cursor.execute(statement, self._with_date({})).fetchone()
        assert row is not None, "it aggregates, so it has a row"
        return row[0]

    @contextmanager
    def planned(self, by: Mapping[str, str] = OF_MANY_ROWS) -> Iterator[None]:
        """Have what is asked planned by these settings of the server, whatever its statistics say.

        What was before is put back; where it fails, the transaction of the step ends, and so do
        they.
        """
        names = list(by)
        before = [row["value"] for row in self.rows("planned_by", names=names)]
        self.plan_by(by)
        yield
        self.rows("plan_by", names=names, values=before)

    def plan_by(self, settings: Mapping[str, str]) -> None:
        """Have all that is asked until the transaction ends planned by these."""
        self.rows("plan_by", names=list(settings), values=list(settings.values()))

    def lay_out(self, table: str, *names: str) -> None:
        """Make a table of the run, once: each of these in turn, counted before it is read."""
        if table in self.laid_out:
            return
        for name in names:
            by = OF_A_RANGE if name in RANGES else OF_MANY_ROWS
            with nullcontext() if name in LOOKED_UP else self.planned(by):
                self.run(f"lay_out_{name}")
            self.run(f"analyze_{name}")
        self.laid_out.add(table)

    def sum_up(self) -> None:
        """Lay out what the date moved on each account, once a run."""
        self.lay_out("day_account", "accounts")

    def lay_out_lines(self) -> None:
        """Lay out what each journal moved between a merchant and an issuer, once a run."""
        self.sum_up()
        names = ("parties", "items", "moved", "given", "places", "asked", "cards", "lines")
        self.lay_out("day_line", *names)

    def clear_away(self) -> None:
        """Drop what was laid out, also by a run that did not come to its end."""
        for table in LAID_OUT:
            self.run(f"drop_{table}")
        self.laid_out.clear()
        self.digests.clear()

    def _with_date(self, values: Mapping[str, object]) -> dict[str, object]:
        first = first_number_of(self.business_date)
        return {
            "business_date": self.business_date,
            "first_number": first,
            "end_number": first + NUMBERS_PER_DAY,
            "shards": list(self.shards),
            "has_fees": self.has_fees,
            "night_shard": NIGHT_SHARD,
            "day_zero": DAY_ZERO,
            "numbers_per_day": NUMBERS_PER_DAY,
            **values,
        }


def begun(connection: Connection, files_dir: Path) -> Night:
    """A night of no date yet. In a transaction its caller opened."""
    night = Night(connection=connection, business_date=DAY_ZERO, files_dir=files_dir)
    return replace(night, shards=shards(night))


def shards(night: Night) -> tuple[int, ...]:
    """The shards that the ledger has rows of; asked anew in each step, for there may be more."""
    return tuple(row["shard"] for row in night.rows("shards"))
