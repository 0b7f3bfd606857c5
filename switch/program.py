"""The switch process: everything put together, and its two clocks.

Time that is waited for is trio's; the wall clock is used for the age of stored reversals alone.
"""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

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
        """Listen everywhere."""
        for channel in self.channels:
            channel.open()
        if self._metrics_port is not None:
            start_http_server(self._metrics_port, "127.0.0.1", self.metrics.registry)

    def close(self) -> None:
        """Close every socket and the file; what the link left in doubt is in it."""
        for channel in self.channels:
            channel.close()
        self.poller.close()
        self.saf.close()

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


def _sum_connections(channels: list[Channel]) -> int:
    return sum(channel.connections for channel in channels)
