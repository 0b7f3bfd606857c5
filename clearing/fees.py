"""Fees: what a date's transactions cost merchants and issuers, by the dated rows of `fee`.

Each transaction's own is rounded for itself, half to even, so the parts that a party sees in its
file sum to what is posted: one journal for each merchant and issuer, a leg for each fee and kind,
from what the payer owes to what the house has earned. What comes back takes its part of the fee
with it, by the row that its sale was charged by.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from clearing.booking import Booking, book, sum_up_posted
from clearing.night import ClearingError, Night
from host.ledger import Leg
from host.model.money import Money
from host.model.requests import Kind

STEP: Final = "fees"
"""As the night's table has it, and as keys do."""
CHARGED: Final = (
    "merchant_id", "issuer_id", "fee_id", "kind", "unit", "items", "base_minor", "fee_minor",
)  # fmt: skip
"""What is kept of a charge and compared when it is reckoned again."""

_parties: Final = itemgetter("merchant_id", "issuer_id", "unit")
_charge: Final = itemgetter("merchant_id", "issuer_id", "fee_id", "kind")
Charge = Mapping[str, Any]


def charge(night: Night) -> str:
    """Reckon the date's fees and post them; on a repeat, prove that they are still the same.

    Raises:
        ClearingError: an account is missing, or the ledger of a closed date has changed.
    """
    lay_out_fees(night)
    with night.planned():
        charges = night.rows("charges")
    if not night.is_repeat:
        _post(night, charges)
    _compare(night, charges)
    return _told(charges)


def lay_out_fees(night: Night) -> None:
    """The date's lines with what each costs, and their sums, once a run."""
    night.lay_out_lines()
    night.lay_out("day_sum", "fee_bases", "fee_choices", "priced", "sums")


def _post(night: Night, charges: list[dict[str, Any]]) -> None:
    owed = [one for one in charges if one["fee_minor"]]
    groups = [(parties, list(same)) for parties, same in groupby(owed, _parties)]
    bookings = [
        Booking(f"{merchant}-{issuer}", merchant, issuer, unit, [_leg(night, one) for one in same])
        for (merchant, issuer, unit), same in groups
    ]
    numbers = book(night, STEP, Kind.TRANSACTION_FEES, bookings)
    legs = {
        _charge(one): (number, place)
        for number, (_, same) in zip(numbers, groups, strict=True)
        for place, one in enumerate(same)
    }
    posted = [legs.get(_charge(one), (None, None)) for one in charges]
    if charges:
        night.run(
            "insert_charges",
            **{name: [one[name] for one in charges] for name in CHARGED},
            journals=[number for number, _ in posted],
            legs=[place for _, place in posted],
        )
        sum_up_posted(night, numbers)


def _leg(night: Night, one: Charge) -> Leg:
    """From who pays to the house; the other way where more came back than was sold."""
    payer, house, fee = one["payer_account"], one["house_account"], one["fee_minor"]
    if payer is None or house is None:
        raise ClearingError(
            f"fees of {night.business_date} have no account: merchant {one['merchant']}, issuer "
            f"{one['issuer']}, {one['unit']}. Nothing was charged. Load the estate again, which "
            "makes the accounts that are missing, then run the clearing again"
        )
    leg = Leg(payer, house, abs(fee), one["unit"])
    return leg if fee > 0 else leg.swapped()


def _compare(night: Night, charges: list[dict[str, Any]]) -> None:
    now = sorted(tuple(one[name] for name in CHARGED) for one in charges)
    then = sorted(tuple(one[name] for name in CHARGED) for one in night.rows("charged"))
    if now != then:
        raise ClearingError(
            f"fees of {night.business_date} are no longer what they were "
            f"({len(set(now) ^ set(then))} rows differ): a closed date, or a fee that had begun, "
            "was changed. Run `posswitch audit` to find the row; pay nothing before it is explained"
        )


def _told(charges: Iterable[Charge]) -> str:
    sums: dict[str, int] = {}
    for one in charges:
        sums[one["unit"]] = sums.get(one["unit"], 0) + one["fee_minor"]
    return ", ".join(str(Money(sums[unit], unit)) for unit in sorted(sums)) or "no fees"
