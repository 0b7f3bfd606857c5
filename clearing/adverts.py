"""Adverts: the day of a slot that a merchant had is taken out of what it is paid, for the house.

A line of its date like any other, so that positions, statements, files and payouts have it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from clearing.booking import Booking, append_posted, book, sum_up_posted
from clearing.fees import lay_out_fees
from clearing.night import ClearingError, Night
from host.ledger import Chart, Leg
from host.model.money import Money
from host.model.requests import Kind

STEP: Final = "adverts"
"""As the night's table has it, and as keys do."""
Row = Mapping[str, Any]


def charge_adverts(night: Night) -> str:
    """Charge each day of a slot that is the date; on a repeat, prove that it is the same.

    Raises:
        ClearingError: an account is missing, or the ledger or bookings of a closed date have
            changed.
    """
    lay_out_fees(night)
    if not night.is_repeat:
        _post(night, night.rows("advert_days"))
    _compare(night)
    append_posted(night, Kind.ADVERTISING, Chart.MERCHANT_PAYABLE)
    return _told(night)


def _post(night: Night, rows: Sequence[Row]) -> None:
    bookings = [
        Booking(
            str(row["booking_id"]),
            row["merchant_id"],
            row["issuer_id"],
            row["unit"],
            [_leg(night, row)],
        )
        for row in rows
    ]
    numbers = book(night, STEP, Kind.ADVERTISING, bookings)
    told = {
        "bookings": [row["booking_id"] for row in rows],
        "amounts": [row["price_minor"] for row in rows],
    }
    night.run("insert_adverts", journals=numbers, **told)
    sum_up_posted(night, numbers)


def _leg(night: Night, row: Row) -> Leg:
    """From what is owed to the merchant to what the house earns."""
    owed, house = row["owed_account"], row["house_account"]
    if owed is None or house is None:
        raise ClearingError(
            f"advertising of {night.business_date} has no account: merchant {row['merchant_id']}, "
            f"issuer {row['issuer_id']}, {row['unit']}. Nothing was charged. Load the estate "
            "again, which makes the accounts that are missing, then run the clearing again"
        )
    return Leg(owed, house, row["price_minor"], row["unit"])


def _compare(night: Night) -> None:
    apart = night.rows("changed_adverts")
    if apart:
        raise ClearingError(
            f"advertising of {night.business_date} is no longer what it was ({len(apart)} days "
            f"differ, first of booking {apart[0]['booking_id']}): a closed date, or a booking that "
            "had begun, was changed. Run `posswitch audit` to find the row; pay nothing before it "
            "is explained"
        )


def _told(night: Night) -> str:
    told = [
        f"{row['days']} days, {Money(row['amount_minor'], row['unit'])}"
        for row in night.rows("adverts_by_unit")
    ]
    return ", ".join(told) or "no advertising"
