"""One connected peer: a terminal, or a concentrator with many terminals behind it.

Bytes come in whole reads and leave in whole turns. Messages are answered in any order, so
nothing here waits for anything; what must be limited (unread answers, unanswered messages, a
frame that never ends, silence, messages a second) is limited by the channel's settings. The
connection owns its unanswered messages: once it is closed their answers are undelivered, never
sent elsewhere.
"""

import socket
from typing import Final, Protocol

from host.link.tls import Tls, TlsError
from switch.channels import ChannelSettings
from switch.faults import guarded, note
from switch.standing import Standing
from switch.wire.limits import Source
from switch.wire.poller import READ, WRITE, Poller
from terminals.framing import FrameReader, FramingError, LengthCodec, SelfFramedReader, wrap

READ_BYTES: Final = 16 * 1024


class Owner(Protocol):
    """What a connection needs of the channel that accepted it."""

    settings: ChannelSettings
    poller: Poller
    length_codec: LengthCodec
    outboxes: "Outboxes"
    is_rated: bool
    """Whether `may_read` has to be asked, and `spent` to be told."""

    def may_read(self, connection: "Connection") -> bool:
        """Whether its address has something left of its rate; else it is paused, and resumed."""

    def spent(self, connection: "Connection", messages: int) -> None:
        """So much of the rate is used."""

    def take(self, connection: "Connection", payloads: list[bytes]) -> None:
        """Whole frames without their length; each is answered later by `send` or `stay_silent`."""

    def heard(self, connection: "Connection", *, is_mid_frame: bool, had_frames: bool) -> None:
        """Something arrived."""

    def secured(self, connection: "Connection", peer_name: str) -> None:
        """The TLS handshake is done; `peer_name` is on the certificate shown, if one was."""

    def insecure(self, connection: "Connection", error: TlsError) -> None:
        """TLS failed; the connection is about to be closed."""

    def closed(self, connection: "Connection", why: str) -> None:
        """The connection is gone."""

    def out_of_step(self, connection: "Connection", error: FramingError) -> None:
        """What came is no frame: it is left without an answer, and the connection ends."""

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
                try:
                    connection.flush()
                except Exception:  # noqa: BLE001 - the others have something to send as well
                    connection.fail()


