"""Whoever owns the database may change any column the poster writes; the audit sees it."""

from typing import Any

import psycopg
import pytest

from clearing.run import run_clearing
from clearing.verify import findings
from tests.clearing.conftest import EXPIRES

Connection = psycopg.Connection[Any]

ANOTHER = {
    "smallint": "{0} + 1000",
    "integer": "{0} + 1000",
    "bigint": "{0} + 1000",
    "text": "{0} || 'x'",
    "bytea": r"{0} || '\x00'",
    "boolean": "NOT {0}",
    "date": "{0} + 1",
    "timestamp with time zone": "{0} + interval '1 second'",
}
TABLES = ("exchange", "journal", "entry", "purse", "seal", "undo", "lot", "lot_use")
"""What the poster writes for a posting."""


@pytest.fixture(scope="module")
def bare(
    module_day: Any, module_database: Any, tmp_path_factory: pytest.TempPathFactory
) -> Connection:
    """The owner's connection to a cleared day, with every constraint of the ledger gone.

    Of what was earned on it some points are to be spent on a later one.
    """
    module_day.pending_until = EXPIRES
    module_day.purchase(5, 200, points=2)
    with psycopg.connect(module_database.night, autocommit=True) as night:
        run_clearing(night, tmp_path_factory.mktemp("files"))
    owner: Connection = module_day.connection
    constraints = owner.execute(
        "SELECT conrelid::regclass, conname FROM pg_constraint"
        " WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('c', 'f')",
        [list(TABLES)],
    ).fetchall()
    for table, name in constraints:
        owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return owner


MATTERS = {("purse", "account_id"): "posted_minor <> 0"}
"""Of which rows a change means anything: a purse that nothing was ever put in has a number that
nothing names; one that another has, or that was never given, is seen there as well."""


def columns(owner: Connection, table: str) -> list[tuple[str, str]]:
    return owner.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = 'public' AND is_generated = 'NEVER' ORDER BY 1",
        [table],
    ).fetchall()


def is_seen(owner: Connection) -> bool:
    """Whether the audit says anything."""
    return next(findings(owner), None) is not None


@pytest.mark.parametrize("table", TABLES)
def test_a_change_of_any_column_of_the_first_and_last_row_is_seen(
    bare: Connection, table: str
) -> None:
    unseen = set()
    for column, data_type in columns(bare, table):
        for order in ("min", "max"):
            with bare.transaction(force_rollback=True):
                changed = bare.execute(
                    f"UPDATE {table} SET {column} = {ANOTHER[data_type].format(column)}"
                    f" WHERE ctid = (SELECT {order}(ctid) FROM {table}"
                    f" WHERE {column} IS NOT NULL AND {MATTERS.get((table, column), 'true')})"
                )
                assert changed.rowcount == 1
                if not is_seen(bare):
                    unseen.add(f"{table}.{column}")
    assert unseen == set()


@pytest.mark.parametrize("table", TABLES)
def test_a_row_taken_out_is_seen(bare: Connection, table: str) -> None:
    with bare.transaction(force_rollback=True):
        bare.execute(f"DELETE FROM {table} WHERE ctid = (SELECT max(ctid) FROM {table})")
        assert is_seen(bare)
