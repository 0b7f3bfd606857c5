"""Gifts as they are asked for: who gives, who gets, and which gift is meant.

What cannot be is said at once where it is known; the poster asks again, and has the last word.
"""

import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple

from host.hsm.interface import Hsm
from host.model.gifts import GiftState
from host.model.own import CardAt
from host.model.responses import Reason
from host.model.secrets import Secret
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "gifts.sql")
LINK_USE: Final = "gift"
NO_NUMBER: Final = 0
WHY_NOT: Final[Mapping[Reason, Why]] = {
    Reason.CARD_NOT_FOUND: Why.NOT_FOUND,
    Reason.GIFT_GONE: Why.GIFT_GONE,
    Reason.GIFT_NOT_AGAIN: Why.REGIFT,
    Reason.VALUE_HELD: Why.HELD,
}
"""What is said where the poster declines; of any other reason, that the card does not allow it."""


class GiftCard(NamedTuple):
    """A card that gives or gets."""

    shard: int
    pan_hash: bytes
    id: int
    issuer: int
    member: int
    currency: str

    @property
    def at(self) -> CardAt:
        """Where it lives."""
        return CardAt(self.shard, bytes(self.pan_hash))


class Sent(NamedTuple):
    """A gift that was sent."""

    shard: int
    number: int
    card: int
    """The card that it left."""
    sender: int
    amount_minor: int
    unit: str
    state: str
    phone_hash: bytes | None
    """Whom it is for; None: for who has its link."""
    receiver: int | None
    """Who has claimed it."""


class Phone(NamedTuple):
    """Whom a gift is for."""

    hash: bytes
    masked: str


def card_of_somebody(connection: Connection, card: int) -> GiftCard:
    """A card that is bound, by its number in the book.

    Raises:
        StockRefusal: there is none, or it is a bearer's, who gives it away by itself.
    """
    row = connection.execute(SQL["gift_card"], (card,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    found = GiftCard(*row)
    if not found.member:
        raise StockRefusal(Why.NOBODYS)
    return found


def phone_of(connection: Connection, member: int) -> Phone:
    """By what a member's gifts find them.

    Raises:
        StockRefusal: there is no such member, or none with a phone any more.
    """
    row = connection.execute(SQL["phone_of"], (member,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, member=member)
    return Phone(bytes(row[0]), row[1])


def link_hash(hsm: Hsm, link: Secret) -> bytes:
    """What is kept of the link of a gift."""
    return hsm.hash_secret(link, LINK_USE)


def gift_of_number(connection: Connection, number: int) -> Sent:
    """A gift that can still be ended.

    Raises:
        StockRefusal: there is none, or it was claimed or has come back.
    """
    return _only_open(_read(connection, number, None))


def gift_for(
    connection: Connection, hsm: Hsm, member: int, number: int | None, link: Secret | None
) -> Sent:
    """The gift that this member may have: by its link, or by its number where it is for them.

    One that they have claimed is theirs: to ask for it again changes nothing, and is no mistake.

    Raises:
        StockRefusal: there is none for them, or somebody else has claimed it, or it has come back.
    """
    token = None if link is None else link_hash(hsm, link)
    sent = _read(connection, number or NO_NUMBER, token)
    if _is_of(sent, member):
        return sent
    _only_open(sent)
    if link is not None:
        return sent
    if sent.phone_hash is None or not hmac.compare_digest(
        phone_of(connection, member).hash, bytes(sent.phone_hash)
    ):
        raise StockRefusal(Why.NOT_FOR)
    return sent


def is_theirs(connection: Connection, number: int, member: int) -> bool:
    """Whether this member has claimed it.

    Raises:
        StockRefusal: there is none of this number.
    """
    return _is_of(_read(connection, number, None), member)


def waiting_for(connection: Connection, member: int) -> list[int]:
    """The gifts that wait for a member's phone, two at most."""
    phone = phone_of(connection, member).hash
    return [number for (number,) in connection.execute(SQL["waiting_for"], (phone,))]


def waiting_of(connection: Connection, card: int) -> list[int]:
    """The gifts that have left a card and wait, two at most."""
    return [number for (number,) in connection.execute(SQL["waiting_of"], (card,))]


def whom_for(connection: Connection, sent: Sent) -> int:
    """The member to whose phone it was sent.

    Raises:
        StockRefusal: it was sent to nobody's, or nobody has that phone any more.
    """
    row = connection.execute(SQL["member_of"], (sent.phone_hash,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOR)
    return int(row[0])


def card_at(connection: Connection, card: int) -> CardAt:
    """Where a card lives.

    Raises:
        StockRefusal: there is none.
    """
    row = connection.execute(SQL["gift_card"], (card,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    return GiftCard(*row).at


def refusal_of(reason: Reason) -> StockRefusal:
    """What is said where the poster declines."""
    why = WHY_NOT.get(reason)
    return StockRefusal(Why.CARD, reason=reason.value) if why is None else StockRefusal(why)


def _read(connection: Connection, number: int, token: bytes | None) -> Sent:
    row = connection.execute(SQL["gift"], {"number": number, "token": token}).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, gift=number)
    return Sent(*row)


def _is_of(sent: Sent, member: int) -> bool:
    return sent.state == GiftState.CLAIMED and sent.receiver == member


def _only_open(sent: Sent) -> Sent:
    if sent.state != GiftState.RESERVED:
        raise StockRefusal(Why.GIFT_GONE)
    return sent
