"""Fees: what a date's transactions cost merchants and issuers, by the dated rows of `fee`.

Each transaction's own is rounded for itself, half to even, so the parts that a party sees in its
file sum to what is posted: one journal for each merchant and issuer, a leg for each fee and kind,
from what the payer owes to what the house has earned. What comes back takes its part of the fee
with it, by the row that its sale was charged by.
"""

from typing import Any, Final

from clearing.booking import Booking, book, sum_up_posted
from clearing.night import ClearingError, Night
from host.ledger import Leg
from host.model.money import Money
from host.model.requests import Kind

STEP: Final = "fees"
"""As the night's table has it, and as keys do."""


def charge(night: Night) -> str:
    """Reckon the date's fees and post them; on a repeat, prove that they are still the same.

    Raises:
        ClearingError: an account is missing, or the ledger of a closed date has changed.
    """
    lay_out_fees(night)
    night.lay_out("day_charge", "charges")
    if not night.is_repeat:
        _post(night)
    elif changed := night.rows("changed_charges"):
        raise ClearingError(
            f"fees of {night.business_date} are no longer what they were "
            f"({len(changed)} rows differ): a closed date, or a fee that had begun, "
            "was changed. Run `posswitch audit` to find the row; pay nothing before it is explained"
        )
    told = night.rows("charged_by_unit")
    return ", ".join(str(Money(row["fee_minor"], row["unit"])) for row in told) or "no fees"


def lay_out_fees(night: Night) -> None:
    """The date's lines with what each costs, and their sums, once a run."""
    night.lay_out_lines()
    night.lay_out("day_sum", "fee_bases", "fee_choices", "priced", "sums")


def _post(night: Night) -> None:
    for missing in night.rows("charges_of_no_account"):
        raise ClearingError(
            f"fees of {night.business_date} have no account: merchant {missing['merchant']}, "
            f"issuer {missing['issuer']}, {missing['unit']}. Nothing was charged. Load the estate "
            "again, which makes the accounts that are missing, then run the clearing again"
        )
    bookings = [_booking(**row) for row in night.rows("charges")]
    numbers = book(night, STEP, Kind.TRANSACTION_FEES, bookings)
    night.run("insert_charges", first_posted=numbers[0] if numbers else None)
    sum_up_posted(night, numbers)


def _booking(*, merchant_id: int, issuer_id: int, unit: str, **legs: Any) -> Booking:
    moved = zip(legs["payers"], legs["houses"], legs["fees"], strict=True)
    return Booking(
        f"{merchant_id}-{issuer_id}",
        merchant_id,
        issuer_id,
        unit,
        [_leg(payer, house, fee, unit) for payer, house, fee in moved],
    )


def _leg(payer: int, house: int, fee_minor: int, unit: str) -> Leg:
    """From who pays to the house; the other way where more came back than was sold."""
    leg = Leg(payer, house, abs(fee_minor), unit)
    return leg if fee_minor > 0 else leg.swapped()
