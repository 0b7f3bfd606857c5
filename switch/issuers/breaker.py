"""When to stop asking somebody who does not answer, and when to try again. Pure.

Closed, everything passes. So many time-outs in a row open it: nothing passes for a while, so
that terminals are told at once and a sick issuer is left in peace. Then one message passes; its
answer closes the breaker, its time-out opens it for another while.
"""

import enum


@enum.unique
class BreakerState(enum.Enum):
    """The number is what the gauge shows."""

    CLOSED = 0
    TRYING = 1
    OPEN = 2


class Breaker:
    """Counts time-outs in a row. `now` is any clock that only goes forward."""

    __slots__ = ("_failures", "_failures_max", "_seconds", "_until", "state")

    def __init__(self, failures_max: int, seconds: float) -> None:
        self._failures_max = failures_max
        self._seconds = seconds
        self._failures = 0
        self._until = 0.0
        self.state = BreakerState.CLOSED

    def would_pass(self, now: float) -> bool:
        """Whether `passes` would say yes; changes nothing."""
        if self.state is BreakerState.OPEN:
            return now >= self._until
        return self.state is BreakerState.CLOSED

    def passes(self, now: float) -> bool:
        """Whether a message may go; the first one after the pause is the one that tries."""
        if not self.would_pass(now):
            return False
        if self.state is BreakerState.OPEN:
            self.state = BreakerState.TRYING
        return True

    def failed(self, now: float) -> None:
        """A message was not answered."""
        self._failures += 1
        if self.state is BreakerState.TRYING or self._failures >= self._failures_max:
            self.state = BreakerState.OPEN
            self._until = now + self._seconds

    def lost(self, now: float) -> None:
        """A line went down: no time-out, but whoever was trying has not succeeded."""
        if self.state is BreakerState.TRYING:
            self.failed(now)

    def succeeded(self) -> None:
        """A message was answered, whatever it said."""
        self._failures = 0
        self.state = BreakerState.CLOSED
