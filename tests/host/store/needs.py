"""What PostgreSQL itself says a statement needs: of which relation which columns, and to do what.

The server tells its parse tree, in which stands what it is going to check. So nothing is read from
the statement's text, and nothing has to be run.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg import pq

from tests.clearing.test_plans import numbered

Connection = psycopg.Connection[Any]

_CHECKED = re.compile(
    r":relid (\d+)\s+:inh \w+\s+:requiredPerms (\d+)\s+:checkAsUser 0"
    r"\s*?(?P<wrap>\n +):selectedCols \(b([^)]*)\)"
    r"\s+:insertedCols \(b([^)]*)\)\s+:updatedCols \(b([^)]*)\)"
)
LAID_OUT_FIRST = re.compile(r"^CREATE TEMPORARY TABLE .* AS$", re.MULTILINE)
UNASKED = re.compile(r"^(ANALYZE|LOCK|COPY|LISTEN|CREATE TEMPORARY TABLE \w+ \($)", re.MULTILINE)
"""A tree is told in lines of so many characters, and goes on in the next behind the same blanks: a
number may be cut in two there."""
DELETE = 8
WHOLE_ROW, FIRST_COLUMN = 7, 8


class Need(NamedTuple):
    """One column, or `*` where a row is asked for of which any column will do."""

    relation: str
    privilege: str
    column: str


def needs_of(connection: Connection, statements: Iterable[str]) -> set[Need]:
    """Everything that the statements need, of tables and views of ours."""
    trees: list[str] = []
    with connection.transaction(force_rollback=True):
        connection.add_notice_handler(lambda told: trees.append(told.message_detail or ""))
        columns = _columns(connection)
        connection.execute("SET LOCAL client_min_messages = log")
        connection.execute("SET LOCAL debug_print_parse = on")
        for statement in statements:
            if UNASKED.search(statement):
                continue
            asked = numbered(LAID_OUT_FIRST.sub("", statement))
            result = connection.pgconn.prepare(b"", asked.encode())
            assert result.status == pq.ExecStatus.COMMAND_OK, result.error_message.decode()
    return {
        need
        for tree in trees
        for found in _CHECKED.finditer(tree)
        if found[1] in columns
        for need in _needs(found, *columns[found[1]])
    }


def _needs(found: re.Match[str], relation: str, columns: dict[int, str]) -> Iterable[Need]:
    required = int(found[2])
    for bit, privilege, members in (
        (2, "SELECT", found[4]),
        (1, "INSERT", found[5]),
        (4, "UPDATE", found[6]),
    ):
        numbers = [int(number) for number in members.replace(found["wrap"], "").split()]
        if required & bit and not numbers:
            yield Need(relation, privilege, "*")
        for number in numbers:
            named = columns.values() if number == WHOLE_ROW else [columns[number - WHOLE_ROW]]
            yield from (Need(relation, privilege, name) for name in named)
    if required & DELETE:
        yield Need(relation, "DELETE", "*")


def _columns(connection: Connection) -> dict[str, tuple[str, dict[int, str]]]:
    rows = connection.execute(
        "SELECT c.oid::text, c.relname, json_object_agg(a.attnum, a.attname) FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'public'::regnamespace"
        " GROUP BY c.oid, c.relname"
    )
    return {
        oid: (name, {int(number): column for number, column in columns.items()})
        for oid, name, columns in rows
    }
