"""The night, as the roof runs it for the office: the host trades and clears nothing.

So the office is given somebody who does, as it is given the poster.
"""

import datetime as dt
from typing import Protocol

import msgspec


class Cleared(msgspec.Struct, frozen=True, kw_only=True):
    """What a night did for one date."""

    steps: int
    again: int
    """Of them those that had been taken before, and came to the same."""
    findings: int
    files: int


class NightBusyError(Exception):
    """Somebody else runs it: who, and since when."""

    def __init__(self, who: str, since: dt.datetime | None) -> None:
        super().__init__(who)
        self.who, self.since = who, since


class NightStoppedError(Exception):
    """It cannot go on: at which step (empty: before the first), why, and what to do."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step, self.why = step, why


class Nights(Protocol):
    """Who clears dates and hands out their files."""

    def clear(self, date: dt.date, who: str) -> Cleared:
        """Clear a date in somebody's name, or compare what was left of it.

        Raises:
            NightBusyError, NightStoppedError: what was finished before stays so.
        """

    def hand_out(self, released_until: dt.datetime) -> list[dt.date]:
        """Hand out the files of dates that were released by then; gives which were not out yet.

        Raises:
            NightStoppedError: a file is not what was released; that date is not handed out.
        """
