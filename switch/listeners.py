"""A channel: one listening port, its connections, and their patience.

Two lists in order of time find whom to close without looking at everyone: when each connection
was last heard, and since when each owes the rest of a frame.
"""

import contextlib
import socket
from collections.abc import Callable
from typing import Final

import structlog
import trio

from switch.connection import Connection, Outboxes
from switch.metrics import ChannelMetrics
from switch.poller import READ, Poller
from switch.settings import ChannelSettings
from terminals.framing import LENGTH_CODECS, FrameReader

BACKLOG: Final = 1024
ACCEPTS_MAX: Final = 64
"""Connections taken in one turn, so that those which are already there get theirs."""

_LOG = structlog.get_logger(__name__)

Take = Callable[[Connection, bytes], None]
"""Takes one payload; answers later through the connection."""


class Channel:
    """Everything that is connected to one port."""

    def __init__(
        self,
        settings: ChannelSettings,
        poller: Poller,
        outboxes: Outboxes,
        metrics: ChannelMetrics,
        take: Take,
    ) -> None:
        self.settings = settings
        self.poller = poller
        self.outboxes = outboxes
        self.length_codec = LENGTH_CODECS[settings.length_codec]
        self.take = take
        self._metrics = metrics
        self._listener: socket.socket | None = None
        self._is_accepting = False
        self._heard: dict[Connection, float] = {}
        self._mid_frame: dict[Connection, float] = {}

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._heard)

    @property
    def address(self) -> str:
        """Where it listens, with the port it really took."""
        assert self._listener is not None
        host, port = self._listener.getsockname()[:2]
        return f"{host}:{port}"

    def open(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken, or not ours to take.
        """
        settings = self.settings
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.settimeout(0)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if settings.reuse_port:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((settings.host, settings.port))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise OSError(
                error.errno,
                f"channel {settings.name} cannot listen on {settings.host}:{settings.port}"
                f" ({error.strerror}); stop what listens there or choose another port",
            ) from None
        self._listener = listener
        self._resume_accepting()

    def close(self) -> None:
        """Stop listening and let everyone go."""
        if self._listener is not None:
            self.poller.forget(self._listener)
            self._listener.close()
        for connection in list(self._heard):
            connection.close("switch stops")

    def sweep(self, now: float) -> None:
        """Close whom we waited for long enough; accept again after a shortage."""
        oldest = now - self.settings.frame_seconds_max
        for connection in _up_to(self._mid_frame, oldest):
            connection.close("frame not finished in time")
        oldest = now - self.settings.idle_seconds_max
        for connection in _up_to(self._heard, oldest):
            if connection.unanswered:
                del self._heard[connection]
                self._heard[connection] = now
            else:
                connection.close("idle")
        if self._listener is not None and not self._is_accepting:
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

    def closed(self, connection: Connection, why: str) -> None:
        """Forget it, and count why."""
        self._heard.pop(connection, None)
        self._mid_frame.pop(connection, None)
        self._metrics.closed(why)
        _LOG.debug("connection closed", channel=self.settings.name, peer=connection.peer, why=why)

    def undelivered(self) -> None:
        """Count an answer whose connection was gone."""
        self._metrics.undelivered.inc()

    def _resume_accepting(self) -> None:
        assert self._listener is not None
        self._is_accepting = True
        self.poller.watch(self._listener, READ, self._accept)

    def _accept(self, _ready: int) -> None:
        assert self._listener is not None
        for _ in range(ACCEPTS_MAX):
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            except OSError as error:
                self._pause_accepting(error)
                return
            self._admit(sock, f"{address[0]}:{address[1]}")

    def _admit(self, sock: socket.socket, peer: str) -> None:
        if len(self._heard) >= self.settings.connections_max:
            sock.close()
            self._metrics.refused.inc()
            _LOG.warning("connection refused: too many", channel=self.settings.name, peer=peer)
            return
        sock.settimeout(0)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = FrameReader(
            self.length_codec,
            bytes_min=self.settings.frame_bytes_min,
            bytes_max=self.settings.frame_bytes_max,
            takes_keep_alive=self.settings.keep_alive,
        )
        self._heard[Connection(self, sock, peer, reader)] = trio.current_time()
        self._metrics.accepted.inc()

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
