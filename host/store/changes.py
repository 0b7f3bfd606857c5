"""The chain of changes: what is noted of rows that decide, and the links over it.

A statement that writes a chained table notes each row it wrote, in itself: so nothing is written
without its note, and nothing is noted that was not written. A link is a hash over the link before
and the changes since; a signed head (`host.store.heads`) names the last one.
"""

from typing import Any, Final

import psycopg
from psycopg import errors, sql

from host.store.deciding import CHAINED, ByHand, Chained
from host.store.locks import CHANGE_LOCK
from host.store.noting import content_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "changes.sql")
CHANGES_PER_LINK_MAX: Final = 10_000
LOCK_MILLISECONDS_MAX: Final = 200
"""Who notes a change waits behind us while we wait for those that are being noted."""

Connection = psycopg.Connection[Any]


def note_what_differs(connection: Connection) -> int:
    """Note every row of every chained table that is not as it was last noted; gives how many.

    Of the estate also rows of which it was not kept what they say, once that can be kept.

    For who writes many rows at once (an estate, a migration), in the transaction of that. It
    believes what it finds, so it is no part of any work that goes on beside a host.
    """
    there = {name for (name,) in connection.execute(SQL["tables"])}
    row = connection.execute(SQL["keeps_content"]).fetchone()
    keeps = row == (True,)
    return sum(
        connection.execute(_note_differing(table, keeps=keeps)).rowcount
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
    return _DIFFERING.format(**_of(table), told=_NOTHING, kept=_NOTHING, noted=_NOTHING, or_not=_NO)


_DIFFERING: Final = sql.SQL(
    "SELECT coalesce(now.key, noted.key) AS key, now.digest, noted.key IS NOT NULL AS was_noted"
    "{told} FROM (SELECT {key} AS key, row_digest(t) AS digest{kept} FROM {name} AS t"
    " WHERE {where}) AS now FULL JOIN (SELECT DISTINCT ON (key) key, digest{noted} FROM change"
    " WHERE relation = {relation} ORDER BY key ASC, id DESC) AS noted ON noted.key = now.key"
    " WHERE now.digest IS DISTINCT FROM noted.digest OR ({or_not})"
)
_NOTHING: Final = sql.SQL("")
_NO: Final = sql.SQL("false")


def _of(table: Chained) -> dict[str, sql.Composable]:
    return {
        "key": sql.SQL(table.key),
        "name": sql.Identifier(table.name),
        "where": sql.SQL(table.where),
        "relation": sql.Literal(table.name),
    }


def _note_differing(table: Chained, *, keeps: bool) -> sql.Composed:
    if not keeps or table.by_hand is ByHand.NEVER:
        return sql.SQL(
            "INSERT INTO change (relation, key, digest)"
            " SELECT {relation}, d.key, d.digest FROM ({differing}) AS d"
        ).format(relation=sql.Literal(table.name), differing=differing(table))
    return sql.SQL(
        "INSERT INTO change (relation, key, digest, content)"
        " SELECT {relation}, d.key, d.digest, d.content FROM ({differing}) AS d"
    ).format(
        relation=sql.Literal(table.name),
        differing=_DIFFERING.format(
            **_of(table),
            told=sql.SQL(", now.content"),
            kept=sql.SQL(", {} AS content").format(sql.SQL(content_of(table))),
            noted=sql.SQL(", content IS NOT NULL AS is_kept"),
            or_not=sql.SQL("now.digest IS NOT NULL AND NOT noted.is_kept"),
        ),
    )


def _make_link(connection: Connection) -> bool:
    try:
        with connection.transaction():
            connection.execute(SQL["lock_timeout"], (f"{LOCK_MILLISECONDS_MAX}ms",))
            connection.execute(SQL["wait_for_changes"], CHANGE_LOCK)
            made = connection.execute(SQL["add_link"], (CHANGES_PER_LINK_MAX,))
            return made.rowcount == 1
    except errors.LockNotAvailable:
        return False
