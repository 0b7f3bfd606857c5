"""One connected peer: a terminal, or a concentrator with many terminals behind it.

Bytes come in whole reads and leave in whole turns. Messages are answered in any order, so
nothing here waits for anything; what must be limited (unread answers, unanswered messages, a
frame that never ends, silence) is limited by the channel's settings. The connection owns its
unanswered messages: once it is closed their answers are undelivered, never sent elsewhere.
"""

import socket
from typing import Final, Protocol

from switch.poller import READ, WRITE, Poller
from switch.settings import ChannelSettings
from terminals.framing import FrameReader, FramingError, LengthCodec, wrap

READ_BYTES: Final = 16 * 1024


class Owner(Protocol):
    """What a connection needs of the channel that accepted it."""

    settings: ChannelSettings
    poller: Poller
    length_codec: LengthCodec
    outboxes: "Outboxes"

    def take(self, connection: "Connection", payload: bytes) -> None:
        """A whole frame without its length; answered later by `send` or `stay_silent`."""

    def heard(self, connection: "Connection", *, is_mid_frame: bool, had_frames: bool) -> None:
        """Something arrived."""

    def closed(self, connection: "Connection", why: str) -> None:
        """The connection is gone."""

    def undelivered(self) -> None:
        """An answer found its connection closed."""


class Outboxes:
    """Connections that have something to send; all are written at the end of a turn."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Connection] = []

    def add(self, connection: "Connection") -> None:
        """To be written at the end of this turn."""
        self._waiting.append(connection)

    def flush(self) -> None:
        """The end of a turn."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for connection in waiting:
                connection.flush()


class Connection:
    """A non-blocking socket, its frames in, its answers out."""

    __slots__ = (
        "_backlog",
        "_end_reason",
        "_interest",
        "_is_queued",
        "_outbox",
        "_owner",
        "_reader",
        "_sock",
        "_unanswered",
        "is_open",
        "peer",
    )

    def __init__(self, owner: Owner, sock: socket.socket, peer: str, reader: FrameReader) -> None:
        self._owner = owner
        self._sock = sock
        self._reader = reader
        self._outbox: list[bytes] = []
        self._backlog = b""
        self._is_queued = False
        self._unanswered = 0
        self._end_reason = ""
        self._interest = READ
        self.peer = peer
        self.is_open = True
        owner.poller.watch(sock, READ, self.on_ready)

    @property
    def unanswered(self) -> int:
        """Messages taken whose fate is open."""
        return self._unanswered

    def on_ready(self, ready: int) -> None:
        """The socket can be read, written, or both."""
        if ready & WRITE and self.is_open:
            self.flush()
        if ready & READ and self.is_open:
            self._read()

    def send(self, payload: bytes) -> None:
        """Answer one message, at the end of this turn."""
        self._unanswered -= 1
        if not self.is_open:
            self._owner.undelivered()
            return
        self._outbox.append(wrap(payload, self._owner.length_codec))
        self._queue()

    def stay_silent(self) -> None:
        """Leave one message without an answer."""
        self._unanswered -= 1
        if self.is_open:
            self._queue()

    def flush(self) -> None:
        """Write what there is to write, as far as it goes."""
        self._is_queued = False
        if not self.is_open:
            return
        data = self._backlog + b"".join(self._outbox)
        self._outbox.clear()
        sent = 0
        if data:
            try:
                sent = self._sock.send(data)
            except BlockingIOError:
                pass
            except OSError as error:
                self.close(f"write failed: {error.strerror}")
                return
        self._backlog = data[sent:]
        if len(self._backlog) > self._owner.settings.outbox_bytes_max:
            self.close("answers are not read")
        elif self._end_reason and not self._unanswered and not self._backlog:
            self.close(self._end_reason)
        else:
            self._choose_interest()

    def close(self, why: str) -> None:
        """Let go of the socket; answers still to come are undelivered."""
        if self.is_open:
            self.is_open = False
            for _ in self._outbox:
                self._owner.undelivered()
            self._owner.poller.forget(self._sock)
            self._sock.close()
            self._owner.closed(self, why)

    def _read(self) -> None:
        try:
            data = self._sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.close(f"read failed: {error.strerror}")
            return
        if not data:
            is_cut = self._reader.is_mid_frame
            self._end("closed by peer inside a frame" if is_cut else "closed by peer")
            return
        bad_frame = ""
        try:
            frames = self._reader.feed(data)
        except FramingError as error:
            bad_frame, frames = f"bad frame: {error.why}", error.frames
        self._unanswered += len(frames)
        for payload in frames:
            self._owner.take(self, payload)
        if bad_frame:
            self._end(bad_frame)
            return
        self._owner.heard(self, is_mid_frame=self._reader.is_mid_frame, had_frames=bool(frames))
        if self._unanswered >= self._owner.settings.unanswered_max:
            self._choose_interest()

    def _end(self, reason: str) -> None:
        """Nothing more is read; what was read in step still gets its answers."""
        self._end_reason = reason
        if self._unanswered or self._backlog or self._outbox:
            self._choose_interest()
        else:
            self.close(reason)

    def _queue(self) -> None:
        if not self._is_queued:
            self._is_queued = True
            self._owner.outboxes.add(self)

    def _choose_interest(self) -> None:
        """Read while there is room for answers, write while something is left to write."""
        is_full = self._unanswered >= self._owner.settings.unanswered_max
        interest = 0 if is_full or self._end_reason else READ
        if self._backlog:
            interest |= WRITE
        if interest != self._interest:
            self._interest = interest
            self._owner.poller.change(self._sock, interest, self.on_ready)
