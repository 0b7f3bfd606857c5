"""The database of one posswitch: who may log in to it, and how a command gets hold of it.

Five logins, each with what its work needs and no more: `owner` migrates and loads estates,
`host` posts, `night` clears, `audit` reads, `office` does what people ask for. On the embedded
server they are made here; on a server of your own they are yours, told in `[database]`.
"""

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from config.cluster import OWNER, Cluster
from config.errors import Say, SettingsError, SurroundingsError
from config.places import Places
from config.run.passfile import new_password, write_passfile
from config.run.postgres import (
    PostgresServer,
    begun_postgres,
    is_serving,
    start_postgres,
    takes_clients,
)
from config.run.tending import Tended
from config.settings import DatabaseSettings, revealed
from host.store.connecting import SHORT, connect
from host.store.migrate import Begin, migrate, tell_nobody

DATABASE: Final = "posswitch"
LOGINS: Final = {
    "host": "posswitch_poster",
    "night": "posswitch_night",
    "audit": "posswitch_auditor",
    "office": "posswitch_office",
}
"""Login -> the group role whose rights it has."""
RECOVERY_SECONDS_MAX: Final = 3600.0
"""Reading back what a crash left unwritten must be let finish, however much it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsns:
    """Connection strings of one database, by login. Those of the embedded server hold no secret."""

    owner: str
    host: str
    night: str
    audit: str
    office: str


def dsn_of(login: str, settings: DatabaseSettings, cluster: Cluster) -> str:
    """The connection string of one login.

    Raises:
        SettingsError: the database is not the embedded one and this login is not told.
    """
    if settings.is_embedded:
        return getattr(embedded_dsns(cluster), login)  # type: ignore[no-any-return]
    told: str | None = getattr(settings, login)
    if told is None:
        raise SettingsError(
            f'database.{login} is not set and this needs it. Next: write {login} = "env:NAME" '
            "under [database], with the connection string in that variable",
            "E-SETTINGS-VARIABLE",
        )
    return revealed(told, f"database.{login}")


def dsn_if_told(login: str, settings: DatabaseSettings, cluster: Cluster) -> str | None:
    """That of a login; None where a server of your own has no such one."""
    if not settings.is_embedded and getattr(settings, login) is None:
        return None
    return dsn_of(login, settings, cluster)


def embedded_dsns(cluster: Cluster, database: str = DATABASE) -> Dsns:
    """The connection strings of a database on the embedded server."""
    return Dsns(
        owner=cluster.dsn(OWNER, cluster.owner_passfile, database),
        host=cluster.dsn("host", _passfile(cluster, "host"), database),
        night=cluster.dsn("night", _passfile(cluster, "night"), database),
        audit=cluster.dsn("audit", _passfile(cluster, "audit"), database),
        office=cluster.dsn("office", _passfile(cluster, "office"), database),
    )


@contextmanager
def opened_database(
    settings: DatabaseSettings, places: Places, *, must_exist: bool = False, say: Say = print
) -> Iterator[PostgresServer | None]:
    """A database that is up and migrated: the embedded one is started unless it runs already.

    Gives the server when we started it: it stops when the block is left. An embedded one that is
    not there is made, unless it `must_exist`.

    Raises:
        OperatorError: it cannot be started, or its schema is not ours.
    """
    if must_exist and settings.is_embedded and not places.cluster.directory.exists():
        raise SurroundingsError(
            f"there is no database in {places.data}. Next: posswitch up --data {places.data}, "
            "or name the right directory",
            "E-DATABASE-NONE",
        )
    places.make()
    with ExitStack() as stack:
        server = None
        if not settings.is_embedded:
            _migrate_as_owner(settings, places, _announced(say))
        elif not is_serving(places.cluster):
            server = stack.enter_context(start_postgres(places.cluster, say=say))
            prepare_embedded(places.cluster, begin=_announced(say))
        yield server


@contextmanager
def tended_database(
    settings: DatabaseSettings, places: Places, server: PostgresServer | None, say: Say
) -> Iterator[Tended | None]:
    """The embedded server, started again whenever it ends; None where the database is not ours.

    One that somebody else had started already is taken over once they have stopped it.
    """
    if not settings.is_embedded:
        yield None
        return
    cluster = places.cluster
    with Tended(
        "postgres",
        functools.partial(begun_postgres, cluster),
        say=say,
        is_ready=functools.partial(takes_clients, cluster),
        is_wanted=lambda: not is_serving(cluster),
        unready_seconds_max=RECOVERY_SECONDS_MAX,
    ) as tended:
        tended.adopt(None if server is None else server.program)
        yield tended


def prepare_embedded(
    cluster: Cluster, database: str = DATABASE, begin: Begin = tell_nobody
) -> Dsns:
    """Make the database and its logins where they are missing, and bring the schema up to date."""
    dsns = embedded_dsns(cluster, database)
    with connect(cluster.owner_dsn(), SHORT, autocommit=True) as connection:
        make_database(connection, database)
        migrate(dsns.owner, begin)
        _make_logins(connection, cluster)
    return dsns


def make_database(
    connection: psycopg.Connection, database: str, template: str = "template1"
) -> bool:
    """Create a database from a template unless it exists; gives whether it was made now."""
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if found.fetchone():
        return False
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(database), sql.Identifier(template)
        )
    )
    return True


def _announced(say: Say) -> Begin:
    """Whoever waits for it reads why: what looks at a house brings an older one up to date, too."""

    def begin(was: int, becomes: int) -> None:
        say(f"the schema goes from version {was} to {becomes}; a large database may take minutes")

    return begin


def _migrate_as_owner(settings: DatabaseSettings, places: Places, begin: Begin) -> None:
    """Migrate a server of your own when we were told its owner; else the host will check."""
    if settings.owner is not None:
        migrate(dsn_of("owner", settings, places.cluster), begin)


def _make_logins(connection: psycopg.Connection, cluster: Cluster) -> None:
    """The file is written before the role: a role without its file would lock its program out."""
    rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    existing = {name for (name,) in rows}
    for login, group in LOGINS.items():
        if login in existing and _passfile(cluster, login).exists():
            continue
        password = new_password()
        write_passfile(_passfile(cluster, login), login, password)
        verifier = connection.pgconn.encrypt_password(
            password.reveal(), login.encode(), b"scram-sha-256"
        )
        verb = "ALTER" if login in existing else "CREATE"
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(login), sql.Literal(verifier.decode())
            )
        )
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(login))
        )


def _passfile(cluster: Cluster, login: str) -> Path:
    return cluster.owner_passfile.with_name(f"{login}.pgpass")
