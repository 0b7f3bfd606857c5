"""Each login may do what its work needs, whatever columns there are."""

from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from config.run.database import Dsns

SECRETS = {
    "card": {"pin_value", "pan_sealed", "pan_hash"},
    "terminal_key": {"block"},
    "transport_key": {"block"},
    "key_component": {"block"},
    "zone_key": {"block"},
}
APPENDED = ("exchange", "journal", "entry", "undo", "lot_use", "seal", "change", "change_link")
KEY = (
    "INSERT INTO terminal_key (terminal_id, usage, generation, block, check_value)"
    " VALUES ('80010001', %s, 1, 'x', '')"
)


@pytest.fixture
def owner(database: Dsns) -> Any:
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO merchant (id, merchant_id, name) VALUES (1, repeat('1', 15), '')"
        )
        connection.execute("INSERT INTO store (id, merchant_id, name) VALUES (1, 1, '')")
        connection.execute(
            "INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)"
            " VALUES ('80010001', 1, '000001', 'x9.19')"
        )
        connection.execute(KEY, ["tmk"])
        yield connection


@pytest.mark.parametrize(
    "column",
    [f"{table}.{column}" for table, columns in SECRETS.items() for column in sorted(columns)],
)
def test_who_looks_sees_no_secret(owner: Any, column: str) -> None:
    table, name = column.split(".")
    with owner.transaction(force_rollback=True):
        owner.execute("SET LOCAL ROLE posswitch_reader")
        with pytest.raises(errors.InsufficientPrivilege), owner.transaction():
            owner.execute(sql.SQL("SELECT {} FROM {}").format(*map(sql.Identifier, (name, table))))


def test_who_posts_drops_working_keys_and_no_master_key(database: Dsns, owner: Any) -> None:
    with psycopg.connect(database.host, autocommit=True) as host:
        host.execute(KEY, ["pik"])
        assert host.execute("DELETE FROM terminal_key").rowcount == 1
        with pytest.raises(errors.InsufficientPrivilege):
            host.execute(KEY, ["ik"])
    assert owner.execute("SELECT usage FROM terminal_key").fetchall() == [("tmk",)]


@pytest.mark.parametrize("login", ["host", "night", "audit"])
@pytest.mark.parametrize("table", APPENDED)
def test_nobody_but_the_owner_changes_what_was_appended(
    database: Dsns, login: str, table: str
) -> None:
    with psycopg.connect(getattr(database, login), autocommit=True) as connection:
        row = connection.execute(
            "SELECT bool_or(has_column_privilege(%(t)s::regclass, attnum, 'UPDATE')),"
            " has_table_privilege(%(t)s::regclass, 'DELETE')"
            " FROM pg_attribute WHERE attrelid = %(t)s::regclass AND attnum > 0",
            {"t": table},
        ).fetchone()
    assert row == (False, False)


def test_who_audits_reads_every_table_and_writes_none(database: Dsns) -> None:
    with psycopg.connect(database.audit, autocommit=True) as audit:
        rows = audit.execute(
            "SELECT relname, has_table_privilege(oid, 'SELECT'),"
            " has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
            " OR has_any_column_privilege(oid, 'INSERT, UPDATE') FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname <> 'schema_migration'"
        ).fetchall()
    assert [name for name, reads, writes in rows if not reads or writes] == []
