"""Who is asked what: our own host, or the issuer's host a card belongs to.

A first message goes by its card: the longest prefix that fits, where that issuer is asked such a
kind. What is about an earlier message (void, reversal) goes where that one went, which is why
the switch remembers: a swiped reversal names no card. What nobody remembers went to our own
host, whose answer to an unknown original is the right one.
"""

from collections.abc import Sequence
from typing import Generic

import structlog

from host.link.client import Waiter
from host.model.requests import Kind, Request
from switch.hostlink import Taken, Ticket
from switch.issuer_settings import IssuerSettings
from switch.lane import Lane, SentT
from switch.memory.route_words import HOST
from switch.memory.routes import RouteMemory

_LOG = structlog.get_logger(__name__)


class Router(Generic[SentT]):
    """Which lane a request takes."""

    def __init__(
        self,
        host: Lane[SentT],
        issuers: Sequence[tuple[IssuerSettings, Lane[SentT]]] = (),
        memory: RouteMemory | None = None,
        settling: Lane[SentT] | None = None,
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

    def lane_of(self, request: Request) -> Lane[SentT]:
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

    def _lane_of_original(self, key_text: str, request: Request) -> Lane[SentT]:
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
        return None

    def forget(self, _ticket: Ticket) -> None:
        return
