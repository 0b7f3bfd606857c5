"""Which order a payment is for: its number and its part, as tills and terminals say them.

The numbers are the merchant's own and are kept as they came; so one that has the presented card's
number in it is refused.
"""

import re
from typing import Annotated, Final

import msgspec

from host.model.requests import Kind, OrderReference
from host.model.secrets import Pan
from terminals.fields import POINTS_AT_MOST, size_of

ORDER_CHARACTERS_MAX: Final = 32
_SHAPE: Final = rf"^[!-~]{{1,{ORDER_CHARACTERS_MAX}}}\Z"
_is_sound: Final = re.compile(_SHAPE).match
OrderText = Annotated[str, msgspec.Meta(pattern=_SHAPE)]
"""Printable ASCII without spaces."""

ORDERED: Final = frozenset(
    {
        Kind.PURCHASE,
        Kind.COMBINED_PURCHASE,
        Kind.POINTS_REDEMPTION,
        Kind.POINTS_EARN,
        Kind.REFUND,
    }
)
"""What pays for an order, or gives back what was paid."""
PRODUCT_BYTES: Final = 30
BEHIND_PRODUCT: Final = frozenset({Kind.POINTS_REDEMPTION, Kind.POINTS_EARN})
"""Whose F62 begins with a product code of so many bytes; the order stands behind it."""
HEAD_BYTES: Final = {
    **dict.fromkeys(BEHIND_PRODUCT, PRODUCT_BYTES),
    Kind.COMBINED_PURCHASE: size_of(POINTS_AT_MOST),
}
"""What stands in F62 before the order, where something does."""


def order_of(order: str | None, sub_order: str | None, pan: Pan | None) -> OrderReference | None:
    """The reference, None where nothing is said.

    Raises:
        ValueError: a part of no order, or what is no order number.
    """
    if not order and not sub_order:
        return None
    parts = [order or "", *([sub_order] if sub_order else [])]
    if not all(map(_is_sound, parts)):
        raise ValueError(f"an order is 1 to {ORDER_CHARACTERS_MAX} printable characters, no spaces")
    if pan is not None and any(pan.reveal() in part for part in parts):
        raise ValueError("a card number is no order")
    return OrderReference(parts[0], sub_order or "")


def order_in(text: str, pan: Pan | None) -> OrderReference | None:
    """From 32 characters of order and as many of its part, each filled with spaces.

    Raises:
        ValueError: as `order_of`.
    """
    return order_of(*split_order(text), pan)


def split_order(text: str) -> tuple[str, str]:
    """The number and its part, without what fills them."""
    order, sub_order = text[:ORDER_CHARACTERS_MAX], text[ORDER_CHARACTERS_MAX:]
    return order.rstrip(" "), sub_order.rstrip(" ")


def order_text(order: str, sub_order: str = "") -> str:
    """As `order_in` reads it."""
    return order.ljust(ORDER_CHARACTERS_MAX) + sub_order if sub_order else order
