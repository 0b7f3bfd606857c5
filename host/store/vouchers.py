"""Vouchers as a batch is decided over them, and what it stores of them.

A voucher lives where its code says, and is used there, or by a writer of any shard that puts it
onto a card. So it is held from its reading on until the batch is stored: of two who want one, the
second reads it as the first has left it.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from host.book import Book
from host.model.instruments import NO_PART
from host.model.requests import OF_VOUCHERS, Kind
from host.rules.dossier import Item
from host.rules.state import NO_ACCOUNT, Card, Purse, State, Taken, Voucher, Vouchers, WrongCodes
from host.rules.voucher_lives import VoucherUse
from host.store import arrays
from host.store.prepared import Rows, Statement
from host.store.queries import load_queries
from host.store.rounds import Reading

SQL: Final = load_queries("host.store", "vouchers.sql")

USE: Final = (
    arrays.smallints, arrays.bigints, arrays.smallints, arrays.bigints, arrays.smallints,
    arrays.smallints,
)  # fmt: skip
MOVED: Final = (arrays.smallints, arrays.bigints, arrays.names, arrays.names)
_TERMINAL: Final = "terminal "
"""How the count of a terminal is named."""


def load_vouchers(items: Sequence[Item], state: State, book: Book) -> Reading:
    """Those that are presented, and those whose uses are undone."""
    vouchers = state.vouchers = Vouchers()
    presented = {}
    for item in items:
        if item.voucher is not None:
            presented[item.voucher.pan_hash] = item.voucher.shard
        elif item.request.kind is Kind.VOUCHER_REDEMPTION and item.pan_hash is not None:
            presented[item.pan_hash] = item.shard
    undone: set[tuple[int, int]] = set()
    if used := _uses_wanted(state):
        [uses] = yield [(SQL["voucher_uses"], used)]
        for journal, shard, card, given, bought in uses:
            vouchers.uses[journal] = (card, Taken(given, bought))
            undone.add((shard, card))
    keys = (
        arrays.smallints(presented.values()),
        arrays.blobs(presented),
        arrays.smallints([shard for shard, _ in undone]),
        arrays.bigints([card for _, card in undone]),
    )
    held, guesses = yield [(SQL["hold_vouchers"], keys), ask_guesses(items, OF_VOUCHERS)]
    for row in held:
        _add(row, state, vouchers, book)
    add_guesses(guesses, vouchers)


def _uses_wanted(state: State) -> tuple[bytes, bytes] | None:
    """Of the originals, and of their voids what those had undone: which journals used vouchers."""
    wanted = {
        (original.shard, number)
        for original in state.originals.values()
        if original.kind in OF_VOUCHERS
        for number in (original.number, original.undoes or 0)
    }
    if not wanted:
        return None
    return (
        arrays.smallints([shard for shard, _ in wanted]),
        arrays.bigints([number for _, number in wanted]),
    )


def _add(row: tuple[Any, ...], state: State, vouchers: Vouchers, book: Book) -> None:
    """One that was loaded as the card of an exchange is that same card, as it stands now."""
    pan_hash, shard, number, issuer, status, expiry, part, sale, *rest = row
    valid_from, valid_to, member, masked, given, bought, is_permitted = rest
    card = state.cards.get(pan_hash)
    if card is None:
        owner = book.issuers[issuer]
        purses = (Purse(NO_ACCOUNT, owner.currency), Purse(NO_ACCOUNT, owner.points_unit))
        card = Card(number, shard, issuer, status, expiry, None, 0, *purses, part=part or NO_PART)
    card.status, card.sale, card.member = status, sale or "", member or 0
    card.valid_from, card.valid_to = valid_from, valid_to
    voucher = Voucher(card, status, masked, given, bought, is_permitted)
    vouchers.by_hash[pan_hash] = vouchers.by_card[number] = voucher


def ask_guesses(items: Sequence[Item], kinds: Collection[Kind]) -> Statement:
    """What terminals that ask these have guessed wrong."""
    terminals = {item.terminal.terminal_id for item in items if item.request.kind in kinds}
    return SQL["wrong_codes"], ([_TERMINAL + terminal for terminal in terminals],)


def add_guesses(rows: Rows, vouchers: Vouchers) -> None:
    """Put what `ask_guesses` has found where it is looked for."""
    for source, tries, began_at in rows:
        vouchers.wrong[source.removeprefix(_TERMINAL)] = WrongCodes(tries, began_at)


def row_of_use(shard: int, number: int, use: VoucherUse) -> tuple[Any, ...]:
    """A use as it is stored beside its journal."""
    return (shard, number, use.shard, use.card, use.given, use.bought)


def changed_vouchers(state: State) -> Iterable[Statement]:
    """How vouchers stand that were used or given back, and what terminals guessed wrong."""
    if state.vouchers is None:
        return
    moved = [
        (one.card.shard, one.card.id, one.card.status, one.was)
        for one in state.vouchers.by_card.values()
        if one.is_changed and one.card.status != one.was
    ]
    if moved:
        yield SQL["move_vouchers"], arrays.columns(MOVED, moved)
    for terminal_id, wrong in sorted(state.vouchers.wrong.items()):
        if wrong.is_changed:
            told = (_TERMINAL + terminal_id, wrong.tries, wrong.began_at)
            yield SQL["count_wrong_codes"], told
