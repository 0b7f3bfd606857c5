"""One line to an issuer: made, signed on, kept alive, and made again when it breaks.

What was sent on a line is answered on it or never: the table that pairs answers with requests
dies with the connection, so an answer can never meet a request of another life. Whoever sent is
told exactly once what became of it: answered, never sent, or in doubt.
"""

import datetime as dt
import itertools
import random
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NoReturn, Protocol

import structlog
import trio

from host.link.address import connect_tcp
from host.link.pipe import Pipe
from switch.channels import address_of
from switch.faults import guarded, note
from switch.issuer_settings import IssuerSettings
from switch.issuers.metrics import IssuerMetrics
from switch.memory.route_words import TRACE_MAX
from terminals.answers import is_request
from terminals.codec import DecodeError
from terminals.dialects import issuer as dialect
from terminals.framing import LENGTH_CODECS, FrameReader, FramingError, wrap

Correlation = tuple[str, str, str]

RETRY_SECONDS_MIN: Final = 0.1
CONNECT_SECONDS_MAX: Final = 10.0
FRAME_BYTES_MIN: Final = 12
"""Message type and one bitmap."""
FRAME_BYTES_MAX: Final = 32 * 1024
"""Every field of the standard at its longest, and some."""

_LOG = structlog.get_logger(__name__)


class Sender(Protocol):
    """Who sent a message. One of these is called once, unless it is forgotten."""

    def arrived(self, fields: Mapping[str, str]) -> None:
        """Its answer, whatever that says."""

    def unsent(self) -> None:
        """The line went down before a byte of it left."""

    def in_doubt(self) -> None:
        """The line went down after it was sent."""


