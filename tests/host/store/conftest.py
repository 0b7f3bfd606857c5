"""Databases full of data, of any version."""

import datetime as dt
import functools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from clearing.night import SQL as NIGHTLY
from config.run.database import Dsns, embedded_dsns, make_database
from config.run.postgres import PostgresServer
from host.model.numbers import DAY_ZERO, NUMBERS_PER_DAY
from host.model.recon import WEIGHTS
from host.office.recon_matching import SQL as RECONCILING
from host.shards import NIGHT_SHARD
from host.store.changes import note_what_differs
from host.store.migrate import CHANGES_SINCE, Migration, bring_up, migrate, migrations
from tests.host.conftest import NOW
from tests.host.owner import WRITTEN

UPGRADED = "test_upgrades"
NEWEST, EVERY = 6, 16
"""The newest versions are upgraded in every run; of older ones, whose migrations nobody changes any
more, each eighth, and all of them in `make chaos`."""
FULL = Path(__file__).parent / "full"
LAID_OUT = (
    "lay_out_accounts",
    "lay_out_parties",
    "lay_out_items",
    "lay_out_moved",
    "lay_out_given",
    "lay_out_places",
    "lay_out_asked",
    "lay_out_cards",
    "lay_out_lines",
    "lay_out_fee_bases",
    "lay_out_fee_choices",
    "lay_out_priced",
    "lay_out_sums",
    "lay_out_charges",
    "lay_out_reserves",
    "lay_out_seals",
)
"""Tables of one step that later statements read."""
LAID_OUT_BY_OFFICE = (
    "lay_out_moved",
    "lay_out_ours",
    "lay_out_theirs",
    "lay_out_pairs",
    "lay_out_near",
    "lay_out_late",
)
"""The same of files that are reconciled."""
ANOTHER = {
    "smallint": "{0} + 1",
    "integer": "{0} + 1",
    "bigint": "{0} + 1",
    "text": "{0} || 'x'",
    "bytea": r"{0} || '\x00'",
    "boolean": "NOT {0}",
    "date": "{0} + 1",
    "timestamp with time zone": "{0} + interval '1 second'",
    "ARRAY": "{0} || '{{1}}'",
    "jsonb": """{0} || '{{"other": 1}}'""",
}
ABSENT = {"text": "'x'", "bytea": r"'\x01'", "boolean": "true", "ARRAY": "'{1}'", "jsonb": "'{}'"}
"""What a column that is null is made; a number is 1, a date or a moment is now."""


