"""What the night posts itself: journals under the date that it clears, in a shard of its own.

The date is closed, so no writer's chain may grow under it any more; the night's own does, and only
in the night's turn. Each posting is an exchange like any other, under a key that says which step of
which date made it for whom, so what a killed night has posted is found and not posted again.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from clearing.night import Night
from host.asking import exchange_key
from host.fingerprint import FINGERPRINT_BYTES
from host.ledger import (
    SEAL_FORM,
    ChainEnd,
    Chart,
    Leg,
    batch_row,
    entry_row,
    exchange_row,
    journal_row,
    seal_digest,
)
from host.model.numbers import first_number_of, rrn_of
from host.model.origins import Origin
from host.model.own import OwnKey
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.rules.state import NO_CARD
from host.shards import NIGHT_SHARD, home_of
from host.store import arrays
from host.store.book import read_shard_count
from host.store.chains import ends_of_chains
from host.store.loading import SQL
from host.store.saving import ENTRY, EXCHANGE, JOURNAL, SEAL

PER_SEAL: Final = 1_000
"""Postings under one seal."""
NOBODY: Final = ""
"""What says that there is no terminal."""


class Booking(NamedTuple):
    """One posting: legs in one unit, between accounts of a merchant, an issuer and the house."""

    name: str
    """The last part of its key: whose it is."""
    merchant_id: int
    issuer_id: int
    unit: str
    legs: Sequence[Leg]

    @property
    def amount_minor(self) -> int:
        """All that its legs move."""
        return sum(leg.amount_minor for leg in self.legs)


class _Posted(NamedTuple):
    number: int
    slot: str
    home: int
    fingerprint: bytes
    answer: bytes
    booking: Booking


def book(night: Night, step: str, kind: Kind, bookings: Sequence[Booking]) -> list[int]:
    """Post all of them under the night's date; gives the number of each journal.

    `step` is the night's that asks. In the transaction of that step.
    """
    if not bookings:
        return []
    connection, date = night.connection, night.business_date
    row = connection.execute(SQL["take_numbers"], (date, len(bookings))).fetchone()
    assert row is not None, "a block of numbers was taken"
    first = first_number_of(date) + row[0] - len(bookings)
    shards, now = read_shard_count(connection), dt.datetime.now(dt.UTC)
    told = f"{date:%Y%m%d}"
    posted = [
        _posted(told, step, kind, first + place, shards, booking)
        for place, booking in enumerate(bookings)
    ]
    end = ends_of_chains(connection, [NIGHT_SHARD])[NIGHT_SHARD]
    for batch in _in_seals(posted):
        end = _write(night, kind, batch, end, now)
    return [one.number for one in posted]


def sum_up_posted(night: Night, numbers: Sequence[int]) -> None:
    """Count what was booked to the summary of the date, which was laid out before."""
    if numbers:
        night.run("sum_up_posted", first_posted=min(numbers), last_posted=max(numbers))


def append_posted(night: Night, kind: Kind, chart: Chart) -> None:
    """Have what was booked on accounts of this chart among the lines of the date, as this kind.

    What is priced of the date was laid out before.
    """
    with night.planned():
        if night.run("append_posted_lines", kind=kind, chart=chart):
            night.run("append_posted_sums", kind=kind)


def _in_seals(posted: Sequence[_Posted]) -> Iterable[Sequence[_Posted]]:
    return (posted[at : at + PER_SEAL] for at in range(0, len(posted), PER_SEAL))


def _posted(
    date: str, step: str, kind: Kind, number: int, shard_count: int, booking: Booking
) -> _Posted:
    own = OwnKey(Origin.NIGHT, step, date, booking.name)
    slot = exchange_key(kind, own).text
    told = Response(reason=Reason.APPROVED, rrn=rrn_of(number), business_date=date)
    asked = msgspec.msgpack.encode([kind, *booking])
    return _Posted(
        number=number,
        slot=slot,
        home=home_of(slot, shard_count),
        fingerprint=hashlib.blake2b(asked, digest_size=FINGERPRINT_BYTES).digest(),
        answer=msgspec.msgpack.encode(told),
        booking=booking,
    )


def _write(
    night: Night, kind: Kind, batch: Sequence[_Posted], end: ChainEnd, decided_at: dt.datetime
) -> ChainEnd:
    date = night.business_date.isoformat()
    rows = [batch_row(decided_at)]
    for one in batch:
        words = (
            one.slot, one.number, kind.value, one.fingerprint.hex(), Reason.APPROVED.value,
            one.answer.hex(),
        )  # fmt: skip
        rows.append(exchange_row(words, NO_CARD))
        rows.append(journal_row(one.number, kind, 0, NO_CARD, date))
        rows += [
            entry_row(one.number, place, leg.debit, leg.credit, leg.amount_minor, leg.unit)
            for place, leg in enumerate(one.booking.legs)
        ]
    link = ChainEnd(end.seq + 1, seal_digest(end.digest, rows))
    execute, day, told = night.connection.execute, night.business_date, Reason.APPROVED
    exchanges = [
        (
            one.home, one.slot, one.number, NIGHT_SHARD, link.seq, kind, one.fingerprint, told,
            False, one.answer, NO_CARD, NOBODY,
        )
        for one in batch
    ]  # fmt: skip
    execute(SQL["add_exchanges"], (day, decided_at, *arrays.columns(EXCHANGE, exchanges)))
    seal = (NIGHT_SHARD, link.seq, end.digest, link.digest, len(batch))
    execute(SQL["add_seals"], (SEAL_FORM, day, decided_at, *arrays.columns(SEAL, [seal])))
    journals = [
        (
            NIGHT_SHARD, one.number, link.seq, one.home, one.slot, kind, None, NO_CARD,
            one.booking.issuer_id, one.booking.merchant_id, NOBODY, one.booking.amount_minor,
            one.booking.unit, 0,
        )
        for one in batch
    ]  # fmt: skip
    execute(SQL["add_journals"], (day, *arrays.columns(JOURNAL, journals)))
    entries = [
        (NIGHT_SHARD, one.number, place, leg.debit, leg.credit, leg.amount_minor, leg.unit)
        for one in batch
        for place, leg in enumerate(one.booking.legs)
    ]
    execute(SQL["add_entries"], (day, *arrays.columns(ENTRY, entries)))
    return link
