"""What can go wrong on the line between a terminal and the switch, drawn from a seed."""

import enum
import random
from collections.abc import Mapping
from typing import Final, Protocol


@enum.unique
class Fault(enum.StrEnum):
    """One message's misfortune. After each but DUPLICATE the terminal hears nothing usable."""

    NONE = "none"
    DROP_REQUEST = "drop_request"
    """It never reaches the switch."""
    DROP_ANSWER = "drop_answer"
    """The switch answers, the terminal does not hear it."""
    DELAY_ANSWER = "delay_answer"
    """The terminal gives up first; the answer comes in the middle of its next exchange."""
    CUT = "cut"
    """The connection is closed right behind the request."""
    GARBLE_ANSWER = "garble_answer"
    """A bit of the answer's last byte flips: its MAC is wrong."""
    CUT_MID_FRAME = "cut_mid_frame"
    """The connection is closed when half of the request is out."""
    HALF_OPEN = "half_open"
    """The request arrives, then the line goes dead without a word: whoever answers it talks to
    nobody, and the terminal calls anew."""
    DUPLICATE = "duplicate"
    """The request arrives twice at once; both answers must be the same."""


DEMO_RATES: Final[Mapping[Fault, float]] = {
    Fault.DROP_REQUEST: 0.004,
    Fault.DROP_ANSWER: 0.01,
    Fault.DELAY_ANSWER: 0.004,
    Fault.CUT: 0.004,
    Fault.CUT_MID_FRAME: 0.002,
    Fault.HALF_OPEN: 0.002,
    Fault.GARBLE_ANSWER: 0.004,
    Fault.DUPLICATE: 0.01,
}
NO_FAULTS: Final[Mapping[Fault, float]] = {}


class DrawsFaults(Protocol):
    """What a line asks before each message."""

    def draw(self) -> Fault:
        """The next message's fault."""
        ...


class FaultSource:
    """Draws a fault a message; the same seed draws the same faults."""

    __slots__ = ("_faults", "_random", "_weights")

    def __init__(self, rates: Mapping[Fault, float], seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a simulation wants to repeat itself
        self._faults = [*rates, Fault.NONE]
        self._weights = [*rates.values(), 1 - sum(rates.values())]

    def draw(self) -> Fault:
        """The next message's fault, mostly none."""
        return self._random.choices(self._faults, self._weights)[0]


def no_faults() -> FaultSource:
    """A line on which nothing goes wrong."""
    return FaultSource(NO_FAULTS, "")
