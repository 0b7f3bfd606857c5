"""From what a person has in hand to messages: hexadecimal, base64, a dump, a capture, a pipe.

Text may mean several things: 26 hexadecimal digits may be 13 bytes, or a message of 26 characters.
All that it may mean are given, the likeliest first, and whoever reads them knows by what reads.
"""

import base64
import binascii
import codecs
import errno
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from host.named_files import read_named
from terminals.describe.arrays import arrays_in
from terminals.describe.dumps import dumps_in
from terminals.describe.errors import UnreadableError
from terminals.describe.field_logs import Composed, composed_of
from terminals.describe.literals import hexadecimal_in_lines, literals_in, without_comments
from terminals.describe.pcap import is_capture, payload_in, streams_of
from terminals.framing import LENGTH_CODECS, FrameReader, FramingError, LengthCodec

BYTES_MAX: Final = 64 * 1024 * 1024
FRAME_BYTES_MAX: Final = 8192
_FRAME_BYTES_MIN: Final = 10
TEXT_BYTES_MAX: Final = 256 * 1024
"""A longer text is hexadecimal or base64, and nothing else is tried."""
_SPACE: Final = re.compile(r"[\s:,;|\-\"'<>\[\]{}()]+")
_PREFIX: Final = re.compile(r"(?<![0-9A-Za-z])0[xX](?=[0-9A-Fa-f])|(?<=[0-9A-Fa-f]{2})[hH]\b")
_STDIN: Final = "-"
_BASE64_MIN: Final = 20
"""Shorter is a word: no message fits into it."""
_URL_SAFE: Final = str.maketrans("-_", "+/")


class Found(msgspec.Struct, frozen=True):
    """One message and where it was."""

    data: bytes
    place: str = ""
    length: str | None = None
    """How its length is written, where that is known; `none` has none in front."""

    def __repr__(self) -> str:
        return f"<{len(self.data)} bytes>"


Meaning = list[Found]
"""The messages of one way to take a text."""


def messages_in(text: str, length: str | None = None) -> Meaning:
    """The messages a word of the command line most likely means.

    Raises:
        UnreadableError: it is none of these, or there is no message in it.
    """
    return meanings_of(text, length)[0]


def meanings_of(text: str, length: str | None = None) -> list[Meaning]:
    """All that a word of the command line may mean: `-`, a file, hexadecimal, base64, a dump.

    Raises:
        UnreadableError: it is none of these, or there is no message in it.
    """
    if text == _STDIN:
        return _in_bytes(_typed(), "stdin", length)
    path = Path(text)
    if len(text) < 256 and path.is_file():
        return _in_bytes(_in_file(path), text, length)
    if len(text) < 256 and path.exists() and not path.is_dir():
        raise UnreadableError(
            f"{path} is no regular file. Next: name one, or pipe it into posswitch describe -"
        )
    meanings = list(_in_text(text, "", length))
    if not meanings:
        raise UnreadableError(
            "that is no file, no hexadecimal and no base64. Next: posswitch describe --help"
        )
    return [*meanings, _framed(text.encode(), "", length)] if text.isascii() else meanings


def _typed() -> bytes:
    data = b"" if sys.stdin is None else sys.stdin.buffer.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise _too_long("stdin")
    return data


def _in_file(path: Path) -> bytes:
    try:
        return read_named(path, BYTES_MAX)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        raise _too_long(str(path)) from None


def _too_long(place: str) -> UnreadableError:
    return UnreadableError(f"{place} is longer than {BYTES_MAX:,} bytes. Next: cut it")


def _in_bytes(data: bytes, place: str, length: str | None) -> list[Meaning]:
    if is_capture(data):
        found = [
            msgspec.structs.replace(found, place=f"{stream.source} > {stream.destination}")
            for stream in streams_of(data)
            for found in _framed(stream.data, "", length)
        ]
        return [found]
    if not data.strip():
        raise UnreadableError(f"there is nothing in {place}. Next: give a message")
    itself = _framed(data, place, length)
    text = _text_of(data)
    if text is None:
        return [itself]
    bare = data.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
    without_end = [_framed(bare, place, length)] if bare != data else []
    return [*_in_text(text, place, length), *without_end, itself]


