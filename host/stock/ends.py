"""How cards end: replaced by another, or voided, one by one or with their batch.

What is said here holds from the next message on. The money follows: it is said in a row of `move`,
which the clock drives on (`host.moves`); for a batch a job says so, some cards after the other.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from host.model.instruments import BatchState, CardStatus, SaleState
from host.model.money import Money as Amount
from host.rules.card_states import CARD_STATES
from host.rules.states import StateError, after
from host.stock.batches import By
from host.stock.lives import void_card
from host.stock.making import card_id
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.locks import CUT_OFF_LOCK
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "ends.sql")
CARDS_PER_STEP: Final = 2_000
"""Of a voided batch, written back together."""
REPLACE: Final = "card.replace"


class Money(NamedTuple):
    """What cards have, and what of it is held. Minor units."""

    posted_minor: int
    held_minor: int


class Stretch(NamedTuple):
    """Cards of one part that follow each other; `done` is how far the batch is behind them."""

    first: int
    last: int
    done: int


class Left(NamedTuple):
    """Of cards that are written back: how many are not yet, and how many cannot be, and why."""

    is_open: int
    refused: int
    why: str | None


class Value(NamedTuple):
    """What cards have in one unit."""

    cards: int
    amount: Amount


class Foretold(NamedTuple):
    """What voiding a batch would do, as its cards stand now."""

    cards: dict[str, int]
    """By status."""
    written_back: list[Value]
    """To the issuer; points are its own again."""
    goes_on: list[Value]
    """Of replaced cards: it is on its way to those in their place; what is owed, too."""
    owed: list[Value]
    """Below zero: nobody has the place of who owes it, and the debt stays."""


class _Standing(NamedTuple):
    shard: int
    pan_hash: bytes
    id: int
    issuer: int
    status: str
    sale: str
    has_pin: bool
    product: int | None
    batch_state: str | None
    part_state: str | None
    expiry: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    is_counted: bool
    """Its days are counted from its activation."""
    member: int | None
    held_minor: int
    money_minor: int
    fee_minor_max: int
    """What its product lets be taken for the card that replaces it."""
    today: dt.date | None
    """The open business date."""

    @property
    def has_expired(self) -> bool:
        """Whether its last day, or its month, is over."""
        if self.today is None:
            return False
        if self.valid_to is not None:
            return self.today > self.valid_to
        return f"{self.today:%y%m}" > self.expiry


def replace_card(connection: Connection, old: int, new: int, by: By, fee_minor: int = 0) -> None:
    """Another card has the place of one: all that this has, less a fee, its days, and whose it is.

    Raises:
        StockRefusal: there is no such card; the old one cannot be replaced as it stands, or
            something of it is held; or the new one cannot have its place, which is said; or the
            fee is more than the product allows, or than the card has.
    """
    giver, receiver = _standing(connection, old), _standing(connection, new)
    _after(giver.status, REPLACE)
    if giver.held_minor:
        raise StockRefusal(Why.HELD, held_minor=giver.held_minor)
    why = _why_not_in_use(giver)
    if why is not None:
        raise StockRefusal(Why.CARD, reason=why)
    problem = _why_not_in_its_place(receiver, giver)
    if problem is not None:
        raise StockRefusal(Why.NEW, reason=problem)
    _refuse_fee(giver, receiver, fee_minor)
    days = giver if receiver.is_counted else receiver
    connection.execute(SQL["replaced"], (giver.shard, giver.pan_hash))
    told = {
        "valid_from": days.valid_from,
        "valid_to": days.valid_to,
        "member": giver.member,
        "shard": receiver.shard,
        "pan_hash": receiver.pan_hash,
    }
    connection.execute(SQL["take_place"], told)
    leaves, to = (giver.shard, giver.id, giver.issuer), (receiver.shard, receiver.id)
    connection.execute(SQL["move_to"], (*leaves, *to, fee_minor, by.who, by.at))


def _refuse_fee(giver: _Standing, receiver: _Standing, fee_minor: int) -> None:
    """A card keeps the terms that it was made under; one of an estate file has the other's."""
    allowed = (giver if giver.product is not None else receiver).fee_minor_max
    if fee_minor > allowed:
        raise StockRefusal(Why.FEE, fee_minor=fee_minor, fee_minor_max=allowed)
    if fee_minor > giver.money_minor:
        raise StockRefusal(Why.FEE_NOT_COVERED, fee_minor=fee_minor, money_minor=giver.money_minor)


