"""Making the cards of a part: streamed, some thousands in each transaction, until all are there.

A card's id is that of its part and its place there, so what was made is known by how far the part
has come; a part whose maker was killed at any moment goes on there, and no card is made twice. Its
card number is drawn at random: one that is there already is left out by the constraint `card_once`,
and its place drawn again.

While PostgreSQL stores one slice the next is drawn, hashed and sealed.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.hsm.voucher_codes import hash_of_code, seal_code
from host.model.instruments import PLACE_BITS, BatchState
from host.model.secrets import Pan
from host.model.vouchers import ProductKind
from host.rules.batch_states import BATCH_STATES, PART_STATES
from host.rules.states import after
from host.shards import shard_of
from host.stock.codes import hash_of, new_codes, place_of
from host.stock.numbers import Range, random_numbers
from host.stock.voucher_codes import new_voucher_codes
from host.store import arrays
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.estate_versions import Followed, note_estate_change
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "making.sql")
CARDS_PER_STEP: Final = 20_000
"""Kept together: what a kill may cost."""
CARDS_PER_SLICE: Final = 2_000
"""Sent together."""
OPEN_EXPIRY: Final = "9912"
"""YYMM of a card whose last day is counted from its activation."""
TRIES_MAX: Final = 20
"""How often a place may find its number taken. Ranges hold a hundred numbers for each card."""

CARD: Final = (
    arrays.smallints, arrays.blobs, arrays.bigints, arrays.words, arrays.blobs, arrays.blobs,
    arrays.blobs,
)  # fmt: skip
VOUCHER: Final = CARD[:5]
Row = tuple[int, bytes, int, str, bytes] | tuple[int, bytes, int, str, bytes, bytes, bytes]
"""Of a voucher without an activation password: it has none."""


class NoSuchPartError(LookupError):
    """There is no part of that number."""


class Part(NamedTuple):
    """What is to be made."""

    id: int
    batch: int
    number: int
    cards: int
    made: int
    state: BatchState
    issuer: int
    batch_state: BatchState
    prefix: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    form: str
    kind: str

    @property
    def is_made(self) -> bool:
        """Whether all its cards are there."""
        return self.state in {BatchState.GENERATED, BatchState.OPENED}

    @property
    def is_of_vouchers(self) -> bool:
        """Whether its numbers are codes."""
        return self.kind != ProductKind.CARD

    @property
    def expiry(self) -> str:
        """YYMM of its cards."""
        return f"{self.valid_to:%y%m}" if self.valid_to is not None else OPEN_EXPIRY


class Maker:
    """Makes cards: numbers of one issuer's range, over the shards of this database."""

    def __init__(self, hsm: Hsm, of: Range, shard_count: int) -> None:
        self._hsm = hsm
        self._of = of
        self._shard_count = shard_count

    def random_cards(self, ids: Sequence[int]) -> list[Row]:
        """As many cards as ids, with random numbers."""
        return self.cards(ids, random_numbers(self._of, len(ids)))

    def vouchers(self, ids: Sequence[int]) -> list[Row]:
        """As many vouchers as ids, with codes that nobody can guess."""
        hsm, shards = self._hsm, self._shard_count
        rows = []
        for card, code in zip(ids, new_voucher_codes(len(ids)), strict=True):
            code_hash = hash_of_code(hsm, code)
            sealed = seal_code(hsm, code, card)
            rows.append((shard_of(code_hash, shards), code_hash, card, code.masked, sealed))
        return sorted(rows)

    def cards(self, ids: Sequence[int], pans: Sequence[Pan]) -> list[Row]:
        """Cards of these numbers, in the order of the key they are stored by."""
        hsm, shards = self._hsm, self._shard_count
        rows = []
        for card, pan, code in zip(ids, pans, new_codes(len(ids)), strict=True):
            pan_hash = hsm.pan_hash(pan)
            rows.append((
                shard_of(pan_hash, shards), pan_hash, card, pan.masked, hsm.seal_pan(pan),
                hash_of(hsm, code, card), hsm.seal_secret(code, place_of(card)),
            ))  # fmt: skip
        return sorted(rows)


def card_id(part: int, place: int) -> int:
    """The number of a card in the book: its part, and its place there from 1 on."""
    return part << PLACE_BITS | place