def _text_of(data: bytes) -> str | None:
    """The text of a file, where it is one; without the marks that editors put in front."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8") if len(data) <= TEXT_BYTES_MAX or data.isascii() else None
    except UnicodeDecodeError:
        return None


_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _in_text(text: str, place: str, length: str | None) -> Iterator[Meaning]:
    """What a text may mean, the likeliest first; not that it is a message itself."""
    if len(text) > TEXT_BYTES_MAX:
        yield from _in_digits(text, place, length)
    elif "<field" in text and (composed := composed_of(text)):
        yield from _of_fields(composed, place)
    elif dumps := dumps_in(text):
        for dump in dumps:
            inside = [payload_in(data) for data in dump]
            yield _several(inside if all(inside) else dump, place, length)
        if "\n" not in text.strip():
            yield from _in_digits(text, place, length)
    else:
        for way in arrays_in(without_comments(text)):
            where = ", ".join(each for each in (place, way.taken) if each)
            yield _several(way.arrays, where, length)
        for data in literals_in(text):
            yield _framed(data, place, length)
        yield from _in_digits(text, place, length)
        yield from _in_prose(text, place, length)


def _in_digits(text: str, place: str, length: str | None) -> Iterator[Meaning]:
    """Hexadecimal or base64: a frame on each line, or one message in all."""
    known = _decoded_lines(text)
    if len(known) > 1 and all(_is_whole(line) for line in known):
        yield _in_lines(known, place, length)
    whole = _decoded(text)
    if whole is not None:
        yield _framed(payload_in(whole) or whole, place, length)


def _in_prose(text: str, place: str, length: str | None) -> Iterator[Meaning]:
    """A message without a length on each line, or somewhere in each."""
    known = _decoded_lines(text)
    if len(known) > 1:
        yield _in_lines(known, place, length)
    written = [line.strip().encode() for line in text.splitlines() if line.strip()]
    if len(written) > 1 and text.isascii():
        yield _in_lines(written, place, length)
    if logged := hexadecimal_in_lines(text):
        yield _several(logged, place, length)


def _decoded_lines(text: str) -> list[bytes]:
    """What every line of a text holds; nothing where one holds none."""
    lines = [_decoded(line) for line in text.splitlines() if line.strip()]
    known = [line for line in lines if line is not None]
    return known if len(known) == len(lines) else []


def _of_fields(logged: Sequence[Composed], place: str) -> Iterator[Meaning]:
    """A log of fields, by each way of writing that all its messages can be written in."""
    for way in range(min(len(each.ways) for each in logged)):
        yield [
            Found(each.ways[way], f"{place} #{number}, composed of its fields{_but(each)}".strip())
            for number, each in enumerate(logged, 1)
        ]


def _but(composed: Composed) -> str:
    left_out = ", ".join(composed.left_out)
    return f" but {left_out}, which the log covers" if left_out else ""


def _several(messages: Sequence[bytes], place: str, length: str | None) -> Meaning:
    many = len(messages) > 1
    return [
        found
        for number, data in enumerate(messages, 1)
        for found in _framed(data, f"{place} #{number}".strip() if many else place, length)
    ]


def _in_lines(lines: Sequence[bytes], place: str, length: str | None) -> Meaning:
    return [
        msgspec.structs.replace(found, place=f"{place}, line {number}".lstrip(", "))
        for number, line in enumerate(lines, 1)
        for found in _framed(line, "", length)
    ]


def _decoded(text: str) -> bytes | None:
    bare = _SPACE.sub("", _PREFIX.sub("", text))
    try:
        return bytes.fromhex(bare) or None
    except ValueError:
        pass
    bare = "".join(text.split()).rstrip("=").translate(_URL_SAFE)
    if len(bare) < _BASE64_MIN:
        return None
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True) or None
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
