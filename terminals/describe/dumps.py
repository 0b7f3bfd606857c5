"""Bytes out of dumps as people paste them: xxd, hexdump, od, tcpdump, Wireshark, jPOS.

A line is an offset, the bytes in columns, and perhaps the same bytes as characters. The offsets say
how many bytes a line has, so that characters which look like hexadecimal are never taken for
bytes; of the last line, whose end nobody says, the characters are held against the bytes. Offsets
may be hexadecimal, octal or decimal; columns single bytes, words, or words of a little-endian
machine (`hexdump` and `od` without options): all that fit are given, for the reader to choose.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

_LINE: Final = re.compile(r"\s*[\[(<]?(?:0[xX])?([0-9A-Fa-f]{2,16})([:|\])>]{0,2})(?:[ \t]+(.*))?$")
_OFFSET_DIGITS_MIN: Final = 4
"""Of an offset that has no colon behind it."""
_LINE_BYTES_MAX: Final = 256
_RADIXES: Final = (16, 8, 10)
_TOKEN: Final = re.compile(r"[\s|-]*([0-9A-Fa-f]+)(?=[\s|]|-|$)")
_FRAME: Final = "|<>* \t"
"""What stands around the characters."""
_GAPS: Final = ("  ", "\t", " |", "|")
"""What stands between the columns and the characters."""
_SQUEEZED: Final = "*"
"""Lines like the one before were left out."""


class _Line(msgspec.Struct, frozen=True):
    offset: str
    rest: str
    is_squeezed: bool = False
    """Lines were left out behind it."""


Column = Callable[[str], bytes | None]


def _hexadecimal(token: str) -> bytes | None:
    return bytes.fromhex(token) if len(token) % 2 == 0 else None


def _swapped(token: str) -> bytes | None:
    return bytes.fromhex(token)[::-1] if len(token) in {4, 8} else None


def _octal_bytes(token: str) -> bytes | None:
    is_octal = len(token) == 3 and not token.strip("01234567") and int(token, 8) < 256
    return bytes((int(token, 8),)) if is_octal else None


def _octal_words(token: str) -> bytes | None:
    is_octal = len(token) == 6 and not token.strip("01234567") and int(token, 8) < 65536
    return int(token, 8).to_bytes(2, "little") if is_octal else None


def _bits(token: str) -> bytes | None:
    is_binary = len(token) == 8 and not token.strip("01")
    return bytes((int(token, 2),)) if is_binary else None


_COLUMNS: Final[tuple[Column, ...]] = (
    _hexadecimal,
    _swapped,
    _octal_bytes,
    _octal_words,
    _bits,
)


def dumps_in(text: str) -> list[list[bytes]]:
    """The dumps of a text, in each way in which all of them can be read; none, if it has none."""
    groups = list(_groups(text.splitlines()))
    if not groups:
        bare = _without_offsets(text.splitlines())
        return [[bare]] if bare else []
    ways = (
        [_bytes_of(group, radix, column) for group in groups]
        for radix in _RADIXES
        for column in _COLUMNS
    )
    found: list[list[bytes]] = []
    for way in ways:
        whole = [data for data in way if data]
        if len(whole) == len(groups) and whole not in found:
            found.append(whole)
    return found


def _without_offsets(lines: Sequence[str]) -> bytes:
    """What a dump holds that has characters on every line, and no offset on any."""
    data = b""
    for line in lines:
        if not line.strip():
            continue
        ends = reversed(list(_from_the_left(line, _hexadecimal)))
        one = next((each for each, at in ends if _is_of(line[at:], each)), None)
        if one is None:
            return b""
        data += one
    return data


def _groups(lines: Sequence[str]) -> Iterator[list[_Line]]:
    """The lines of each dump, which begins at an offset of zero; lines that are none are left."""
    group: list[_Line] = []
    for line in lines:
        if line.strip() == _SQUEEZED and group:
            group[-1] = msgspec.structs.replace(group[-1], is_squeezed=True)
        read = _LINE.match(line)
        if read is None or not (read[2] or len(read[1]) >= _OFFSET_DIGITS_MIN):
            continue
        if group and not read[1].strip("0"):
            yield group
            group = []
        group.append(_Line(read[1], read[3] or ""))
    if group:
        yield group


def _bytes_of(group: Sequence[_Line], radix: int, column: Column) -> bytes | None:
    """What a dump holds, where its offsets agree with its lines."""
    try:
        offsets = [int(line.offset, radix) for line in group]
    except ValueError:
        return None
    if offsets[0] and len(group) == 1:
        return None
    data, width = b"", 0
    for line, start, end in zip(group, offsets, [*offsets[1:], -1], strict=True):
        if start != offsets[0] + len(data):
            return None
        whole = _last(line.rest, column, width) if end < 0 else None
        if end >= 0:
            many = width if line.is_squeezed and width else end - start
            whole = _exactly(line.rest, column, many)
        if whole is None:
            return None
        width = width or len(whole)
        data += whole
        if line.is_squeezed and end >= 0:
            data += _repeated(whole, end - start - len(whole))
    return data


def _repeated(line: bytes, size: int) -> bytes:
    return (line * (size // len(line) + 1))[:size] if line and size > 0 else b""


def _exactly(rest: str, column: Column, many: int) -> bytes | None:
    """So many bytes from the left; the last word may have a byte of filling."""
    if not 0 < many <= _LINE_BYTES_MAX:
        return None
    for data, _ in _from_the_left(rest, column):
        if len(data) >= many:
            return data[:many] if len(data) - many <= (column in {_swapped, _octal_words}) else None
    return None


def _last(rest: str, column: Column, width: int) -> bytes | None:
    """As many bytes as the characters behind them bear out, or as there are."""
    if not rest.strip():
        return b""
    most = width or _LINE_BYTES_MAX
    taken = [each for each in _from_the_left(rest, column) if len(each[0]) <= most]
    for data, end in reversed(taken):
        if rest[end:].startswith(_GAPS) and _is_of(rest[end:], data):
            return data
    for data, end in taken:
        if rest[end:].startswith(_GAPS) and _TOKEN.match(rest, end) is None:
            return data
    return taken[-1][0] if taken else None


def _from_the_left(rest: str, column: Column) -> Iterator[tuple[bytes, int]]:
    """The bytes up to the end of each column, and where that is."""
    data, end = b"", 0
    while (token := _TOKEN.match(rest, end)) is not None:
        more = column(token[1])
        if more is None:
            return
        data, end = data + more, token.end()
        yield data, end


def _is_of(behind: str, data: bytes) -> bool:
    """Whether these bytes stand behind the columns as characters."""
    return any(
        _agrees(behind[first : first + len(data)].ljust(len(data)), data)
        and not behind[:first].strip(_FRAME)
        and not behind[first + len(data) :].strip(_FRAME)
        for first in range(len(behind))
    )


def _agrees(text: str, data: bytes) -> bool:
    return all(
        char == chr(byte) or not (0x21 <= byte < 0x7F)
        for char, byte in zip(text, data, strict=True)
    )