class IssuerLine:
    """A connection to one address of an issuer, made again whenever it breaks."""

    def __init__(
        self,
        settings: IssuerSettings,
        address: str,
        metrics: IssuerMetrics,
        wall_clock: Callable[[], float],
        on_turn: Callable[[], None],
    ) -> None:
        self.name = f"{settings.name} at {address}"
        self._settings = settings
        self._address = address_of(address)
        self._length = LENGTH_CODECS[settings.length_codec]
        self._metrics = metrics
        self._wall_clock = wall_clock
        self._on_turn = on_turn
        self._pipe: Pipe | None = None
        self._outgoing: list[bytes] = []
        self._unsent: set[Correlation] = set()
        self._sent: dict[Correlation, Sender] = {}
        self._management: dict[str, trio.Event] = {}
        self._refusal = ""
        self._traces = itertools.cycle(range(1, TRACE_MAX + 1))
        self.is_up = False
        """Whether it is fit for trade: connected, and signed on where that is asked."""

    def send(self, payload: bytes, correlation: Correlation, sender: Sender) -> None:
        """Send at the end of this turn; only on a line that is up."""
        self._sent[correlation] = sender
        self._unsent.add(correlation)
        self._put(payload)

    def forget(self, correlation: Correlation) -> None:
        """Its answer, if one comes, is counted and dropped."""
        self._sent.pop(correlation, None)

    async def run(self) -> NoReturn:
        """Keep the line, for ever."""
        pause = RETRY_SECONDS_MIN
        while True:
            was_up = await self._one_connection()
            if was_up:
                pause = RETRY_SECONDS_MIN
            await trio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause = min(pause * 2, self._settings.retry_seconds_max)

    async def _one_connection(self) -> bool:
        """From its beginning to its end; returns whether it was ever fit for trade."""
        try:
            with trio.fail_after(CONNECT_SECONDS_MAX):
                pipe = Pipe(await _connected(*self._address), self._gather)
        except (OSError, trio.TooSlowError) as error:
            why = str(error) or "no answer to connect"
            _LOG.info("issuer not reached", line=self.name, why=why)
            return False
        self._pipe = pipe
        reason, was_up = "cancelled", False
        try:
            reason = await self._serve(pipe)
        finally:
            was_up = self.is_up
            pipe.close()
            self._break()
        _LOG.warning("issuer line lost", line=self.name, why=reason)
        return was_up

    async def _serve(self, pipe: Pipe) -> str:
        reason = "cancelled"

        async def until_it_ends(part: Callable[[], Awaitable[object]]) -> None:
            nonlocal reason
            try:
                reason = str(await part())
            except (OSError, FramingError) as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - this connection ends, and is made again
                note("issuer line")
                reason = type(error).__name__
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_it_ends, pipe.write_gathered)
            nursery.start_soon(until_it_ends, lambda: self._listen(pipe))
            nursery.start_soon(until_it_ends, lambda: self._keep(pipe))
        return reason

    async def _keep(self, pipe: Pipe) -> str:
        """Sign on, then ask for a sign of life whenever it has been still for long."""
        settings = self._settings
        if settings.sign_on and not await self._manage(dialect.SIGN_ON):
            return self._refusal or "no answer to the sign-on"
        self._open()
        while True:
            quiet = trio.current_time() - pipe.heard_at
            if quiet < settings.echo_seconds:
                await trio.sleep(settings.echo_seconds - quiet)
            elif not await self._manage(dialect.ECHO):
                return self._refusal or "no answer to the echo"

    async def _manage(self, code: str) -> bool:
        """Ask a management message; whether it was answered, and approved."""
        trace = next(self._traces)
        answered = self._management[f"{trace:06d}"] = trio.Event()
        now = dt.datetime.fromtimestamp(self._wall_clock(), dt.UTC)
        self._put(dialect.CODEC.encode(dialect.management_fields(code, trace, now)))
        self._refusal = ""
        with trio.move_on_after(self._settings.echo_answer_seconds_max):
            await answered.wait()
        self._management.pop(f"{trace:06d}", None)
        return answered.is_set() and not self._refusal

    async def _listen(self, pipe: Pipe) -> str:
        reader = FrameReader(
            self._length,
            bytes_min=FRAME_BYTES_MIN,
            bytes_max=FRAME_BYTES_MAX,
            takes_keep_alive=True,
        )
        while data := await pipe.receive():
            for payload in reader.feed(data):
                guarded("issuer message", self._take, payload)
            self._on_turn()
        return "closed by the issuer"

    def _take(self, payload: bytes) -> None:
        try:
            fields = dialect.decode(payload)
        except DecodeError as error:
            self._metrics.unreadable.inc()
            _LOG.warning("issuer message unreadable", line=self.name, why=str(error))
            return
        mti = fields["t"]
        is_ours = dialect.is_answer(mti) or is_request(mti)
        if is_ours and mti[:2] == dialect.MANAGEMENT_MTI[:2]:
            self._take_management(fields)
        elif dialect.is_answer(mti) and (sender := self._asker_of(fields)):
            sender.arrived(fields)
        else:
            self._metrics.unmatched.inc()
            _LOG.warning("issuer answer matches nothing", line=self.name, mti=mti)

    def _asker_of(self, fields: Mapping[str, str]) -> Sender | None:
        """Whose answer this is. One without a terminal is found by its trace: that is ours."""
        correlation = dialect.correlation_of(fields)
        if not correlation[1].strip():
            of_class, _, trace = correlation
            alike = (each for each in self._sent if (each[0], each[2]) == (of_class, trace))
            correlation = next(alike, correlation)
        return self._sent.pop(correlation, None)

    def _take_management(self, fields: dict[str, str]) -> None:
        if not dialect.is_answer(fields["t"]):
            self._put(dialect.CODEC.encode(dialect.management_answer(fields)))
            return
        answered = self._management.pop(fields.get("11", ""), None)
        if answered is None:
            self._metrics.unmatched.inc()
            return
        if fields.get("39") != dialect.APPROVED:
            self._refusal = f"management message refused with {fields.get('39')}"
        answered.set()

    def _put(self, payload: bytes) -> None:
        assert self._pipe is not None
        self._outgoing.append(wrap(payload, self._length))
        self._pipe.wake()

    def _gather(self) -> bytes:
        """All that waits to be sent: from here on it counts as sent."""
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        self._unsent.clear()
        return data

    def _open(self) -> None:
        self.is_up = True
        _LOG.info("issuer line up", line=self.name)

    def _break(self) -> None:
        """Tell everyone who waits what became of it; nothing survives."""
        self._pipe = None
        self.is_up = False
        self._outgoing.clear()
        self._management.clear()
        unsent, self._unsent = self._unsent, set()
        sent, self._sent = self._sent, {}
        for correlation, sender in sent.items():
            guarded("issuer line", sender.unsent if correlation in unsent else sender.in_doubt)
        self._on_turn()


async def _connected(host: str, port: int) -> socket.socket:
    """Names are looked up each time: where an issuer lives may change."""
    found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return await connect_tcp(str(found[0][4][0]), port)