def make_step(connection: Connection, hsm: Hsm, part_id: int, cards: int = CARDS_PER_STEP) -> int:
    """Make the next cards of a part in the caller's transaction; gives how many are there now.

    Raises:
        NoSuchPartError: there is none of that number.
    """
    part = read_part(connection, part_id)
    if part.is_made:
        return part.made
    of = range_of(connection, part.issuer, part.prefix)
    maker = Maker(hsm, of, read_shard_count(connection))
    end = min(part.made + cards, part.cards)
    ids = [card_id(part.id, place) for place in range(part.made + 1, end + 1)]
    _store_all(connection, part, maker, ids)
    note_made(connection, part, end)
    return end


def read_part(connection: Connection, part_id: int) -> Part:
    """A part with what its cards are made of; held until the end of the transaction.

    Raises:
        NoSuchPartError: there is none of that number.
    """
    row = connection.execute(SQL["part"], (part_id,)).fetchone()
    if row is None:
        raise NoSuchPartError(part_id)
    batch, number, cards, made, state, issuer, batch_state, *rest = row
    return Part(
        part_id, batch, number, cards, made, BatchState(state), issuer, BatchState(batch_state),
        *rest,
    )  # fmt: skip


def range_of(connection: Connection, issuer: int, prefix: str) -> Range:
    """An issuer's range among those of the others."""
    others = connection.execute(SQL["other_prefixes"], (issuer,))
    return Range(prefix, tuple(one for (one,) in others))


def store(connection: Connection, part: Part, slices: Iterable[Sequence[Row]]) -> int:
    """Cards in slices, drawn while the one before is stored; gives how many went in."""
    about = (part.id, part.issuer, part.expiry, part.valid_from, part.valid_to)
    stored = 0
    for rows in drawn_ahead(slices):
        values = (*about, *arrays.columns(VOUCHER if part.is_of_vouchers else CARD, rows))
        statement = SQL["add_vouchers" if part.is_of_vouchers else "add_cards"]
        found = connection.execute(statement, values, prepare=True).fetchone()
        assert found is not None, "it says how many went in"
        stored += found[0]
    return stored


def drawn_ahead(slices: Iterable[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """The same slices: one is drawn in a thread while PostgreSQL is at the one before."""
    source = iter(slices)
    with ThreadPoolExecutor(1, "drawing") as thread:
        following = thread.submit(next, source, None)
        while (rows := following.result()) is not None:
            following = thread.submit(next, source, None)
            yield rows


def note_made(connection: Connection, part: Part, made: int) -> None:
    """How far it has come; a batch whose first part is made waits to be opened from now on."""
    state: str = part.state
    if state == BatchState.DRAFT:
        state = after(PART_STATES, "part", state, "generate")
    if made == part.cards:
        state = after(PART_STATES, "part", state, "generated")
    connection.execute(SQL["note_progress"], (made, state, part.id))
    batch: str = part.batch_state
    if batch == BatchState.DRAFT:
        batch = after(BATCH_STATES, "card batch", batch, "generate")
    if batch == BatchState.GENERATING and made == part.cards:
        batch = after(BATCH_STATES, "card batch", batch, "generated")
    if batch != part.batch_state:
        connection.execute(SQL["set_batch_state"], (batch, part.batch, batch))
    if made == part.cards:
        note_estate_change(connection, Followed.CARD_BATCH, part.batch)
        note_estate_change(connection, Followed.CARD_PART, part.id)


def _store_all(connection: Connection, part: Part, maker: Maker, ids: Sequence[int]) -> None:
    missing = list(ids)
    draw = maker.vouchers if part.is_of_vouchers else maker.random_cards
    for _ in range(TRIES_MAX):
        slices = (
            draw(missing[at : at + CARDS_PER_SLICE])
            for at in range(0, len(missing), CARDS_PER_SLICE)
        )
        if store(connection, part, slices) == len(missing):
            return
        found = {card for (card,) in connection.execute(SQL["made"], (missing,))}
        missing = [card for card in missing if card not in found]
    msg = f"part {part.id}: a number was taken {TRIES_MAX} times over: the range is full"
    raise AssertionError(msg)
