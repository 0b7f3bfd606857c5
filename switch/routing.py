"""Who is asked what: our own host, or the issuer's host a card belongs to.

A first message goes by its card: the longest prefix that fits, where that issuer is asked such a
kind. What is about an earlier message (void, reversal) goes where that one went, which is why
the switch remembers: a swiped reversal names no card. What nobody remembers went to our own
host, whose answer to an unknown original is the right one.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NoReturn

import structlog
import trio

from host.link.client import NOT_TAKEN, Waiter
from host.link.frames import Ticket
from host.model.requests import KINDS, Kind, Request
from switch.exchange import Exchange, reversal_of
from switch.hostlink import Destination, Taken
from switch.issuers.advice import Owing
from switch.issuers.settings import IssuerSettings
from switch.memory.route_words import HOST, Noted
from switch.memory.routes import RouteMemory

RECOVER_SECONDS: Final = 5.0
"""How often orphans are looked for."""
ORPHAN_MARGIN_SECONDS: Final = 10.0
"""Beyond its own deadline: then no living process can still be at it."""

_LOG = structlog.get_logger(__name__)


class Lane:
    """One destination, and what the desk has there in the order it was sent."""

    __slots__ = ("destination", "in_flight", "is_ours", "name", "seconds_max")

    def __init__(self, name: str, destination: Destination, seconds_max: float) -> None:
        self.name = name
        self.is_ours = name == HOST
        self.destination = destination
        self.seconds_max = seconds_max
        self.in_flight: dict[Ticket, Exchange] = {}
        """By ticket, which is also the order in which they time out."""

    def sent_before(self, oldest: float) -> list[Exchange]:
        """Those that have waited too long."""
        late = []
        for exchange in self.in_flight.values():
            if exchange.sent_at > oldest:
                break
            late.append(exchange)
        return late


class Router:
    """Which lane a request takes."""

    def __init__(
        self,
        host: Lane,
        issuers: Sequence[tuple[IssuerSettings, Lane]] = (),
        memory: RouteMemory | None = None,
        settling: Lane | None = None,
    ) -> None:
        """`settling` is our own host's for settlements, where there are issuers."""
        self._host = host
        self._settling = settling or host
        self._memory = memory
        self._lanes = {lane.name: lane for _, lane in issuers}
        self._by_prefix = {
            prefix: (frozenset(settings.kinds), lane)
            for settings, lane in issuers
            for prefix in settings.prefixes
        }
        self._sizes = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)
        self.lanes = (host, *self._lanes.values(), *([settling] if settling else []))

    def lane_of(self, request: Request) -> Lane:
        """Where a request goes."""
        if not self._sizes:
            return self._host
        original = request.original
        if original is not None and original.key is not None:
            return self._lane_of_original(original.key.text, request)
        if request.pan is None:
            return self._settling if request.kind is Kind.SETTLEMENT else self._host
        digits = request.pan.reveal()
        for size in self._sizes:
            found = self._by_prefix.get(digits[:size])
            if found is not None:
                kinds, lane = found
                return lane if request.kind in kinds else self._host
        return self._host

    def _lane_of_original(self, key_text: str, request: Request) -> Lane:
        memory = self._memory
        assert memory is not None, "issuers need a memory"
        route = memory.route_of(key_text)
        if route is None and request.kind is Kind.REVERSAL:
            # The host keeps a tombstone against its own late original; this is the issuers'.
            memory.undo(key_text, HOST)
        if not route:
            return self._host
        lane = self._lanes.get(route)
        if lane is None:
            _LOG.error("its issuer is no longer named in [[issuers]]", key=key_text, route=route)
            return Lane(route, _Nowhere(), self._host.seconds_max)
        return lane


class _Nowhere:
    """An issuer that is gone from the settings while its exchanges are not."""

    def ask(self, _request: Request, _waiter: Waiter) -> Taken:
        return NOT_TAKEN

    def forget(self, _ticket: Ticket) -> None:
        return


class Recovery:
    """Undoes what was in flight in a switch that was killed.

    Rows of this process's own name from before its start are nobody's any more; those of others
    are, once they are older than any deadline.
    """

    def __init__(
        self, memory: RouteMemory, owing: Owing, owner: str, lanes: Iterable[Lane]
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
