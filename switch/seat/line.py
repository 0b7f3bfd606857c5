"""A seat's line to the switch: a call for each message, as a till of old dials.

Nobody there, a line that is cut and a deadline are all the same to a till: silence.
"""

import ssl
from collections.abc import Callable
from typing import Final

import trio

from terminals.framing import BE2, FRAME_BYTES_MAX, FRAME_BYTES_MIN, FrameReader, FramingError, wrap

RECEIVE_BYTES_MAX: Final = 65_536
CONNECT_SECONDS_MAX: Final = 5.0
BROKEN: Final = (OSError, trio.BrokenResourceError, trio.ClosedResourceError, FramingError)

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class Line:
    """Where the switch listens for terminals."""

    def __init__(
        self, host: str, port: int, seconds_max: float, tls: ssl.SSLContext | None = None
    ) -> None:
        self._host, self._port = host, port
        self._seconds_max = seconds_max
        self._tls = tls

    async def ask(self, payload: bytes, is_mine: Callable[[bytes], bool]) -> bytes | None:
        """Send a message and wait for the answer that `is_mine`; None is silence."""
        with trio.move_on_after(self._seconds_max):
            try:
                stream = await self._called()
                try:
                    await stream.send_all(wrap(payload, BE2))
                    return await _received(stream, is_mine)
                finally:
                    with trio.CancelScope(shield=True):
                        await trio.aclose_forcefully(stream)
            except BROKEN:
                return None
        return None

    async def _called(self) -> Stream:
        with trio.move_on_after(CONNECT_SECONDS_MAX):
            plain = await trio.open_tcp_stream(self._host, self._port)
            if self._tls is None:
                return plain
            return trio.SSLStream(plain, self._tls, server_hostname=self._host)
        raise OSError("the switch takes no call")


async def _received(stream: Stream, is_mine: Callable[[bytes], bool]) -> bytes | None:
    reader = FrameReader(BE2, bytes_min=FRAME_BYTES_MIN, bytes_max=FRAME_BYTES_MAX)
    while data := await stream.receive_some(RECEIVE_BYTES_MAX):
        for frame in reader.feed(bytes(data)):
            if is_mine(frame):
                return frame
    return None
