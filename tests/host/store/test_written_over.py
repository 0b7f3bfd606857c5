"""A row is edited by hand, and a program changes it then: the edit is named for good.

The note of a change has the digest of the row before as well, which is not what the last note left.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final

import psycopg
import pytest
from psycopg.rows import dict_row

from clearing.changed import foreign_changes, written_over
from clearing.night import SQL as NIGHT
from config.run.database import Dsns
from host.store.changes import gaps, note_what_differs
from host.store.deciding import CHAINED, Chained
from host.store.migrate import migrations
from host.store.noting import noted
from host.store.queries import load_queries
from tests.host.conftest import NOW
from tests.host.store.conftest import another, without_constraints

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]

BOOK, CASES, COUNTERS, KEYS, POSTING, SETTLEMENT, TAKEOVERS = (
    load_queries("host.store", f"{name}.sql")
    for name in ("book", "cases", "counters", "keys", "posting", "settlement", "takeovers")
)
SAID: Final = {"by": "li", "note": "seen", "now": NOW}
KEY: Final = {"block": "B", "check_value": "0000", "entered_by": "li", "stored_at": NOW}

LEGAL: Final[tuple[tuple[str, str, Callable[[Row], Any]], ...]] = (
    ("terminal", BOOK["note_serials"], lambda row: ([row["terminal_id"]], ["S-77"])),
    ("terminal", BOOK["confirm_generations"], lambda row: ([row["terminal_id"]], [9])),
    ("terminal", SETTLEMENT["move_on"], lambda row: {**row, "next": "000077"}),
    ("terminal_key", BOOK["drop_keys"], lambda row: ([row["terminal_id"]], [98], [99])),
    ("terminal_key", KEYS["drop_usage"], lambda row: (row["terminal_id"], row["usage"])),
    ("terminal_batch", SETTLEMENT["save_batch"], lambda row: {**row, "attempt": 7}),
    ("terminal_status", SETTLEMENT["note_status"], lambda row: {**row, **SAID}),
    ("terminal_counter", COUNTERS["raise_counters"],
     lambda row: ([row["terminal_id"]], [row["key_id"]], [2**40])),
    ("terminal_counter", COUNTERS["use_counter"],
     lambda row: {**row, "lowest": 2**40, "highest": 2**40}),
    ("key_component", KEYS["drop_components"], lambda row: (row["target"],)),
    ("transport_key", KEYS["put_transport_key"], lambda row: (row["name"], *KEY.values())[:5]),
    ("zone_key", KEYS["put_zone_key"], lambda row: (row["name"], *KEY.values())[:5]),
    ("key_rotation", KEYS["rotate"],
     lambda row: {"named": [row["terminal_id"]], "asked_by": "wu", "now": NOW}),
    ("exception_case", CASES["open_case"], lambda row: {**row, "now": NOW}),
    ("exception_case", CASES["resolve_case"], lambda row: {**row, **SAID}),
    ("exception_case", CASES["settle_case"], lambda row: {**row, **SAID}),
    ("number_block", POSTING["take_numbers"], lambda row: (row["business_date"], 100)),
    ("card", POSTING["count_pin_failures"],
     lambda row: ([int(row["shard"])], [bytes.fromhex(row["pan_hash"][2:])], [2])),
    ("business_day", NIGHT["close_day"], lambda row: row),
    ("clearing_run", NIGHT["complete_run"], lambda row: row),
    ("takeover", TAKEOVERS["ask"], lambda row: {**row, "asked_by": "wu"}),
    ("takeover", TAKEOVERS["forget"], lambda row: row),
)  # fmt: skip
"""(table, a statement of ours that changes a row that is there, its parameters for such a row)."""
READY: Final = {"terminal_key": "t.usage = 'pik'", "business_day": "t.state = 'open'"}
"""Which row a program changes, where not every row is changed."""
GIVEN: Final = {("exception_case", "id"), ("key_rotation", "asked_as")}
"""Columns that PostgreSQL itself fills, and that nobody sets."""
SCENES: Final = {
    "clearing_run": "UPDATE clearing_run SET completed_at = NULL",
    "exception_case": "UPDATE exception_case SET resolved_at = NULL, resolved_by = NULL",
    "key_rotation": "INSERT INTO terminal_key (terminal_id, usage, generation, block, check_value)"
    " SELECT terminal_id, 'pik', 77, '', '' FROM key_rotation",
}
"""What makes a row one that a program changes."""


@pytest.fixture
def owner(full_at: Callable[[int], Dsns]) -> Iterator[Connection]:
    with psycopg.connect(full_at(migrations()[-1].number).owner, autocommit=True) as connection:
        yield connection


def columns_of(owner: Connection, table: str) -> list[tuple[str, str]]:
    return owner.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'"
        " ORDER BY ordinal_position",
        [table],
    ).fetchall()


def found(owner: Connection) -> list[tuple[str, str]]:
    """Of which row a change was made over an edit, as the audit has it: table and how."""
    with owner.transaction():
        named = set(written_over(owner))
        over = list(gaps(owner))
    for gap in over:
        ending = f", before change {gap.number}"
        assert any(
            one.startswith(f"{gap.table} {gap.key} ") and one.endswith(ending) for one in named
        )
    return [(gap.table, gap.how.value) for gap in over]


def change_over(owner: Connection, table: Chained, edit: str) -> list[tuple[str, str]]:
    """Edit one row by hand; then a program writes over it, as `host.store.noting` has it write."""
    with owner.transaction(force_rollback=True):
        row = owner.execute(f"{edit} RETURNING t.ctid").fetchone()  # its key may be another's now
        assert row is not None
        column = columns_of(owner, table.name)[0][0]
        write = f"UPDATE {table.name} AS t SET {column} = t.{column} WHERE t.ctid = %s"
        done = owner.execute(noted(f"-- notes: {table.name}\n{write}"), row)
        assert done.rowcount == 1
        return found(owner)


def last_row_of(table: Chained) -> str:
    return f"t.ctid = (SELECT max(t.ctid) FROM {table.name} AS t WHERE {table.where})"


@pytest.mark.counted
def test_an_edit_of_any_column_is_named_after_a_program_has_changed_the_row(
    owner: Connection, counts: SimpleNamespace
) -> None:
    """In every run one column in so many, each table's own; all of them in `make chaos`."""
    without_constraints(owner)
    every = [(table, *each) for table in CHAINED for each in columns_of(owner, table.name)]
    washed = []
    for table, column, kind in every[:: counts.stride]:
        value = f"{column} = {another(column, kind)} WHERE {last_row_of(table)}"
        named = change_over(owner, table, f"UPDATE {table.name} AS t SET {value}")
        # A row whose key was edited is another row: one that nobody put in.
        if named not in ([(table.name, "changed")], [(table.name, "put in")]):
            washed.append(f"{table.name}.{column}: {named}")
    assert washed == []