@pytest.fixture(scope="module")
def catalogue(module_database: Dsns) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection, with what a step of the night lays out."""
    with psycopg.connect(module_database.owner, autocommit=True) as connection:
        for name in LAID_OUT:
            told = {
                "shards": [0],
                "first_number": 0,
                "end_number": 1,
                "has_fees": True,
                "night_shard": NIGHT_SHARD,
                "day_zero": DAY_ZERO,
                "numbers_per_day": NUMBERS_PER_DAY,
            }
            laid_out = NIGHTLY[name].replace(" ON COMMIT DROP", "")
            connection.execute(laid_out, {**told, "business_date": "2026-11-22"})
        for name in LAID_OUT_BY_OFFICE:
            office = {
                **{weight.name: weight.score for weight in WEIGHTS},
                "alike_max": 1,
                "port_since": NOW,
                "port_until": NOW,
            }
            told |= {"files": [0], "business_date": dt.date(2026, 11, 22), **office}
            connection.execute(RECONCILING[name].replace(" ON COMMIT DROP", ""), told)
        yield connection


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[Dsns]:
    name = UPGRADED
    with psycopg.connect(postgres_server.cluster.owner_dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        make_database(connection, name)
        yield embedded_dsns(postgres_server.cluster, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tried_versions(config: pytest.Config) -> list[int]:
    """From which versions a full database is upgraded: all of them in `make chaos`."""
    versions = [each.number for each in migrations()]
    return versions if config.getoption("full") else versions[:-NEWEST:EVERY] + versions[-NEWEST:]


@pytest.fixture(scope="session")
def full_template(
    postgres_server: PostgresServer, pytestconfig: pytest.Config
) -> Callable[[int], str]:
    """The name of a database of a version, with data from every version up to it.

    It is made of the nearest before it that is tried, once.
    """
    cluster, tried = postgres_server.cluster, tried_versions(pytestconfig)

    @functools.cache
    def make(version: int) -> str:
        before = max((each for each in tried if each < version), default=0)
        name, like = f"full_{version:04}", make(before) if before else "template1"
        with psycopg.connect(cluster.owner_dsn(), autocommit=True) as connection:
            make_database(connection, name, like)
        with psycopg.connect(embedded_dsns(cluster, name).owner, autocommit=True) as connection:
            for migration in migrations()[before:version]:
                _fill(connection, migration)
        return name

    return make


@pytest.fixture(scope="session")
def upgraded(
    postgres_server: PostgresServer, full_template: Callable[[int], str]
) -> Callable[[int], tuple[Dsns, Dsns]]:
    """A full database of a version as it was, and the same as it is once it is up to date."""
    cluster = postgres_server.cluster

    @functools.cache
    def make(version: int) -> tuple[Dsns, Dsns]:
        before, name = full_template(version), f"upgraded_{version:04}"
        with psycopg.connect(cluster.owner_dsn(), autocommit=True) as connection:
            make_database(connection, name, before)
        now = embedded_dsns(cluster, name)
        migrate(now.owner)
        return embedded_dsns(cluster, before), now

    return make


@pytest.fixture
def full_at(
    postgres_server: PostgresServer, empty: Dsns, full_template: Callable[[int], str]
) -> Callable[[int], Dsns]:
    """Makes a database of a version, with data from every version up to it."""

    def make(version: int) -> Dsns:
        template = full_template(version)
        with psycopg.connect(postgres_server.cluster.owner_dsn(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {UPGRADED} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {UPGRADED} TEMPLATE {template} STRATEGY file_copy")
        return empty

    return make


def _fill(connection: psycopg.Connection[Any], migration: Migration) -> None:
    """Bring it to this version, and have its rows put in as that version stored them."""
    bring_up(connection, migrations()[: migration.number])
    rows = (FULL / f"{migration.number:04}.sql").read_text()
    with connection.transaction():
        connection.execute(rows)
        if migration.number >= CHANGES_SINCE:
            note_what_differs(connection, WRITTEN.findall(rows))


def without_constraints(owner: psycopg.Connection[Any], kinds: str = "fucp") -> None:
    """Every constraint of these kinds gone, and with the unique ones all that counts by itself."""
    for kind in kinds:
        for table, name in owner.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = %s AND connamespace = 'public'::regnamespace",
            [kind],
        ).fetchall():
            owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
    if "u" not in kinds:
        return
    for (index,) in owner.execute(
        "SELECT indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c"
        " ON c.oid = i.indexrelid WHERE i.indisunique"
        " AND c.relnamespace = 'public'::regnamespace"
    ).fetchall():
        owner.execute(f"DROP INDEX {index}")
    for table, column in owner.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attidentity <> ''"
    ).fetchall():
        owner.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP IDENTITY")


def another(column: str, kind: str) -> str:
    """A value that a column of this type does not have, as SQL."""
    other = ANOTHER[kind].format(column)
    absent = ABSENT.get(kind, "1" if "int" in kind else "now()")
    return f"CASE WHEN {column} IS NULL THEN {absent} ELSE {other} END"


def edit(
    owner: psycopg.Connection[Any],
    table: str,
    column: str,
    kind: str,
    how: str,
    chance: random.Random,
) -> str:
    """Do it to one row drawn by chance; gives which."""
    rows = [row for (row,) in owner.execute(f"SELECT ctid::text FROM {table}")]
    row = chance.choice(rows)
    value = another(column, kind)
    if how == "take out":
        owner.execute(f"DELETE FROM {table} WHERE ctid = %s", [row])
    elif how == "change":
        owner.execute(f"UPDATE {table} SET {column} = {value} WHERE ctid = %s", [row])
    else:
        names = [
            name
            for (name,) in owner.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
                [table],
            )
        ]
        values = ", ".join(value if name == column else name for name in names)
        owner.execute(
            sql.SQL(
                f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE"
                f" SELECT {values} FROM {table} WHERE ctid = %s"
            ),
            [row],
        )
    return row
