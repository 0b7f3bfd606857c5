"""Edits of the estate that somebody made by hand, and how two people take them over.

What operators edit in SQL the audit names, for it cannot know who it was. One person says why,
another agrees to the very same rows; then the change is noted with the reason and both names, under
the chain of changes as any other. So is an edit that a program has written over since: the change
that was made of it is what is taken over. Of a key that is all that may be: a row that is not as it
was noted is another key until it is given anew. What follows from trade or the night never is.
"""

import datetime as dt
import enum
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import sql

from host.store.changes import Gap, differing, gaps
from host.store.deciding import CHAINED, TABLES, ByHand, Chained, How, how_of
from host.store.noting import content_of, unseen_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "takeovers.sql")
NOT_SHOWN: Final = "(not shown)"
NOT_KEPT: Final = "(not kept)"
ABSENT: Final = "-"
_CHANGE: Final = "change"

Connection = psycopg.Connection[Any]


class TakeoverError(Exception):
    """An edit cannot be taken over: says which, why, and what to do."""

    exit_status = 2


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
    """One row that is not as our programs left it, or was not when one of them changed it."""

    table: str
    key: str
    change: int | None
    """The number of the change that was made over it since; None where the row is so now."""
    how: How
    before: bytes | None
    """The digest that our programs left; None where there was no row."""
    digest: bytes | None
    """Of the row as the edit left it; None where it was taken out."""
    edits: tuple[Edit, ...]
    may_be_taken_over: bool
    asked: Asked | None
    """Who has asked for it as it is now."""

    @property
    def subject(self) -> tuple[str, str]:
        """What two people take over: the row, or the change that was made over its edit."""
        return (self.table, self.key) if self.change is None else (_CHANGE, str(self.change))

    def __str__(self) -> str:
        over = "" if self.change is None else f" (change {self.change})"
        return f"{self.table} {self.key}{over}"


class Outcome(enum.Enum):
    """What came of asking for one edit."""

    ASKED = "asked"
    WAITING = "waiting for another person"
    TAKEN_OVER = "taken over"


def hand_made(connection: Connection, table: str | None = None) -> list[HandMade]:
    """Every edit of chained tables, or of one, as it stands and as it was written over since."""
    with connection.transaction():
        connection.execute(SQL["one_form"])
        asked = _waiting(connection)
        standing = [
            found
            for chained in CHAINED
            if table in {None, chained.name}
            for found in _of_table(connection, chained, asked)
        ]
        amiss = {(one.table, one.key) for one in standing}
        over = list(gaps(connection, table))
        return [*standing, *_written_over(connection, over, asked, amiss)]


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
        _check(connection, wanted)
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
    forged = {key for key, *_ in connection.execute(differing(TABLES["takeover"]))}
    rows = [_Row(*row) for row in connection.execute(SQL["waiting"])]
    return {
        (row.relation, row.key): row for row in rows if f"{row.relation}/{row.key}" not in forged
    }


def _take_over(
    connection: Connection, one: HandMade, asked: Mapping[tuple[str, str], _Row], said: _Said
) -> Outcome:
    by, reason, now = said
    before = asked.get(one.subject)
    relation, key = one.subject
    named = {"relation": relation, "key": key}
    if before is not None and before.digest == one.digest:
        if before.asked_by == by:
            return Outcome.WAITING
        _note(connection, one, before, by)
        connection.execute(SQL["forget"], named)
        return Outcome.TAKEN_OVER
    if not (reason or "").strip():
        raise TakeoverError(
            f"nobody has said why {one} is as it is. Next: add --reason TEXT, for "
            "the second person and for the audits to come"
        )
    told = {"digest": one.digest, "reason": reason, "asked_by": by, "asked_at": now}
    connection.execute(SQL["ask"], {**named, **told})
    return Outcome.ASKED


def _check(connection: Connection, wanted: Sequence[HandMade]) -> None:
    """That all of them may be. A key that was spoilt again since, is no key of ours."""
    healed = {one.table for one in wanted if TABLES[one.table].by_hand is ByHand.HEALED}
    amiss = {
        (name, key) for name in healed for key, *_ in connection.execute(differing(TABLES[name]))
    }
    for one in wanted:
        _check_may_be(one)
        if (one.table, one.key) in amiss:
            raise _not_healed(one)


def _not_healed(one: HandMade) -> TakeoverError:
    return TakeoverError(
        f"{one.table} {one.key} is still not the key that this program last stored, and such a key "
        "is never taken over. Next: have it given anew (its terminal signs on; posswitch keys), "
        "then take over that it was another"
    )


def _check_may_be(one: HandMade) -> None:
    if one.may_be_taken_over:
        return
    if TABLES[one.table].by_hand is ByHand.HEALED:
        raise _not_healed(one)
    if one.change is None:
        raise TakeoverError(
            f"{one.table} {one.key} was {one.how.value} by hand, and that is never taken over: it "
            "follows from trade, keys or the night, or money is booked by it. Next: undo it in SQL"
        )
    raise TakeoverError(
        f"{one.table} {one.key} was {one.how.value} by hand before change {one.change}, and that "
        "is never taken over: it follows from trade, keys or the night, or money is booked by it. "
        "Next: restore what was backed up before that change, or live with the finding"
    )


