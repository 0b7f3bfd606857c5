"""Where a program listens, by its settings: each time at a port of its own.

What runs on several machines may share a settings file, so no program is held against another.
"""

import itertools
from collections.abc import Iterator
from typing import Final, NamedTuple

from switch.settings import SwitchSettings
from switch.web_settings import WebSettings

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - what is told, and not listened at here


class SharedPortError(Exception):
    """A program would be in its own way; the text names the settings and says what to do."""


class Place(NamedTuple):
    """One that is told; 0 takes any port, and stands in nobody's way."""

    setting: str
    host: str
    port: int


def check_places(switch: SwitchSettings, web: WebSettings) -> None:
    """Refuse settings by which a program would be in its own way.

    Raises:
        SharedPortError: it would listen at one place twice.
    """
    for places in (places_of_switch(switch), places_of_web(web)):
        for one, other in itertools.combinations(places, 2):
            if one.port == other.port and (one.host == other.host or _is_any(one, other)):
                place = f"{other.host}:{other.port}"
                raise SharedPortError(
                    f"{other.setting}: {place} is that of {one.setting}, too. Next: give one of "
                    "them another port"
                )


def places_of_switch(told: SwitchSettings) -> Iterator[Place]:
    """Of all its processes; each shows its metrics at a port of its own."""
    for one in told.channels:
        if one.connect_to is None and one.port:
            yield Place(f"channels.{one.name}", one.host, one.port)
    if told.metrics_port:
        for number in range(told.processes):
            yield Place("switch.metrics_port", told.metrics_host, told.metrics_port + number)


def places_of_web(told: WebSettings) -> Iterator[Place]:
    """Of pages and of metrics."""
    if told.port:
        yield Place("web.port", told.host, told.port)
    if told.metrics_port:
        yield Place("web.metrics_port", told.metrics_host, told.metrics_port)


def _is_any(*both: Place) -> bool:
    return any(one.host in EVERYWHERE for one in both)
