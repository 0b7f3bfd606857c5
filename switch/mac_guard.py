"""Who guesses at MACs: so many wrong ones in a row, and the keys they were tried against are spent.

A 32-bit code invites guessing, so guesses are few: after `mac_failures_max` wrong codes for one
terminal its keys are believed no longer, right or wrong, until the terminal has signed on and
speaks under newer ones. That is what the answer (A0) asks it to do. A right code ends the count.

Counted is a terminal *at an address*: who forges from elsewhere locks himself out and nobody
else. Who sits behind the same gateway can lock the terminal, but never for ever: newer keys
unlock it, and `mac_lock_seconds` after the last wrong code all is forgotten. So must it be where
keys follow from a KSN and no sign-on brings others.

Each switch process counts for itself: with several of them a guesser has so many times as many
guesses, and a terminal that is locked in one is not in another.
"""

from typing import Final

SUSPECTS_MAX: Final = 20_000
"""Beyond it the one longest under suspicion is let go."""
NOT_LOCKED: Final = 0
"""As a generation of keys: every key is newer."""

_Suspect = tuple[str, str]


class _Count:
    __slots__ = ("failures", "spent", "until")

    def __init__(self) -> None:
        self.failures = 0
        self.spent = NOT_LOCKED
        self.until = 0.0


class MacGuard:
    """The wrong codes of every terminal, by the address they came from. No clock."""

    __slots__ = ("_counts", "_failures_max", "_seconds")

    def __init__(self, failures_max: int, seconds: float) -> None:
        self._failures_max = failures_max
        self._seconds = seconds
        self._counts: dict[_Suspect, _Count] = {}

    @property
    def suspects_nobody(self) -> bool:
        """Whether nothing has to be asked here: the usual state."""
        return not self._counts

    def spent(self, terminal_id: str, host: str, now: float) -> int:
        """The newest generation of keys that is not believed; `NOT_LOCKED` where all are."""
        count = self._counts.get((terminal_id, host))
        return count.spent if count is not None and now < count.until else NOT_LOCKED

    def wrong(self, terminal_id: str, host: str, newest: int, now: float) -> bool:
        """Count a wrong code; True when it is one too many: keys up to `newest` are spent."""
        count = self._counts.get((terminal_id, host))
        if count is None or now >= count.until:
            count = self._begin((terminal_id, host))
        count.failures += 1
        count.until = now + self._seconds
        if count.failures < self._failures_max:
            return False
        count.failures = 0
        count.spent = newest
        return True

    def right(self, terminal_id: str, host: str) -> None:
        """A right code, under a key that was believed: nothing is held against it any more."""
        self._counts.pop((terminal_id, host), None)

    def sweep(self, now: float) -> None:
        """Forget what is over."""
        for suspect in [each for each, count in self._counts.items() if now >= count.until]:
            del self._counts[suspect]

    def _begin(self, suspect: _Suspect) -> _Count:
        self._counts.pop(suspect, None)
        if len(self._counts) >= SUSPECTS_MAX:
            del self._counts[next(iter(self._counts))]
        count = self._counts[suspect] = _Count()
        return count
