"""Frames on a TCP stream: a length in front, then the payload. No sockets here.

The length is one of `LENGTH_CODECS`; UnionPay terminals and their NACs write two big-endian
bytes that do not count themselves. A length out of bounds cannot be survived: the stream has
lost its step, so the connection has to be closed.
"""

from collections.abc import Callable
from typing import Final

import msgspec

FRAME_BYTES_MIN: Final = 21
"""TPDU 5, header 6, message type 2, bitmap 8."""
FRAME_BYTES_MAX: Final = 4096
"""Every variable field at its longest comes to about 2,100."""


class FramingError(ValueError):
    """The stream is out of step: answer `frames`, which came before, and close."""

    __slots__ = ("frames", "offset", "why")

    def __init__(self, why: str, frames: list[bytes], offset: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.frames = frames
        self.offset = offset
        """Of the length, or the message, that makes no sense, counted in all that came."""


class LengthCodec(msgspec.Struct, frozen=True):
    """How a frame's length is written. `read` raises ValueError on what is no length."""

    size: int
    """How many bytes the length itself takes."""
    read: Callable[[bytes], int]
    """From those bytes to the payload's length."""
    write: Callable[[int], bytes]


def _decimal(head: bytes) -> int:
    if not head.isdigit():
        raise ValueError("an ASCII length is four decimal digits")
    return int(head)


NO_LENGTH: Final = LengthCodec(0, int.from_bytes, lambda _size: b"")
"""A message says itself where it ends: see `SelfFramedReader`."""
BE2: Final = LengthCodec(2, int.from_bytes, lambda size: size.to_bytes(2))
LENGTH_CODECS: Final = {
    "be2": BE2,
    "be2-inclusive": LengthCodec(
        2, lambda head: int.from_bytes(head) - 2, lambda size: (size + 2).to_bytes(2)
    ),
    "ascii4": LengthCodec(4, _decimal, lambda size: b"%04d" % size),
}
"""By the name a channel's settings give them; `none` is not among them, it has no length."""


def wrap(payload: bytes, length_codec: LengthCodec = BE2) -> bytes:
    """A payload with its length in front."""
    return length_codec.write(len(payload)) + payload


class FrameReader:
    """Cuts a stream into payloads.

    With `takes_keep_alive` a length of zero is an idle line's sign of life and is passed over;
    without it, it is out of bounds like any other length that is too small.
    """

    __slots__ = (
        "_bytes_max",
        "_bytes_min",
        "_codec",
        "_rest",
        "_takes_keep_alive",
        "keep_alives",
        "taken_bytes",
    )

    def __init__(
        self,
        length_codec: LengthCodec = BE2,
        *,
        bytes_min: int = FRAME_BYTES_MIN,
        bytes_max: int = FRAME_BYTES_MAX,
        takes_keep_alive: bool = False,
    ) -> None:
        self._codec = length_codec
        self._bytes_min = bytes_min
        self._bytes_max = bytes_max
        self._takes_keep_alive = takes_keep_alive
        self._rest = b""
        self.keep_alives = 0
        """Signs of life passed over; whoever answers them sets it back."""
        self.taken_bytes = 0
        """Of the stream, in frames that came whole."""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads these bytes complete, in order.

        Raises:
            FramingError: a length is out of bounds; nothing after it can be read.
        """
        if self._rest:
            data = self._rest + data
        frames: list[bytes] = []
        head, start, end = self._codec.size, 0, len(data)
        while end - start >= head:
            first = start + head
            size = self._size(data[start:first], frames, start)
            if first + size > end:
                break
            start = first + size
            if size:
                frames.append(data[first:start])
            else:
                self.keep_alives += 1
        self._rest = data[start:]
        self.taken_bytes += start
        return frames

    @property
    def is_mid_frame(self) -> bool:
        """Whether a frame has begun and not ended: the other side owes us bytes."""
        return bool(self._rest)

    @property
    def heard_bytes(self) -> int:
        """Of the stream, so far."""
        return self.taken_bytes + len(self._rest)

    def _size(self, head: bytes, frames: list[bytes], start: int) -> int:
        try:
            size = self._codec.read(head)
        except ValueError:
            size = -1
        if self._bytes_min <= size <= self._bytes_max or (self._takes_keep_alive and size == 0):
            return size
        why = f"a frame is {self._bytes_min} to {self._bytes_max} bytes long"
        raise FramingError(f"{why}, its length says {head.hex()}", frames, self.taken_bytes + start)


Measure = Callable[[bytes, int], int]
"""The size of the message that begins at a place; 0 while too little of it has come.
ValueError: it is no message."""


class SelfFramedReader:
    """As `FrameReader`, for a stream without lengths; `measure` is its dialect's."""

    __slots__ = ("_bytes_max", "_measure", "_rest", "keep_alives", "taken_bytes")

    def __init__(self, measure: Measure, *, bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._measure = measure
        self._bytes_max = bytes_max
        self._rest = b""
        self.keep_alives = 0
        """There are none without a length to say so."""
        self.taken_bytes = 0
        """Of the stream, in messages that came whole."""

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads these bytes complete, in order.

        Raises:
            FramingError: what has come is no message; nothing after it can be read.
        """
        data = self._rest + data
        frames: list[bytes] = []
        start, end = 0, len(data)
        try:
            while start < end and (size := self._measure(data, start)):
                frames.append(data[start : start + size])
                start += size
        except ValueError as error:
            raise FramingError(str(error), frames, self.taken_bytes + start) from None
        if end - start > self._bytes_max:
            why = f"a frame is at most {self._bytes_max} bytes long"
            raise FramingError(why, frames, self.taken_bytes + start)
        self._rest = data[start:]
        self.taken_bytes += start
        return frames

    @property
    def is_mid_frame(self) -> bool:
        """Whether a frame has begun and not ended: the other side owes us bytes."""
        return bool(self._rest)

    @property
    def heard_bytes(self) -> int:
        """Of the stream, so far."""
        return self.taken_bytes + len(self._rest)