class Connection:
    """A non-blocking socket, its frames in, its answers out."""

    __slots__ = (
        "_backlog",
        "_end_reason",
        "_interest",
        "_is_paused",
        "_is_queued",
        "_outbox",
        "_owner",
        "_reader",
        "_sock",
        "_tls",
        "_unanswered",
        "is_open",
        "peer",
        "source",
        "standing",
    )

    def __init__(
        self,
        owner: Owner,
        sock: socket.socket,
        peer: str,
        reader: FrameReader | SelfFramedReader,
        source: Source | None = None,
        tls: Tls | None = None,
    ) -> None:
        self._owner = owner
        self._sock = sock
        self._reader = reader
        self._tls = tls
        self._outbox: list[bytes] = []
        self._backlog = b""
        self._is_queued = False
        self._is_paused = False
        self._unanswered = 0
        self._end_reason = ""
        self._interest = READ
        self.peer = peer
        self.source = source
        self.standing = Standing()
        """What the other side may be believed; its channel says."""
        self.is_open = True
        owner.poller.watch(sock, READ, self.on_ready)

    @property
    def unanswered(self) -> int:
        """Messages taken whose fate is open."""
        return self._unanswered

    @property
    def host(self) -> str:
        """The other side's address."""
        return self.peer.rpartition(":")[0]

    @property
    def is_mid_frame(self) -> bool:
        """Whether the other side owes us the rest of something."""
        return self._reader.is_mid_frame or (self._tls is not None and self._tls.is_mid_record)

    @property
    def unwritten(self) -> int:
        """Answers that wait for the socket, one that is half written among them."""
        return len(self._outbox) + bool(self._backlog)

    @property
    def heard_bytes(self) -> int:
        """What has come of messages, in all."""
        return self._reader.heard_bytes

    def greet(self) -> None:
        """Begin, where beginning is ours: we have called."""
        if self._tls is not None:
            self._tls.greet()
            self._queue()

    def on_ready(self, ready: int) -> None:
        """The socket can be read, written, or both."""
        try:
            if ready & WRITE and self.is_open:
                self.flush()
            if ready & READ and self.is_open and not self._is_paused:
                owner = self._owner
                if not owner.is_rated or owner.may_read(self):
                    self._read()
        except Exception:  # noqa: BLE001 - this connection ends, and no other
            self.fail()

    def fail(self) -> None:
        """In the middle of an exception that it has met: note that, and let go of the socket."""
        note("connection", peer=self.peer)
        guarded("connection", self.close, "failed")

    def pause(self) -> None:
        """Read nothing for now."""
        self._is_paused = True
        self._choose_interest()

    def resume(self) -> None:
        """Read on."""
        self._is_paused = False
        if self.is_open:
            self._choose_interest()

    def send(self, payload: bytes) -> bool:
        """Answer one message, at the end of this turn; False when the connection is gone."""
        self._unanswered -= 1
        if not self.is_open:
            self._owner.undelivered()
            return False
        self._outbox.append(wrap(payload, self._owner.length_codec))
        self._queue()
        return True

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
        data = b"".join(self._outbox)
        self._outbox.clear()
        if self._tls is not None:
            data = self._sealed(self._tls, data)
        if self._backlog:
            data = self._backlog + data
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

    def end(self, reason: str) -> None:
        """Read nothing more; what was read in step still gets its answers."""
        self._end_reason = reason
        if self._unanswered or self._backlog or self._outbox:
            self._choose_interest()
        else:
            self.close(reason)

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
            self._hung_up("closed by peer inside a frame" if is_cut else "closed by peer")
        elif self._tls is None:
            self._take(data)
        else:
            self._take_sealed(self._tls, data)

    def _take_sealed(self, tls: Tls, data: bytes) -> None:
        """What the socket brought is TLS: take what it says."""
        was_up = tls.is_up
        try:
            plain = tls.opened(data)
        except TlsError as error:
            self._owner.insecure(self, error)
            self.flush()  # the other side is told why
            self.close(f"TLS refused: {error}")
            return
        if tls.is_up and not was_up:
            self.standing.names = tls.peer_names()
            self._owner.secured(self, tls.peer_name())
        if tls.has_unsent:
            self._queue()
        self._take(plain)
        if self.is_open and tls.is_over:
            self._hung_up("closed by peer")

    def _hung_up(self, reason: str) -> None:
        """A terminal may still read; a gateway that we called has gone, and is called again."""
        if self._owner.settings.connect_to is None:
            self.end(reason)
        else:
            self.close(reason)

    def _sealed(self, tls: Tls, data: bytes) -> bytes:
        try:
            return tls.sealed(data)
        except TlsError:
            self._owner.undelivered()
            return tls.take_unsent()

    def _take(self, data: bytes) -> None:
        bad_frame = ""
        try:
            frames = self._reader.feed(data)
        except FramingError as error:
            bad_frame, frames = f"bad frame: {error.why}", error.frames
            self._owner.out_of_step(self, error)
        owner = self._owner
        self._unanswered += len(frames)
        if frames:
            owner.take(self, frames)
        if owner.is_rated:
            owner.spent(self, len(frames) + self._reader.keep_alives)
        if self._reader.keep_alives:
            self._take_keep_alives()
        if bad_frame:
            self.end(bad_frame)
            return
        owner.heard(self, is_mid_frame=self.is_mid_frame, had_frames=bool(frames))
        if self._unanswered >= owner.settings.unanswered_max:
            self._choose_interest()

    def _take_keep_alives(self) -> None:
        count, self._reader.keep_alives = self._reader.keep_alives, 0
        if self._owner.settings.keep_alive == "answer":
            self._outbox += [wrap(b"", self._owner.length_codec)] * count
            self._queue()

    def _queue(self) -> None:
        if not self._is_queued:
            self._is_queued = True
            self._owner.outboxes.add(self)

    def _choose_interest(self) -> None:
        """Read while there is room for answers, write while something is left to write."""
        is_full = self._unanswered >= self._owner.settings.unanswered_max
        interest = 0 if is_full or self._is_paused or self._end_reason else READ
        if self._backlog:
            interest |= WRITE
        if interest != self._interest:
            self._interest = interest
            self._owner.poller.change(self._sock, interest, self.on_ready)
