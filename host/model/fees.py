"""Words of fees: who pays one, and of which kinds of transaction."""

import enum
from typing import Final

from host.model.requests import Kind

MILLION: Final = 1_000_000
"""Fees are in millionths of an amount: 6,000 are 0.6 %."""


@enum.unique
class Payer(enum.StrEnum):
    """Who pays the house. Both may, each by a row of its own."""

    MERCHANT = "merchant"
    ISSUER = "issuer"


@enum.unique
class FeeKind(enum.StrEnum):
    """What a fee is of. What undoes one of these takes its part of the fee back."""

    PURCHASE = Kind.PURCHASE.value
    COMBINED_PURCHASE = Kind.COMBINED_PURCHASE.value
    COMPLETION = Kind.COMPLETION.value
    COMPLETION_ADVICE = Kind.COMPLETION_ADVICE.value
    POINTS_REDEMPTION = Kind.POINTS_REDEMPTION.value
    VOUCHER_REDEMPTION = Kind.VOUCHER_REDEMPTION.value
    CASH_LOAD = Kind.CASH_LOAD.value
    LOAD_BY_PHONE = Kind.LOAD_BY_PHONE.value
    CARD_ACTIVATION = Kind.CARD_ACTIVATION.value
