"""The switch process: everything put together, and its two clocks.

Its channels can be changed while it runs (`Switch.reload`): all that can fail is tried first, so
that a change happens whole or not at all. Time that is waited for is trio's; the wall clock is
used for the age of stored reversals alone.
"""

import functools
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import structlog
import trio

from host.link.address import Address
from host.link.client import HostLink, LinkLimits
from host.link.credentials import Credentials
from host.model.requests import Response
from host.page import Page
from host.steady import kept_going
from switch.exchange import Origin
from switch.faults import count, guarded
from switch.front import Front
from switch.lanes import Lanes
from switch.memory.token_file import TokenFile
from switch.metrics import PREFIX, ChannelMetrics, Metrics
from switch.reload import ChannelChange, ReloadError, What, changes, with_ports
from switch.settings import FIRST_LINK_SECONDS_MAX, ChannelSettings, SwitchSettings, check_channels
from switch.strategy import STRATEGIES
from switch.wire.calling import Caller
from switch.wire.connection import Connection, Outboxes
from switch.wire.dated import Ends
from switch.wire.descriptors import Descriptors
from switch.wire.listeners import Channel, Layers, Take, listen
from switch.wire.poller import Poller
from switch.wire.preamble import Prefixed
from switch.wire.tls import tls_of
from terminals.dialect import Dialect
from terminals.dialects import DialectError, dialect_named
from terminals.framing import Measure
from terminals.isodialect import IsoDialect

SEALED_BY_ECB: Final = frozenset({"pos", "ascii87-hex", "ascii87-bin"})
"""Dialects of terminals that may seal so."""
SWEEP_SECONDS: Final = 0.1
"""How late a deadline may be noticed."""

_LOG = structlog.get_logger(__name__)


Beside = Callable[["Switch"], Awaitable[None]]
"""Something that runs as long as a switch does, and may reload it."""


async def run_switch(
    settings: SwitchSettings,
    *,
    on_ready: Callable[[list[str]], None],
    beside: Beside | None = None,
    siblings: Sequence[Path] = (),
    first_link_seconds_max: float = FIRST_LINK_SECONDS_MAX,
) -> NoReturn:
    """Run a switch until it is cancelled; `on_ready` is given a line for each listener.

    `siblings` are the store-and-forward files of the processes that share its ports. A host that
    begins with it is waited for no longer than `first_link_seconds_max`.

    Raises:
        OSError: a port cannot be listened on; the text says which.
        AddressError, CredentialsError, SafError: the link address, its certificate or the
            store-and-forward file is unusable.
        DialectError, TlsFileError, TokenFileError: a channel cannot be made; the text says what to
            do.
    """
    switch = Switch(settings, siblings)
    try:
        switch.open()
        async with trio.open_nursery() as nursery:
            switch.lanes.start(nursery)
            for name, part in switch.parts():
                nursery.start_soon(kept_going, name, part, count)
            switch.call_gateways(nursery)
            if beside is not None:
                nursery.start_soon(beside, switch)
            with trio.move_on_after(first_link_seconds_max):
                await switch.link.up.wait()
            on_ready([f"{name} on {address}" for name, address in switch.addresses()])
    finally:
        switch.close()
    raise AssertionError("a switch ends by being cancelled")


