"""Reads the gifts that a batch ends, keeps what becomes of them, and finds those that are due."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import psycopg

from host.book import Book
from host.model.own import CardAt
from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.dossier import Item
from host.rules.gift_states import EndedGift, Gift, NewGift
from host.rules.state import State
from host.rules.states import Use
from host.rules.transactions import TRANSACTIONS
from host.store import arrays
from host.store.queries import load_queries
from host.store.rounds import Reading

SQL: Final = load_queries("host.store", "gifts.sql")
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
READS: Final = frozenset({Kind.GIFT_SEND, Kind.GIFT_CLAIM, Kind.GIFT_RETURN})
SPENDS: Final = frozenset(
    kind
    for kind, rule in TRANSACTIONS.items()
    if rule.use is Use.SPEND and Reason.VALUE_HELD in rule.declines
)
"""What is told of gifts that wait, where it asks for more than there is."""
BEFORE_ALL: Final = (EPOCH, -1, -1)
Connection = psycopg.Connection[Any]

NEW: Final = (
    arrays.smallints, arrays.bigints, arrays.bigints, arrays.smallints, arrays.bigints,
    arrays.smallints, arrays.moments, arrays.moments, arrays.blobs, arrays.blobs, arrays.words,
    arrays.blobs, arrays.blobs,
)  # fmt: skip
ENDED: Final = (
    arrays.smallints, arrays.bigints, arrays.words, arrays.words, arrays.moments,
    arrays.smallints, arrays.bigints, arrays.bigints, arrays.bigints,
)  # fmt: skip
"""Columns of the rows that the statements take, in their order."""


class DueGift(NamedTuple):
    """A gift whose time is over, and the card that it goes back to."""

    due_at: dt.datetime
    shard: int
    number: int
    giver: CardAt


def load_gifts(items: Sequence[Item], state: State, _book: Book) -> Reading:
    """Hold the gifts that end, and read how often what is on the cards was given before."""
    named = {
        (ended.shard, ended.number)
        for item in items
        if item.own is not None and (ended := item.own.ended_gift) is not None
    }
    cards = {
        card.id: card.shard
        for item in items
        if item.own is not None and (item.own.gift or item.own.ended_gift)
        if item.pan_hash is not None and (card := state.cards.get(item.pan_hash)) is not None
    }
    gifts = (
        arrays.smallints([shard for shard, _ in named]),
        arrays.bigints([number for _, number in named]),
    )
    given = arrays.smallints(list(cards.values())), arrays.bigints(list(cards))
    found, depths = yield [(SQL["gifts"], gifts), (SQL["given"], given)]
    state.gifts = {(gift.shard, gift.number): gift for gift in (Gift(*row) for row in found)}
    state.given = dict(depths)


def load_waiting(items: Sequence[Item], state: State, _book: Book) -> Reading:
    """Of cards that are asked for more money than they have, what of theirs waits as a gift.

    Of all others nothing is asked: a comparison a message.
    """
    short: dict[int, int] = {}
    for item in items:
        money, pan_hash = item.request.amount, item.pan_hash
        card = state.cards.get(pan_hash) if pan_hash is not None else None
        if card is None or money is None:
            continue
        value = card.value
        if money.amount_minor > value.posted - value.held and money.unit == value.unit:
            short[card.id] = card.shard
    if short:
        keys = arrays.smallints(list(short.values())), arrays.bigints(list(short))
        [waiting] = yield [(SQL["waiting"], keys)]
        state.waiting = dict(waiting)


def new_row(shard: int, number: int, gift: NewGift) -> tuple[Any, ...]:
    """As `add_gifts` takes it."""
    sent = gift.sent
    return (
        shard, number, gift.card, gift.issuer, gift.sender, gift.depth, gift.sent_at,
        gift.due_at, sent.token_hash, sent.phone_hash, sent.phone_masked,
        sent.wish.encode(), sent.from_name.encode(),
    )  # fmt: skip


def ended_row(shard: int, number: int, gift: EndedGift) -> tuple[Any, ...]:
    """As `end_gifts` takes it."""
    end = gift.end
    return (
        gift.shard, gift.number, end.state, end, gift.ended_at, shard, gift.to_card,
        number, gift.receiver,
    )  # fmt: skip


def due_gifts(
    connection: Connection, now: dt.datetime, last: tuple[dt.datetime, int, int], limit: int
) -> list[DueGift]:
    """The next whose time is over, behind the last one seen."""
    due_at, shard, number = last
    wanted = {"now": now, "due_at": due_at, "shard": shard, "number": number, "limit": limit}
    return [
        DueGift(due, shard, number, CardAt(shard, bytes(giver)))
        for due, shard, number, giver in connection.execute(SQL["due"], wanted)
    ]
