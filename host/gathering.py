"""When a writer waits a moment for more: each batch has a price of its own, whatever is in it.

Where several terminals trade at once, the next message is a moment away, and a batch of two or
three costs little more than a batch of one: what is saved is there for pages, nights and whoever
else is served by the same processors. One terminal alone waits for nobody, nor does who comes when
nothing was posted for a while; and where many wait already, the batch is large enough. PostgreSQL
has the same for commits (`commit_delay`, `commit_siblings`), behind what costs most here.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from host.waiting import Pending, Queue

RECENT_SECONDS: Final = 0.02
"""Since the last batch: for so long messages are thought to come thick."""
ENOUGH: Final = 8
"""So many that wait are worth a batch."""


class Gathering:
    """A writer's: it is told what was posted, and asked before the next batch is taken."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ended = float("-inf")
        self._last = ""
        """The terminal that the last batch ended with."""

    def seconds_for(self, queue: Queue) -> float:
        """How long to wait for more; 0: what waits is taken as it is."""
        if not self._seconds or self._clock() - self._ended > RECENT_SECONDS:
            return 0.0
        askers = [asker_of(pending) for pending in queue.first(ENOUGH)]
        is_one_alone = set(askers) <= {self._last}
        return 0.0 if is_one_alone or len(askers) == ENOUGH else self._seconds

    def note(self, batch: Sequence[Pending]) -> None:
        """A batch is posted."""
        self._ended = self._clock()
        self._last = asker_of(batch[-1])


def asker_of(pending: Pending) -> str:
    """Which terminal it is of, or which person, member or timer."""
    return pending.item.request.key.terminal_id
