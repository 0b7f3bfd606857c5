"""Corrections: what was upheld of disputed statements is given back, by a leg for each row.

Nobody edits a statement: the next one has what was wrong in an earlier one, the other way round.
Where the value goes then, an operator decides: it stands in the issuer's suspense. What was paid
for advertising the house had, and gives back itself.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from clearing.booking import Booking, append_posted, book, sum_up_posted
from clearing.fees import lay_out_fees
from clearing.night import ClearingError, Night
from host.ledger import Chart, Leg
from host.model.money import Money
from host.model.requests import Kind

STEP: Final = "corrections"
"""As the night's table has it, and as keys do."""
_dispute: Final = itemgetter("business_date", "place", "side")
Row = Mapping[str, Any]


def correct(night: Night) -> str:
    """Post what was upheld and is not given back yet; on a repeat, prove that it still is.

    Raises:
        ClearingError: an account is missing, or what was given back is not what was upheld.
    """
    lay_out_fees(night)
    if not night.is_repeat:
        _post(night, night.rows("upheld"))
    _compare(night)
    append_posted(night, Kind.SETTLEMENT_CORRECTION, Chart.MERCHANT_PAYABLE)
    [told] = night.rows("count_corrections")
    return f"{told['corrections']} corrections"


def _post(night: Night, upheld: Sequence[Row]) -> None:
    disputes = [(key, list(rows)) for key, rows in groupby(upheld, _dispute)]
    bookings = [
        Booking(
            f"{date:%Y%m%d}-{place}-{side}",
            rows[0]["merchant_id"],
            rows[0]["issuer_id"],
            rows[0]["unit"],
            [_leg(night, row) for row in rows],
        )
        for (date, place, side), rows in disputes
    ]
    numbers = book(night, STEP, Kind.SETTLEMENT_CORRECTION, bookings)
    told: dict[str, list[Any]] = {"dates": [], "places": [], "sides": []}
    for key, _ in disputes:
        for column, value in zip(told.values(), key, strict=True):
            column.append(value)
    night.run("insert_corrections", journals=numbers, **told)
    sum_up_posted(night, numbers)


def _leg(night: Night, row: Row) -> Leg:
    """What went to the merchant goes back; what was taken from it comes back."""
    owed, other = row["owed_account"], row["other_account"]
    if owed is None or other is None:
        raise ClearingError(
            f"what was upheld of a statement has no account on {night.business_date}: merchant "
            f"{row['merchant_id']}, issuer {row['issuer_id']}, {row['unit']}. Nothing was given "
            "back. Load the estate again, which makes the accounts that are missing, then run the "
            "clearing again"
        )
    leg = Leg(owed, other, abs(row["amount_minor"]), row["unit"])
    return leg if row["amount_minor"] > 0 else leg.swapped()


def _compare(night: Night) -> None:
    apart = night.rows("changed_corrections")
    if apart:
        first = apart[0]
        raise ClearingError(
            f"what was given back on {night.business_date} is not what was upheld ({len(apart)} "
            f"disputes differ, first {first['of_date']:%Y%m%d}-{first['place']}, which came to "
            f"{Money(first['amount_minor'], first['unit'])}): a closed date was changed. Run "
            "`posswitch audit` to find the row; pay nothing before it is explained"
        )
