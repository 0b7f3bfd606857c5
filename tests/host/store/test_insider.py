"""Whoever owns the database changes, puts in or takes out one row of any table: the audit names it.

The rows are those of a database full of data, every table of it; its constraints are gone, its
chains linked and a head signed.
"""

import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearing.heads import broken_heads
from clearing.verify import findings
from config.run.database import Dsns
from host.store.heads import Head, sign_head
from host.store.migrate import migrations
from tests.host.conftest import NOW
from tests.host.store.conftest import edit, without_constraints

Connection = psycopg.Connection[Any]
KEY = Ed25519PrivateKey.generate()
WRITTEN: list[Head] = []
"""What the file beside the host has."""
FIRST_FORM = {
    ("exchange", "card_id"),
    ("exchange", "decided_at"),
    ("lot", "expires_on"),
    ("seal", "sealed_at"),
}
"""What seals of the first form, as most are here, do not cover; tests/clearing has the second."""


@pytest.fixture
def bare(full_at: Callable[[int], Dsns]) -> Iterator[Connection]:
    dsns = full_at(migrations()[-1].number)
    with psycopg.connect(dsns.owner, autocommit=True) as owner:
        owner.execute("DELETE FROM signed_head")
        WRITTEN[:] = [sign_head(owner, KEY, NOW)]
        without_constraints(owner)
        yield owner


@pytest.mark.counted
def test_any_row_that_was_changed_put_in_or_taken_out_is_named(
    bare: Connection, counts: SimpleNamespace
) -> None:
    with bare.transaction(force_rollback=True):
        assert list(named(bare)) == []
    chance = random.Random(counts.seed)
    columns = bare.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
        " ORDER BY 1, 2"
    ).fetchall()
    columns = [one for one in columns if one[:2] not in FIRST_FORM]
    unseen, purses = [], used(bare)
    for place in range(counts.edits):
        table, column, kind = columns[place] if place < len(columns) else chance.choice(columns)
        how = chance.choice(("change", "change", "put in", "take out"))
        with bare.transaction(force_rollback=True):
            row = edit(bare, table, column, kind, how, chance)
            is_nothing = stands_twice(bare, table) or (table == "purse" and used(bare) == purses)
            if not is_nothing and next(named(bare), None) is None:
                unseen.append(f"{how} {table}.{column} at {row}")
    assert not unseen, "\n".join(unseen)


def named(connection: Connection) -> Iterator[str]:
    """Everything the audit says, in a transaction of the caller's."""
    yield from map(str, findings(connection))
    yield from broken_heads(connection, [KEY.public_key()], WRITTEN)


def used(owner: Connection) -> list[tuple[Any, ...]]:
    """The purses in which something was posted: others are made when they are needed."""
    return owner.execute(
        "SELECT purse.* FROM purse WHERE account_id IN"
        " (SELECT account_id FROM movement WHERE movement.shard = purse.shard) ORDER BY purse"
    ).fetchall()


def stands_twice(owner: Connection, table: str) -> bool:
    """Whether a row was put in that stands there already to the letter: no key lets it in."""
    found = owner.execute(f"SELECT count(*) > count(DISTINCT t::text) FROM {table} AS t").fetchone()
    return found is not None and bool(found[0])
