"""Nothing of what decides can be written without a note of it."""

import re
from typing import Any

import psycopg
import pytest

from clearing.night import SQL as NIGHT
from host.store.cases import SQL as CASES
from host.store.changes import link_changes, note_what_differs
from host.store.counters import SQL as COUNTERS
from host.store.deciding import CHAINED, CHAINS, POSTED
from host.store.keys import SQL as KEYS
from host.store.loading import SQL as POSTING
from host.store.settlement import SQL as SETTLEMENT

WRITES = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) ([a-z_]+)\b")
STATEMENTS = {**NIGHT, **CASES, **COUNTERS, **KEYS, **POSTING, **SETTLEMENT}
NAMES = {table.name for table in CHAINED}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_statement_that_writes_a_chained_table_notes_it(name: str) -> None:
    written = set(WRITES.findall(STATEMENTS[name])) & NAMES
    assert len(written) <= 1, "write one chained table a statement, so that each row is noted"
    for table in written:
        assert f"'{table}'" in STATEMENTS[name], f"{name} writes {table}: note it in `change`"
        assert "INSERT INTO change (relation, key, digest)" in STATEMENTS[name]


def test_every_table_and_column_says_how_it_is_kept(module_database: Any) -> None:
    with psycopg.connect(module_database.owner) as connection:
        columns = connection.execute(
            "SELECT c.relname, array_agg(a.attname::text) FROM pg_class AS c"
            " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname"
        ).fetchall()
    kept = NAMES | POSTED.keys() | CHAINS.keys()
    assert {table for table, _ in columns} == kept, "a table is a row of host.store.deciding"
    for table, found in columns:
        if table in POSTED:
            assert set(found) == POSTED[table].keys(), f"each column of {table} says how"


def test_a_change_is_linked_once_and_in_order(database: Any) -> None:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        assert link_changes(owner) == 1
        assert link_changes(owner) == 0
        owner.execute(
            "INSERT INTO merchant (id, merchant_id, name) VALUES (1, repeat('1', 15), '')"
        )
        assert note_what_differs(owner) == 1
        with psycopg.connect(database.host, autocommit=True) as host:
            assert link_changes(host) == 1
        links = owner.execute("SELECT seq, changes, previous, digest FROM change_link ORDER BY 1")
        first, second = links.fetchall()
        assert (first[0], second[0], second[1]) == (1, 2, 1)
        assert second[2] == first[3]


def test_changes_that_are_being_noted_are_linked_later(database: Any) -> None:
    with (
        psycopg.connect(database.owner) as noting,
        psycopg.connect(database.host, autocommit=True) as host,
    ):
        noting.execute("INSERT INTO change (relation, key) VALUES ('merchant', '1')")
        assert link_changes(host) == 0
        noting.rollback()
        assert link_changes(host) == 1
