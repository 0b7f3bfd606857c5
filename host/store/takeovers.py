"""Edits of the estate that somebody made by hand, and how two people take them over.

What operators edit in SQL the audit names, for it cannot know who it was. One person says why,
another agrees to the very same rows; then the change is noted with the reason and both names, under
the chain of changes as any other. What follows from trade, keys or the night is never taken over.
"""

import datetime as dt
import enum
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from host.store.changes import differing
from host.store.deciding import CHAINED, ByHand, Chained
from host.store.noting import content_of, unseen_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "takeovers.sql")
NOT_SHOWN: Final = "(not shown)"
NOT_KEPT: Final = "(not kept)"
ABSENT: Final = "-"

Connection = psycopg.Connection[Any]


class TakeoverError(Exception):
    """An edit cannot be taken over: says which, why, and what to do."""

    exit_status = 2


class How(enum.Enum):
    """What was done to a row."""

    PUT_IN = "put in"
    TAKEN_OUT = "taken out"
    CHANGED = "changed"


class Edit(NamedTuple):
    """One column, as text: what it was noted to say, and what it says."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One person's word that a row is meant as it is."""

    reason: str
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandMade:
    """One row that is not as our programs left it."""

    table: str
    key: str
    how: How
    digest: bytes | None
    """Of the row as it is; None where it was taken out."""
    edits: tuple[Edit, ...]
    may_be_taken_over: bool
    asked: Asked | None
    """Who has asked for it as it is now."""


class Outcome(enum.Enum):
    """What came of asking for one edit."""

    ASKED = "asked"
    WAITING = "waiting for another person"
    TAKEN_OVER = "taken over"


def hand_made(connection: Connection, table: str | None = None) -> list[HandMade]:
    """Every row of chained tables, or of one, that is not as it was last noted."""
    with connection.transaction():
        connection.execute(SQL["one_form"])
        asked = _waiting(connection)
        return [
            found
            for chained in CHAINED
            if table in {None, chained.name}
            for found in _of_table(connection, chained, asked)
        ]


def take_over(
    connection: Connection,
    wanted: Sequence[HandMade],
    *,
    by: str,
    reason: str | None,
    now: dt.datetime,
) -> list[tuple[HandMade, Outcome]]:
    """Ask for edits as one person, or agree to what another has asked; all of them or none.

    Raises:
        TakeoverError: one of them may not be, changed meanwhile, or nobody says why.
    """
    with connection.transaction():
        connection.execute(SQL["one_form"])
        connection.execute(SQL["lock"])
        asked = _waiting(connection)
        return [(one, _take_over(connection, one, asked, (by, reason, now))) for one in wanted]


class _Row(NamedTuple):
    """A row of `takeover`."""

    relation: str
    key: str
    digest: bytes | None
    reason: str
    asked_by: str
    asked_at: dt.datetime


_Said = tuple[str, str | None, dt.datetime]
"""Who, why, and when."""


def _waiting(connection: Connection) -> dict[tuple[str, str], _Row]:
    """By table and key what was asked here; what was put there by hand is nobody's word."""
    forged = {key for key, *_ in connection.execute(differing(_CHAINED["takeover"]))}
    rows = [_Row(*row) for row in connection.execute(SQL["waiting"])]
    return {
        (row.relation, row.key): row for row in rows if f"{row.relation}/{row.key}" not in forged
    }


def _take_over(
    connection: Connection, one: HandMade, asked: Mapping[tuple[str, str], _Row], said: _Said
) -> Outcome:
    if not one.may_be_taken_over:
        raise TakeoverError(
            f"{one.table} {one.key} was {one.how.value} by hand, and that is never taken over: it "
            "follows from trade, keys or the night, or money is booked by it. Next: undo it in SQL"
        )
    by, reason, now = said
    before = asked.get((one.table, one.key))
    named = {"relation": one.table, "key": one.key}
    if before is not None and before.digest == one.digest:
        if before.asked_by == by:
            return Outcome.WAITING
        _note(connection, one, before, by)
        connection.execute(SQL["forget"], named)
        return Outcome.TAKEN_OVER
    if not (reason or "").strip():
        raise TakeoverError(
            f"nobody has said why {one.table} {one.key} is as it is. Next: add --reason TEXT, for "
            "the second person and for the audits to come"
        )
    told = {"digest": one.digest, "reason": reason, "asked_by": by, "asked_at": now}
    connection.execute(SQL["ask"], {**named, **told})
    return Outcome.ASKED


