"""What is told of one card: whence it is, what it has, what was asked of it. Values for people."""

import datetime as dt

import msgspec

from host.model.money import Money
from host.store.cases import StoredCase


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """What a card has in one unit."""

    posted: Money
    held: Money
    pending: Money
    """Points that may be spent on a later day."""
    available: Money
    """What may be spent today; less than nothing where it owes points."""


class Expiring(msgspec.Struct, frozen=True, kw_only=True):
    """Points that can be spent until a day; what never expires is not told."""

    expires_on: dt.date
    points: Money


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was asked of the card, and what came of it."""

    number: int
    rrn: str
    name: str
    """STAN@TERMINAL/BATCH."""
    kind: str
    reason: str
    f39: str
    at: dt.datetime
    business_date: dt.date
    changes: tuple[Money, ...]
    """What it changed, purse by purse; nothing was posted where there are none."""
    balances: tuple[Money, ...]
    """What the card had behind it, in the same units."""
    undone_by: str | None
    """The kind of what took it back whole, where that still stands."""
    refunded: Money | None
    original: str | None
    """The RRN of what it undoes."""


class CardBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Whence a card is: its card batch, and its part of that."""

    code: str
    name: str
    state: str
    responsible: str
    vendor: str | None
    made_by: str
    part: int
    part_state: str
    opened_by: str | None
    opened_at: dt.datetime | None
    sale: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None


class Moving(msgspec.Struct, frozen=True):
    """Value that is to leave the card, or to come onto it, and has not."""

    name: str
    """A replacement, or the writing back of what a voided card has."""
    state: str
    refused: str
    """Why it cannot be; empty where it can."""
    since: dt.datetime
    comes: bool
    """Onto this card."""
    other: str | None
    """The other card's number, masked; None: it goes back to the issuer."""
    other_id: int | None


class Holding(msgspec.Struct, frozen=True):
    """Something of the card that is kept for somebody."""

    number: int
    rrn: str
    """Of what opened it, by which a trace finds it."""
    owner: str
    """A `HoldOwner`."""
    held: Money
    merchant: str | None
    """Its name; None: no merchant keeps it."""
    terminal_id: str | None
    until: dt.datetime


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """A card for people. Its number is masked."""

    id: int
    masked: str
    status: str
    expiry: str
    """YYMM."""
    issuer_id: str
    issuer: str
    has_pin: bool
    pin_tries_left: int
    batch: CardBatch | None
    """None: it came with an estate file."""
    began_with: str | None
    began_at: dt.datetime | None
    purses: tuple[Purse, ...]
    expiring: tuple[Expiring, ...]
    moving: tuple[Moving, ...]
    holding: tuple[Holding, ...]
    """What is over first, first."""
    movements: tuple[Movement, ...]
    next: str | None
    """Where this page ended, for the next; None: there is none."""
    cases: tuple[StoredCase, ...]
