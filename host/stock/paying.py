"""Codes to pay by, as they are made and scanned: a member's for a minute, a store's for a bill.

Of each the keyed hash is kept; it is told once. What is scanned is looked at here, and asked again
by the poster, which has the last word.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.model.own import Counter
from host.model.pay_codes import (
    BILL_MINUTES,
    CODE_USE,
    OPEN_SECONDS,
    new_code,
    new_store_code,
)
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.stock.vouchers import counter_of
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "paying.sql")
WHY_NOT: Final[Mapping[Reason, Why]] = {
    Reason.CARD_NOT_FOUND: Why.NOT_FOUND,
    Reason.INSUFFICIENT_FUNDS: Why.SHORT,
    Reason.VALUE_HELD: Why.HELD,
    Reason.PAY_CODE_UNKNOWN: Why.PAY_CODE,
    Reason.PAY_CODE_USED: Why.PAY_CODE,
    Reason.PAY_CODE_LATE: Why.PAY_CODE,
}
"""What is said where the poster declines; of any other reason, that the card does not allow it."""


class Scanned(NamedTuple):
    """What a store's code says."""

    counter: Counter
    amount_minor: int
    """What it asks for; 0: what its customer types."""
    code: bytes | None
    """Its keyed hash, where it is for one payment."""


def show_code(connection: Connection, hsm: Hsm, member: int, by: By) -> Pan:
    """A code for a member; the one shown before is dead."""
    code = new_code()
    connection.execute(SQL["end_codes_of_member"], (member,))
    until = by.at + dt.timedelta(seconds=OPEN_SECONDS)
    hashed = _hash(hsm, code.reveal().encode())
    connection.execute(SQL["add_code"], _told(hashed, by) | {"member": member, "until": until})
    return code


def make_store_code(
    connection: Connection, hsm: Hsm, store: int, amount_minor: int | None, by: By
) -> Secret:
    """One for an amount, paid once and soon; without an amount one that stays until the next."""
    code, until = new_store_code(), None
    if amount_minor is None:
        connection.execute(SQL["end_code_of_store"], (store,))
    else:
        until = by.at + dt.timedelta(minutes=BILL_MINUTES)
    told = {"store": store, "amount": amount_minor, "until": until}
    connection.execute(SQL["add_code"], _told(_hash(hsm, code.reveal()), by) | told)
    return code


def scanned(connection: Connection, hsm: Hsm, code: Secret, now: dt.datetime) -> Scanned:
    """What a member has scanned.

    Raises:
        StockRefusal: it is no store's code, was paid, is too old, or another has its place.
    """
    hashed = _hash(hsm, code.reveal().strip())
    row = connection.execute(SQL["store_code"], (hashed,)).fetchone()
    if row is None:
        raise StockRefusal(Why.PAY_CODE)
    store, amount, expires_at, used_by = row
    if used_by or (expires_at is not None and expires_at <= now):
        raise StockRefusal(Why.PAY_CODE)
    is_for_once = expires_at is not None
    return Scanned(counter_of(connection, store), amount, hashed if is_for_once else None)


def refuse_short(connection: Connection, member: int, merchant: int, amount_minor: int) -> None:
    """Return where a member's cards have so much together.

    Raises:
        StockRefusal: `missing_minor` says how much is to be paid otherwise.
    """
    told = {"member": member, "merchant": merchant}
    row = connection.execute(SQL["there_is"], told).fetchone()
    there = int(row[0]) if row is not None else 0
    if there < amount_minor:
        raise StockRefusal(Why.SHORT, missing_minor=amount_minor - there)


def refusal_of(reason: Reason) -> StockRefusal:
    """What is said where the poster declines."""
    why = WHY_NOT.get(reason)
    return StockRefusal(Why.CARD, reason=reason.value) if why is None else StockRefusal(why)


def _hash(hsm: Hsm, code: bytes) -> bytes:
    return hsm.hash_secret(Secret(code), CODE_USE)


def _told(hashed: bytes, by: By) -> dict[str, object]:
    """What is kept of any code."""
    nobodys = dict.fromkeys(("member", "store", "amount", "until"))
    return {**nobodys, "code": hashed, "by": by.who, "now": by.at}
