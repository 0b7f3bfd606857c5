"""What a switch that was killed left in flight is undone by the next, or by its neighbours."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn

import structlog
import trio

from host.model.requests import KINDS
from switch.issuers.advice import Owing
from switch.lane import Lane
from switch.memory.route_words import Noted
from switch.memory.routes import RouteMemory
from switch.undoing import reversal_of

RECOVER_SECONDS: Final = 5.0
"""How often orphans are looked for."""
ORPHAN_MARGIN_SECONDS: Final = 10.0
"""Beyond its own deadline: then no living process can still be at it."""

_LOG = structlog.get_logger(__name__)


class Recovery:
    """Undoes what was in flight in a switch that was killed.

    Rows of this process's own name from before its start are nobody's any more; those of others
    are, once they are older than any deadline.
    """

    def __init__(
        self, memory: RouteMemory, owing: Owing, owner: str, lanes: Iterable[Lane[Any]]
    ) -> None:
        self._memory = memory
        self._owing = owing
        self._owner = owner
        self._seconds_max = {lane.name: lane.seconds_max for lane in lanes}
        self._longest = max(self._seconds_max.values())
        self._owed: set[str] = set()

    def begin(self, wall_now: float) -> int:
        """At the start, before anything is taken; returns how many were undone."""
        ours = [n for n in self._memory.open_before(wall_now) if n.owner == self._owner]
        return self._undo(ours)

    async def run(self, wall_clock: Callable[[], float]) -> NoReturn:
        """Look for orphans of every process, for ever."""
        while True:
            await trio.sleep(RECOVER_SECONDS)
            self.look(wall_clock())

    def look(self, wall_now: float) -> int:
        """Undo what has outlived its deadline, whoever sent it."""
        found = self._memory.open_before(wall_now - ORPHAN_MARGIN_SECONDS)
        self._owed &= {noted.key_text for noted in found}
        return self._undo([n for n in found if n.noted_at + self._patience(n) <= wall_now])

    def _patience(self, noted: Noted) -> float:
        return self._seconds_max.get(noted.route, self._longest) + ORPHAN_MARGIN_SECONDS

    def _undo(self, orphans: Iterable[Noted]) -> int:
        count = 0
        for noted in orphans:
            request = noted.request
            if request is None or not KINDS[request.kind].undone_by_switch:
                continue
            if noted.key_text not in self._owed:
                self._owed.add(noted.key_text)
                self._owing.owe(reversal_of(request), noted.route)
                count += 1
        if count:
            _LOG.warning("in flight when a switch ended: undone", count=count)
        return count
