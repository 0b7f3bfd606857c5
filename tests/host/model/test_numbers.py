import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.model import numbers

DATES = st.dates(numbers.DAY_ZERO, dt.date(2150, 12, 31))
COUNTERS = st.integers(0, numbers.COUNTER_MAX)
A_DATE = dt.date(2026, 9, 30)


@pytest.mark.parametrize(
    ("counter", "rrn"),
    [
        (0, "093000000000"),
        (1, "093000000001"),
        (99_999_999, "093099999999"),
        (100_000_000, "0930A0000000"),
        (359_999_999, "0930Z9999999"),
    ],
)
def test_an_rrn_is_month_and_day_and_eight_characters_of_counter(counter: int, rrn: str) -> None:
    assert numbers.rrn_of(numbers.number_of(A_DATE, counter)) == rrn


@given(DATES, COUNTERS)
def test_an_rrn_read_on_its_own_date_is_the_number(day: dt.date, counter: int) -> None:
    number = numbers.number_of(day, counter)
    rrn = numbers.rrn_of(number)
    assert len(rrn) == 12
    assert numbers.number_of_rrn(rrn, not_after=day) == number


@given(DATES, COUNTERS, DATES, COUNTERS)
def test_numbers_sort_by_business_date_then_counter(
    day: dt.date, counter: int, other_day: dt.date, other: int
) -> None:
    by_number = numbers.number_of(day, counter) < numbers.number_of(other_day, other)
    assert by_number == ((day, counter) < (other_day, other))


@given(DATES, COUNTERS)
def test_a_number_knows_its_business_date(day: dt.date, counter: int) -> None:
    assert numbers.business_date_of(numbers.number_of(day, counter)) == day


def test_an_rrn_of_december_read_in_january_is_last_years() -> None:
    number = numbers.number_of(dt.date(2026, 12, 31), 7)
    assert numbers.number_of_rrn("123100000007", dt.date(2027, 1, 1)) == number


def test_an_rrn_of_the_leap_day_is_found_across_a_century_without_one() -> None:
    number = numbers.number_of(dt.date(2096, 2, 29), 1)
    assert numbers.number_of_rrn("022900000001", dt.date(2104, 2, 28)) == number


@pytest.mark.parametrize(
    "rrn",
    [
        "",
        "09300000001",
        "0930000000011",
        "133000000001",
        "023000000001",
        "0930a0000000",
        "0930-0000000",
        "09 000000001",
        "0930000000A1",
        "0930٠0000001",
        "٠93000000001",
        "            ",
    ],
)
def test_anything_else_is_no_rrn_of_ours(rrn: str) -> None:
    assert numbers.number_of_rrn(rrn, A_DATE) is None


def test_an_rrn_from_before_the_first_day_is_none_of_ours() -> None:
    assert numbers.number_of_rrn("123100000001", dt.date(2020, 6, 1)) is None


@pytest.mark.parametrize("counter", [-1, 360_000_000])
def test_a_counter_that_has_no_spelling_is_refused(counter: int) -> None:
    with pytest.raises(ValueError, match=str(counter)):
        numbers.number_of(A_DATE, counter)


def test_a_business_date_before_the_first_day_has_no_numbers() -> None:
    with pytest.raises(ValueError, match="2019-12-31"):
        numbers.number_of(dt.date(2019, 12, 31), 0)
