"""The hash chain, recomputed: every seal over the one before it and the rows of its batch.

Two server-side cursors run side by side in the same order, so memory does not grow with the
ledger. What a seal has to cover comes as one text, and is hashed here: that is what a server is
slow at. A changed, dropped or inserted row shows as the first seal that no longer fits; the
chain is then followed from the seal as it is stored, so one bad row is one finding.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, LiteralString, NamedTuple

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
from host.store.queries import load_queries

SQL: Final = load_queries("clearing", "seals.sql")
ROWS_PER_FETCH: Final = 5_000
TEXTS_PER_FETCH: Final = 200
"""Each of a whole batch."""
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


class Covered(NamedTuple):
    """What a seal has to cover, as a row of `sealed_texts`."""

    shard: int
    seq: int
    exchanges: int
    first_number: int
    last_number: int
    first_unsealed: str | None
    """The slot of its first exchange, where there is no such seal."""
    text: str
    """Of lines, each closed by a newline."""


def broken_seals(connection: psycopg.Connection[Any], seals: LiteralString) -> Iterator[str]:
    """What is wrong with the chain, in words, first things first. Needs an open transaction."""
    expected: tuple[int, int, bytes] | None = None
    for seal, covered in _with_what_they_cover(connection, seals):
        if seal is None:
            assert covered is not None, "one of both is there"
            yield _unsealed(covered)
            continue
        shard, seq, _, digest, *_ = seal
        if expected is None or expected[0] != shard:
            expected = (shard, 1, FIRST_SEAL)
        yield from _faults(seal, expected, covered)
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
    told = _told(dates)
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


def _with_what_they_cover(
    connection: psycopg.Connection[Any], seals: LiteralString
) -> Iterator[tuple[Row | None, Covered | None]]:
    """Every seal and its batch, by shard and number. Of either the other may be missing."""
    rows = _stream(connection, "sealed_texts", SQL["sealed_texts"], {}, TEXTS_PER_FETCH)
    texts = map(Covered._make, rows)
    covered = next(texts, None)
    for seal in _stream(connection, "seals", seals, _told(EVER)):
        while covered is not None and covered[:2] < seal[:2]:
            yield None, covered
            covered = next(texts, None)
        if covered is not None and covered[:2] == seal[:2]:
            yield seal, covered
            covered = next(texts, None)
        else:
            yield seal, None
    while covered is not None:
        yield None, covered
        covered = next(texts, None)


def _faults(seal: Row, expected: tuple[int, int, bytes], covered: Covered | None) -> Iterator[str]:
    shard, seq, previous, _, items, form, _ = seal
    _, expected_seq, expected_previous = expected
    if seq != expected_seq:
        yield f"shard {shard}: seal {expected_seq} is missing before seal {seq}"
    elif previous != expected_previous:
        yield f"shard {shard}, seal {seq}: it does not follow the seal before it"
    exchanges = 0 if covered is None else covered.exchanges
    if not 1 <= form <= SEAL_FORM:
        yield f"shard {shard}, seal {seq}: it has no form of ours"
    elif covered is None or exchanges != items:
        yield f"shard {shard}, seal {seq}: it covers {items} exchanges, {exchanges} are there"
    elif not _fits(seal, covered.text):
        first, last = covered.first_number, covered.last_number
        yield (
            f"shard {shard}, seal {seq}: an exchange, journal, entry, lot or order of numbers "
            f"{first} to {last} (RRN {rrn_of(first)} to {rrn_of(last)}) is not what was sealed"
        )


def _fits(seal: Row, text: str) -> bool:
    _, _, previous, digest, _, form, sealed_at = seal
    batch = [batch_row(sealed_at)] if form > 1 else []
    found = seal_digest(previous, [*batch, text.removesuffix("\n")])
    return found == bytes(digest)


def _unsealed(covered: Covered) -> str:
    shard, seq, _, number, _, slot, _ = covered
    return f"shard {shard}: exchange {number} ({slot}) names seal {seq}, which is missing"


def _told(dates: tuple[str, str]) -> Mapping[str, str]:
    return dict(zip(("first", "last"), dates, strict=True))


def _stream(
    connection: psycopg.Connection[Any],
    name: str,
    statement: LiteralString,
    told: Mapping[str, str],
    rows_per_fetch: int = ROWS_PER_FETCH,
) -> Iterator[Row]:
    with connection.cursor(name=name, scrollable=False) as cursor:
        cursor.itersize = rows_per_fetch
        yield from cursor.execute(statement, told, binary=True)
