"""Where something is: latitude and longitude in degrees of WGS 84 (RFC 5870), as `31.23,121.47`."""

import math
import re
from typing import Final, NamedTuple

PATTERN: Final = r"^-?[0-9]{1,2}(\.[0-9]{1,6})?,-?[0-9]{1,3}(\.[0-9]{1,6})?$"
LATITUDE_MAX, LONGITUDE_MAX = 90, 180
EARTH_METRES: Final = 6_371_000
"""Its mean radius."""


class Coordinates(NamedTuple):
    """In degrees."""

    latitude: float
    longitude: float


def read_coordinates(text: str) -> Coordinates:
    """Out of their text.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(PATTERN.strip("^$"), text):
        raise ValueError("it is a latitude and a longitude, as 31.2304,121.4737")
    latitude, longitude = map(float, text.split(","))
    if abs(latitude) > LATITUDE_MAX or abs(longitude) > LONGITUDE_MAX:
        raise ValueError("it is a latitude and a longitude, as 31.2304,121.4737")
    return Coordinates(latitude, longitude)


def metres_between(one: Coordinates, other: Coordinates) -> int:
    """Along a great circle, by the haversine."""
    south, north = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    part = (
        math.sin((north - south) / 2) ** 2
        + math.cos(south) * math.cos(north) * math.sin(across / 2) ** 2
    )
    return round(2 * EARTH_METRES * math.asin(min(1.0, math.sqrt(part))))
