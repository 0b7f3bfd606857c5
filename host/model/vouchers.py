"""The words for vouchers: what a product of them gives, where one stands, and what is told of it.

A voucher is a card whose product says so, and its number is a code. It is worth something once it
is used and not before, so nothing of it stands in a purse.
"""

import enum
from typing import Final

import msgspec

GOODS_UNIT: Final = "G:"
"""What is no money and no points: goods that were handed over, and entries."""
STAMPS_UNIT: Final = "S:"
"""Bought ones, of those that earn one for nothing."""
COUNTED_UNITS: Final = (GOODS_UNIT, STAMPS_UNIT)
UNIT_NAMES: Final = {GOODS_UNIT: "goods or entries", STAMPS_UNIT: "stamps"}
VOUCHER_USE: Final = "voucher"
"""What a code is hashed for."""
NO_CODE_USE: Final = "no voucher"
"""What is hashed that somebody typed and that no code is: it is found nowhere."""


@enum.unique
class ProductKind(enum.StrEnum):
    """What a product's instruments are."""

    CARD = "card"
    AMOUNT = "amount_voucher"
    GOODS = "goods_voucher"
    TICKET = "ticket"
    BUY_AND_GET = "buy_and_get"
    POINTS_CARD = "points_card"

    @property
    def is_voucher(self) -> bool:
        """Whether its number is a code."""
        return self is not ProductKind.CARD


COUNTED: Final = frozenset({ProductKind.GOODS, ProductKind.TICKET, ProductKind.BUY_AND_GET})
"""What gives pieces, and no money."""


@enum.unique
class VoucherState(enum.StrEnum):
    """Where one voucher stands, as the status of its card."""

    ISSUED = "issued"
    CLAIMED = "claimed"
    HELD = "held"
    REDEEMED = "redeemed"
    LOADED = "loaded"
    VOIDED = "voided"
    EXPIRED = "expired"


class VoucherTold(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a till is told of the voucher that it sent."""

    code: str
    """Masked."""
    taken: int
    """Minor units of `unit`, goods, entries, or points that it loaded."""
    unit: str
    rest_minor: int = 0
    """Of what is sold: still to be paid by other means."""
    left: int = 0
    """Entries, or what is to be bought before one is free."""
    is_free: bool = False
    """What was bought so often is free this time."""
