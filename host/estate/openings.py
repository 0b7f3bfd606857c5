"""Opening balances, posted as the poster posts: exchange, journal, entries, lots and a seal.

So the trial balance is zero, every balance equals its entries and the hash chain verifies from
the first row on. Pure: it is given the numbers and the seals to follow on, and returns rows in
the column order of `host/store/estates.sql`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from host.estate.plan import CardPlan
from host.ledger import (
    SEAL_FORM,
    ChainEnd,
    Leg,
    batch_row,
    entry_row,
    exchange_row,
    journal_row,
    lot_row,
    seal_digest,
)
from host.model.requests import ExchangeKey, Family
from host.model.responses import Reason

OPENING: Final = "opening"
"""The kind of an opening's exchange and journal. It is no `Kind`: no terminal can ask for one."""

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCard:
    """A card with what loading it has added: hashes, seals, accounts."""

    plan: CardPlan
    shard: int
    pan_hash: bytes
    pan_sealed: bytes
    pin_value: str | None
    value_account: int
    points_account: int
    money_leg: Leg | None
    points_leg: Leg | None
    lot_expires_on: dt.date

    @property
    def legs(self) -> tuple[Leg, ...]:
        """What its opening posts; nothing for an empty card."""
        return tuple(leg for leg in (self.money_leg, self.points_leg) if leg is not None)


@dataclass(slots=True)
class OpeningRows:
    """Rows by table, as they go into COPY."""

    exchanges: list[Row] = field(default_factory=list)
    journals: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    seals: list[Row] = field(default_factory=list)


def opening_slot(card_id: int) -> str:
    """The exchange slot of a card's opening."""
    return ExchangeKey("estate", str(card_id), "000000", "000000", Family.FINANCIAL).text


def open_cards(
    cards: Iterable[LoadedCard],
    *,
    first_number: int,
    chain_ends: Mapping[int, ChainEnd],
    business_date: dt.date,
    now: dt.datetime,
) -> OpeningRows:
    """Rows that open these cards: one batch a shard, sealed after that shard's last seal."""
    rows = OpeningRows()
    canonical: defaultdict[int, list[str]] = defaultdict(lambda: [batch_row(now)])
    items: defaultdict[int, int] = defaultdict(int)
    for number, card in enumerate((card for card in cards if card.legs), first_number):
        last = chain_ends[card.shard]
        _add_opening(rows, card, number, last.seq + 1, business_date, now)
        canonical[card.shard].extend(_canonical_rows(card, number, business_date))
        items[card.shard] += 1
    for shard, texts in canonical.items():
        last = chain_ends[shard]
        digest = seal_digest(last.digest, texts)
        rows.seals.append(
            (shard, last.seq + 1, last.digest, digest, items[shard], SEAL_FORM, business_date, now)
        )
    return rows


def _add_opening(
    rows: OpeningRows, card: LoadedCard, number: int, seal: int, date: dt.date, now: dt.datetime
) -> None:
    shard, card_id, slot = card.shard, card.plan.id, opening_slot(card.plan.id)
    first = card.legs[0]
    asked = (shard, slot, number, shard, seal, OPENING, b"")
    answered = (Reason.APPROVED.value, False, b"", card_id, None, date, now)
    rows.exchanges.append((*asked, *answered))
    whose = (card_id, card.plan.issuer_id, None, None)
    what = (first.amount_minor, first.unit, date)
    rows.journals.append((shard, number, seal, shard, slot, OPENING, *whose, *what))
    rows.entries.extend(
        (shard, number, place, leg.debit, leg.credit, leg.amount_minor, leg.unit, date)
        for place, leg in enumerate(card.legs)
    )
    if card.points_leg is not None:
        points = card.points_leg.amount_minor
        rows.lots.append(
            (shard, card.points_account, number, date, card.lot_expires_on, points, points)
        )


def _canonical_rows(card: LoadedCard, number: int, date: dt.date) -> Iterable[str]:
    words = (opening_slot(card.plan.id), number, OPENING, "", Reason.APPROVED.value, "")
    yield exchange_row(words, card.plan.id)
    yield journal_row(number, OPENING, 0, card.plan.id, date.isoformat())
    for place, leg in enumerate(card.legs):
        yield entry_row(number, place, leg.debit, leg.credit, leg.amount_minor, leg.unit)
    if card.points_leg is not None:
        points = card.points_leg.amount_minor
        yield lot_row(number, card.points_account, points, card.lot_expires_on.isoformat())
