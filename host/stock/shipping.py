"""Plastic cards that are sent to who sells them: unsold until then, allocated from then on.

All of a shipment or none: a card that is sold already, or ended, keeps the others from being sent.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from host.hsm.interface import Hsm
from host.model.instruments import BatchState, Form
from host.model.secrets import Pan
from host.shards import shard_of
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store import arrays
from host.store.book import read_shard_count
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "shipping.sql")
CARDS_MAX: Final = 100_000
"""Of one shipment."""
SENDABLE: Final = frozenset({BatchState.GENERATED, BatchState.OPENED, BatchState.SUSPENDED})


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """To whom, and how."""

    batch: int
    reference: str
    recipient: str
    carrier: str = ""
    tracking: str = ""


class Places(NamedTuple):
    """Cards of a part by their places, from 1 on; both ends are sent."""

    part: int
    first: int
    last: int


class Unsendable(NamedTuple):
    """A card of a file that cannot be sent: its place there, from 0 on, and how it stands."""

    place: int
    sale: str | None = None
    status: str | None = None
    """None: there is no such card in the batch."""


def ship_range(connection: Connection, shipment: Shipment, places: Places, by: By) -> int:
    """Send cards of a part; gives how many.

    Raises:
        StockRefusal: the batch is none that is sent, a card is sold or ended, or there are others
            or too many.
    """
    issuer = _issuer_of(connection, shipment.batch)
    told = {**places._asdict(), "batch": shipment.batch, "limit": CARDS_MAX + 1}
    rows = connection.execute(SQL["cards_of_range"], told).fetchall()
    wanted = places.last - places.first + 1
    if len(rows) != wanted or len(rows) > CARDS_MAX:
        raise StockRefusal(Why.NOT_FOUND, card=f"{places.first}-{places.last}", cards=len(rows))
    sold = sum(not _is_there(sale, status) for _, _, sale, status in rows)
    if sold:
        raise StockRefusal(Why.SOLD_IN_RANGE, cards=sold)
    keys = [(shard, bytes(pan_hash)) for shard, pan_hash, *_ in rows]
    return _ship(connection, issuer, shipment, keys, by)


def unsendable(
    connection: Connection, hsm: Hsm, batch: int, pans: Sequence[Pan]
) -> list[Unsendable]:
    """Which of these numbers cannot be sent, in their order; the others are held."""
    count = read_shard_count(connection)
    hashes = [hsm.pan_hash(pan) for pan in pans]
    keys = (
        arrays.smallints([shard_of(one, count) for one in hashes]),
        arrays.blobs(hashes),
        arrays.integers(list(range(len(pans)))),
    )
    found = {
        place: Unsendable(place, sale, status)
        for place, sale, status in connection.execute(SQL["cards_numbered"], (*keys, batch))
    }
    cards = [found.get(place, Unsendable(place)) for place in range(len(pans))]
    return [one for one in cards if one.status is None or not _is_there(one.sale, one.status)]


def ship_numbers(
    connection: Connection, hsm: Hsm, shipment: Shipment, pans: Sequence[Pan], by: By
) -> int:
    """Send cards by their numbers, none of which is `unsendable`; gives how many.

    Raises:
        StockRefusal: the batch is none that is sent, or the shipment's number is taken.
    """
    issuer = _issuer_of(connection, shipment.batch)
    count = read_shard_count(connection)
    hashes = [hsm.pan_hash(pan) for pan in pans]
    return _ship(connection, issuer, shipment, [(shard_of(one, count), one) for one in hashes], by)


def _issuer_of(connection: Connection, batch: int) -> int:
    row = connection.execute(SQL["shipped_batch"], (batch,)).fetchone()
    assert row is not None, "it was found before"
    issuer, state, form = row
    if state not in SENDABLE:
        raise StockRefusal(Why.STATE, state=state)
    if form != Form.PHYSICAL:
        raise StockRefusal(Why.FORM, form=form)
    return int(issuer)


def _is_there(sale: str | None, status: str) -> bool:
    return sale == "unsold" and status == "inactive"


def _ship(
    connection: Connection,
    issuer: int,
    shipment: Shipment,
    keys: Sequence[tuple[int, bytes]],
    by: By,
) -> int:
    told = {**msgspec.structs.asdict(shipment), "issuer": issuer, "cards": len(keys)}
    told |= {"by": by.who, "now": by.at}
    row = connection.execute(SQL["add_shipment"], told).fetchone()
    if row is None:
        raise StockRefusal(Why.TAKEN, reference=shipment.reference)
    shards, hashes = zip(*keys, strict=True)
    sent = connection.execute(
        SQL["ship_cards"], (row[0], arrays.smallints(shards), arrays.blobs(hashes))
    )
    assert sent.rowcount == len(keys), "they are held"
    return len(keys)
