"""Value comes onto a member's card: paid over a port, by a paper code, or in cash at a counter."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from host.model.member_codes import code_of
from terminals.web.member_parts import LIVE_SECONDS, MINE, WALLET_PART, usable
from terminals.web.qr import qr_of
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row

DIGITS_TOGETHER: Final = 4
UNDER_WAY: Final = frozenset({"to_pay", "paid", "refunding"})
"""States of a payment of which something is still to come."""
EVENTS: Final = ("paid", "not_paid", "silent", "paid_twice", "paid_another_amount")
"""What a simulated port may be made to say, what is usual first."""


def _loading(_reader: Reader, given: Given, parts: Parts) -> Mapping[str, Any]:
    """The card that is named, or the first that pays; and its member's code."""
    cards = usable(parts.get("wallet"))
    named = [row for row in cards if str(row.values["id"]) == given.get("card")]
    card = next(iter([*named, *cards]), None)
    code = code_of(int(card.values["id"])) if card is not None else ""
    groups = [code[at : at + DIGITS_TOGETHER] for at in range(0, len(code), DIGITS_TOGETHER)]
    came = parts.get("came")
    return {
        "cards": cards,
        "card": card,
        "code": code,
        "groups": " ".join(groups),
        "qr": qr_of(code) if code else None,
        "came": came.rows if came is not None else (),
        "open_payments": [row for row in _rows(parts, "payments") if _is_open(row)],
    }


def _rows(parts: Parts, name: str) -> Sequence[Row]:
    part = parts.get(name)
    return part.rows if part is not None else ()


def _is_open(row: Row) -> bool:
    return row.values["payment_state"] in UNDER_WAY


def _paying(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    payment = parts["payment"].first
    state = str(payment.values["payment_state"]) if payment is not None else ""
    return {"payment": payment, "state": state, "events": EVENTS}


RECHARGE: Final = Screen(
    id="me_recharge",
    path="/me/recharge",
    en="Load a card",
    zh="充值",
    template="me_recharge.html",
    roles=MINE,
    asks=("card",),
    parts={
        "wallet": WALLET_PART,
        "came": Part(view="my_moves", filters={"direction": "in"}, rows_max=5),
        "payments": Part(view="port_payments", rows_max=5),
    },
    arrange=_loading,
    live_seconds=LIVE_SECONDS,
)
PAYMENT: Final = Screen(
    id="me_payment",
    path="/me/payment/{payment}",
    en="Payment",
    zh="支付",
    template="me_payment.html",
    roles=MINE,
    parts={
        "payment": Part(
            view="port_payments", filters={"payment": "{payment}"}, needs=frozenset({"payment"})
        )
    },
    is_about="payment",
    arrange=_paying,
    live_seconds=1.0,
)
