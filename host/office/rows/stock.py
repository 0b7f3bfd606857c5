"""Actions about cards in stock and in use: sold, taken back, stopped, good for longer."""

import datetime as dt
from typing import Final, Literal

import msgspec

from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import (
    InstitutionId,
    Money,
    Note,
    Number,
    Text,
    Values,
)
from host.office.records import was_done_by
from host.office.roles import CS, FN, IM, MB, PA, PO, RK
from host.office.subjects import Ref
from host.stock import lives, sales
from host.stock.batches import By


class CardFreeze(Values, frozen=True, kw_only=True):
    """Stopped, or let go."""

    card: Number
    kind: Literal["freeze", "lose", "steal", "release"]
    note: Note


class CardExtend(Values, frozen=True, kw_only=True):
    """A later last day."""

    card: Number
    valid_to: dt.date
    note: Note


class CardSell(Values, frozen=True, kw_only=True):
    """So many of a product's, to one buyer; the order's number makes it once."""

    product: Number
    cards: Number
    order: Text
    channel: sales.Channel = sales.Channel.SALE
    buyer: Text = ""
    member: Number | None = None
    price_minor: Money | None = None


class CardReturn(Values, frozen=True, kw_only=True):
    """What an order had, unused."""

    issuer: InstitutionId
    order: Text
    note: Note


def _freeze(acting: Acting, values: CardFreeze) -> Result:
    lives.stop_card(acting.connection, values.card, lives.Stop(f"card.{values.kind}"))
    return OK


def _extend(acting: Acting, values: CardExtend) -> Result:
    lives.extend_card(acting.connection, values.card, values.valid_to)
    return OK


def _sell(acting: Acting, values: CardSell) -> Result:
    if values.member is not None:
        acting.find("member", values.member)
    order = sales.Order(**msgspec.structs.asdict(values))
    sold = sales.sell(acting.connection, order, by_whom(acting))
    beside = {"order": values.order, "buyer": values.buyer, "sold": len(sold.cards)}
    return Result(told={"sale": sold.sale, "cards": list(sold.cards)}, beside=beside)


def _return(acting: Acting, values: CardReturn) -> Result:
    issuer = acting.subject.place.issuer_id
    assert issuer is not None, "an issuer's place is itself"
    cards = sales.return_sale(acting.connection, issuer, values.order, by_whom(acting))
    return Result(told={"cards": cards}, beside={"order": values.order, "returned": cards})


def by_whom(acting: Acting) -> By:
    """Who does it, and when."""
    return By(acting.who.login, acting.now)


def _is_risks_card(acting: Acting, values: CardFreeze) -> bool:
    """A card that risk has stopped is let go by two."""
    is_release = values.kind == "release"
    return is_release and was_done_by(acting.connection, RK, "card.freeze", acting.subject.ref)


CARD_FREEZE: Final = Action(
    id="card.freeze",
    en="Freeze, report or release a card",
    zh="冻结/挂失/解冻",
    values=CardFreeze,
    roles=frozenset({CS, RK, IM, MB}),
    do=_freeze,
    about=lambda values: Ref("card", str(values.card)),
    second=Second.WHEN,
    second_when=_is_risks_card,
    approvers=frozenset({RK, PA}),
    step=Step.OWN,
    step_when=lambda _acting, values: values.kind == "release",
)
CARD_EXTEND: Final = Action(
    id="card.extend",
    en="Give a card a later last day",
    zh="延期",
    values=CardExtend,
    roles=frozenset({IM}),
    do=_extend,
    about=lambda values: Ref("card", str(values.card)),
    second=Second.ALWAYS,
)
CARD_SELL: Final = Action(
    id="card.sell",
    en="Sell cards",
    zh="售卡",
    values=CardSell,
    roles=frozenset({PO, IM}),
    do=_sell,
    about=lambda values: Ref("product", str(values.product)),
)
CARD_RETURN: Final = Action(
    id="card.return_sale",
    en="Take back sold cards",
    zh="退售",
    values=CardReturn,
    roles=frozenset({FN, IM}),
    do=_return,
    about=lambda values: Ref("issuer", values.issuer),
)
