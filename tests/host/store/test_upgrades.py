"""A database full of data is brought up to date from whatever version it has.

`full/NNNN.sql` fills what migration NNNN made, with rows as that version stored them. A new
migration joins by such a file: it gives every table and column it adds a row with a value, and
is then tried on the data of every version before it.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from clearing.verify import audit
from config.run.database import Dsns
from host.store.migrate import (
    FORMER,
    Migration,
    applied_version,
    migrate,
    migrations,
)
from tests.host.store.conftest import FULL, tried_versions

Connection = psycopg.Connection[Any]
Contents = dict[str, list[dict[str, Any]]]

GONE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "terminal_key.wrapped": ("block", lambda old: "wrapped " + old.removeprefix("\\x")),
    "exchange.terminal_id": ("terminal_id", lambda old: old if old and len(old) == 8 else None),
    "journal.terminal_id": ("terminal_id", lambda old: old if old and len(old) == 8 else None),
    "journal.merchant_id": ("merchant_id", lambda old: old or None),
}
"""A column that a migration took away or changed: the one that has its value since, and in which
form."""
DROPPED = {
    "card.value_account",
    "card.points_account",
    "account.shard",
    "account.card_id",
    "programme.lot_months",
}
"""Columns that a migration took away for good: a card's accounts are found in its purses, how long
points are good in dated rows of their programme."""
VERSIONS = [each.number for each in migrations()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of a version are tried from some of them."""
    if "version" in metafunc.fixturenames:
        metafunc.parametrize("version", tried_versions(metafunc.config))


@pytest.mark.parametrize("migration", migrations(), ids=lambda each: each.name)
def test_every_migration_has_a_file_that_fills_what_it_made(migration: Migration) -> None:
    assert (FULL / f"{migration.number:04}.sql").exists(), (
        f"write tests/host/store/full/{migration.number:04}.sql: a row with a value for every "
        f"table and column that {migration.name} adds, or a comment where it adds none"
    )


def test_no_table_and_no_column_of_a_full_database_is_empty(full_at: Callable[[int], Dsns]) -> None:
    with psycopg.connect(full_at(VERSIONS[-1]).owner) as connection:
        for table, rows in _contents(connection).items():
            assert rows, f"no file in {FULL} puts a row into {table}"
            filled = {name for row in rows for name, value in row.items() if value is not None}
            assert filled == rows[0].keys(), f"columns of {table} that no file fills"


@pytest.mark.counted
def test_a_full_database_of_any_version_is_upgraded_and_keeps_its_data(
    upgraded: Callable[[int], tuple[Dsns, Dsns]], version: int
) -> None:
    was, now = upgraded(version)
    with psycopg.connect(was.owner) as connection:
        before = _contents(connection)
    with psycopg.connect(now.owner) as connection:
        assert applied_version(connection) == VERSIONS[-1]
        after = _contents(connection)

    @functools.cache
    def kept(table: str, names: tuple[str, ...]) -> frozenset[str]:
        return frozenset(_told({name: row[name] for name in names}) for row in after[table])

    for table, rows in before.items():
        for row in rows:
            there, expected = _moved(*_elsewhere(table, row))
            assert _told(expected) in kept(there, tuple(expected)), f"{table} lost something"


@pytest.mark.counted
def test_the_books_of_an_upgraded_database_are_whole(
    upgraded: Callable[[int], tuple[Dsns, Dsns]], version: int
) -> None:
    _, now = upgraded(version)
    with psycopg.connect(now.owner, autocommit=True) as connection:
        assert [str(finding) for finding in audit(connection)] == []


def test_what_a_mended_file_made_before_it_was_mended_is_taken(
    empty: Dsns,
) -> None:
    migrate(empty.owner)
    with psycopg.connect(empty.owner, autocommit=True) as connection:
        for number, checksums in FORMER.items():
            for checksum in checksums:
                connection.execute(
                    "UPDATE schema_migration SET checksum = %s WHERE number = %s",
                    (checksum, number),
                )
                assert migrate(empty.owner) == []


def _told(row: dict[str, Any]) -> str:
    """A row as a text that another of the same values has too."""
    return json.dumps(row, sort_keys=True)


def _contents(connection: Connection) -> Contents:
    """Every table's rows, each as its columns and their text."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname <> 'schema_migration' ORDER BY relname"
    ).fetchall()
    return {
        table: [row for (row,) in connection.execute(f"SELECT to_jsonb(t) FROM {table} AS t")]
        for (table,) in tables
    }


def _elsewhere(table: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The table that a row of before is in now, with its columns there: a card's own are purses."""
    if table == "account" and row.get("card_id") is not None:
        names = {"id": "account_id", "shard": "shard", "card_id": "card_id", "unit": "unit"}
        return "purse", {now: row[name] for name, now in names.items()}
    return ("purse", row) if table == "balance" else (table, row)


def _moved(table: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A row of before as it should be now, in the columns there are."""
    moved = {}
    for name, value in row.items():
        now, form = GONE.get(f"{table}.{name}", (name, lambda same: same))
        if f"{table}.{name}" not in DROPPED:
            moved[now] = form(value)
    return table, moved