def _note(connection: Connection, one: HandMade, asked: _Row, by: str) -> None:
    """The change as it was made by hand, if the row is still the one that was asked for."""
    table = TABLES[one.table]
    relation, key = one.subject
    noted = connection.execute(
        _statement_of(one).format(
            name=sql.Identifier(table.name),
            key=sql.SQL(table.key),
            where=sql.SQL(table.where),
            content=sql.SQL(content_of(table)),
        ),
        {
            "relation": relation,
            "key": key,
            "before": one.before,
            "digest": one.digest,
            "reason": asked.reason,
            "asked_by": asked.asked_by,
            "accepted_by": by,
        },
    )
    if noted.rowcount != 1:
        raise TakeoverError(f"{one} was changed again meanwhile. Next: posswitch audit changes")


def _statement_of(one: HandMade) -> sql.SQL:
    if one.change is not None:
        return _NOTE_OF_CHANGE
    return _NOTE_ABSENCE if one.digest is None else _NOTE


_NOTE: Final = sql.SQL(
    "INSERT INTO change (relation, key, before, digest, content, reason, asked_by, accepted_by)"
    " SELECT %(relation)s, {key}, %(before)s, row_digest(t), {content},"
    " %(reason)s, %(asked_by)s, %(accepted_by)s"
    " FROM {name} AS t WHERE {where} AND {key} = %(key)s AND row_digest(t) = %(digest)s"
)
_NOTE_ABSENCE: Final = sql.SQL(
    "INSERT INTO change (relation, key, before, reason, asked_by, accepted_by)"
    " SELECT %(relation)s, %(key)s, %(before)s, %(reason)s, %(asked_by)s, %(accepted_by)s"
    " WHERE NOT EXISTS (SELECT FROM {name} AS t WHERE {where} AND {key} = %(key)s)"
)
_NOTE_OF_CHANGE: Final = sql.SQL(
    "INSERT INTO change (relation, key, digest, reason, asked_by, accepted_by)"
    " SELECT %(relation)s, c.id::text, c.before, %(reason)s, %(asked_by)s, %(accepted_by)s"
    " FROM change AS c"
    " WHERE c.id = %(key)s::text::bigint AND c.before IS NOT DISTINCT FROM %(digest)s"
)
_CONTENTS: Final = sql.SQL(
    "SELECT coalesce(noted.key, now.key), noted.content, now.content,"
    " sha256(convert_to((now.whole || noted.content)::text, 'UTF8')) = noted.digest"
    " FROM (SELECT DISTINCT ON (key) key, digest, content FROM noted_row"
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
    for key, digest, before in sorted(found, key=lambda row: str(row[0])):
        how = how_of(was=before is not None, is_there=digest is not None)
        yield HandMade(
            table=table.name,
            key=key,
            change=None,
            how=how,
            before=before,
            digest=digest,
            edits=edits.get(key, ()),
            may_be_taken_over=table.may_be_taken_over(how),
            asked=_asked(asked.get((table.name, key)), digest),
        )


def _written_over(
    connection: Connection,
    found: Sequence[Gap],
    asked: Mapping[tuple[str, str], _Row],
    amiss: Collection[tuple[str, str]],
) -> Iterator[HandMade]:
    """What was edited and then changed by a program: shown with what that did to it.

    `amiss` are the rows, by table and key, that are not as they were noted last.
    """
    numbers = [gap.number for gap in found]
    before = [gap.number_before for gap in found]
    rows = connection.execute(SQL["kept_contents"], (numbers, before)) if found else ()
    kept = {number: rest for number, *rest in rows}
    for gap in found:
        table, (was, became, is_all) = TABLES[gap.table], kept[gap.number]
        edits = tuple(_edits(table, was, became, is_all=is_all)) if table.is_edited else ()
        is_key_amiss = table.by_hand is ByHand.HEALED and (gap.table, gap.key) in amiss
        yield HandMade(
            table=gap.table,
            key=gap.key,
            change=gap.number,
            how=gap.how,
            before=gap.left,
            digest=gap.found,
            edits=edits,
            may_be_taken_over=gap.may_be_taken_over and not is_key_amiss,
            asked=_asked(asked.get((_CHANGE, str(gap.number))), gap.found),
        )


def _asked(waiting: _Row | None, digest: bytes | None) -> Asked | None:
    """The word of one person for exactly this."""
    if waiting is None or waiting.digest != digest:
        return None
    return Asked(reason=waiting.reason, by=waiting.asked_by, at=waiting.asked_at)


def _edits_of(
    connection: Connection, table: Chained, keys: Sequence[str]
) -> dict[str, tuple[Edit, ...]]:
    """What differs in each of the rows, where what they said is kept."""
    if not keys or not table.is_edited:
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
    unknown = _unkept(before, after)
    for name in names:
        was, now = _text(before, name), _text(after, name)
        if was != now and name not in unknown:
            yield Edit(name, was, now)
    if before is not None and after is not None and not is_all:
        others = sorted({*unseen_of(table), *unknown})
        yield Edit(" or ".join(others) or "another", NOT_SHOWN, NOT_SHOWN)
    if before is None and after is None:
        yield Edit("all", NOT_KEPT, ABSENT)


def _unkept(
    before: Mapping[str, object] | None, after: Mapping[str, object] | None
) -> Collection[str]:
    """Columns of which it was not kept what they said: those `apart`, of rows noted together."""
    return set() if before is None or after is None else before.keys() ^ after.keys()


def _text(row: Mapping[str, object] | None, name: str) -> str:
    if row is None or name not in row:
        return ABSENT
    value = row[name]
    return value if isinstance(value, str) else json.dumps(value)
