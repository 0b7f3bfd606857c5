"""The ledger between two checkpoints, written as an export that proves itself (`clearing.proof`).

What a date has is streamed, batch by batch and link by link, so memory does not grow with it. It is
written as it stands: whether it is what was sealed is for who verifies the file to find.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

import psycopg

from clearing.changed import SQL as CHANGED
from clearing.checks import SQL as AUDIT
from clearing.night import ClearingError
from clearing.proof import LINK, NOWHERE, SEAL, TITLE, Chain, Stands, Writer
from clearing.seals import canonical_rows, sealed_batches
from host.store.heads import Head
from host.store.queries import load_queries

SQL: Final = load_queries("clearing", "export.sql")
ISOLATED: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
CHANGES_PER_FETCH: Final = 1_000

Connection = psycopg.Connection[Any]
Ends = Mapping[Chain, Stands]


class Dates(NamedTuple):
    """Business dates to be exported; None: from the first on, to the last that is signed."""

    first: dt.date | None = None
    last: dt.date | None = None


class Exported(NamedTuple):
    """What was written: the checkpoints at both ends, the first None at the beginning of all."""

    first: Head | None
    last: Head
    heads: int


def export_ledger(connection: Connection, dates: Dates, writer: Writer) -> Exported:
    """Write what was posted and changed on these dates, up to the checkpoint behind them.

    Any login that may read all of it will do; nothing is changed. `connection` has no transaction
    open.

    Raises:
        ClearingError: no checkpoint was signed since the first of these dates.
    """
    with connection.transaction(force_rollback=True):
        connection.execute(ISOLATED)
        connection.execute(CHANGED["settings"])
        connection.execute(AUDIT["read_to_the_end"])
        start, heads = _heads(connection, dates)
        writer.line(TITLE)
        writer.line(f"range {start.number if start is not None else 0} {heads[-1].number}")
        if start is not None:
            writer.head(start)
        for before, head in pairwise((start, *heads)):
            assert head is not None
            _write_between(connection, _ends(before), _ends(head), writer)
            writer.head(head)
        writer.end()
    return Exported(start, heads[-1], len(heads) + (start is not None))


def _heads(connection: Connection, dates: Dates) -> tuple[Head | None, Sequence[Head]]:
    """The checkpoint before the first date, and those from there to behind the last one."""
    told = {
        "first": dates.first.isoformat() if dates.first is not None else "",
        "last": dates.last.isoformat() if dates.last is not None else "9999-12-31",
    }
    rows = connection.execute(SQL["heads_of_dates"], told).fetchall()
    heads = [Head(number, body, bytes(signature)) for number, body, signature in rows]
    start = (
        heads.pop(0)
        if heads and dates.first is not None and heads[0].date < told["first"]
        else None
    )
    if not heads:
        raise ClearingError(
            "no checkpoint was signed since then: a running host signs one every few minutes, the "
            "night one behind each date. Next: start the host, or name an earlier date"
        )
    return start, heads


def _ends(head: Head | None) -> Ends:
    if head is None:
        return {}
    return {(kind, shard): Stands(at, digest) for kind, shard, at, digest in head.ends}


def _write_between(connection: Connection, before: Ends, upto: Ends, writer: Writer) -> None:
    _write_seals(connection, before, upto, writer)
    _write_links(connection, before, upto, writer)


def _write_seals(connection: Connection, before: Ends, upto: Ends, writer: Writer) -> None:
    bounds = {
        shard: (before.get((kind, shard), NOWHERE).number, stands.number)
        for (kind, shard), stands in upto.items()
        if kind == SEAL
    }
    dates = _dates_of(connection, bounds)
    if dates is None:
        return
    for seal, rows in sealed_batches(connection, (AUDIT["seals"], AUDIT["sealed_rows"]), dates):
        shard, seq = seal[:2] if seal is not None else rows[0][:2]
        after, last = bounds.get(shard, (0, 0))
        if after < seq <= last:
            writer.line(f"seal {shard} {seq} {seal[3].hex() if seal is not None else ''}")
            form, sealed_at = seal[5:7] if seal is not None else _NO_FORM
            for row in canonical_rows(rows, form, sealed_at):
                writer.line(f"row {row}")


def _dates_of(
    connection: Connection, bounds: Mapping[int, tuple[int, int]]
) -> tuple[str, str] | None:
    """The first and the last business date of these seals; None where there are none."""
    told = {
        "shards": list(bounds),
        "after": [after for after, _ in bounds.values()],
        "upto": [upto for _, upto in bounds.values()],
    }
    row = connection.execute(SQL["dates_of_seals"], told).fetchone()
    return None if row is None or row[0] is None else (row[0].isoformat(), row[1].isoformat())


def _write_links(connection: Connection, before: Ends, upto: Ends, writer: Writer) -> None:
    told = {
        "after": before.get((LINK, 0), NOWHERE).number,
        "upto": upto.get((LINK, 0), NOWHERE).number,
    }
    for (number, moment, digest), changes in groupby(
        _linked(connection, told), key=itemgetter(0, 1, 2)
    ):
        writer.line(f"link {number} {moment} {digest.hex()}")
        for *_, change in changes:
            if change is not None:
                writer.line(f"change {change}")


def _linked(connection: Connection, told: Mapping[str, int]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="linked", scrollable=False) as cursor:
        cursor.itersize = CHANGES_PER_FETCH
        yield from cursor.execute(SQL["linked_changes"], told)


_NO_FORM: Final = (2, dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
"""Of rows that name a seal which is not there: whatever they read as, no seal covers them."""
