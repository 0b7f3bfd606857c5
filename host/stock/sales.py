"""Cards sold or allocated: so many at once out of opened batches, each to one buyer.

Who takes passes by what somebody else is about to take, so many sell at a time and no card is sold
twice; an order that comes again is told what it has.
"""

import enum
from typing import Final

import msgspec

from host.model.instruments import CardStatus
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store import arrays
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "sales.sql")


@enum.unique
class Channel(enum.StrEnum):
    """By which way cards are sold."""

    SALE = "sale"
    BENEFIT = "benefit"
    ENTERPRISE = "enterprise"
    MALL = "mall"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to have."""

    product: int
    cards: int
    order: str
    """Its own number, which makes it the same order when it comes again."""
    channel: Channel = Channel.SALE
    buyer: str = ""
    member: int | None = None
    """Who may bind them without a password."""
    price_minor: int | None = None


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """What an order has."""

    sale: int
    cards: tuple[int, ...]
    """Their ids, in order."""


def sell(connection: Connection, order: Order, by: By) -> Sold:
    """Take cards for an order, all of them or none.

    Raises:
        StockRefusal: fewer are there, or the order is another's.
    """
    parts = connection.execute(SQL["opened_parts"], (order.product,)).fetchall()
    if not parts:
        raise StockRefusal(Why.STOCK_OUT, cards=0)
    issuer: int = parts[0][1]
    sale = _add_sale(connection, order, issuer, by)
    if sale is None:
        return _sold_before(connection, order, issuer)
    taken: list[tuple[int, bytes, int]] = []
    for part, _ in parts:
        wanted = order.cards - len(taken)
        if wanted:
            taken += connection.execute(SQL["take_unsold"], (part, wanted)).fetchall()
    if len(taken) < order.cards:
        raise StockRefusal(Why.STOCK_OUT, cards=len(taken))
    shards, hashes, ids = zip(*taken, strict=True)
    keys = (arrays.smallints(shards), arrays.blobs([bytes(one) for one in hashes]))
    connection.execute(SQL["sell_cards"], (sale, *keys))
    return Sold(sale=sale, cards=ids)


def return_sale(connection: Connection, issuer: int, order: str, by: By) -> int:
    """Take back what an order has: its cards, which nobody has used, are voided. Gives how many.

    Raises:
        StockRefusal: there is no such order, it was returned, or a card of it is in use.
    """
    row = connection.execute(SQL["sale_of_order"], (issuer, order)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, order=order)
    sale, state, _cards, _product = row
    if state != "sold":
        raise StockRefusal(Why.STATE, state=state)
    found = connection.execute(SQL["cards_of_sale"], (sale,)).fetchall()
    used = sum(status != CardStatus.INACTIVE or moved for *_, status, moved in found)
    if used:
        raise StockRefusal(Why.SPENT, cards=used)
    keys = (
        arrays.smallints([shard for shard, *_ in found]),
        arrays.blobs([bytes(pan_hash) for _, pan_hash, *_ in found]),
    )
    connection.execute(SQL["return_cards"], keys)
    connection.execute(SQL["return_sale"], (by.who, by.at, sale))
    return len(found)


def _add_sale(connection: Connection, order: Order, issuer: int, by: By) -> int | None:
    """Its number; None where the order was sold before."""
    values = msgspec.structs.asdict(order)
    values |= {"channel": order.channel.value, "issuer_id": issuer}
    values |= {"sold_by": by.who, "sold_at": by.at}
    row = connection.execute(SQL["add_sale"], values).fetchone()
    return None if row is None else int(row[0])


def _sold_before(connection: Connection, order: Order, issuer: int) -> Sold:
    row = connection.execute(SQL["sale_of_order"], (issuer, order.order)).fetchone()
    assert row is not None, "it is there, or it would have been added"
    sale, state, cards, product = row
    if (state, cards, product) != ("sold", order.cards, order.product):
        raise StockRefusal(Why.STATE, state=state)
    found = connection.execute(SQL["cards_of_sale"], (sale,))
    return Sold(sale=sale, cards=tuple(card for _, _, card, *_ in found))
