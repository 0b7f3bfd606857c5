"""From what a person has in hand to messages: hexadecimal, base64, a file, a capture, a pipe."""

import base64
import binascii
import re
import sys
from pathlib import Path
from typing import Final

import msgspec

from config.describe_pcap import is_capture, streams_of
from config.errors import SettingsError
from terminals.framing import LENGTH_CODECS, FrameReader, FramingError, LengthCodec

BYTES_MAX: Final = 64 * 1024 * 1024
FRAME_BYTES_MAX: Final = 8192
_FRAME_BYTES_MIN: Final = 10
_SPACE: Final = re.compile(r"[\s:,]+")
_STDIN: Final = "-"
_BASE64_MIN: Final = 20
"""Shorter is a word: no message fits into it."""


class Found(msgspec.Struct, frozen=True):
    """One message and where it was."""

    data: bytes
    place: str = ""
    length: str | None = None
    """How its length is written, where that is known; `none` has none in front."""

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes>"


def messages_in(text: str, length: str | None = None) -> list[Found]:
    """The messages a word of the command line means: `-`, a file, hexadecimal or base64.

    Raises:
        SettingsError: it is none of these, or there is no message in it.
    """
    if text == _STDIN:
        return _in_bytes(sys.stdin.buffer.read(BYTES_MAX), "stdin", length)
    path = Path(text)
    if len(text) < 256 and path.is_file():
        if path.stat().st_size > BYTES_MAX:
            raise SettingsError(f"{path} is larger than {BYTES_MAX} bytes. Next: cut it")
        return _in_bytes(path.read_bytes(), text, length)
    data = _decoded(text)
    if data is None:
        raise SettingsError(
            "that is no file, no hexadecimal and no base64. Next: posswitch describe --help"
        )
    return _framed(data, "", length)


def _in_bytes(data: bytes, place: str, length: str | None) -> list[Found]:
    if is_capture(data):
        return [
            msgspec.structs.replace(found, place=f"{stream.source} > {stream.destination}")
            for stream in streams_of(data)
            for found in _framed(stream.data, "", length)
        ]
    if not data.strip():
        raise SettingsError(f"there is nothing in {place}. Next: give a message")
    if not data.isascii():
        return _framed(data, place, length)
    text = data.decode("ascii")
    lines = [_decoded(line) for line in text.splitlines() if line.strip()]
    whole = _decoded(text)
    if len(lines) > 1 and None not in lines and all(_is_whole(each or b"") for each in lines):
        return [
            msgspec.structs.replace(found, place=f"{place}, line {number}")
            for number, line in enumerate(lines, 1)
            for found in _framed(line or b"", "", length)
        ]
    return _framed(data if whole is None else whole, place, length)


def _decoded(text: str) -> bytes | None:
    bare = _SPACE.sub("", text)
    bare = bare.removeprefix("0x")
    try:
        return bytes.fromhex(bare) or None
    except ValueError:
        pass
    if len(bare) < _BASE64_MIN:
        return None
    try:
        return base64.b64decode(bare, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _framed(data: bytes, place: str, length: str | None) -> list[Found]:
    """The frames of a stream where it is one, or the bytes as one message."""
    codecs = LENGTH_CODECS if length is None else {length: LENGTH_CODECS.get(length)}
    for name, codec in codecs.items():
        frames = _cut(data, codec) if codec is not None else []
        if frames:
            many = len(frames) > 1
            return [
                Found(frame, f"{place} #{number}".strip() if many else place, name)
                for number, frame in enumerate(frames, 1)
            ]
    return [Found(data, place, length)]


def _cut(data: bytes, codec: LengthCodec) -> list[bytes]:
    """Whole frames, lengths in front, if they are all there is."""
    reader = FrameReader(
        codec, bytes_min=_FRAME_BYTES_MIN, bytes_max=FRAME_BYTES_MAX, takes_keep_alive=True
    )
    try:
        payloads = reader.feed(data)
    except FramingError:
        return []
    if reader.is_mid_frame:
        return []
    return [codec.write(len(payload)) + payload for payload in payloads]


def _is_whole(data: bytes) -> bool:
    """Whether a line is a frame by itself."""
    return any(len(_cut(data, codec)) == 1 for codec in LENGTH_CODECS.values())
