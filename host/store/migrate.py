"""Numbered SQL files, each applied once, in order, whole or not at all.

A file is never edited after it has been applied anywhere: its checksum is kept and compared. One
that could not be applied to a database full of data is mended, and what its former text has made
elsewhere must be the same schema: the former checksum is in `FORMER`.
Roles belong to the server and not to one database, so the group roles that the files grant to are
made here, before them.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import errors

from host.store.awaited import carry_over, waiting_unchanged
from host.store.changes import note_what_differs
from host.store.connecting import LONG, connect
from host.store.locks import MIGRATION_LOCK

FILES: Final = Path(__file__).parent / "migrations"
GROUP_ROLES: Final[tuple[LiteralString, ...]] = (
    "posswitch_poster",  # appends to the ledger, never changes it
    "posswitch_night",  # closes days, writes positions
    "posswitch_reader",  # looks
    "posswitch_auditor",  # reads everything, changes nothing
    "posswitch_office",  # does what people ask for, and shows what they may see
)

FORMER: Final[Mapping[int, frozenset[bytes]]] = {
    # It failed where a terminal had keys, and made the same of an empty table.
    4: frozenset({
        bytes.fromhex("ddcd975d08e3e5ba35bab40b512d3268ed5ad055bb92623bb1d41cd5216e711d"),
    }),
}  # fmt: skip
"""Checksums of what a file said before it was mended, by its number."""

Begin = Callable[[int, int], None]
"""Told, before a database that has something in it is changed, from which version to which."""

SERVER_MIN: Final = 18
"""Of PostgreSQL: notes of changes are made with `RETURNING old`."""

CHANGES_SINCE: Final = 10
"""The migration from which on what it leaves of tables that decide is noted as changed."""


class MigrationError(Exception):
    """The database's history is not a beginning of ours, or its owner may not do what is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: `NNNN_name.sql`."""

    number: int
    name: str
    sql: str
    checksum: bytes
    """SHA-256 of the file."""


@cache
def migrations() -> tuple[Migration, ...]:
    """Every file this program knows, in order."""
    return tuple(_read(path) for path in sorted(FILES.glob("[0-9]*_*.sql")))


def schema_version() -> int:
    """The number of the newest migration this program knows."""
    return migrations()[-1].number


def applied_version(connection: psycopg.Connection) -> int:
    """The number of the newest migration this database has had; 0 for an empty one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('schema_migration') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute("SELECT coalesce(max(number), 0) FROM schema_migration")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def tell_nobody(_was: int, _becomes: int) -> None:
    """A `Begin` for whoever waits for no upgrade."""


def migrate(dsn: str, begin: Begin = tell_nobody) -> list[Migration]:
    """Bring a database up to date as its owner; gives what was applied now.

    Any number of programs may call it at once: one works, the others wait and find it done.

    Raises:
        MigrationError: the database has a migration we do not know, or knows one differently, or
            its server is too old.
    """
    with connect(dsn, LONG, autocommit=True) as connection:
        return bring_up(connection, migrations(), begin)


def bring_up(
    connection: psycopg.Connection, known: Sequence[Migration], begin: Begin = tell_nobody
) -> list[Migration]:
    """As `migrate`, over a connection with no transaction open, by who knows these files alone.

    Others wait until the connection ends.
    """
    refuse_older(connection.info.server_version)
    connection.execute("SELECT pg_advisory_lock(%s, %s)", MIGRATION_LOCK)
    _make_group_roles(connection)
    applied = _applied(connection)
    pending = _pending(applied, known)
    if applied and pending:
        begin(max(applied), known[-1].number)
    for migration in pending:
        _apply(connection, migration, is_last=migration is pending[-1])
    return pending


def refuse_older(server_version: int) -> None:
    """Nothing is begun on a server that could not go on; the version is libpq's, 180001.

    Raises:
        MigrationError: it is older than SERVER_MIN.
    """
    if server_version // 10_000 < SERVER_MIN:
        raise MigrationError(
            f"the server is PostgreSQL {server_version // 10_000}, and {SERVER_MIN} or newer is "
            "needed. Next: name a newer one in [database], or upgrade it (pg_upgrade)"
        )


def _read(path: Path) -> Migration:
    text = path.read_bytes()
    number, _, name = path.stem.partition("_")
    return Migration(
        number=int(number), name=name, sql=text.decode(), checksum=hashlib.sha256(text).digest()
    )


def _make_group_roles(connection: psycopg.Connection) -> None:
    """Make those that are missing; another database's migration may make them at this moment."""
    rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    existing = {name for (name,) in rows}
    for role in GROUP_ROLES:
        if role in existing:
            continue
        try:
            connection.execute(f"CREATE ROLE {role} NOLOGIN")
        except (errors.DuplicateObject, errors.UniqueViolation):
            continue
        except errors.InsufficientPrivilege as refusal:
            raise MigrationError(
                f"the database owner may not create the role {role}. Next, as an administrator of "
                f"the server: {'; '.join(f'CREATE ROLE {each} NOLOGIN' for each in GROUP_ROLES)}"
            ) from refusal


def _applied(connection: psycopg.Connection) -> dict[int, bytes]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration ("
        "number integer PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = connection.execute("SELECT number, checksum FROM schema_migration").fetchall()
    return {number: bytes(checksum) for number, checksum in rows}


def _pending(applied: Mapping[int, bytes], known: Sequence[Migration]) -> list[Migration]:
    """What is still to be applied, once what has been applied is seen to be a beginning of ours."""
    newest = max(applied, default=0)
    if newest > known[-1].number:
        raise MigrationError(
            f"the database is at schema version {newest}, this program knows {known[-1].number}. "
            "Next: run the posswitch that made it, or a newer one"
        )
    for migration in known:
        if migration.number > newest:
            continue
        if not _is_same(migration, applied.get(migration.number)):
            raise MigrationError(
                f"migration {migration.number:04} ({migration.name}) was applied here with another "
                "text than this program's. Next: run the posswitch that made this database, or "
                "begin a new one"
            )
    return [migration for migration in known if migration.number > newest]


def _is_same(migration: Migration, applied: bytes | None) -> bool:
    """Whether what was applied is this file, as it is or as it was before it was mended."""
    return applied == migration.checksum or applied in FORMER.get(migration.number, ())


def _apply(connection: psycopg.Connection, migration: Migration, *, is_last: bool) -> None:
    """What rows have become by all of them is noted with the last.

    One that is stopped before it goes on there, and no program works on what is not up to date.
    """
    with connection.transaction():
        unchanged = waiting_unchanged(connection)
        connection.execute(migration.sql)
        carry_over(connection, unchanged)
        connection.execute(
            "INSERT INTO schema_migration (number, name, checksum) VALUES (%s, %s, %s)",
            (migration.number, migration.name, migration.checksum),
        )
        if is_last and migration.number >= CHANGES_SINCE:
            note_what_differs(connection)