class Switch:
    """The parts of one switch process."""

    def __init__(self, settings: SwitchSettings, siblings: Sequence[Path] = ()) -> None:
        metrics = self.metrics = Metrics()
        outboxes = self._outboxes = Outboxes()
        self.settings = settings
        self.page = Page(
            metrics.registry,
            {
                "the host is not linked": lambda: self.link.is_up,
                "a channel does not listen": self._listens_everywhere,
            },
        )
        address = Address.parse(settings.link)
        self.credentials = _credentials_of(settings, address)
        self.link = HostLink(
            address,
            LinkLimits(
                window_max=settings.window_max,
                sign_on_window_max=settings.sign_on_window_max,
                desk_window_max=settings.desk_window_max,
            ),
            on_unmatched=self._late,
            on_turn=outboxes.flush,
            on_fault=count,
            credentials=self.credentials,
        )
        self.poller = Poller(self._end_turn, self.link.hold, self.link.release)
        self.lanes = Lanes(
            settings,
            self.link,
            metrics.registry,
            wall_clock=time.time,
            on_turn=outboxes.flush,
            siblings=siblings,
        )
        self.saf = self.lanes.saf
        self.tokens = TokenFile(Path(settings.attestations), time.time)
        self.front = Front(self.link, self.saf, metrics, settings, self.lanes.router)
        self.channels = [self._channel(row) for row in settings.channels]
        self._draining: list[Channel] = []
        self._callers: dict[str, Caller] = {}
        self._nursery: trio.Nursery | None = None
        self._ends = Ends(metrics.registry, f"{PREFIX}tls_good_until_seconds")
        self._use_ends()
        self._descriptors = Descriptors(_house_files(settings))
        self._watch(metrics)

    def parts(self) -> list[tuple[str, Callable[[], Awaitable[object]]]]:
        """What runs as long as it does, by name: none of them ends another."""
        watched = [] if self.credentials is None else [self.credentials.watch]
        return [
            *(("link certificate", watch) for watch in watched),
            ("certificates", self._ends.watch),
            ("host link", self.link.run),
            ("sockets", self.poller.run),
            ("sweep", self.sweep),
            ("attestations", self.tokens.run),
            ("page", self.page.run),
        ]

    def open(self) -> None:
        """Listen everywhere.

        Raises:
            OSError: a port is taken, or not ours to take.
            TooFewFilesError: this process may not have enough of them open.
        """
        self._descriptors.share(_callers_of(self.channels))
        for channel in self.channels:
            if channel.settings.connect_to is None:
                channel.open(listen(channel.settings))
        if self.settings.metrics_port is not None:
            self.page.open(self.settings.metrics_host, self.settings.metrics_port)

    def close(self) -> None:
        """Close every socket and the file; what the link left in doubt is in it."""
        for channel in (*self.channels, *self._draining):
            channel.close()
        self.poller.close()
        self.lanes.close()
        self.tokens.close()
        self.page.close()

    def addresses(self) -> list[tuple[str, str]]:
        """Each channel's name and where it listens."""
        return [(channel.settings.name, channel.address) for channel in self.channels]

    def call_gateways(self, nursery: trio.Nursery) -> None:
        """Keep a connection to every gateway that does not call us."""
        self._nursery = nursery
        for channel in self.channels:
            self._call(channel)

    def reload(self, rows: Sequence[ChannelSettings]) -> tuple[ChannelChange, ...]:
        """Other channels from now on; connections of those that stay are not touched.

        Raises:
            ReloadError: they cannot be put to work, and nothing has changed.
        """
        taken = {each.settings.name: each.port for each in self.channels if each.port is not None}
        before = with_ports([each.settings for each in self.channels], taken)
        after = with_ports(rows, taken)
        try:
            check_channels(after)
            _check_ports(after, self.settings.processes)
            plan = changes(before, after)
            made = {row.name: self._channel(row) for row in after}
            fresh = self._listen_where_nobody_does(after)
        except (OSError, ValueError) as error:
            raise ReloadError(str(error)) from None
        self._change(plan, made, fresh)
        self.settings = msgspec.structs.replace(self.settings, channels=after)
        self._use_ends()
        for change in plan:
            _LOG.info("channel reloaded", channel=change.settings.name, what=change.what.value)
        return plan

    async def sweep(self) -> NoReturn:
        """Look for what has waited too long, for ever."""
        while True:
            await trio.sleep(SWEEP_SECONDS)
            now = trio.current_time()
            guarded("sweep of the front", self.front.sweep, now)
            for channel in (*self.channels, *self._draining):
                guarded("sweep of a channel", channel.sweep, now)
            if self._draining:
                self._draining = [each for each in self._draining if not each.is_drained]
            guarded("turn", self._outboxes.flush)

    def _end_turn(self) -> None:
        """What the sockets brought goes to the host, and what was answered at once to them."""
        guarded("turn", self.link.release_to_idle)
        self._outboxes.flush()

    def _channel(self, row: ChannelSettings) -> Channel:
        _tell_where_ecb_is_believed(row)
        dialect = dialect_named(row.dialect, row.options, self.tokens.opened)
        channel = Channel(
            row,
            self.poller,
            self._outboxes,
            ChannelMetrics(self.metrics, row.name),
            self._taker(row, dialect),
            Layers(tls_of(row), _measure_of(row, dialect)),
        )
        channel.has_room = self._has_room
        return channel

    def _use_ends(self) -> None:
        self._ends.use([(row.name, row.tls) for row in self.settings.channels])
        self._ends.use_link(self.credentials)

    def _has_room(self) -> bool:
        """Whether one more caller leaves the house its files."""
        callers = sum(each.connections for each in (*self.channels, *self._draining))
        return callers < self._descriptors.connections_max

    def _taker(self, row: ChannelSettings, dialect: Dialect) -> Take:
        take, origin = self.front.take, Origin(dialect, row.name, STRATEGIES[row.strategy])
        size, is_returned = row.preamble_bytes, row.preamble == "return"

        def take_after_preamble(connection: Connection, payloads: list[bytes]) -> None:
            for payload in payloads:
                line, message = payload[:size], payload[size:]
                _LOG.debug("caller line", channel=row.name, peer=connection.peer, line=line.hex())
                reply = Prefixed(connection, line) if is_returned else connection
                take(origin, reply, (message,))

        return take_after_preamble if size else functools.partial(take, origin)

    def _listen_where_nobody_does(
        self, rows: Sequence[ChannelSettings]
    ) -> dict[str, socket.socket]:
        """A listening socket for each row at whose place we do not listen yet.

        Raises:
            OSError: one is taken; then there is none.
        """
        ours = {place for channel in self.channels if (place := _place_of(channel))}
        fresh: dict[str, socket.socket] = {}
        try:
            for row in rows:
                if row.connect_to is None and (row.host, row.port) not in ours:
                    fresh[row.name] = listen(row)
        except OSError:
            for each in fresh.values():
                each.close()
            raise
        return fresh

    def _change(
        self,
        plan: Sequence[ChannelChange],
        made: dict[str, Channel],
        fresh: dict[str, socket.socket],
    ) -> None:
        """Do what `reload` has prepared. Nothing here can fail."""
        old = {channel.settings.name: channel for channel in self.channels}
        stays = {each.settings.name for each in plan if each.what in {What.KEPT, What.ADJUSTED}}
        ending = [channel for name, channel in old.items() if name not in stays]
        handed = {_place_of(channel): channel.hand_over() for channel in ending}
        self.channels[:] = []
        for change in plan:
            name, row = change.settings.name, change.settings
            if name in stays:
                if change.what is What.ADJUSTED:
                    old[name].adjust(row, made[name].tls)
                self.channels.append(old[name])
            elif change.what is not What.DRAINED:
                self.channels.append(made[name])
                listener = fresh.get(name) or handed.pop((row.host, row.port), None)
                if listener is not None:
                    made[name].open(listener)
        for listener in filter(None, handed.values()):
            listener.close()
        now = trio.current_time()
        for channel in ending:
            if caller := self._callers.pop(channel.settings.name, None):
                caller.stop()
            channel.drain(now)
        self._draining += ending
        for channel in self.channels:
            self._call(channel)
        self._descriptors.share(_callers_of(self.channels))

    def _call(self, channel: Channel) -> None:
        name = channel.settings.name
        if channel.settings.connect_to and self._nursery and name not in self._callers:
            caller = self._callers[name] = Caller(channel)
            self._nursery.start_soon(kept_going, f"caller of {name}", caller.run, count)

    def _listens_everywhere(self) -> bool:
        listening = (each for each in self.channels if each.settings.connect_to is None)
        return all(each.port is not None for each in listening)

    def _late(self, response: Response) -> None:
        self.front.late(response)

    def _watch(self, metrics: Metrics) -> None:
        watch = metrics.watch
        watch("link_up", "Whether the host link stands.", lambda: float(self.link.is_up))
        watch("host_in_flight", "Requests at the host.", lambda: self.front.in_flight)
        watch("reversals_waiting", "Reversals and advices owed.", lambda: self.saf.waiting)
        watch(
            "reversals_oldest_seconds",
            "How long the oldest of them has been owed.",
            lambda: self.saf.oldest_seconds,
        )
        watch(
            "connections_open",
            "Connections of every channel.",
            lambda: sum(each.connections for each in (*self.channels, *self._draining)),
        )


