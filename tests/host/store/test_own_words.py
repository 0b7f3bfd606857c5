"""An audit believes no function and no view of the database, whose owner can replace them."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from clearing.changed import foreign_changes
from config.run.database import Dsns
from host.store.changes import gaps
from host.store.migrate import migrations
from host.store.noting import noted

Connection = psycopg.Connection[Any]
LIES = {
    "a digest that overlooks the edit": """
        CREATE OR REPLACE FUNCTION row_digest(whole anyelement) RETURNS bytea LANGUAGE sql STABLE
        AS $$ SELECT sha256(convert_to(
            replace(to_jsonb(whole)::text, 'forged', 'honest'), 'UTF8')) $$
    """,
    "notes that agree with the edit": """
        CREATE OR REPLACE VIEW noted_row AS
        SELECT c.id, c.form, c.relation, c.key, c.digest AS before,
            coalesce(row_digest(m), c.digest) AS digest, c.content
        FROM change AS c LEFT JOIN merchant AS m
            ON c.relation = 'merchant' AND c.key = m.id::text
    """,
}


@pytest.fixture
def owner(full_at: Callable[[int], Dsns]) -> Iterator[Connection]:
    with psycopg.connect(full_at(migrations()[-1].number).owner, autocommit=True) as connection:
        write = (
            "UPDATE merchant AS t SET name = 'honest' WHERE t.id = (SELECT min(id) FROM merchant)"
        )
        connection.execute(noted(f"-- notes: merchant\n{write}"))
        yield connection


def edit(owner: Connection) -> None:
    owner.execute("UPDATE merchant SET name = 'forged' WHERE name = 'honest'")


@pytest.mark.parametrize("lie", LIES)
def test_who_replaces_what_the_audit_could_ask_hides_no_edit(owner: Connection, lie: str) -> None:
    with owner.transaction():
        assert [one for one in foreign_changes(owner) if one.startswith("merchant ")] == []
        owner.execute(LIES[lie])
        edit(owner)
        named = [one for one in foreign_changes(owner) if one.startswith("merchant ")]
    assert len(named) == 1
    assert named[0].endswith(" is not what this program last made it")


def test_a_gap_between_two_notes_is_found_behind_a_view_that_hides_it(owner: Connection) -> None:
    edit(owner)
    write = "UPDATE merchant AS t SET name = 'honest' WHERE t.name = 'forged'"
    owner.execute(noted(f"-- notes: merchant\n{write}"))
    with owner.transaction():
        owner.execute(LIES["notes that agree with the edit"])
        assert [gap.table for gap in gaps(owner)] == ["merchant"]
