"""Nothing of what decides can be written without a note of it."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from host.store.changes import link_changes, note_what_differs
from host.store.deciding import CHAINED, CHAINS, POSTED
from host.store.noting import NoteError, noted
from host.store.queries import load_queries

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path.relative_to(ROOT)
    for floor in ("host", "clearing")
    for path in (ROOT / floor).rglob("*.sql")
    if path.parent.name != "migrations"
)
STATEMENTS = {
    f"{file}: {name}": sql
    for file in FILES
    for name, sql in load_queries(".".join(file.parent.parts), file.name).items()
}
WRITES = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM|^COPY) ([a-z_]+)\b", re.MULTILINE)
NAMES = {table.name for table in CHAINED}
NOTED_AT_THE_END = ("host/store/estates.sql", "host/store/awaited.sql")
"""An estate goes in by COPY, and what waits is carried over by a migration: each in one transaction
that calls `note_what_differs` as its last step."""


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_a_statement_that_writes_a_chained_table_notes_it(name: str) -> None:
    statement = STATEMENTS[name]
    written = set(WRITES.findall(statement)) & NAMES
    if name.partition(":")[0] in NOTED_AT_THE_END:
        return
    assert len(written) <= 1, "write one chained table a statement, so that each row is noted"
    for table in written:
        if f"\nSELECT '{table}', '', array_agg(c.key), row_digests(" in statement:
            continue  # many that are put in, noted together
        noted_as = re.search(rf"\nSELECT '{table}', c\.key, (.*) FROM changed AS c", statement)
        assert noted_as, f"{name} writes {table}: write `-- notes: {table}` under its line of why"
        is_new = "INSERT INTO " + table in statement and "DO UPDATE" not in statement
        is_rekeyed = f"\nSELECT '{table}', c.key_before, c.before FROM changed AS c" in statement
        assert is_new or is_rekeyed or "c.before" in noted_as[1], "what the row was"
        assert "DELETE FROM" in statement or "c.digest" in noted_as[1], "what it is"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_statement_writes_its_note_itself(file: Path) -> None:
    assert not re.search(r"INSERT INTO change\b", (ROOT / file).read_text())


@pytest.mark.parametrize(
    "write",
    [
        "UPDATE merchant AS t SET name = ''",
        "UPDATE terminal SET epoch = ''",
        "SELECT 1",
    ],
)
def test_a_note_of_another_table_than_is_written_is_refused(write: str) -> None:
    with pytest.raises(NoteError, match="it notes terminal and writes"):
        noted(f"-- Why.\n-- notes: terminal\n{write}")


def test_a_note_of_a_table_that_is_not_chained_is_refused() -> None:
    with pytest.raises(NoteError, match="chained"):
        noted("-- Why.\n-- notes: purse\nUPDATE purse AS t SET held_minor = 0")


@pytest.mark.parametrize(
    "write",
    [
        "UPDATE card AS t SET sale = 'sold'",
        "INSERT INTO card AS t (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 1",
        "INSERT INTO card AS t (id) VALUES (1)\nRETURNING t.id",
    ],
)
def test_what_is_not_put_in_new_is_not_noted_together(write: str) -> None:
    with pytest.raises(NoteError, match="noted together"):
        noted(f"-- Why.\n-- notes: card together\n{write}")


def test_a_noting_statement_returns_what_it_did_and_counts_its_rows(database: Any) -> None:
    put = noted("-- notes: setting\nINSERT INTO setting AS t VALUES ('a', '1'), ('b', '2')")
    back = noted("-- notes: setting\nDELETE FROM setting AS t\nRETURNING t.name, t.value")
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("DELETE FROM setting")
        assert owner.execute(put).rowcount == 2
        assert sorted(owner.execute(back).fetchall()) == [("a", "1"), ("b", "2")]
        told = owner.execute(
            "SELECT key, digest IS NULL FROM change WHERE relation = 'setting' ORDER BY id DESC"
        ).fetchmany(4)
    assert sorted(told) == [("a", False), ("a", True), ("b", False), ("b", True)]


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
