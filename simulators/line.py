"""A terminal's TCP line to the switch: one frame out, its answer in, faults in between.

Not being able to connect, a closed connection and a deadline are all the same to a terminal:
silence.
"""

import contextlib
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import trio

from simulators.faults import DrawsFaults, Fault, no_faults
from terminals.framing import (
    BE2,
    FRAME_BYTES_MAX,
    FRAME_BYTES_MIN,
    FrameReader,
    FramingError,
    LengthCodec,
    wrap,
)

RECEIVE_BYTES_MAX: Final = 65_536
CONNECT_SECONDS_MAX: Final = 5.0
HALF_OPEN_MAX: Final = 8
"""Dead connections a line leaves open; the oldest is closed for a new one."""

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]

IsMine = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a channel frames its messages, and what it wraps them in."""

    length_codec: LengthCodec = BE2
    frame_bytes: tuple[int, int] = (FRAME_BYTES_MIN, FRAME_BYTES_MAX)
    tls: ssl.SSLContext | None = None
    server_name: str | None = None


PLAIN: Final = Wire()


class Line:
    """Opens a connection when it needs one and keeps it until it breaks."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        answer_seconds_max: float = 60.0,
        faults: DrawsFaults | None = None,
        wire: Wire = PLAIN,
    ) -> None:
        self._address = (host, port)
        self._answer_seconds_max = answer_seconds_max
        self._faults = faults or no_faults()
        self._wire = wire
        self._stream: Stream | None = None
        self._dead: deque[Stream] = deque()
        self._reader = self._new_reader()
        self._heard: deque[bytes] = deque()
        self.repeats_that_differed = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
        while self._dead:
            await _cut(self._dead.popleft())

    async def ask(self, payload: bytes, is_mine: IsMine) -> bytes | None:
        """Send a payload and wait for the answer that `is_mine`; None is silence."""
        fault = self._faults.draw()
        if fault is Fault.DROP_REQUEST:
            await trio.lowlevel.checkpoint()
            return None
        try:
            with trio.fail_after(self._answer_seconds_max):
                return await self._ask(payload, is_mine, fault)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError):
            await self.close()
        except FramingError:
            await self.close()
        return None

    async def close(self) -> None:
        """Hang up. The next `ask` calls again."""
        stream, self._stream = self._stream, None
        self._reader = self._new_reader()
        self._heard.clear()
        if stream is not None:
            await _cut(stream)

    async def _ask(self, payload: bytes, is_mine: IsMine, fault: Fault) -> bytes | None:
        stream = await self._connected()
        frame = wrap(payload, self._wire.length_codec)
        if fault is Fault.CUT_MID_FRAME:
            await stream.send_all(frame[: len(frame) // 2])
            await self.close()
            return None
        await stream.send_all(frame + frame if fault is Fault.DUPLICATE else frame)
        if fault is Fault.CUT:
            await self.close()
            return None
        if fault is Fault.HALF_OPEN:
            await self._leave()
        if fault in {Fault.DELAY_ANSWER, Fault.HALF_OPEN}:
            return None
        answer = await self._receive(stream, is_mine)
        if fault is Fault.DUPLICATE and answer is not None:
            second = await self._receive(stream, is_mine)
            self.repeats_that_differed += second != answer
        if fault is Fault.DROP_ANSWER:
            return None
        if fault is Fault.GARBLE_ANSWER and answer is not None:
            return answer[:-1] + bytes([answer[-1] ^ 1])
        return answer

    def _new_reader(self) -> FrameReader:
        least, most = self._wire.frame_bytes
        return FrameReader(self._wire.length_codec, bytes_min=least, bytes_max=most)

    async def _leave(self) -> None:
        """Forget the connection without closing it: neither end hears of it."""
        if self._stream is not None:
            self._dead.append(self._stream)
            self._stream, self._reader = None, self._new_reader()
            self._heard.clear()
        if len(self._dead) > HALF_OPEN_MAX:
            await _cut(self._dead.popleft())

    async def _connected(self) -> Stream:
        if self._stream is None:
            with trio.fail_after(CONNECT_SECONDS_MAX):
                plain = await trio.open_tcp_stream(*self._address)
                tls = self._wire.tls
                if tls is None:
                    self._stream = plain
                else:
                    name = self._wire.server_name
                    secret = trio.SSLStream(plain, tls, server_hostname=name)
                    try:
                        await secret.do_handshake()
                    except BaseException:
                        await _cut(plain)
                        raise
                    self._stream = secret
        assert self._stream is not None
        return self._stream

    async def _receive(self, stream: Stream, is_mine: IsMine) -> bytes | None:
        while True:
            while self._heard:
                frame = self._heard.popleft()
                if is_mine(frame):
                    return frame
            data = await stream.receive_some(RECEIVE_BYTES_MAX)
            if not data:
                await self.close()
                return None
            self._heard.extend(self._reader.feed(bytes(data)))


async def _cut(stream: Stream) -> None:
    with trio.CancelScope(shield=True), contextlib.suppress(trio.BrokenResourceError):
        await trio.aclose_forcefully(stream)
