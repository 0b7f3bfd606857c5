"""On which side of a settlement each transaction counts: F48, data and not code.

A UnionPay terminal adds money up on a debit and a credit side; a voided sale stays on the debit
side and its void stands on the credit side. Points have no place in its F48, so our terminals
put them in the second half, which is the foreign cards' elsewhere. The host, which answers a
settlement, and the simulator, which asks it, read the same rows.
"""

import enum
from typing import Final

import msgspec

from host.model.requests import Kind


@enum.unique
class TotalsSide(enum.Enum):
    """Which of the two sums of a half."""

    DEBIT = "debit"
    CREDIT = "credit"


class SideRow(msgspec.Struct, frozen=True):
    """Where a kind counts when its unit is money, and when it is points; None: nowhere."""

    money: TotalsSide | None
    points: TotalsSide | None


SIDES: Final[dict[Kind, SideRow]] = {
    Kind.PURCHASE: SideRow(TotalsSide.DEBIT, None),
    Kind.COMBINED_PURCHASE: SideRow(TotalsSide.DEBIT, None),
    Kind.VOID: SideRow(TotalsSide.CREDIT, TotalsSide.CREDIT),
    Kind.REFUND: SideRow(TotalsSide.CREDIT, TotalsSide.CREDIT),
    Kind.CASH_LOAD: SideRow(TotalsSide.CREDIT, None),
    Kind.CASH_LOAD_CONFIRM: SideRow(TotalsSide.CREDIT, None),
    Kind.CARD_ACTIVATION: SideRow(TotalsSide.CREDIT, None),
    Kind.LOAD_BY_PHONE: SideRow(TotalsSide.CREDIT, None),
    Kind.PHONE_LOAD_VOID: SideRow(TotalsSide.DEBIT, None),
    Kind.POINTS_REDEMPTION: SideRow(None, TotalsSide.DEBIT),
    Kind.POINTS_EARN: SideRow(None, TotalsSide.CREDIT),
    Kind.COMPLETION: SideRow(TotalsSide.DEBIT, None),
    Kind.COMPLETION_ADVICE: SideRow(TotalsSide.DEBIT, None),
    Kind.COMPLETION_VOID: SideRow(TotalsSide.CREDIT, None),
    Kind.LOTTERY_DRAW: SideRow(None, TotalsSide.DEBIT),
}
"""A kind without a row counts on no side, as what is only held does. What was reversed counts
nowhere: the terminal has taken it out of its own sums, too."""
