"""Charts as SVG, drawn here: shapes and words only, so that a page needs no script for them.

Colours come from the stylesheet by class; a figure has its title and, in each bar, what it says,
for who hears a page instead of seeing it (SVG 2, 5.8).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

WIDTH: Final = 600
HEIGHT: Final = 120
BARS_MIN: Final = 12
"""There is room for so many at least: one alone is no wall."""
GAP: Final = 0.2
"""Of a bar's room."""


class Bar(NamedTuple):
    """One bar."""

    x: float
    y: float
    width: float
    height: float
    text: str


class Chart(NamedTuple):
    """Bars side by side, in a box of `WIDTH` by `HEIGHT`."""

    title: str
    bars: Sequence[Bar]
    first: str
    last: str
    """What the first and the last stand for."""
    width: int = WIDTH
    height: int = HEIGHT


class Share(NamedTuple):
    """One of several, side by side: its length is of a hundred, which the longest has."""

    name: str
    length: float
    text: str


def shares(told: Sequence[tuple[str, float, str]]) -> list[Share]:
    """Of what each stands for, how much, and how that is said."""
    most = max((abs(much) for _, much, _ in told), default=0) or 1
    return [Share(name, round(100 * abs(much) / most, 1), text) for name, much, text in told]


def bars(told: Sequence[tuple[str, float, str]], title: str) -> Chart:
    """Of what each stands for, how much, and how that is said."""
    room = WIDTH / max(len(told), BARS_MIN)
    most = max((abs(much) for _, much, _ in told), default=0) or 1
    drawn = []
    for at, (name, much, text) in enumerate(told):
        height = round(HEIGHT * abs(much) / most, 1)
        drawn.append(
            Bar(
                x=round(at * room + room * GAP / 2, 1),
                y=round(HEIGHT - height, 1),
                width=round(room * (1 - GAP), 1),
                height=height,
                text=f"{name}: {text}",
            )
        )
    return Chart(
        title=title, bars=drawn, first=told[0][0] if told else "", last=told[-1][0] if told else ""
    )
