"""Migrations: once, in order, whole, and never with another text."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from config.places import places_of
from config.run.database import Dsns, embedded_dsns, make_database, opened_database
from config.run.postgres import PostgresServer
from config.settings import DatabaseSettings
from host.store import migrate as module
from host.store.migrate import (
    Migration,
    MigrationError,
    applied_version,
    bring_up,
    migrate,
    migrations,
    refuse_older,
    schema_version,
)


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Dsns:
    name = "test_migrate_empty"
    with psycopg.connect(postgres_server.cluster.owner_dsn(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        make_database(connection, name)
    return embedded_dsns(postgres_server.cluster, name)


def test_files_are_numbered_from_one_without_a_gap() -> None:
    assert [each.number for each in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_file_is_applied_once_and_in_order(empty: Dsns) -> None:
    with psycopg.connect(empty.owner) as connection:
        assert applied_version(connection) == 0
    assert migrate(empty.owner) == list(migrations())
    assert migrate(empty.owner) == []
    with psycopg.connect(empty.owner) as connection:
        assert applied_version(connection) == schema_version()


def test_whoever_waits_for_an_upgrade_is_told_of_it_before(empty: Dsns, tmp_path: Path) -> None:
    *others, last = migrations()
    said: list[str] = []
    with psycopg.connect(empty.owner, autocommit=True) as connection:
        bring_up(connection, others, lambda *of: said.append(f"{of}"))
    assert said == [], "nobody waits where there is nothing"
    own = DatabaseSettings(owner=empty.owner, host=empty.host)
    for _ in range(2):
        with opened_database(own, places_of(tmp_path), say=said.append):
            pass
    [line] = said
    assert line.startswith(f"the schema goes from version {last.number - 1} to {last.number};")


def test_programs_that_migrate_at_once_apply_each_file_once(empty: Dsns) -> None:
    with ThreadPoolExecutor(6) as pool:
        applied = list(pool.map(migrate, [empty.owner] * 6))
    assert sorted(map(len, applied)) == [0, 0, 0, 0, 0, len(migrations())]


def test_a_file_that_fails_leaves_nothing(empty: Dsns, monkeypatch: pytest.MonkeyPatch) -> None:
    _know(monkeypatch, "CREATE TABLE whole (a int); SELECT 1 / 0")
    with pytest.raises(errors.DivisionByZero):
        migrate(empty.owner)
    with psycopg.connect(empty.owner) as connection:
        assert applied_version(connection) == 0
        assert connection.execute("SELECT to_regclass('whole')").fetchone() == (None,)


def test_a_file_edited_after_it_was_applied_is_refused(
    empty: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    _know(monkeypatch, "CREATE TABLE first (a int)")
    migrate(empty.owner)
    _know(monkeypatch, "CREATE TABLE first (a int, b int)")
    with pytest.raises(MigrationError, match=r"0001 \(invented\) was applied here with another"):
        migrate(empty.owner)


def test_a_database_newer_than_the_program_is_refused(database: Dsns) -> None:
    with psycopg.connect(database.owner) as connection:
        connection.execute(
            "INSERT INTO schema_migration (number, name, checksum) VALUES (9999, 'later', '')"
        )
    with pytest.raises(MigrationError, match="schema version 9999"):
        migrate(database.owner)


def test_files_in_the_source_tree_are_the_ones_read() -> None:
    texts = [path.read_text() for path in sorted(Path(module.FILES).glob("*.sql"))]
    assert [each.sql for each in migrations()] == texts


@pytest.mark.parametrize("table", ["journal", "entry", "exchange", "seal", "undo", "lot_use"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET shard = shard", "DELETE FROM {}", "TRUNCATE {}"]
)
@pytest.mark.parametrize("login", ["host", "night"])
def test_no_program_may_change_what_has_been_written(
    module_database: Dsns, table: str, statement: str, login: str
) -> None:
    with (
        psycopg.connect(getattr(module_database, login)) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(statement.format(table))


@pytest.mark.parametrize("table", ["journal", "entry", "exchange", "seal"])
def test_the_host_may_append(module_database: Dsns, table: str) -> None:
    with (
        psycopg.connect(module_database.host) as connection,
        connection.cursor().copy(f"COPY {table} FROM STDIN"),
    ):
        pass


@pytest.mark.parametrize("login", ["host", "night"])
def test_no_program_may_make_tables_or_roles(module_database: Dsns, login: str) -> None:
    for statement in ("CREATE TABLE mine (a int)", "CREATE ROLE mine"):
        with (
            psycopg.connect(getattr(module_database, login)) as connection,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def _know(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Let the program know one file of this text and no other."""
    invented = Migration(number=1, name="invented", sql=sql, checksum=sql.encode())
    monkeypatch.setattr(module, "migrations", lambda: (invented,))


def test_a_server_that_is_too_old_is_a_sentence_before_anything_is_begun() -> None:
    refuse_older(180_000)
    with pytest.raises(MigrationError, match="PostgreSQL 17, and 18 or newer is needed"):
        refuse_older(170_009)
