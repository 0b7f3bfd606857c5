"""Which card a phone number loads: one of its member's, found while the batch is loaded.

Of the cards that the till's merchant takes and whose product may be loaded it is the one that is
good for the longest, and of several the oldest; so a repeat, and the next load, find the same. One
on a shard of another writer is moved there, and found there again.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from host.book import Book
from host.model.requests import Kind
from host.rules.dossier import Item
from host.rules.state import State, Vouchers
from host.store import arrays
from host.store.card_rows import add_cards, cards_asked
from host.store.prepared import Rows, Statement
from host.store.queries import load_queries
from host.store.rounds import Reading
from host.store.vouchers import add_guesses, ask_guesses

SQL: Final = load_queries("host.store", "phones.sql")
READS: Final = frozenset({Kind.LOAD_BY_PHONE})
CARDS_MAX: Final = 64
"""Of a member: so many of the cards in use are looked at."""


class Owned(NamedTuple):
    """A card in use of who has a number."""

    member: int
    pan_hash: bytes
    shard: int
    issuer: int
    part: int | None


def load_by_phone(items: Sequence[Item], state: State, book: Book) -> Reading:
    """The card of each load by a phone, and what terminals have guessed wrong."""
    asked = {item.slot: item for item in items if item.phone is not None}
    state.vouchers = state.vouchers or Vouchers()
    guesses, rows = yield [ask_guesses(items, READS), _ask_phones(asked.values())]
    add_guesses(guesses, state.vouchers)
    found = _cards_of(rows, asked.values(), book)
    missing = {one.pan_hash: one.shard for one in found.values()}
    missing = {name: shard for name, shard in missing.items() if name not in state.cards}
    if missing:
        [cards] = yield [cards_asked(missing)]
        add_cards(state, cards, missing, book.issuers)
    for slot, owned in found.items():
        card = state.cards.get(owned.pan_hash)
        if card is not None and card.member == owned.member:
            state.by_phone[slot] = card


def _ask_phones(items: Collection[Item]) -> Statement:
    """Whose the numbers are, and which cards those have."""
    phones = {item.phone for item in items if item.phone is not None}
    return SQL["cards_of_phones"], (arrays.blobs(phones), CARDS_MAX)


def _cards_of(rows: Rows, items: Collection[Item], book: Book) -> dict[str, Owned]:
    """By slot, the card that each goes onto."""
    owned = {
        phone: [Owned(*row[1:]) for row in of_phone]
        for phone, of_phone in groupby(rows, itemgetter(0))
    }
    found = {item.slot: _taken(item, owned.get(item.phone or b"", ()), book) for item in items}
    return {slot: card for slot, card in found.items() if card is not None}


def _taken(item: Item, cards: Iterable[Owned], book: Book) -> Owned | None:
    """The first that its merchant takes, and that may be loaded."""
    accepts = item.terminal.merchant.accepts
    for card in cards:
        issuer = book.issuers.get(card.issuer)
        terms = book.terms_of(card.part) if card.part else None
        is_taken = issuer is not None and issuer.is_active and issuer.id in accepts
        if is_taken and (terms is None or terms.is_reloadable):
            return card
    return None
