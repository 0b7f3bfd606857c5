"""The estate's version: whoever changes what the book holds says so, in the same transaction.

Every posting batch reads the version with what it loads; where it has moved, what changed is read
again (`host.store.following`) before anything is decided. So a batch of cards that is suspended is
refused from the very next message, and nothing is read where nothing changed.
"""

import enum
from typing import Any, Final

import psycopg

from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "estate_versions.sql")
Connection = psycopg.Connection[Any]


@enum.unique
class Followed(enum.StrEnum):
    """What the book holds, by the table whose row is read again."""

    ISSUER = "issuer"
    """With its programmes and house accounts."""
    MERCHANT = "merchant"
    """With what it accepts and its house accounts."""
    TERMINAL = "terminal"
    """With its keys, where it is new."""
    CARD_BATCH = "card_batch"
    """With its product version."""
    CARD_PART = "card_batch_part"
    ALLIANCE = "alliance"
    """All of them, with their programmes and who is in them."""
    MEMBER = "member"
    """Whether they are frozen."""
    RULE = "rule"
    """All rules of the house, and who has which pack of them."""


def note_estate_change(connection: Connection, what: Followed, key: int | str) -> int:
    """Say that this row changed, as the last thing of the transaction that changed it.

    Gives the version. Others that change the estate wait until that transaction ends.
    """
    row = connection.execute(SQL["next_version"]).fetchone()
    assert row is not None, "a migration puts the one row in"
    version: int = row[0]
    connection.execute(SQL["add_change"], (version, what.value, str(key)))
    return version


def estate_version(connection: Connection) -> int:
    """How far the estate has come."""
    row = connection.execute(SQL["version"]).fetchone()
    assert row is not None, "a migration puts the one row in"
    version: int = row[0]
    return version
