"""Exchange numbers and RRNs: two spellings of one identity, a business date and a counter.

A number is `day * 10^9 + counter`, the day counted from 2020-01-01, so numbers sort by business
date and fit a bigint for ever. Its RRN (F37, 12 characters) is MMDD of the business date and the
counter in 8 characters. Beyond 99,999,999 the first of the eight goes on with A to Z, which
makes 360,000,000 exchanges a business date. An RRN has no year: reading one needs a date it
cannot be after.
"""

import datetime as dt
import functools
from typing import Final

DAY_ZERO: Final = dt.date(2020, 1, 1)
NUMBERS_PER_DAY: Final = 1_000_000_000
HEADS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COUNTERS_PER_HEAD: Final = 10_000_000
COUNTER_MAX: Final = len(HEADS) * COUNTERS_PER_HEAD - 1
_PLAIN_COUNTER_MAX: Final = 10 * COUNTERS_PER_HEAD - 1
_RRN_LENGTH: Final = 12
_YEARS_BETWEEN_LEAP_DAYS_MAX: Final = 8
"""29 February may be eight years back: 2096 and 2104."""


def number_of(business_date: dt.date, counter: int) -> int:
    """The number of the exchange that took `counter` under `business_date`.

    Raises:
        ValueError: the counter is outside 0 to COUNTER_MAX, or the date before DAY_ZERO.
    """
    if not 0 <= counter <= COUNTER_MAX:
        msg = f"counter {counter} of {business_date} is outside 0 to {COUNTER_MAX}"
        raise ValueError(msg)
    return first_number_of(business_date) + counter


def first_number_of(business_date: dt.date) -> int:
    """Number zero of a business date: a writer adds its block's counters to it.

    Raises:
        ValueError: the date is before DAY_ZERO.
    """
    day = (business_date - DAY_ZERO).days
    if day < 0:
        msg = f"business date {business_date} is before {DAY_ZERO}, the first that has numbers"
        raise ValueError(msg)
    return day * NUMBERS_PER_DAY


def business_date_of(number: int) -> dt.date:
    """The business date a number was taken under."""
    return DAY_ZERO + dt.timedelta(days=number // NUMBERS_PER_DAY)


def rrn_of(number: int) -> str:
    """F37 of a number: MMDD, then the counter in 8 characters."""
    day, counter = divmod(number, NUMBERS_PER_DAY)
    if counter <= _PLAIN_COUNTER_MAX:
        return f"{_month_and_day(day)}{counter:08d}"
    head, rest = divmod(counter, COUNTERS_PER_HEAD)
    return f"{_month_and_day(day)}{HEADS[head]}{rest:07d}"


def number_of_rrn(rrn: str, not_after: dt.date) -> int | None:
    """The newest number spelled `rrn` whose business date is not after `not_after`.

    None when the text is not an RRN of ours: a terminal may have sent anything.
    """
    if len(rrn) != _RRN_LENGTH or not (rrn.isascii() and (rrn[:4] + rrn[5:]).isdigit()):
        return None
    head = HEADS.find(rrn[4])
    business_date = _newest(int(rrn[:2]), int(rrn[2:4]), not_after)
    if head < 0 or business_date is None:
        return None
    return number_of(business_date, head * COUNTERS_PER_HEAD + int(rrn[5:]))


@functools.lru_cache(maxsize=64)
def _month_and_day(day: int) -> str:
    return f"{DAY_ZERO + dt.timedelta(days=day):%m%d}"


def _newest(month: int, day: int, not_after: dt.date) -> dt.date | None:
    for year in range(not_after.year, not_after.year - _YEARS_BETWEEN_LEAP_DAYS_MAX - 1, -1):
        try:
            found = dt.date(year, month, day)
        except ValueError:
            continue
        if DAY_ZERO <= found <= not_after:
            return found
    return None
