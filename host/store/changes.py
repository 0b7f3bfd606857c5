"""The chain of changes: what is noted of rows that decide, and the links over it.

A statement that writes a chained table notes each row it wrote, in itself: so nothing is written
without its note, and nothing is noted that was not written. A link is a hash over the link before
and the changes since; a signed head (`host.store.heads`) names the last one.
"""

from typing import Any, Final

import psycopg
from psycopg import errors, sql

from host.store.deciding import CHAINED, Chained
from host.store.locks import CHANGE_LOCK
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "changes.sql")
CHANGES_PER_LINK_MAX: Final = 10_000
LOCK_MILLISECONDS_MAX: Final = 200
"""Who notes a change waits behind us while we wait for those that are being noted."""

Connection = psycopg.Connection[Any]


def note_what_differs(connection: Connection) -> int:
    """Note every row of every chained table that is not as it was last noted; gives how many.

    For who writes many rows at once (an estate, a migration), in the transaction of that. It
    believes what it finds, so it is no part of any work that goes on beside a host.
    """
    there = {name for (name,) in connection.execute(SQL["tables"])}
    return sum(
        connection.execute(_note_differing(table)).rowcount
        for table in CHAINED
        if table.name in there
    )


def link_changes(connection: Connection) -> int:
    """Put every change that was noted under links; gives how many links were made.

    `connection` has no transaction open. Where a long transaction is noting, what remains is for
    the next time.
    """
    made = 0
    while _make_link(connection):
        made += 1
    return made


def differing(table: Chained) -> sql.Composed:
    """The rows of a chained table that are not as they were last noted: key, digest, was_noted."""
    return sql.SQL(
        "SELECT coalesce(now.key, noted.key) AS key, now.digest, noted.key IS NOT NULL AS was_noted"
        " FROM (SELECT {key} AS key, row_digest(t) AS digest FROM {name} AS t WHERE {where}) AS now"
        " FULL JOIN (SELECT DISTINCT ON (key) key, digest FROM change WHERE relation = {relation}"
        " ORDER BY key ASC, id DESC) AS noted ON noted.key = now.key"
        " WHERE now.digest IS DISTINCT FROM noted.digest"
    ).format(
        key=sql.SQL(table.key),
        name=sql.Identifier(table.name),
        where=sql.SQL(table.where),
        relation=sql.Literal(table.name),
    )


def _note_differing(table: Chained) -> sql.Composed:
    return sql.SQL(
        "INSERT INTO change (relation, key, digest)"
        " SELECT {relation}, d.key, d.digest FROM ({differing}) AS d"
    ).format(relation=sql.Literal(table.name), differing=differing(table))


def _make_link(connection: Connection) -> bool:
    try:
        with connection.transaction():
            connection.execute(SQL["lock_timeout"], (f"{LOCK_MILLISECONDS_MAX}ms",))
            connection.execute(SQL["wait_for_changes"], CHANGE_LOCK)
            made = connection.execute(SQL["add_link"], (CHANGES_PER_LINK_MAX,))
            return made.rowcount == 1
    except errors.LockNotAvailable:
        return False
