"""Everywhere a request can go, put together: our own host, the issuers, and what they share.

The routes file exists only where something needs it: an issuer, or `remember_in_flight`. A switch
without either has one lane, and asks the link directly.
"""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import trio
from prometheus_client import CollectorRegistry

from host.link.client import HostLink
from host.model.requests import Kind, Request
from host.steady import kept_going
from switch.exchange import Exchange
from switch.faults import count
from switch.hostlink import Destination
from switch.issuer_settings import IssuerSettings
from switch.issuers.advice import Settling
from switch.issuers.destinations import IssuerReversals, IssuerTrade
from switch.issuers.issuer import Issuer
from switch.issuers.metrics import IssuerMetrics, IssuersMetrics
from switch.issuers.pin_zones import PinZone
from switch.lane import Lane
from switch.memory.board import Boards
from switch.memory.in_flight import RememberingHost
from switch.memory.route_file import RouteFile
from switch.memory.route_words import HOST
from switch.memory.routes import RouteMemory
from switch.memory.saf import StoreAndForward
from switch.memory.saf_file import SafFile
from switch.recovery import Recovery
from switch.routing import Router
from switch.settings import SwitchSettings

LINGER_SECONDS: Final = 10.0
"""Beyond the longest wait for our host: then no process can still hear what it said before."""


class Lanes:
    """The router, store-and-forward, and whatever they need beside them."""

    def __init__(
        self,
        settings: SwitchSettings,
        link: HostLink,
        registry: CollectorRegistry,
        *,
        wall_clock: Callable[[], float],
        on_turn: Callable[[], None],
        siblings: Sequence[Path] = (),
    ) -> None:
        """Open the files; `siblings` are the other processes' store-and-forward files.

        Raises:
            SafError, RouteError: one cannot be used; the text says what to do.
        """
        self._settings = settings
        self._wall_clock = wall_clock
        self._on_turn = on_turn
        self._link = link
        self._destinations: dict[str, Destination] = {HOST: link}
        self.memory = self._open_memory()
        boards = self._open_boards(siblings)
        self.saf = StoreAndForward(
            SafFile(Path(settings.saf)),
            self._destinations,
            settings,
            wall_clock,
            on_stored=self._stored,
            on_turn=on_turn,
        )
        if boards is not None:
            self.saf.show_on(boards)
        host: Destination = link
        if settings.remember_in_flight and self.memory is not None:
            host = RememberingHost(link, self.memory)
        self.issuers: list[Issuer] = []
        families = IssuersMetrics(registry) if settings.issuers else None
        rows = []
        for row in settings.issuers:
            assert families is not None
            rows.append((row, self._lane(row, IssuerMetrics(families, row.name))))
        seconds_max = settings.host_seconds_max
        ours = Lane[Exchange](HOST, host, seconds_max)
        settling = Lane[Exchange](HOST, Settling(link, self.saf), seconds_max) if rows else None
        self.router = Router(ours, rows, self.memory, settling)

    def start(self, nursery: trio.Nursery) -> None:
        """Undo what an earlier life left in flight, and put everything to work."""
        nursery.start_soon(kept_going, "store and forward", self.saf.run, count)
        if self.memory is None:
            return
        recovery = Recovery(self.memory, self.saf, self._owner, self.router.lanes)
        recovery.begin(self._wall_clock())
        recover = functools.partial(recovery.run, self._wall_clock)
        nursery.start_soon(kept_going, "routes", self.memory.run, count)
        nursery.start_soon(kept_going, "recovery", recover, count)
        for issuer in self.issuers:
            nursery.start_soon(issuer.run)

    def close(self) -> None:
        """At the very end: what came last is written."""
        self.saf.close()
        if self.memory is not None:
            self.memory.close()

    @property
    def _owner(self) -> str:
        """This process by a name that outlives it: no two of them share a file of reversals."""
        return Path(self._settings.saf).name

    def _open_boards(self, siblings: Sequence[Path]) -> Boards | None:
        if not siblings:
            return None
        linger_seconds = self._settings.host_seconds_max + LINGER_SECONDS
        return Boards(Path(self._settings.saf), siblings, linger_seconds)

    def _open_memory(self) -> RouteMemory | None:
        settings = self._settings
        if not settings.issuers and not settings.remember_in_flight:
            return None
        return RouteMemory(
            RouteFile(Path(settings.routes), self._owner),
            self._wall_clock,
            days_max=settings.routes_days_max,
            on_turn=self._on_turn,
        )

    def _lane(self, row: IssuerSettings, metrics: IssuerMetrics) -> Lane[Exchange]:
        memory = self.memory
        assert memory is not None
        issuer = Issuer(
            row,
            memory,
            metrics,
            wall_clock=self._wall_clock,
            on_turn=self._on_turn,
            pins=PinZone(self._link, row.pin_zone) if row.pin_zone else None,
        )
        self.issuers.append(issuer)
        trade = IssuerTrade(issuer, memory, self.saf)
        self._destinations[row.name] = IssuerReversals(issuer, memory, trade.passages)
        return Lane(row.name, trade, row.seconds_max)

    def _stored(self, request: Request, route: str) -> None:
        """A reversal is on disk: no answer of its original counts from here on."""
        original = request.original
        if self.memory is None or request.kind is not Kind.REVERSAL:
            return
        if original is not None and original.key is not None:
            self.memory.undo(original.key.text, route)
