"""Reserves: a share of what merchants are paid is held back for so many days, then let go.

It goes from what an issuer owes a merchant to what it keeps of it, and back on its day. Both are
lines of their date, so that positions, statements, files and payouts have them like anything else.
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

STEP: Final = "reserves"
"""As the night's table has it, and as keys do."""
Row = Mapping[str, Any]
_parties: Final = itemgetter("merchant_id", "issuer_id", "unit")


def reserve(night: Night) -> str:
    """Hold what the terms say and let go what is due; on a repeat, prove that it is the same.

    Raises:
        ClearingError: an account is missing, or the ledger or terms of a closed date have changed.
    """
    lay_out_fees(night)
    night.lay_out("day_reserve", "reserves")
    if not night.is_repeat:
        _hold(night, night.rows("reserves_to_hold"))
        _let_go(night, night.rows("reserves_due"))
    _compare(night)
    for kind in (Kind.RESERVE_HELD, Kind.RESERVE_RELEASED):
        append_posted(night, kind, Chart.MERCHANT_PAYABLE)
    return _told(night)


def _hold(night: Night, rows: Sequence[Row]) -> None:
    bookings = [_booking(row, [_leg(night, row)]) for row in rows]
    numbers = book(night, STEP, Kind.RESERVE_HELD, bookings)
    night.run("insert_reserves", journals=numbers, **_columns(rows))
    sum_up_posted(night, numbers)


def _let_go(night: Night, rows: Sequence[Row]) -> None:
    """One journal for each merchant and issuer, a leg for each date of which it is."""
    groups = [list(same) for _, same in groupby(rows, _parties)]
    bookings = [
        _booking(same[0], [_leg(night, row).swapped() for row in same], "-released")
        for same in groups
    ]
    numbers = book(night, STEP, Kind.RESERVE_RELEASED, bookings)
    journals = [
        number for number, same in zip(numbers, groups, strict=True) for _ in range(len(same))
    ]
    dates = [row["of_date"] for row in rows]
    night.run("insert_releases", journals=journals, dates=dates, **_columns(rows))
    sum_up_posted(night, numbers)


def _booking(row: Row, legs: Sequence[Leg], ending: str = "") -> Booking:
    merchant, issuer, unit = _parties(row)
    return Booking(f"{merchant}-{issuer}{ending}", merchant, issuer, unit, legs)


def _columns(rows: Sequence[Row]) -> dict[str, list[int]]:
    return {
        "merchants": [row["merchant_id"] for row in rows],
        "issuers": [row["issuer_id"] for row in rows],
    }


def _leg(night: Night, row: Row) -> Leg:
    """From what is owed to what is kept."""
    owed, kept = row["owed_account"], row["kept_account"]
    if owed is None or kept is None:
        raise ClearingError(
            f"reserves of {night.business_date} have no account: merchant {row['merchant_id']}, "
            f"issuer {row['issuer_id']}, {row['unit']}. Nothing was held back. Load the estate "
            "again, which makes the accounts that are missing, then run the clearing again"
        )
    return Leg(owed, kept, row["amount_minor"], row["unit"])


def _compare(night: Night) -> None:
    apart = night.rows("changed_reserves") or night.rows("changed_releases")
    if apart:
        raise ClearingError(
            f"reserves of {night.business_date} are no longer what they were ({len(apart)} rows "
            f"differ, first merchant {apart[0]['merchant_id']}, issuer {apart[0]['issuer_id']}): a "
            "closed date, or terms that had begun, were changed. Run `posswitch audit` to find the "
            "row; pay nothing before it is explained"
        )


def _told(night: Night) -> str:
    told = [
        f"{Money(row['held_minor'], row['unit'])} held, "
        f"{Money(row['released_minor'], row['unit'])} let go"
        for row in night.rows("reserved_by_unit")
    ]
    return ", ".join(told) or "no reserves"
