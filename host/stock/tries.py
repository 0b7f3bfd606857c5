"""Activation passwords as people type them: each try is counted first, and looked at then.

Whoever guesses learns nothing: no card, another password and a card that was activated are one
answer, after the same work. A try counts by where it comes from, by the card and by who wants it,
whether such a card or member is there or not. It is counted under the locks of its counts, which
hold until the transaction ends: so however many guess at the same time, no more are looked at than
the limits say, which are settings of the office. A right one is given back; one that was not looked
at is none.
"""

import datetime as dt
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.model.secrets import Pan, Secret
from host.shards import shard_of
from host.stock.codes import is_right
from host.stock.refusals import Why
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.office_settings import (
    TRIES_MINUTES,
    TRIES_OF_CARD_MAX,
    TRIES_OF_SOURCE_MAX,
    values_of,
)
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "lives.sql")
NOBODYS_CODE: Final = bytes(16)
TRY_USE: Final = "try"
SOURCE: Final = "source "
"""How the count of a source is named."""


class Typed(NamedTuple):
    """What somebody typed, from where, and the phone of who is to have the card."""

    pan: Pan
    code: Secret
    source: str
    phone: str


class Numbered(NamedTuple):
    """A card by the number on it, as far as a try needs it."""

    id: int
    """Its number in the book; 0: there is no such card."""
    issuer: int
    code_hash: bytes
    """Of what it is activated by; empty: nothing, any more."""


NOBODYS_CARD: Final = Numbered(0, 0, b"")


class Tried(NamedTuple):
    """What came of it. What was counted has to be kept, so its transaction ends well either way."""

    why: Why | None
    """Why not; None where all is right."""
    card: Numbered
    minutes: int
    """How long what was counted counts."""


class Limits(NamedTuple):
    """How many wrong ones are looked at, as people have set it."""

    of_source: int
    of_card: int
    """And of a phone."""
    minutes: int

    def is_beyond(self, by: str, tries: int) -> bool:
        """Whether so many tries by one are too many."""
        return tries > (self.of_source if by.startswith(SOURCE) else self.of_card)


def try_code(connection: Connection, hsm: Hsm, typed: Typed, now: dt.datetime) -> Tried:
    """Whether this is the activation password of that card."""
    by = _counted_by(hsm, typed)
    limits = Limits(*values_of(connection, TRIES_OF_SOURCE_MAX, TRIES_OF_CARD_MAX, TRIES_MINUTES))
    told = {"by": by, "now": now, "since": now - dt.timedelta(minutes=limits.minutes)}
    counted = connection.execute(SQL["count_tries"], told).fetchall()
    card = card_of(connection, hsm, typed.pan)
    stored = card.code_hash or NOBODYS_CODE
    is_it = is_right(hsm, typed.code, card.id, stored) and bool(card.code_hash)
    is_over = any(limits.is_beyond(*one) for one in counted)
    if is_over or is_it:
        connection.execute(SQL["give_back_tries"], {"by": by})
    if is_over:
        return Tried(Why.TRIES, card, limits.minutes)
    return Tried(None if is_it else Why.CODE, card, limits.minutes)


def card_of(connection: Connection, hsm: Hsm, pan: Pan) -> Numbered:
    """The card of a number; nothing is held."""
    return card_of_hash(connection, hsm.pan_hash(pan))


def card_of_hash(connection: Connection, pan_hash: bytes) -> Numbered:
    """What has this number or code, by what it is found by."""
    where = (shard_of(pan_hash, read_shard_count(connection)), pan_hash)
    row = connection.execute(SQL["card_of_number"], where).fetchone()
    return Numbered(row[0], row[1], bytes(row[2] or b"")) if row is not None else NOBODYS_CARD


def _counted_by(hsm: Hsm, typed: Typed) -> list[str]:
    """Whose tries they are, in the order of their names. What is secret of them is under a key."""
    card = hsm.hash_secret(Secret(typed.pan.reveal().encode()), TRY_USE)
    phone = hsm.hash_secret(Secret(typed.phone.encode()), TRY_USE)
    return sorted([f"{SOURCE}{typed.source}", f"card {card.hex()}", f"member {phone.hex()}"])
