"""Netting: what each merchant and issuer owe each other for a business date, unit by unit.

A position row holds one account kind's debits and credits: sales a merchant is owed
(merchant_payable), points it accepted (merchant_points), cash it took in
(load_agent_receivable). Credits less debits, over the kinds, is the net: positive is what the
issuer owes the merchant.
"""

from typing import Any, Final

import msgspec

from clearing.fees import lay_out_fees
from clearing.night import ClearingError, Night
from host.model.money import Money
from host.model.origins import Origin
from host.model.requests import KINDS

MOVING: Final = [
    kind.value
    for kind, row in KINDS.items()
    if row.moves_value and row.asked_by & {Origin.TERMINAL, Origin.MEMBER}
]
"""Kinds that customers ask for and that move value: what was refused of them is counted."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """The net of a merchant and an issuer in one unit. Minor units, ids as they are known."""

    merchant: str
    issuer: str
    unit: str
    entries: int
    debit_minor: int
    credit_minor: int

    @property
    def net(self) -> Money:
        """What the issuer owes the merchant; negative is what the merchant owes."""
        return Money(self.credit_minor - self.debit_minor, self.unit)


def net(night: Night) -> str:
    """Store the date's positions; on a repeat, prove that they are still what the ledger says.

    Raises:
        ClearingError: the ledger of a closed date has changed, or the parts are not the whole.
    """
    night.sum_up()
    if not night.is_repeat:
        lay_out_fees(night)
        with night.planned():
            night.run("insert_positions")
            night.run("insert_position_parts")
            night.run("insert_declined_parts", moving=MOVING)
    elif changed := night.rows("changed_positions"):
        raise ClearingError(
            f"positions of {night.business_date} are no longer what the ledger says "
            f"({len(changed)} rows differ, first {_of(changed[0])}): a closed date was changed. "
            "Run `posswitch audit` to find the row; pay nothing before it is explained"
        )
    apart = night.rows("parts_not_positions")
    if apart:
        raise ClearingError(
            f"positions of {night.business_date} are not the sum of their parts ({len(apart)} rows "
            f"differ, first {_of(apart[0])}). Run `posswitch audit` to find the row; pay nothing "
            "before it is explained"
        )
    [told] = night.rows("count_positions")
    return f"{told['positions']} positions"


def positions(night: Night) -> tuple[Position, ...]:
    """The stored positions, netted over account kinds, by merchant, issuer and unit."""
    return tuple(Position(**row) for row in night.rows("net_positions"))


def _of(row: dict[str, Any]) -> str:
    return f"merchant {row['merchant_id']}, issuer {row['issuer_id']}, {row['unit']}"
