"""BUTTONS: what a cashier asks for by a key, and which trade that is by what was presented."""

from collections.abc import Mapping
from typing import Final

import msgspec

from host.model.requests import Kind
from terminals.seat.presented import Presented


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the seat."""

    id: str
    key: str
    en: str
    zh: str


BUTTONS: Final = (
    Button(id="sale", key="F1", en="Sale", zh="消费"),
    Button(id="points", key="F2", en="Pay by points", zh="积分消费"),
    Button(id="earn", key="F3", en="Earn points", zh="积分"),
    Button(id="ask", key="F4", en="Balance", zh="查询"),
    Button(id="load", key="F6", en="Load", zh="充值"),
    Button(id="activate", key="F9", en="Sell a card", zh="售卡激活"),
    Button(id="hold", key="F11", en="Hold", zh="预授权"),
)
"""Void, refund and settlement have pages of their own: F7, F8, F10; so has what is held."""


class NotWantedError(ValueError):
    """What was presented is not for that; `word` says which text tells so."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


_OF_CARD: Final[Mapping[str, Kind]] = {
    "points": Kind.POINTS_REDEMPTION,
    "earn": Kind.POINTS_EARN,
    "ask": Kind.ACCOUNT_INQUIRY,
    "activate": Kind.CARD_ACTIVATION,
    "hold": Kind.PREAUTH,
}


def kind_of(
    button: str, presented: Presented, second: Presented | None, *, points_first: bool
) -> Kind:
    """Which trade it is.

    Raises:
        NotWantedError: what was presented is not for it.
    """
    match button:
        case "sale":
            return _sale(presented, points_first=points_first)
        case "load":
            return _load(presented, second)
        case _ if button in _OF_CARD:
            return _of_card(_OF_CARD[button], presented)
    raise NotWantedError("seat_no_button")


def _sale(presented: Presented, *, points_first: bool) -> Kind:
    if presented.voucher is not None:
        return Kind.VOUCHER_REDEMPTION
    if presented.pan is None:
        raise NotWantedError("seat_phone_pays_not")
    return Kind.COMBINED_PURCHASE if points_first else Kind.PURCHASE


def _load(presented: Presented, second: Presented | None) -> Kind:
    if presented.phone is not None:
        return Kind.LOAD_BY_PHONE
    if presented.pan is None or presented.pan.is_code:
        raise NotWantedError("seat_load_what")
    if second is None:
        return Kind.CASH_LOAD
    if second.voucher is None:
        raise NotWantedError("seat_load_code")
    return Kind.LOAD_BY_CODE


def _of_card(kind: Kind, presented: Presented) -> Kind:
    if presented.pan is None or presented.pan.is_code:
        raise NotWantedError("seat_card_needed")
    return kind
