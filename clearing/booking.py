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
from host.ledger import (
    SEAL_FORM,
    ChainEnd,
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
from host.store.chains import ends_of_chains

PER_SEAL: Final = 1_000
"""Postings under one seal."""
FINGERPRINT_BYTES: Final = 16


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
    row = night.row("night_begins", count=len(bookings))
    assert row is not None, "a block of numbers was taken"
    first = first_number_of(night.business_date) + row["next_number"] - len(bookings)
    posted = [
        _posted(night.business_date, step, kind, first + place, row["shard_count"], booking)
        for place, booking in enumerate(bookings)
    ]
    end = ends_of_chains(night.connection, [NIGHT_SHARD])[NIGHT_SHARD]
    for batch in _in_seals(posted):
        end = _write(night, kind, batch, end, row["decided_at"])
    return [one.number for one in posted]


def _in_seals(posted: Sequence[_Posted]) -> Iterable[Sequence[_Posted]]:
    return (posted[at : at + PER_SEAL] for at in range(0, len(posted), PER_SEAL))


def _posted(
    date: dt.date, step: str, kind: Kind, number: int, shard_count: int, booking: Booking
) -> _Posted:
    own = OwnKey(Origin.NIGHT, step, f"{date:%Y%m%d}", booking.name)
    slot = exchange_key(kind, own).text
    told = Response(reason=Reason.APPROVED, rrn=rrn_of(number), business_date=f"{date:%Y%m%d}")
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
    shared = {"shard": NIGHT_SHARD, "seal": link.seq, "kind": kind.value, "card": NO_CARD}
    night.run(
        "night_exchanges",
        **shared,
        decided_at=decided_at,
        reason=Reason.APPROVED.value,
        homes=[one.home for one in batch],
        slots=[one.slot for one in batch],
        numbers=[one.number for one in batch],
        fingerprints=[one.fingerprint for one in batch],
        answers=[one.answer for one in batch],
    )
    night.run(
        "night_seal",
        shard=NIGHT_SHARD,
        form=SEAL_FORM,
        decided_at=decided_at,
        seal=link.seq,
        previous=end.digest,
        digest=link.digest,
        items=len(batch),
    )
    night.run(
        "night_journals",
        **shared,
        homes=[one.home for one in batch],
        slots=[one.slot for one in batch],
        numbers=[one.number for one in batch],
        merchants=[one.booking.merchant_id for one in batch],
        issuers=[one.booking.issuer_id for one in batch],
        amounts=[one.booking.amount_minor for one in batch],
        units=[one.booking.unit for one in batch],
    )
    legs = [(one.number, place, leg) for one in batch for place, leg in enumerate(one.booking.legs)]
    night.run(
        "night_entries",
        shard=NIGHT_SHARD,
        journals=[number for number, _, _ in legs],
        places=[place for _, place, _ in legs],
        debits=[leg.debit for _, _, leg in legs],
        credits=[leg.credit for _, _, leg in legs],
        amounts=[leg.amount_minor for _, _, leg in legs],
        units=[leg.unit for _, _, leg in legs],
    )
    return link
