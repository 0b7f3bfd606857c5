"""What comes with an estate may be used for years from the day on which it is loaded."""

import datetime as dt

import pytest

from host.estate.demo import FAR_AHEAD, demo_estate
from host.estate.ends import LAST_DAY, last_year_of


@pytest.mark.parametrize(
    ("year", "last"),
    [(2026, 2029), (2028, 2029), (2029, 2039), (2031, 2039), (2038, 2039), (2039, 2049)],
)
def test_it_ends_with_a_decade_of_which_a_year_is_left(year: int, last: int) -> None:
    for month, day in ((1, 1), (12, 31)):
        assert last_year_of(dt.date(year, month, day)) == last


def test_it_is_the_same_for_who_makes_it_up_again_later_in_that_decade() -> None:
    """A till types the same card, a simulation has the same as the database."""
    years = {last_year_of(dt.date(year, 6, 1)) for year in range(2029, 2039)}
    assert years == {2039}


def test_no_card_of_the_demo_has_ended_that_is_to_be_used() -> None:
    today = dt.datetime.now(dt.UTC).date()
    assert min(LAST_DAY, FAR_AHEAD) > today
    ended = {card.expiry for card in demo_estate().cards if card.expiry < f"{today:%y%m}"}
    assert ended == {"2012"}, "the odd one that is to be declined"