def _note(connection: Connection, one: HandMade, asked: _Row, by: str) -> None:
    """The change as it was made by hand, if the row is still the one that was asked for."""
    table = _CHAINED[one.table]
    statement = _NOTE_ABSENCE if one.digest is None else _NOTE
    noted = connection.execute(
        statement.format(
            name=sql.Identifier(table.name),
            key=sql.SQL(table.key),
            where=sql.SQL(table.where),
            content=sql.SQL(content_of(table)),
        ),
        {
            "relation": one.table,
            "key": one.key,
            "digest": one.digest,
            "reason": asked.reason,
            "asked_by": asked.asked_by,
            "accepted_by": by,
        },
    )
    if noted.rowcount != 1:
        raise TakeoverError(
            f"{one.table} {one.key} was changed again meanwhile. Next: posswitch audit changes"
        )


_CHAINED: Final = {table.name: table for table in CHAINED}
_NOTE: Final = sql.SQL(
    "INSERT INTO change (relation, key, digest, content, reason, asked_by, accepted_by)"
    " SELECT %(relation)s, {key}, row_digest(t), {content},"
    " %(reason)s, %(asked_by)s, %(accepted_by)s"
    " FROM {name} AS t WHERE {where} AND {key} = %(key)s AND row_digest(t) = %(digest)s"
)
_NOTE_ABSENCE: Final = sql.SQL(
    "INSERT INTO change (relation, key, reason, asked_by, accepted_by)"
    " SELECT %(relation)s, %(key)s, %(reason)s, %(asked_by)s, %(accepted_by)s"
    " WHERE NOT EXISTS (SELECT FROM {name} AS t WHERE {where} AND {key} = %(key)s)"
)
_CONTENTS: Final = sql.SQL(
    "SELECT coalesce(noted.key, now.key), noted.content, now.content,"
    " sha256(convert_to((now.whole || noted.content)::text, 'UTF8')) = noted.digest"
    " FROM (SELECT DISTINCT ON (key) key, digest, content FROM change"
    " WHERE relation = {relation} AND key = any(%(keys)s) ORDER BY key ASC, id DESC) AS noted"
    " FULL JOIN (SELECT {key} AS key, to_jsonb(t) AS whole, row_content(t, {unseen}) AS content"
    " FROM {name} AS t WHERE {where} AND {key} = any(%(keys)s)) AS now ON noted.key = now.key"
)
"""Where the row with what was kept put into it has the noted digest, nothing else differs."""


def _of_table(
    connection: Connection, table: Chained, asked: Mapping[tuple[str, str], _Row]
) -> Iterator[HandMade]:
    found = connection.execute(differing(table)).fetchall()
    edits = _edits_of(connection, table, [key for key, *_ in found])
    for key, digest, was_noted in sorted(found, key=lambda row: str(row[0])):
        how = How.CHANGED if was_noted else How.PUT_IN
        how = How.TAKEN_OUT if digest is None else how
        waiting = asked.get((table.name, key))
        yield HandMade(
            table=table.name,
            key=key,
            how=how,
            digest=digest,
            edits=edits.get(key, ()),
            may_be_taken_over=_may(table, how),
            asked=Asked(reason=waiting.reason, by=waiting.asked_by, at=waiting.asked_at)
            if waiting is not None and waiting.digest == digest
            else None,
        )


def _may(table: Chained, how: How) -> bool:
    return table.by_hand is ByHand.ANY or (table.by_hand is ByHand.NEW and how is How.PUT_IN)


def _edits_of(
    connection: Connection, table: Chained, keys: Sequence[str]
) -> dict[str, tuple[Edit, ...]]:
    """What differs in each of the rows, where what they said is kept."""
    if not keys or table.by_hand is ByHand.NEVER:
        return {}
    statement = _CONTENTS.format(
        relation=sql.Literal(table.name),
        name=sql.Identifier(table.name),
        key=sql.SQL(table.key),
        where=sql.SQL(table.where),
        unseen=sql.Literal(sorted(unseen_of(table))),
    )
    rows = connection.execute(statement, {"keys": list(keys)})
    return {
        key: tuple(_edits(table, before, after, is_all=is_all))
        for key, before, after, is_all in rows
    }


def _edits(
    table: Chained,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    *,
    is_all: bool | None,
) -> Iterator[Edit]:
    names = dict.fromkeys([*(after or {}), *(before or {})])
    for name in names:
        was, now = _text(before, name), _text(after, name)
        if was != now:
            yield Edit(name, was, now)
    if before is not None and after is not None and not is_all:
        yield Edit(" or ".join(sorted(unseen_of(table))) or "another", NOT_SHOWN, NOT_SHOWN)
    if before is None and after is None:
        yield Edit("all", NOT_KEPT, ABSENT)


def _text(row: Mapping[str, object] | None, name: str) -> str:
    if row is None or name not in row:
        return ABSENT
    value = row[name]
    return value if isinstance(value, str) else json.dumps(value)
