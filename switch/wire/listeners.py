"""A channel: one listening port or one gateway called, its connections, and their patience.

Two lists in order of time find whom to close without looking at everyone: when each connection
was last heard, and since when each owes the rest of a frame. A channel can be given other limits
while it runs; whatever else changes is a new channel, to which the old one hands its listening
socket before it drains.
"""

import contextlib
import socket
from collections.abc import Callable
from typing import Final, NamedTuple

import structlog
import trio

from host.link.ports import port_error
from host.link.tls import TlsEnds, TlsError
from switch.addresses import Networks
from switch.channels import ChannelSettings
from switch.faults import note
from switch.metrics import ChannelMetrics
from switch.standing import StandingRule
from switch.wire.connection import Connection, Outboxes
from switch.wire.limits import Source, Sources
from switch.wire.poller import READ, Poller
from terminals.framing import (
    LENGTH_CODECS,
    NO_LENGTH,
    FrameReader,
    FramingError,
    Measure,
    SelfFramedReader,
)

BACKLOG: Final = 1024
ACCEPTS_MAX: Final = 64
"""Connections taken in one turn, so that those which are already there get theirs."""
THROTTLE_TOLD_SECONDS: Final = 60.0
"""How often the log tells of an address that sends too much."""

_LOG = structlog.get_logger(__name__)

CUT_SHORT: Final = {
    "closed by peer inside a frame": "frame",
    "frame not finished in time": "frame",
}
"""Ends of connections in the middle of a message, and what of it did not come."""
Take = Callable[[Connection, list[bytes]], None]
"""Takes the payloads of one read; answers each later through the connection."""


class Layers(NamedTuple):
    """What lies between the bytes of a socket and whole messages."""

    tls: TlsEnds | None
    measure: Measure | None
    """Finds the ends of messages where no lengths are sent."""