def test_a_row_put_in_or_taken_out_is_named_after_a_program_has_written_it(
    owner: Connection,
) -> None:
    without_constraints(owner)
    for table in CHAINED:
        name, drawn = table.name, last_row_of(table)
        column = columns_of(owner, name)[0][0]
        with owner.transaction(force_rollback=True):
            owner.execute(f"DELETE FROM change WHERE relation = '{name}'")
            edit = f"UPDATE {name} AS t SET {column} = t.{column} WHERE {drawn}"
            assert change_over(owner, table, edit) == [(name, "put in")]
        with owner.transaction(force_rollback=True):
            owner.execute(f"CREATE TABLE kept AS SELECT * FROM {name} AS t WHERE {drawn}")
            owner.execute(f"DELETE FROM {name} AS t WHERE {drawn}")
            written = ", ".join(f'"{one}"' for one, _kind in columns_of(owner, name))
            again = f"INSERT INTO {name} AS t ({written}) SELECT {written} FROM kept"
            owner.execute(noted(f"-- notes: {name}\n{again}"))
            assert found(owner) == [(name, "taken out")]


NEXT = re.compile(r"(id|business_date) \+ 1 ")


def test_an_edit_is_named_after_each_statement_that_changes_such_a_row(owner: Connection) -> None:
    without_constraints(owner, "fc")
    for scene in SCENES.values():
        owner.execute(scene)
    note_what_differs(owner)
    washed, shown = [], set()
    for table, statement, told in LEGAL:
        for column, kind in columns_of(owner, table):
            if (table, column) in GIVEN:
                continue
            with owner.transaction(force_rollback=True):
                ready = READY.get(table, "true")
                drawn = f"t.ctid = (SELECT max(t.ctid) FROM {table} AS t WHERE {ready})"
                # Beyond the numbers and days of its neighbours: unique ones are held here.
                other = NEXT.sub(r"\1 + 1000 ", another(column, kind))
                row = edited(owner, table, f"{column} = {other} WHERE {drawn}")
                if owner.execute(statement, told(row)).rowcount == 0:
                    continue  # it is no row that the statement changes any longer
                if {(table, "changed"), (table, "put in")} & set(found(owner)):
                    shown.add(statement)
                elif not any(one.startswith(f"{table} ") for one in foreign_changes(owner)):
                    washed.append(f"{table}.{column}: {statement[:40]}")
    assert washed == []
    assert shown == {statement for _, statement, _ in LEGAL}


def edited(owner: Connection, table: str, edit: str) -> Row:
    """The row after the edit, each column as its text."""
    names = ", ".join(f"t.{column}::text AS {column}" for column, _ in columns_of(owner, table))
    with owner.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(f"UPDATE {table} AS t SET {edit} RETURNING {names}").fetchone()
    assert row is not None
    return row
