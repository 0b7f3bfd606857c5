"""The switch process: everything put together, and its two clocks.

Time that is waited for is trio's; the wall clock is used for the age of stored reversals alone.
"""

import functools
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn
from wsgiref.simple_server import WSGIServer

import structlog
import trio
from prometheus_client import start_http_server

from host.link.address import Address
from host.link.client import HostLink, LinkLimits
from host.model.requests import Response
from switch.connection import Connection, Outboxes
from switch.desk import Desk
from switch.listeners import Channel
from switch.metrics import ChannelMetrics, Metrics
from switch.poller import Poller
from switch.saf import SafFile, StoreAndForward
from switch.settings import ChannelSettings, SwitchSettings
from terminals.dialect import Dialect
from terminals.dialects.pos import POS

DIALECTS: Final[dict[str, Dialect]] = {"pos": POS}
"""What `dialect` of a channel may be."""
SWEEP_SECONDS: Final = 0.1
"""How late a deadline may be noticed."""
FIRST_LINK_SECONDS_MAX: Final = 2.0
"""How long readiness waits for the host; without it the switch is ready to say 91."""

OTHER_DESCRIPTORS: Final = 64
"""Files a switch has open beside its connections."""

_LOG = structlog.get_logger(__name__)


async def run_switch(
    settings: SwitchSettings, *, on_ready: Callable[[list[str]], None]
) -> NoReturn:
    """Run a switch until it is cancelled; `on_ready` is given a line for each listener.

    Raises:
        OSError: a port cannot be listened on; the text says which.
        AddressError, SafError: the link address or the store-and-forward file is unusable.
    """
    switch = Switch(settings)
    try:
        switch.open()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(switch.link.run)
            nursery.start_soon(switch.saf.run)
            nursery.start_soon(switch.poller.run)
            nursery.start_soon(switch.sweep)
            with trio.move_on_after(FIRST_LINK_SECONDS_MAX):
                await switch.link.up.wait()
            on_ready([f"{name} on {address}" for name, address in switch.addresses()])
    finally:
        switch.close()
    raise AssertionError("a switch ends by being cancelled")


class Switch:
    """The parts of one switch process."""

    def __init__(self, settings: SwitchSettings) -> None:
        metrics = self.metrics = Metrics()
        outboxes = Outboxes()
        self._metrics_port = settings.metrics_port
        self._page: WSGIServer | None = None
        self.poller = Poller(outboxes.flush)
        self.link = HostLink(
            Address.parse(settings.link),
            LinkLimits(window_max=settings.window_max),
            on_unmatched=self._late,
            on_turn=outboxes.flush,
        )
        self.saf = StoreAndForward(
            SafFile(Path(settings.saf)), self.link, settings, wall_clock=time.time
        )
        self.desk = Desk(self.link, self.saf, metrics, settings)
        self.channels = [
            self._channel(row, outboxes, ChannelMetrics(metrics, row.name))
            for row in settings.channels
        ]
        self._outboxes = outboxes
        self._watch(metrics)

    def open(self) -> None:
        """Listen everywhere.

        Raises:
            OSError: a port is taken, or not ours to take.
        """
        _allow_descriptors(sum(channel.settings.connections_max for channel in self.channels))
        for channel in self.channels:
            channel.open()
        if self._metrics_port is not None:
            self._page, _ = start_http_server(
                self._metrics_port, "127.0.0.1", self.metrics.registry
            )

    def close(self) -> None:
        """Close every socket and the file; what the link left in doubt is in it."""
        for channel in self.channels:
            channel.close()
        self.poller.close()
        self.saf.close()
        if self._page is not None:
            self._page.shutdown()
            self._page.server_close()

    def addresses(self) -> list[tuple[str, str]]:
        """Each channel's name and where it listens."""
        return [(channel.settings.name, channel.address) for channel in self.channels]

    async def sweep(self) -> NoReturn:
        """Look for what has waited too long, for ever."""
        while True:
            await trio.sleep(SWEEP_SECONDS)
            now = trio.current_time()
            self.desk.sweep(now)
            for channel in self.channels:
                channel.sweep(now)
            self._outboxes.flush()

    def _channel(
        self, row: ChannelSettings, outboxes: Outboxes, metrics: ChannelMetrics
    ) -> Channel:
        dialect, name, take = DIALECTS[row.dialect], row.name, self.desk.take

        def take_here(connection: Connection, payload: bytes) -> None:
            take(dialect, name, connection, payload)

        return Channel(row, self.poller, outboxes, metrics, take_here)

    def _late(self, response: Response) -> None:
        self.desk.late(response)

    def _watch(self, metrics: Metrics) -> None:
        watch = metrics.watch
        watch("link_up", "Whether the host link stands.", lambda: float(self.link.is_up))
        watch("host_in_flight", "Requests at the host.", lambda: self.desk.in_flight)
        watch("reversals_waiting", "Reversals owed to the host.", lambda: self.saf.waiting)
        watch(
            "connections_open",
            "Connections of every channel.",
            functools.partial(_sum_connections, self.channels),
        )


def _allow_descriptors(connections_max: int) -> None:
    """Raise this process's limit of open files to what the channels may need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections_max + OTHER_DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        _LOG.warning(
            "fewer connections than the channels allow; raise the hard limit (ulimit -Hn)",
            connections_max=connections_max,
            open_files_max=allowed,
        )


def _sum_connections(channels: list[Channel]) -> int:
    return sum(channel.connections for channel in channels)