def _credentials_of(settings: SwitchSettings, address: Address) -> Credentials | None:
    if not address.is_tls:
        return None
    assert settings.link_tls is not None, "checked by the settings"
    return Credentials(settings.link_tls, calls=address.host)


def _tell_where_ecb_is_believed(row: ChannelSettings) -> None:
    """Say once a channel how far its terminals' weakest code is trusted."""
    if row.dialect in SEALED_BY_ECB:
        where = "everywhere, in TLS" if row.tls else ", ".join(row.ecb_networks) or "nowhere"
        _LOG.info("terminals under up-ecb are believed", channel=row.name, where=where)


def _callers_of(channels: Sequence[Channel]) -> int:
    """How many callers the channels allow; whom we call is the house's."""
    return sum(
        each.settings.connections_max for each in channels if each.settings.connect_to is None
    )


def _house_files(settings: SwitchSettings) -> int:
    """What it has open beside callers, its own files apart: a gateway drains beside its heir."""
    lines = sum(len(issuer.addresses) for issuer in settings.issuers)
    return lines + 2 * len(settings.channels)


def _check_ports(rows: Sequence[ChannelSettings], processes: int) -> None:
    """Refuse any free port where several processes would each take another."""
    free = [row.name for row in rows if row.connect_to is None and not row.port]
    if free and processes > 1:
        raise ReloadError(
            f"channels: {free[0]} takes any free port, and {processes} processes would each take "
            "another. Next: write a port"
        )


def _measure_of(row: ChannelSettings, dialect: Dialect) -> Measure | None:
    """What finds the ends of messages where no lengths are sent; None where they are."""
    if row.length != "none":
        return None
    if not isinstance(dialect, IsoDialect):
        raise DialectError(
            f"channel {row.name}: messages of {row.dialect} do not say where they end. "
            "Next: let length_codec be be2, be2-inclusive or ascii4"
        )
    return dialect.measure_after(row.preamble_bytes)


def _place_of(channel: Channel) -> tuple[str, int] | None:
    """Where a channel listens; None where it does not."""
    return None if channel.port is None else (channel.settings.host, channel.port)
