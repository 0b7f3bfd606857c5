"""What must hold for a card to become its holder's: asked before the poster is, which asks again.

So whoever asks hears at once what cannot be, and a second person is never shown it; but the poster
has the last word, for a card may change in between. Nothing is locked here.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from host.model.instruments import Activation, BatchState, CardStatus, Form
from host.model.money import HOUSE_CURRENCY
from host.model.own import CardAt
from host.model.responses import Reason
from host.rules.batch_states import told_of
from host.rules.card_states import answers_of
from host.rules.states import Use
from host.stock.days import today_of
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.office_settings import ANONYMOUS_MINOR_MAX, value_of
from host.store.queries import load_queries

SQL: Final = load_queries("host.stock", "binding.sql")

WHY_NOT: Final[Mapping[Reason, Why]] = {
    Reason.CARD_NOT_FOUND: Why.NOT_FOUND,
    Reason.CARD_BATCH_NOT_OPENED: Why.NOT_OPENED,
    Reason.CARD_VOIDED_BIND: Why.VOIDED_BIND,
    Reason.CARD_ALREADY_BOUND: Why.BOUND,
}
"""What is said where the poster declines; of any other reason, that the card does not allow it."""


class ToBind(NamedTuple):
    """A card as it stands, and what its product and sale say of binding."""

    shard: int
    pan_hash: bytes
    id: int
    issuer: int
    status: str
    sale: str
    member: int
    valid_to: dt.date | None
    part_state: str | None
    batch_state: str | None
    form: str | None
    ways: tuple[str, ...]
    is_registered: bool
    face_minor: int
    currency: str
    buyer: int
    """The member to whom its sale was made; 0: none."""

    @property
    def at(self) -> CardAt:
        """Where it lives."""
        return CardAt(self.shard, bytes(self.pan_hash))


def card_to_bind(connection: Connection, card: int) -> ToBind:
    """A card by its number in the book.

    Raises:
        StockRefusal: there is none.
    """
    row = connection.execute(SQL["card_to_bind"], (card,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, card=card)
    return ToBind(*row)


def refuse_binding(
    connection: Connection, card: ToBind, member: int, way: Activation | None, now: dt.datetime
) -> None:
    """Return where the card may become this member's, as far as is known now.

    `way` is None where it is activated already, and only bound.

    Raises:
        StockRefusal: why not, by the tables of states, in their order.
    """
    reason = _why_not(card, today_of(connection, now))
    if reason is None and card.member not in {0, member}:
        reason = Reason.CARD_ALREADY_BOUND
    if reason is None and way is not None and card.part_state is not None and way not in card.ways:
        reason = Reason.FUNCTION_NOT_SUPPORTED
    if reason is not None:
        raise refusal_of(reason)
    if card.is_registered or card.currency != HOUSE_CURRENCY:
        return
    limit = value_of(connection, ANONYMOUS_MINOR_MAX)
    if card.face_minor > limit:
        raise StockRefusal(Why.LIMIT_ANONYMOUS, face_minor=card.face_minor, limit_minor=limit)


def refuse_member(connection: Connection, member: int) -> None:
    """Return where a card may become this member's.

    Raises:
        StockRefusal: there is none, or the member is frozen or leaves.
    """
    row = connection.execute(SQL["member_state"], (member,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, member=member)
    if row[0] != "active":
        raise StockRefusal(Why.STATE, state=row[0])


def refusal_of(reason: Reason) -> StockRefusal:
    """What is said where a card may not be bound for this reason."""
    why = WHY_NOT.get(reason, Why.CARD)
    return StockRefusal(why, reason=reason.value)


def _why_not(card: ToBind, today: dt.date) -> Reason | None:
    """As `host.rules.standing` asks it: a voided card first, then its batch, itself, its days."""
    form = Form(card.form) if card.form is not None else None
    told = answers_of(card.status, card.sale, form).to(Use.BIND)
    if card.status != CardStatus.VOIDED and card.batch_state and card.part_state:
        states = BatchState(card.batch_state), BatchState(card.part_state)
        told = told_of(*states).to(Use.BIND) or told
    if told is None and card.valid_to is not None and today > card.valid_to:
        return Reason.EXPIRED
    return told
