"""The hash chain, recomputed: every seal over the one before it and the rows of its batch.

Two server-side cursors run side by side in the same order, so memory does not grow with the
ledger. A changed, dropped or inserted row shows as the first seal that no longer fits; the
chain is then followed from the seal as it is stored, so one bad row is one finding.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, LiteralString

import psycopg

from host.ledger import (
    FIRST_SEAL,
    SEAL_FORM,
    batch_row,
    entry_row,
    exchange_row,
    first_form_exchange_row,
    journal_row,
    lot_row,
    order_row,
    seal_digest,
)
from host.model.numbers import rrn_of

ROWS_PER_FETCH: Final = 5_000
EXCHANGE_CARD: Final = 18
LOT: Final = 19
ORDER: Final = 23
KEPT: Final = 25
"""Where the columns of `sealed_rows` are that form 1 did not cover."""

Row = tuple[Any, ...]
EVER: Final = ("-infinity", "infinity")
"""All dates, as PostgreSQL has them."""

_batch: Final = itemgetter(0, 1)
_exchange: Final = itemgetter(2, 3)


def broken_seals(
    connection: psycopg.Connection[Any], seals: LiteralString, sealed_rows: LiteralString
) -> Iterator[str]:
    """What is wrong with the chain, in words, first things first. Needs an open transaction."""
    expected: tuple[int, int, bytes] | None = None
    for seal, rows in sealed_batches(connection, (seals, sealed_rows), EVER):
        if seal is None:
            yield _unsealed(rows[0])
            continue
        shard, seq, _, digest, *_ = seal
        if expected is None or expected[0] != shard:
            expected = (shard, 1, FIRST_SEAL)
        yield from _faults(seal, expected, rows)
        expected = (shard, seq + 1, digest)


def sealed_batches(
    connection: psycopg.Connection[Any],
    statements: tuple[LiteralString, LiteralString],
    dates: tuple[str, str],
) -> Iterator[tuple[Row | None, list[Row]]]:
    """Every seal of these dates and what it covers, by shard and number; batch by batch.

    `statements` are `seals` and `sealed_rows`. Rows that name a seal which is not there come
    without one.
    """
    told = dict(zip(("first", "last"), dates, strict=True))
    seals, sealed_rows = statements
    batches = groupby(_stream(connection, "sealed_rows", sealed_rows, told), _batch)
    batch = next(batches, None)
    for seal in _stream(connection, "seals", seals, told):
        while batch is not None and batch[0] < seal[:2]:
            yield None, list(batch[1])
            batch = next(batches, None)
        rows: list[Row] = []
        if batch is not None and batch[0] == seal[:2]:
            rows = list(batch[1])
            batch = next(batches, None)
        yield seal, rows
    while batch is not None:
        yield None, list(batch[1])
        batch = next(batches, None)


def canonical_rows(rows: Iterable[Row], form: int, sealed_at: dt.datetime) -> Iterator[str]:
    """Rows of `sealed_rows` of one batch in the form that `host.ledger.seal_digest` covers."""
    if form > 1:
        yield batch_row(sealed_at)
    for _, same in groupby(rows, _exchange):
        behind = []
        for place, row in enumerate(same):
            _, _, number, slot, kind, fingerprint, reason, answer, *posted = row
            journal, journal_kind, original, card, date, leg, *moved = posted
            if place == 0:
                words = (slot, number, kind, fingerprint.hex(), reason, answer.hex())
                yield (
                    first_form_exchange_row(words)
                    if form == 1
                    else exchange_row(words, row[EXCHANGE_CARD])
                )
                if form > 1:
                    yield from row[KEPT] or ()
                if journal is not None:
                    yield journal_row(journal, journal_kind, original, card, date)
            if leg is not None:
                yield entry_row(journal, leg, *moved[:4])
            if form > 1 and row[LOT] is not None:
                lot = lot_row(number, *row[LOT:ORDER])
                # It comes with each entry of its account, and is one lot.
                behind += [lot] if lot not in behind else []
        if form > 1 and row[ORDER] is not None:
            behind.append(order_row(number, *row[ORDER:KEPT]))
        yield from behind


def _faults(seal: Row, expected: tuple[int, int, bytes], rows: list[Row]) -> Iterator[str]:
    shard, seq, previous, digest, items, form, sealed_at = seal
    _, expected_seq, expected_previous = expected
    if seq != expected_seq:
        yield f"shard {shard}: seal {expected_seq} is missing before seal {seq}"
    elif previous != expected_previous:
        yield f"shard {shard}, seal {seq}: it does not follow the seal before it"
    exchanges = len({row[2:4] for row in rows})
    if not 1 <= form <= SEAL_FORM:
        yield f"shard {shard}, seal {seq}: it has no form of ours"
    elif exchanges != items:
        yield f"shard {shard}, seal {seq}: it covers {items} exchanges, {exchanges} are there"
    elif seal_digest(previous, canonical_rows(rows, form, sealed_at)) != digest:
        first, last = rows[0][2], rows[-1][2]
        yield (
            f"shard {shard}, seal {seq}: an exchange, journal, entry, lot or order of numbers "
            f"{first} to {last} (RRN {rrn_of(first)} to {rrn_of(last)}) is not what was sealed"
        )


def _unsealed(first: Row) -> str:
    shard, seq, number, slot, *_ = first
    return f"shard {shard}: exchange {number} ({slot}) names seal {seq}, which is missing"


def _stream(
    connection: psycopg.Connection[Any],
    name: str,
    statement: LiteralString,
    told: Mapping[str, str],
) -> Iterator[Row]:
    with connection.cursor(name=name, scrollable=False) as cursor:
        cursor.itersize = ROWS_PER_FETCH
        yield from cursor.execute(statement, told, binary=True)
