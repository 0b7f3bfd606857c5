"""The chain of changes: what is noted of rows that decide, and the links over it.

A statement that writes a chained table notes each row it wrote, as it was and as it is, in itself:
so nothing is written without its note, and nothing is noted that was not written. What was edited
by hand in between is a gap between two notes of the row, whatever is noted later. A link is a hash
over the link before and the changes since; a signed head (`host.store.heads`) names the last one.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import errors, sql

from host.store.deciding import CHAINED, TABLES, Chained, How, how_of
from host.store.locks import CHANGE_LOCK
from host.store.noting import content_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "changes.sql")
CHANGES_PER_LINK_MAX: Final = 10_000
LOCK_MILLISECONDS_MAX: Final = 200
"""Who notes a change waits behind us while we wait for those that are being noted."""

Connection = psycopg.Connection[Any]


def note_what_differs(connection: Connection, names: Collection[str] = tuple(TABLES)) -> int:
    """Note every row of these chained tables that is not as it was last noted; gives how many.

    Of the estate also rows of which it was not kept what they say, once that can be kept.

    For who writes many rows at once (an estate, a migration), in the transaction of that. It
    believes what it finds, so it is no part of any work that goes on beside a host.
    """
    there = {name for (name,) in connection.execute(SQL["tables"], (list(names),))}
    says = {name for (name,) in connection.execute(SQL["columns"])}
    return sum(
        connection.execute(_note_differing(table, says)).rowcount
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


def differing(table: Chained, *, in_own_words: bool = False) -> sql.Composed:
    """The rows of a chained table that are not as they were last noted: key, digest, before.

    Both are digests: of the row as it is, and as it was noted; null where there is, was none.
    In our own words it believes no function and no view of the database, whose owner can replace
    them; the transaction then has the settings of `clearing.changed`.
    """
    return _DIFFERING.format(**_of(table), **(_OWN if in_own_words else _PLAIN))


class Gap(NamedTuple):
    """A change that was made over an edit by hand: the row was not as the change before left it."""

    number: int
    """Of the change."""
    table: str
    key: str
    left: bytes | None
    """What the change before left, as a digest; None where there was no row."""
    found: bytes | None
    """What the row was when this change was made; None where there was no row."""
    number_before: int | None
    """Of the change before; None where there was none."""
    is_accepted: bool
    """Whether two people have said that what was found was meant."""

    @property
    def how(self) -> How:
        """What was done by hand before the change was made."""
        return how_of(was=self.left is not None, is_there=self.found is not None)

    @property
    def may_be_taken_over(self) -> bool:
        """Whether it is of the estate, or of a key: a row that is ours again."""
        return TABLES[self.table].may_have_been(self.how)


def gaps(connection: Connection, table: str | None = None) -> Iterator[Gap]:
    """Every gap in the notes of a row that is not taken over, of all tables or of one.

    They come in the order of the changes, and are read as they come: a transaction is open.
    """
    names = [one.name for one in CHAINED if table in {None, one.name}]
    with connection.cursor(name="gaps", scrollable=False) as cursor:
        for row in cursor.execute(SQL["gaps"], (names,)):
            gap = Gap(*row)
            if not (gap.is_accepted and gap.may_be_taken_over):
                yield gap


_DIFFERING: Final = sql.SQL(
    "SELECT coalesce(now.key, noted.key) AS key, now.digest, noted.digest AS before{told}"
    " FROM (SELECT {key} AS key, {is_now} AS digest{kept} FROM {name} AS t"
    " WHERE {where}) AS now FULL JOIN (SELECT DISTINCT ON (key) key, digest{noted} FROM {notes}"
    " WHERE relation = {relation} ORDER BY key ASC, id DESC) AS noted ON noted.key = now.key"
    " WHERE now.digest IS DISTINCT FROM noted.digest OR ({or_not})"
)
_PLAIN: Final[Mapping[str, sql.Composable]] = {
    "told": sql.SQL(""),
    "kept": sql.SQL(""),
    "noted": sql.SQL(""),
    "notes": sql.SQL("noted_row"),
    "or_not": sql.SQL("false"),
    "is_now": sql.SQL("row_digest(t)"),
}
_OWN: Final[Mapping[str, sql.Composable]] = {
    **_PLAIN,
    "notes": sql.SQL(f"({SQL['noted']}) AS n"),
    "is_now": sql.SQL("sha256(convert_to(to_jsonb(t)::text, 'UTF8'))"),
}
"""As `row_digest` and `noted_row` have it."""


def _of(table: Chained) -> dict[str, sql.Composable]:
    return {
        "key": sql.SQL(table.key),
        "name": sql.Identifier(table.name),
        "where": sql.SQL(table.where),
        "relation": sql.Literal(table.name),
    }


def _note_differing(table: Chained, says: Collection[str]) -> sql.Composed:
    """`says` are the columns that a note has. What was noted last is taken for the row before."""
    keeps = "content" in says and table.is_edited
    names = ["digest", *(["before"] if "before" in says else []), *(["content"] if keeps else [])]
    with_content = {
        "is_now": _PLAIN["is_now"],
        "told": sql.SQL(", now.content"),
        "kept": sql.SQL(", {} AS content").format(sql.SQL(content_of(table))),
        "noted": sql.SQL(", content IS NOT NULL AS is_kept"),
        "or_not": sql.SQL("now.digest IS NOT NULL AND NOT noted.is_kept"),
    }
    notes = sql.Identifier("noted_row" if "keys" in says else "change")
    told = {**(with_content if keeps else _PLAIN), "notes": notes}
    return sql.SQL(
        "INSERT INTO change (relation, key, {names})"
        " SELECT {relation}, d.key, {names} FROM ({found}) AS d"
    ).format(
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        relation=sql.Literal(table.name),
        found=_DIFFERING.format(**_of(table), **told),
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