def listen(settings: ChannelSettings) -> socket.socket:
    """A socket that listens where a channel says.

    Raises:
        PortError: the port is taken, or not ours to take; the text says what to do.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener: socket.socket | None = None
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.settimeout(0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if settings.reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        who = f"channel {settings.name}"
        raise port_error(who, settings.host, settings.port, error) from None
    return listener


class Channel:
    """Everything that is connected to one port, or the one gateway that we call."""

    def __init__(
        self,
        settings: ChannelSettings,
        poller: Poller,
        outboxes: Outboxes,
        metrics: ChannelMetrics,
        take: Take,
        layers: "Layers",
    ) -> None:
        self.settings = settings
        self.poller = poller
        self.outboxes = outboxes
        self.length_codec = LENGTH_CODECS.get(settings.length, NO_LENGTH)
        self.take = take
        self._measure = layers.measure
        self._metrics = metrics
        self.tls = layers.tls
        self._networks = Networks(settings.networks)
        self._standing = StandingRule(settings)
        self._sources = Sources(settings.per_source_max, settings.per_source_rate)
        self.is_rated = self._sources.is_rated
        self._listener: socket.socket | None = None
        self._is_accepting = False
        self._drained_at: float | None = None
        self._heard: dict[Connection, float] = {}
        self._mid_frame: dict[Connection, float] = {}
        self._paused: dict[Connection, float] = {}
        self._throttle_told_at = -THROTTLE_TOLD_SECONDS
        self.has_room: Callable[[], bool] = lambda: True
        """Whether this process may have another file open for a caller."""
        self.on_closed: Callable[[], None] | None = None
        """Called when a connection is gone: who keeps one standing wants to know."""

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._heard)

    @property
    def port(self) -> int | None:
        """Where it really listens; None where it does not."""
        return None if self._listener is None else int(self._listener.getsockname()[1])

    @property
    def address(self) -> str:
        """Where it listens, with the port it really took, or whom it calls."""
        if self._listener is None:
            return f"{self.settings.connect_to} (called)"
        host, port = self._listener.getsockname()[:2]
        return f"{host}:{port}"

    @property
    def is_drained(self) -> bool:
        """Whether it was told to end and has ended."""
        return self._drained_at is not None and not self._heard

    def open(self, listener: socket.socket) -> None:
        """Take connections at this socket, which is ours from now on."""
        self._listener = listener
        self._resume_accepting()

    def hand_over(self) -> socket.socket | None:
        """Accept no more; the socket still listens, for whoever takes it now."""
        listener, self._listener = self._listener, None
        if listener is not None:
            self.poller.forget(listener)
        return listener

    def close(self, why: str = "switch stops") -> None:
        """Stop listening and let everyone go."""
        listener = self.hand_over()
        if listener is not None:
            listener.close()
        for connection in list(self._heard):
            connection.close(why)

    def adjust(self, settings: ChannelSettings, tls: TlsEnds | None) -> None:
        """Other limits from now on; whoever is no longer allowed is let go."""
        self.settings, self.tls = settings, tls
        self._networks = Networks(settings.networks)
        self._standing = StandingRule(settings)
        self._sources.adjust(settings.per_source_max, settings.per_source_rate)
        self.is_rated = self._sources.is_rated
        for connection in list(self._heard):
            connection.standing.is_apart = self._standing.is_apart(connection.host)
            if not self._networks.allow(connection.host):
                connection.close("network no longer allowed")

    def drain(self, now: float) -> None:
        """Accept nobody; each connection ends as soon as it has its answers."""
        listener = self.hand_over()
        if listener is not None:
            listener.close()
        self._drained_at = now
        self._end_the_idle()

    def admit(self, sock: socket.socket, host: str, port: int) -> Connection | None:
        """A new connection, ours from now on; None when it is refused."""
        now = trio.current_time()
        source = self._source_of(sock, host, now)
        if source is None:
            return None
        sock.settimeout(0)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = self.tls.new() if self.tls is not None else None
        connection = Connection(self, sock, f"{host}:{port}", self._reader(), source, tls)
        connection.standing = self._standing.new(host)
        self._heard[connection] = now
        if tls is not None:
            self._mid_frame[connection] = now
        self._metrics.accepted.inc()
        return connection

    def sweep(self, now: float) -> None:
        """Close whom we waited for long enough; go on with who was paused or kept out."""
        self._resume_paused(now)
        oldest = now - self.settings.frame_seconds_max
        for connection in _up_to(self._mid_frame, oldest):
            if connection in self._paused:
                del self._mid_frame[connection]
                self._mid_frame[connection] = now
            else:
                connection.close("frame not finished in time")
        oldest = now - self.settings.idle_seconds_max
        for connection in _up_to(self._heard, oldest):
            if connection.unanswered or connection in self._paused:
                del self._heard[connection]
                self._heard[connection] = now
            else:
                connection.close("idle")
        self._sources.sweep(now)
        if self._drained_at is not None:
            self._end_the_idle()
            if now - self._drained_at > self.settings.drain_seconds_max:
                self.close("channel drained")
        elif self._listener is not None and not self._is_accepting:
            self._resume_accepting()

    def heard(self, connection: Connection, *, is_mid_frame: bool, had_frames: bool) -> None:
        """Keep both lists in order."""
        now = trio.current_time()
        self._heard.pop(connection, None)
        self._heard[connection] = now
        if not is_mid_frame:
            self._mid_frame.pop(connection, None)
        elif had_frames or connection not in self._mid_frame:
            self._mid_frame.pop(connection, None)
            self._mid_frame[connection] = now

    def may_read(self, connection: Connection) -> bool:
        """Whether its address keeps to its rate; else this connection is read later."""
        now = trio.current_time()
        assert connection.source is not None
        seconds = self._sources.seconds_in_debt(connection.source, now)
        if not seconds:
            return True
        self._paused[connection] = now + seconds
        connection.pause()
        self._metrics.throttled.inc()
        if now - self._throttle_told_at >= THROTTLE_TOLD_SECONDS:
            self._throttle_told_at = now
            _LOG.warning(
                "address sends too much and is read later",
                channel=self.settings.name,
                peer=connection.peer,
                rate=self.settings.per_source_rate,
            )
        return False

    def spent(self, connection: Connection, messages: int) -> None:
        """Count them against the rate of the address."""
        assert connection.source is not None
        self._sources.spend(connection.source, messages, trio.current_time())

    def secured(self, connection: Connection, peer_name: str) -> None:
        """Log who it is."""
        _LOG.info(
            "TLS is up", channel=self.settings.name, peer=connection.peer, certificate=peer_name
        )

    def insecure(self, connection: Connection, error: TlsError) -> None:
        """Count the refusal, and say why."""
        self._metrics.refused(f"TLS: {error.reason}")
        _LOG.warning(
            "TLS refused", channel=self.settings.name, peer=connection.peer, why=str(error)
        )

    def closed(self, connection: Connection, why: str) -> None:
        """Forget it, and count why."""
        self._mid_frame.pop(connection, None)
        self._paused.pop(connection, None)
        if self._heard.pop(connection, None) is not None and connection.source is not None:
            self._sources.leave(connection.source)
        self._metrics.closed(why)
        if why in CUT_SHORT:
            self._not_answered(connection, CUT_SHORT[why], why, connection.heard_bytes)
        elif connection.unanswered or connection.unwritten:
            self._not_answered(connection, None, why, None)
        _LOG.debug("connection closed", channel=self.settings.name, peer=connection.peer, why=why)
        if self.on_closed is not None:
            self.on_closed()

    def out_of_step(self, connection: Connection, error: FramingError) -> None:
        """Say who lost the step, and where in what it sent."""
        self._not_answered(connection, "length", f"bad frame: {error.why}", error.offset)

    def _not_answered(
        self, connection: Connection, field: str | None, why: str, offset: int | None
    ) -> None:
        """As it is said of whole messages; the offset is counted in all that came."""
        _LOG.warning(
            "message not answered",
            channel=self.settings.name,
            peer=connection.peer,
            field=field,
            offset=offset,
            why=why,
            unanswered=connection.unanswered,
            unwritten=connection.unwritten,
        )

    def undelivered(self) -> None:
        """Count an answer whose connection was gone."""
        self._metrics.undelivered.inc()

    def _source_of(self, sock: socket.socket, host: str, now: float) -> Source | None:
        """Whose connection this is; None when it was refused."""
        source = None
        if not self._networks.allow(host):
            why = "network not allowed"
        elif len(self._heard) >= self.settings.connections_max:
            why = "too many connections"
        elif self.settings.connect_to is None and not self.has_room():
            why = "no file left for it"
        else:
            why = "too many connections of one address"
            source = self._sources.join(host, now)
        if source is None:
            sock.close()
            self._metrics.refused(why)
            _LOG.warning("connection refused", channel=self.settings.name, peer=host, why=why)
        return source

    def _reader(self) -> FrameReader | SelfFramedReader:
        settings = self.settings
        bytes_max = settings.frame_bytes_max + settings.preamble_bytes
        if self._measure is not None:
            return SelfFramedReader(self._measure, bytes_max=bytes_max)
        return FrameReader(
            self.length_codec,
            bytes_min=settings.frame_bytes_min + settings.preamble_bytes,
            bytes_max=bytes_max,
            takes_keep_alive=settings.keep_alive != "refuse",
        )

    def _end_the_idle(self) -> None:
        """End every connection that stands between two frames."""
        for connection in list(self._heard):
            if not connection.is_mid_frame:
                connection.end("channel drained")

    def _resume_paused(self, now: float) -> None:
        for connection in [paused for paused, until in self._paused.items() if until <= now]:
            del self._paused[connection]
            connection.resume()

    def _resume_accepting(self) -> None:
        assert self._listener is not None
        self._is_accepting = True
        self.poller.watch(self._listener, READ, self._accept)

    def _accept(self, _ready: int) -> None:
        for _ in range(ACCEPTS_MAX):
            if self._listener is None:
                return
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            except OSError as error:
                self._pause_accepting(error)
                return
            try:
                self.admit(sock, address[0], address[1])
            except Exception:  # noqa: BLE001 - the next one may be well
                note("accept", peer=str(address[0]))
                sock.close()

    def _pause_accepting(self, error: OSError) -> None:
        """Out of descriptors or memory: look again at the next sweep, not at once."""
        assert self._listener is not None
        self._is_accepting = False
        self.poller.forget(self._listener)
        _LOG.error("cannot accept", channel=self.settings.name, why=error.strerror)


def _up_to(since: dict[Connection, float], oldest: float) -> list[Connection]:
    """Those at the head of the list that are older than `oldest`."""
    found = []
    for connection, at in since.items():
        if at > oldest:
            break
        found.append(connection)
    return found
