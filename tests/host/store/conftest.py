"""Databases full of data, of any version."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config.run.database import Dsns, embedded_dsns, make_database
from config.run.postgres import PostgresServer
from host.store import migrate as module
from host.store.changes import note_what_differs
from host.store.migrate import CHANGES_SINCE, Migration, migrate, migrations

FULL = Path(__file__).parent / "full"


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[Dsns]:
    name = "test_upgrades"
    with psycopg.connect(postgres_server.cluster.owner_dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        make_database(connection, name)
        yield embedded_dsns(postgres_server.cluster, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def full_at(empty: Dsns, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Dsns]:
    """Makes a database of a version, with data from every version up to it."""

    def make(version: int) -> Dsns:
        for migration in migrations()[:version]:
            _bring(monkeypatch, empty, migrations()[: migration.number])
            with psycopg.connect(empty.owner) as connection:
                connection.execute((FULL / f"{migration.number:04}.sql").read_text())
                if migration.number >= CHANGES_SINCE:
                    note_what_differs(connection)
        return empty

    return make


def _bring(monkeypatch: pytest.MonkeyPatch, dsns: Dsns, known: tuple[Migration, ...]) -> None:
    """Migrate as a program that knows these files and no later one."""
    with monkeypatch.context() as patched:
        patched.setattr(module, "migrations", lambda: known)
        migrate(dsns.owner)