def void_cards(connection: Connection, cards: Sequence[int], by: By) -> None:
    """None of these is ever used again; what they have goes back to their issuer. All or none.

    Raises:
        StockRefusal: one is not there, has ended or was reported, or something of one is held.
    """
    held = money_of(connection, cards).held_minor
    if held:
        raise StockRefusal(Why.HELD, held_minor=held)
    for card in cards:
        found = void_card(connection, card)
        leaves = (found.shard, found.id, found.issuer)
        connection.execute(SQL["write_back"], (*leaves, by.who, by.at))


def money_of(connection: Connection, cards: Sequence[int]) -> Money:
    """What these cards have in all."""
    row = connection.execute(SQL["money_of"], (list(cards),)).fetchone()
    assert row is not None, "a sum always has a row"
    return Money(*row)


def check_nothing_is_held(connection: Connection, batch: int) -> None:
    """A batch of which something is held is not voided.

    Raises:
        StockRefusal: says of how many cards.
    """
    row = connection.execute(SQL["held_of_batch"], (batch,)).fetchone()
    if row is not None and row[0]:
        raise StockRefusal(Why.HELD, cards=row[0])


def foretold_void(connection: Connection, batch: int) -> Foretold:
    """What voiding a batch would do now: how its cards stand, and where what they have would go."""
    told = Foretold(dict(connection.execute(SQL["cards_by_status"], (batch,))), [], [], [])
    for unit, is_replaced, is_owed, cards, minor in connection.execute(
        SQL["value_of_batch"], (batch,)
    ):
        of_these = told.owed if is_owed else told.written_back
        (told.goes_on if is_replaced else of_these).append(Value(cards, Amount(minor, unit)))
    return told


def cards_of_batch(connection: Connection, batch: int) -> list[tuple[int, int]]:
    """Its parts, and how many cards each has: what a job goes through."""
    return [(part, made) for part, made in connection.execute(SQL["made_of_batch"], (batch,))]


def next_stretch(parts: Sequence[tuple[int, int]], done: int) -> Stretch:
    """The cards of a batch that come after so many."""
    before = 0
    for part, made in parts:
        if done < before + made:
            first = done - before + 1
            last = min(first + CARDS_PER_STEP - 1, made)
            return Stretch(card_id(part, first), card_id(part, last), before + last)
        before += made
    msg = f"a batch of {before} cards has none after {done}"
    raise AssertionError(msg)


def write_back(connection: Connection, stretch: Stretch, by: By) -> Left:
    """Have what is left on these cards of a voided batch go back to its issuer.

    Gives what of it is not done: nothing, once all of it is. To be asked again until then.
    """
    ids = (stretch.first, stretch.last)
    connection.execute(SQL["write_back_all"], (by.who, by.at, *ids))
    return left_of(connection, stretch, "void")


def left_of(connection: Connection, stretch: Stretch, name: str) -> Left:
    """What of these cards' moves of that name is not done."""
    told = (stretch.first, stretch.last, name)
    row = connection.execute(SQL["not_written_back"], told).fetchone()
    assert row is not None, "a count always has a row"
    return Left(*row)


def wait_for_batches(connection: Connection) -> None:
    """Until whoever posts has heard of what was changed: nothing is spent or loaded after that."""
    connection.execute(SQL["wait_for_batches"], CUT_OFF_LOCK)
    connection.execute(SQL["let_batches_go"], CUT_OFF_LOCK)


def _standing(connection: Connection, card: int) -> _Standing:
    row = connection.execute(SQL["standing"], (card,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    return _Standing(*row)


def _why_not_in_use(card: _Standing) -> str | None:
    """What is stopped, or is over, does not go on under another number."""
    for state in (card.batch_state, card.part_state):
        if state not in {None, BatchState.OPENED}:
            return f"card batch {state}"
    return "expired" if card.has_expired else None


def _why_not_in_its_place(new: _Standing, old: _Standing) -> str | None:
    if new.id == old.id or new.status != CardStatus.INACTIVE:
        return f"card {new.status}"
    if new.sale not in {SaleState.UNSOLD, SaleState.ALLOCATED}:
        return "sold" if new.sale else "not of the stock"
    if new.issuer != old.issuer:
        return "of another issuer"
    if old.product is not None and new.product != old.product:
        return "of another product"
    if old.has_pin and not new.has_pin:
        return "has no PIN"
    return _why_not_in_use(new)


def _after(status: str, action: str) -> None:
    try:
        after(CARD_STATES, "card", status, action)
    except StateError as error:
        raise StockRefusal(Why.STATE, state=error.state) from error
