"""Where something is, and how far that is from somewhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.model.coordinates import Coordinates, metres_between, read_coordinates

PLACES = st.builds(Coordinates, st.floats(-90, 90).map(lambda x: round(x, 4)), st.floats(-180, 180))


@pytest.mark.parametrize(
    "text", ["", "31.2", "31.2;121.4", "91,0", "0,181", "31.23041234,121", "x,y", "1,2,3", "٣,٤"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="latitude"):
        read_coordinates(text)


def test_shanghai_is_as_far_from_beijing_as_it_is_known_to_be() -> None:
    """By the great circle, 1,067 km; a kilometre for what the earth is no sphere."""
    one, other = read_coordinates("31.2304,121.4737"), read_coordinates("39.9042,116.4074")
    assert abs(metres_between(one, other) - 1_067_000) < 2_000


@given(PLACES, PLACES)
def test_it_is_as_far_there_as_back_and_never_beyond_half_the_earth(
    one: Coordinates, other: Coordinates
) -> None:
    there = metres_between(one, other)
    assert there == metres_between(other, one)
    assert 0 <= there <= 20_015_100
    assert metres_between(one, one) == 0
