"""What decides, compared with what our programs noted of it; and the chain over those notes.

Every row of a chained table (`host.store.deciding`) is as its last change says: another content,
a row that is missing or one that nobody noted was somebody else's doing. So it was where the row
that a change was made of is not the one that the change before it left. The changes themselves
are under links, which are recomputed here; the newest may not be linked yet.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

import psycopg
from psycopg import sql

from host.store.changes import differing, gaps
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
    for table in _with_anything(connection, readable):
        statement = sql.SQL("SELECT d.* FROM ({}) AS d ORDER BY d.key LIMIT {}").format(
            differing(table, in_own_words=True), sql.Literal(FINDINGS_MAX)
        )
        for key, digest, before in connection.execute(statement):
            how = how_of(was=before is not None, is_there=digest is not None)
            yield f"{table.name} {key}{_DONE[how]}"
    if "change" in readable:
        yield from written_over(connection)
    names = [table.name for table in CHAINED]
    for number, relation in connection.execute(SQL["strange_changes"], (names,)):
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


def _with_anything(connection: Connection, readable: Collection[str]) -> list[Chained]:
    """Of the tables that may be read, those with a row or with a note of one.

    In the others there is nothing to compare. What a server counts of a table is not asked, but
    whether there is a page that could hold a row; where there is one, the table itself is.
    """
    told = [table for table in CHAINED if table.name in readable]
    if "change" not in readable:
        return told
    names = [table.name for table in told]
    asked = [name for (name,) in connection.execute(SQL["with_a_page"], (names,))]
    rows = [
        sql.SQL("UNION ALL SELECT {} WHERE EXISTS (SELECT FROM {})").format(
            sql.Literal(name), sql.Identifier(name)
        )
        for name in asked
    ]
    notes = sql.SQL(" ").join([sql.SQL("SELECT DISTINCT relation FROM change"), *rows])
    there = {name for (name,) in connection.execute(notes)}
    return [table for table in told if table.name in there]


def _readable(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute(SQL["readable"])}
