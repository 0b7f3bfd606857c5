"""What is scanned at a counter: a voucher's code, its printed QR, or the code of who picks up.

A pick-up code is told from a wrong one by its seal alone, so nobody finds out by trying; whose it
was is told once it opens. Of one that was used its hash is kept, and where, and when.
"""

import datetime as dt
from typing import NamedTuple

from host.hsm.interface import Hsm
from host.model.own import Counter
from host.model.secrets import Secret
from host.rules.states import Use
from host.stock import gifts
from host.stock.batches import By
from host.stock.qr import Pickup, pickup_token, read_pickup, read_printed, token_in
from host.stock.refusals import StockRefusal, Why
from host.stock.vouchers import SQL, Found, voucher_of_code, voucher_of_hash
from host.store.connecting import Connection


class Scanned(NamedTuple):
    """A voucher, and by which pick-up code it was shown; None: by its own."""

    voucher: Found
    pickup: Pickup | None = None


def make_pickup(connection: Connection, hsm: Hsm, card: int, now: dt.datetime) -> Secret:
    """A code for who has this voucher to show at a counter, for some minutes and once.

    Raises:
        StockRefusal: it stands so that it could not be redeemed.
    """
    at = gifts.card_at(connection, card)
    found = voucher_of_hash(connection, at)
    if found is None:
        raise StockRefusal(Why.NO_VOUCHER)
    reason = found.told.to(Use.SPEND)
    if reason is not None:
        raise StockRefusal(Why.VOUCHER, reason=reason.value)
    return Secret(pickup_token(hsm, card, at.pan_hash, now).encode())


def scanned(connection: Connection, hsm: Hsm, code: Secret, by: str, now: dt.datetime) -> Scanned:
    """What somebody has scanned or typed. What was counted has to be kept, also of a refusal.

    Raises:
        StockRefusal: as `voucher_of_code`.
    """
    token = token_in(code.reveal().decode("utf-8", "replace"))
    named = None if token is None else read_printed(hsm, token) or read_pickup(hsm, token)
    if named is None:
        return Scanned(voucher_of_code(connection, hsm, code, by, now))
    at = gifts.card_at(connection, named.card)
    found = voucher_of_hash(connection, at)
    if found is None or not named.is_of(at.pan_hash):
        raise StockRefusal(Why.NO_VOUCHER)
    return Scanned(found, named if isinstance(named, Pickup) else None)


def refuse_pickup(connection: Connection, pickup: Pickup, counter: Counter, by: By) -> None:
    """Why a pick-up code is not taken at this counter now.

    Raises:
        StockRefusal: it was used, or is over; when and where it was used is told of a voucher that
            is used, and where of a store of the same merchant alone.
    """
    row = connection.execute(SQL["pickup_used"], (pickup.used_hash,)).fetchone()
    if row is not None:
        raise _used(connection, pickup, counter, row)
    if not pickup.is_good(by.at):
        raise StockRefusal(Why.PICKUP)


def use_pickup(connection: Connection, pickup: Pickup, counter: Counter, by: By) -> None:
    """It is good for nothing else from now on; who scans it at the same time waits, and hears so.

    Raises:
        StockRefusal: it was used meanwhile.
    """
    told = (pickup.used_hash, pickup.card, counter.store, by.at, by.who)
    if connection.execute(SQL["use_pickup"], told).fetchone() is None:
        raise StockRefusal(Why.PICKUP)


def _used(
    connection: Connection, pickup: Pickup, counter: Counter, row: tuple[dt.datetime, int, str]
) -> StockRefusal:
    at, merchant, place = row
    if connection.execute(SQL["newest_use"], (pickup.card,)).fetchone() is None:
        return StockRefusal(Why.PICKUP)
    told: dict[str, object] = {"used_at": f"{at.astimezone():%Y-%m-%d %H:%M}"}
    if merchant == counter.merchant:
        told["used_where"] = place
    return StockRefusal(Why.PICKED_UP, **told)
