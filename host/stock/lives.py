"""What people do to one card: frozen, lost, stolen, released, extended, bound.

Each runs in the transaction of who calls it. What moves money with it is asked of the poster
(`Kind.CARD_BOUND_ACTIVATION`, `Kind.CARD_VOID`), under a key of its own.
"""

import datetime as dt
import enum
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.model.instruments import CardStatus
from host.model.secrets import Secret
from host.rules.card_states import CARD_STATES, IN_STOCK
from host.rules.states import StateError, after
from host.stock.ageing import reopen_batch_of
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.queries import load_queries
from host.store.trace import open_date

SQL: Final = load_queries("host.stock", "lives.sql")
PHONE_USE: Final = "phone"


ENDED: Final = frozenset({CardStatus.VOIDED, CardStatus.REPLACED})
"""A card that stands so does for good."""


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
    expired_from: str | None
    """As what it expired; None: it has not, or before that was kept."""
    breakage_on: dt.date | None
    """Since when what it has is its issuer's; None: it is not."""

    @property
    def is_in_stock(self) -> bool:
        """Nobody's, and to be sold: its activation may have been undone while it was stopped."""
        return self.sale in IN_STOCK and self.member is None


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
    """Give a card of a batch a later last day. One that had expired stands as it did before.

    Raises:
        StockRefusal: it has no last day, a later one already, that day is over, too, it or its
            batch has ended, or what it had is its issuer's since.
    """
    found = card_by_id(connection, card)
    if found.valid_to is None or valid_to <= max(found.valid_to, _yesterday(connection)):
        raise StockRefusal(Why.DAYS, valid_to=found.valid_to)
    status = found.status
    if status in ENDED:
        raise StockRefusal(Why.STATE, state=status)
    if found.breakage_on is not None and _was_taken(connection, found):
        raise StockRefusal(Why.BREAKAGE, breakage_on=found.breakage_on)
    if found.part is not None:
        reopen_batch_of(connection, found.part)
    if status == CardStatus.EXPIRED:
        status = _after(status, _back_from(connection, found))
    connection.execute(SQL["extend"], (valid_to, status, found.shard, found.pan_hash))


def _was_taken(connection: Connection, card: Card) -> bool:
    """Whether anything of it became its issuer's; one that had nothing has lost nothing."""
    told = (card.shard, card.id)
    return connection.execute(SQL["was_taken"], told).fetchone() == (True,)


def _back_from(connection: Connection, card: Card) -> str:
    """The step by which a card that had expired stands as it did before."""
    if card.expired_from == CardStatus.FROZEN:
        return "extend frozen"
    return "card.extend" if _is_in_use(connection, card) else "extend in stock"


def _is_in_use(connection: Connection, card: Card) -> bool:
    """Whether it is somebody's: sold alone it has no value, and nobody has activated it yet.

    An activation that was taken back, or put on again, counts as it stands now.
    """
    row = connection.execute(SQL["purse_of_card"], (card.shard, card.id)).fetchone()
    assert row is not None, "a count is a row"
    was_posted, has_value = row
    if card.is_in_stock:
        return False
    if card.expired_from is None:  # what expired before it was kept how
        return card.member is not None or was_posted
    return card.expired_from == CardStatus.ACTIVE or has_value


def _yesterday(connection: Connection) -> dt.date:
    today = open_date(connection)
    return dt.date.min if today is None else today - dt.timedelta(days=1)


def rebind_card(connection: Connection, card: int, member: int, at: dt.datetime) -> None:
    """A card in use becomes this member's, whoever's it was; a bearer's was nobody's.

    What it could be activated by ends with that: it is bound by nobody else. What was paid by it
    before `at` they do not see.

    Raises:
        StockRefusal: it is not in use.
    """
    found = card_by_id(connection, card)
    _after(found.status, "card.rebind")
    told = {"member": member, "at": at, "shard": found.shard, "pan_hash": found.pan_hash}
    connection.execute(SQL["bind"], told)


def member_of(connection: Connection, hsm: Hsm, phone: str, by: By, name: str = "") -> int:
    """Who has this phone; a new phone becomes a member."""
    phone_hash = hsm.hash_secret(Secret(phone.encode()), PHONE_USE)
    sealed = seal_phone(hsm, phone, phone_hash)
    masked = f"{phone[:3]}{'*' * max(len(phone) - 7, 0)}{phone[-4:]}"
    values = (phone_hash, sealed, masked, name, None, by.who, by.at)
    row = connection.execute(SQL["add_member"], values).fetchone()
    if row is None:
        row = connection.execute(SQL["member_of_phone"], (phone_hash,)).fetchone()
    assert row is not None, "it is there, or it would have been added"
    member: int = row[0]
    return member


def seal_phone(hsm: Hsm, phone: str, phone_hash: bytes) -> bytes:
    """A phone as it is kept, in its place."""
    return hsm.seal_secret(Secret(phone.encode()), f"{PHONE_USE}/{phone_hash.hex()}")


def holder_of(connection: Connection, member: int) -> int:
    """To whom cards are bound where this member is named; of one who is not there, itself."""
    row = connection.execute(SQL["holder_of"], (member,)).fetchone()
    return member if row is None else int(row[0])


def _after(status: str, action: str) -> str:
    try:
        return after(CARD_STATES, "card", status, action)
    except StateError as error:
        raise StockRefusal(Why.STATE, state=error.state) from error
