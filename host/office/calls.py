"""How often each program asks: so many calls a minute of one, whichever of its keys it has.

Counted in this host's memory by minutes of its clock: a program that asks too often is told so, and
holds up nobody else.
"""

import datetime as dt
import threading
from collections import Counter


class Calls:
    """Counts of the minute that is now, by clients; for any thread."""

    def __init__(self) -> None:
        self._minute: dt.datetime | None = None
        self._counts: Counter[int] = Counter()
        self._lock = threading.Lock()

    def takes(self, client: int, a_minute: int, now: dt.datetime) -> bool:
        """Whether one more is let in; it is counted."""
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            self._counts[client] += 1
            return self._counts[client] <= a_minute
