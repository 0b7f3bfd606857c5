"""Counts of a running swarm: what was asked, how it was answered, how long it took."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from host.model.requests import Kind
from simulators.failures import Failures

SILENCE = "--"
"""Stands where F39 would, when no answer was worth believing."""


@dataclass(slots=True)
class Tally:
    """Grows while the swarm runs; anybody may look."""

    answers: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    surprises: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Trades whose answer was not one their row expects, with the F39."""
    latencies: list[float] = field(default_factory=list)
    """Seconds, of messages that were answered."""
    sign_ons: Counter[str] = field(default_factory=Counter)
    """First sign-ons, by their F39."""
    signed_on: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    """How settlements ended: totals agreed, records uploaded, or no answer."""
    pending: int = 0
    """Reversals, confirmations and refunds still waiting when the day ended."""
    repeats_that_differed: int = 0
    last_trace: int = 0
    """The newest of whichever terminal came farthest."""
    failures: Failures = field(default_factory=Failures)
    """Terminals, channels and parts that ended as they must not."""

    @property
    def trades(self) -> int:
        """Transactions made, however they ended."""
        return sum(self.answers.values())

    def count(self, f39: str) -> int:
        """Transactions that ended with this response code."""
        return sum(number for (_kind, told), number in self.answers.items() if told == f39)

    def latency(self, *parts: float) -> list[float]:
        """The latencies, in seconds, that these parts (0 to 1) of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return [percentile(ordered, part) for part in parts]


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of the values do not exceed; 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(len(values) * part) - 1)]
