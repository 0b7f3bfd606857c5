"""What decides, compared with what our programs noted of it; and the chain over those notes.

Every row of a chained table (`host.store.deciding`) is as its last change says: another content,
a row that is missing or one that nobody noted was somebody else's doing. So it was where the row
that a change was made of is not the one that the change before it left. The changes themselves
are under links, which are recomputed here; the newest may not be linked yet.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from clearing.unused import without_a_byte
from host.store.changes import gaps
from host.store.deciding import CHAINED, Chained, How, how_of
from host.store.queries import load_queries

SQL: Final = load_queries("clearing", "changed.sql")
FINDINGS_MAX: Final = 100
_DONE: Final = {
    How.PUT_IN: " was put in by other than this program",
    How.TAKEN_OUT: " was taken out by other than this program",
    How.CHANGED: " is not what this program last made it",
}

Connection = psycopg.Connection[Any]


def foreign_changes(connection: Connection) -> Iterator[str]:
    """Rows that were changed, taken out or put in by other than our programs.

    Tables that the login may not read are left out: `unreadable` names them.
    """
    connection.execute(SQL["settings"])
    readable = _readable(connection)
    has_gaps = False
    for relation, key, was, is_there in _differing(connection, readable):
        if relation is None:
            has_gaps = True
        else:
            yield f"{relation} {key}{_DONE[how_of(was=was, is_there=is_there)]}"
    if has_gaps:
        yield from written_over(connection)
    for number, relation in connection.execute(SQL["strange_changes"], (_NAMES,)):
        yield f"change {number}, of {relation}, was put in by other than this program"


def written_over(connection: Connection) -> Iterator[str]:
    """Rows that were edited so and have been changed by a program since: their notes tell of it."""
    for gap in gaps(connection):
        over = f", before change {gap.number}"
        yield f"{gap.table} {gap.key}{_DONE[gap.how]}{over}"


def broken_links(connection: Connection) -> Iterator[str]:
    """Links that do not fit the changes under them, or do not follow one another."""
    for seq, first, last, fault in connection.execute(SQL["broken_links"], (FINDINGS_MAX,)):
        yield f"link {seq} of the chain of changes ({first} to {last}): {fault}"


def unreadable(connection: Connection) -> list[str]:
    """Chained tables that this login may not read whole, so that nothing is known of them."""
    readable = _readable(connection)
    return [table.name for table in CHAINED if table.name not in readable]


def _differing(connection: Connection, readable: Collection[str]) -> Sequence[tuple[Any, ...]]:
    """Rows of all tables that may be read which are not as they were last noted, in one pass.

    Table, key, whether there was one, whether there is one: the first of them, table by table. One
    more, of no table, says that somewhere a change was made over an edit by hand.
    """
    there = [table for table in CHAINED if table.name in readable]
    empty = without_a_byte(connection)
    filled = [table for table in there if table.name not in empty]
    statement = _DIFFERING.format(
        now=sql.SQL(" UNION ALL ").join(_now(table) for table in filled or there[:1]),
        noted=sql.SQL(SQL["noted_in_turn"]),
    )
    told = {"names": _NAMES, "readable": list(readable), "limit": FINDINGS_MAX}
    return connection.execute(statement, told).fetchall()


_NAMES: Final = [table.name for table in CHAINED]
_NOW: Final = sql.SQL(
    'SELECT {relation} AS relation, {key} COLLATE "C" AS key,'
    " sha256(convert_to(to_jsonb(t)::text, 'UTF8')) AS digest FROM {name} AS t WHERE {where}"
)
"""As `row_digest` has it, but by no function of the database, whose owner can replace it."""
_DIFFERING: Final = sql.SQL(
    "WITH found AS MATERIALIZED ("
    "SELECT coalesce(now.relation, noted.relation) AS relation,"
    " coalesce(now.key, noted.key) AS key, noted.digest AS before, now.digest,"
    " noted.is_last IS NOT FALSE AND now.digest IS DISTINCT FROM noted.digest AS differs,"
    " noted.is_gap IS TRUE AS is_gap"
    " FROM ({now}) AS now FULL JOIN"
    " (SELECT * FROM ({noted}) AS each WHERE each.is_last OR each.is_gap) AS noted"
    " ON noted.key = now.key AND noted.relation = now.relation"
    " WHERE noted.is_gap OR now.digest IS DISTINCT FROM noted.digest)"
    " (SELECT relation, key, before IS NOT NULL, digest IS NOT NULL FROM found"
    " WHERE differs AND relation = any(%(readable)s::text [])"
    " ORDER BY array_position(%(names)s::text [], relation), key LIMIT %(limit)s)"
    " UNION ALL (SELECT NULL, NULL, NULL, NULL FROM found WHERE is_gap LIMIT 1)"
)


def _now(table: Chained) -> sql.Composed:
    return _NOW.format(
        relation=sql.Literal(table.name),
        key=sql.SQL(f"({table.key})"),
        name=sql.Identifier(table.name),
        where=sql.SQL(table.where),
    )


def _readable(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute(SQL["readable"])}
