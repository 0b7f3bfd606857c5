"""A member's cards are emptied onto one of them: said here, and driven on by the clock.

What cannot be is said at once, as things stand; the poster asks again at each step, and what the
card may not have when it comes is back where it was (`host.rules.moves`).
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from host.stock.batches import By
from host.stock.gifts import SQL
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection


class Merging(NamedTuple):
    """A card that is emptied, or filled."""

    shard: int
    id: int
    issuer: int
    member: int
    last_day: dt.date
    free_minor: int
    most_minor: int


class Merged(NamedTuple):
    """What is on its way, and whether it ends sooner than it did."""

    moved_minor: int
    ends_sooner: bool


def merge_cards(
    connection: Connection, cards: Sequence[int], to: int, by: By, *, may_end_sooner: bool
) -> Merged:
    """Say that all of these are to be on the other card.

    Raises:
        StockRefusal: they are not one member's, it would hold more than it may, it ends sooner
            than one of them, which nobody said is well, or one of them is being merged already.
    """
    receiver = _merging(connection, to)
    givers = [_merging(connection, card) for card in dict.fromkeys(cards)]
    whole = sum(max(giver.free_minor, 0) for giver in givers)
    for giver in givers:
        _refuse_pair(giver, receiver)
    if whole and whole + receiver.free_minor > receiver.most_minor:
        raise StockRefusal(Why.ROOM, balance_minor_max=receiver.most_minor)
    ends_sooner = any(receiver.last_day < giver.last_day for giver in givers)
    if ends_sooner and not may_end_sooner:
        raise StockRefusal(Why.SOONER, valid_to=receiver.last_day)
    for giver in givers:
        _say(connection, giver, receiver, by)
    return Merged(whole, ends_sooner)


def _merging(connection: Connection, card: int) -> Merging:
    row = connection.execute(SQL["merged"], (card,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    found = Merging(*row)
    if not found.member:
        raise StockRefusal(Why.NOBODYS)
    return found


def _refuse_pair(giver: Merging, receiver: Merging) -> None:
    if giver.id == receiver.id or giver.issuer != receiver.issuer:
        raise StockRefusal(Why.CARD, card=giver.id)
    if giver.member != receiver.member:
        raise StockRefusal(Why.BOUND, card=giver.id)


def _say(connection: Connection, giver: Merging, receiver: Merging, by: By) -> None:
    told = {
        "shard": giver.shard,
        "card": giver.id,
        "issuer": giver.issuer,
        "to_shard": receiver.shard,
        "to_card": receiver.id,
        "by": by.who,
        "now": by.at,
    }
    if connection.execute(SQL["merge_to"], told).fetchone() is None:
        raise StockRefusal(Why.STATE, state="open", card=giver.id)
