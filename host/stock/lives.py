"""What people do to one card: frozen, lost, stolen, released, extended, bound.

Each runs in the transaction of who calls it. What moves money with it is asked of the poster
(`Kind.CARD_BOUND_ACTIVATION`, `Kind.CARD_VOID`), under a key of its own.
"""

import datetime as dt
import enum
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.model.instruments import CardStatus, SaleState
from host.model.secrets import Secret
from host.rules.card_states import CARD_STATES
from host.rules.states import StateError, after
from host.stock.ageing import reopen_batch_of
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "lives.sql")
PHONE_USE: Final = "phone"


@enum.unique
class Stop(enum.StrEnum):
    """What stops a card, and what lets it go."""

    FREEZE = "card.freeze"
    LOSE = "card.lose"
    STEAL = "card.steal"
    RELEASE = "card.release"


class Card(NamedTuple):
    """A card as it stands, held until the end of the transaction."""

    shard: int
    pan_hash: bytes
    id: int
    issuer: int
    status: str
    sale: str
    part: int | None
    valid_to: dt.date | None
    member: int | None
    code_hash: bytes | None

    @property
    def is_in_stock(self) -> bool:
        """Nobody's, and to be sold: its activation may have been undone while it was stopped."""
        return self.sale == SaleState.UNSOLD and self.member is None


def card_by_id(connection: Connection, card: int) -> Card:
    """A card by its number in the book.

    Raises:
        StockRefusal: there is none.
    """
    row = connection.execute(SQL["card_by_id"], (card,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    return Card(*row)


def stop_card(connection: Connection, card: int, how: Stop) -> str:
    """Freeze a card, report it, or let it go; holds from the next message. Gives its status.

    Raises:
        StockRefusal: there is none, or it stands so that this cannot be done.
    """
    found = card_by_id(connection, card)
    is_stock = how is Stop.RELEASE and found.is_in_stock
    status = _after(found.status, "release into stock" if is_stock else how.value)
    connection.execute(SQL["set_status"], (status, found.shard, found.pan_hash))
    return status


def void_card(connection: Connection, card: int) -> Card:
    """A card is never spent, bound, sold or loaded again, from the next message on. Gives it.

    What is left on it is written back by a posting that is asked for after this (`Kind.CARD_VOID`).

    Raises:
        StockRefusal: there is none, or it has ended already, or was reported.
    """
    found = card_by_id(connection, card)
    _after(found.status, "card.void")
    connection.execute(SQL["void"], (found.shard, found.pan_hash))
    return found


def extend_card(connection: Connection, card: int, valid_to: dt.date) -> None:
    """Give a card of a batch a later last day. One that had expired is in use again.

    Raises:
        StockRefusal: it has no last day, a later one already, or has ended.
    """
    found = card_by_id(connection, card)
    if found.valid_to is None or valid_to <= found.valid_to:
        raise StockRefusal(Why.DAYS, valid_to=found.valid_to)
    status = found.status
    if status == CardStatus.EXPIRED:
        was_activated = not found.is_in_stock and _was_activated(connection, found)
        status = _after(status, "card.extend" if was_activated else "extend in stock")
    if status in {CardStatus.VOIDED, CardStatus.REPLACED}:
        raise StockRefusal(Why.STATE, state=status)
    connection.execute(SQL["extend"], (valid_to, status, found.shard, found.pan_hash))
    if found.part is not None:
        reopen_batch_of(connection, found.part)


def _was_activated(connection: Connection, card: Card) -> bool:
    """Whether it is somebody's, or anything was ever posted to it: sold alone it has no value."""
    row = connection.execute(SQL["has_purse"], (card.shard, card.id)).fetchone()
    return card.member is not None or row == (True,)


def rebind_card(connection: Connection, card: int, member: int) -> None:
    """A card that is bound becomes another member's.

    Raises:
        StockRefusal: it is nobody's, or not in use.
    """
    found = card_by_id(connection, card)
    if found.status != CardStatus.ACTIVE or found.member is None:
        raise StockRefusal(Why.STATE, state=found.status)
    connection.execute(SQL["bind"], (member, found.shard, found.pan_hash))


def member_of(connection: Connection, hsm: Hsm, phone: str, by: By, name: str = "") -> int:
    """Who has this phone; a new phone becomes a member."""
    secret = Secret(phone.encode())
    phone_hash = hsm.hash_secret(secret, PHONE_USE)
    sealed = hsm.seal_secret(secret, f"{PHONE_USE}/{phone_hash.hex()}")
    masked = f"{phone[:3]}{'*' * max(len(phone) - 7, 0)}{phone[-4:]}"
    values = (phone_hash, sealed, masked, name, None, by.who, by.at)
    row = connection.execute(SQL["add_member"], values).fetchone()
    if row is None:
        row = connection.execute(SQL["member_of_phone"], (phone_hash,)).fetchone()
    assert row is not None, "it is there, or it would have been added"
    member: int = row[0]
    return member


def _after(status: str, action: str) -> str:
    try:
        return after(CARD_STATES, "card", status, action)
    except StateError as error:
        raise StockRefusal(Why.STATE, state=error.state) from error
