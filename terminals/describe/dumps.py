"""Bytes out of dumps as people paste them: xxd, hexdump, od, tcpdump, Wireshark, jPOS.

A line is an offset, the bytes in columns, and perhaps the same bytes as characters. The offsets say
how many bytes a line has, so that characters which look like hexadecimal are never taken for
bytes; of the last line, whose end nobody says, the characters are held against the bytes. Offsets
may be hexadecimal, octal or decimal; columns single bytes, words, words of a little-endian
machine (`hexdump` and `od` without options), numbers or characters (`od -c`): all that fit are
given, for the reader to choose.
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
_DECIMAL: Final = re.compile(r"\s*(-?[0-9]{1,5})(?=\s|$)")
_CELL: Final = 4
"""Columns of a byte that is shown as a character."""
_NAMED: Final = {
    "\\0": 0, "\\a": 7, "\\b": 8, "\\t": 9, "\\n": 10, "\\v": 11, "\\f": 12, "\\r": 13
}  # fmt: skip
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
Read = Callable[[str], Iterator[tuple[bytes, int]]]
"""The bytes of a line up to the end of each column, and where that is."""


class _Way(msgspec.Struct, frozen=True):
    """How columns are read."""

    read: Read
    filling_max: int = 0
    """Bytes that the last word of a dump may have too many."""
    has_characters: bool = True
    """Whether the same bytes may stand behind the columns as characters."""


def _hexadecimal(token: str) -> bytes | None:
    return bytes.fromhex(token) if len(token) % 2 == 0 else None


def _swapped(token: str) -> bytes | None:
    return bytes.fromhex(token)[::-1] if len(token) in range(2, 17, 2) else None


def _octal_bytes(token: str) -> bytes | None:
    is_octal = len(token) == 3 and not token.strip("01234567") and int(token, 8) < 256
    return bytes((int(token, 8),)) if is_octal else None


def _octal_words(token: str) -> bytes | None:
    is_octal = len(token) == 6 and not token.strip("01234567") and int(token, 8) < 65536
    return int(token, 8).to_bytes(2, "little") if is_octal else None


def _bits(token: str) -> bytes | None:
    is_binary = len(token) == 8 and not token.strip("01")
    return bytes((int(token, 2),)) if is_binary else None


def _number_of(size: int) -> Column:
    """Numbers with or without a sign, of bytes or of little-endian words."""

    def column(token: str) -> bytes | None:
        number, modulus = int(token), 1 << 8 * size
        if not -modulus // 2 <= number < modulus or token in {"00", "000"}:
            return None
        return (number % modulus).to_bytes(size, "little")

    return column


def _tokens(column: Column, token: re.Pattern[str] = _TOKEN) -> Read:
    def read(rest: str) -> Iterator[tuple[bytes, int]]:
        data, end = b"", 0
        while (found := token.match(rest, end)) is not None:
            more = column(found[1])
            if more is None:
                return
            data, end = data + more, found.end()
            yield data, end

    return read


def _cells(rest: str) -> Iterator[tuple[bytes, int]]:
    """Characters, each at the right of three places behind a space; others by name or in octal."""
    data = b""
    for at in range(0, len(rest), _CELL):
        byte = _in_cell(rest[at : at + _CELL].ljust(_CELL))
        if byte is None:
            return
        data += bytes((byte,))
        yield data, at + _CELL


def _in_cell(cell: str) -> int | None:
    space, text = cell[0], cell[1:]
    if space != " " or not text.isascii():
        return None
    if not text[:2].strip():
        return ord(text[2])
    octal = _octal_bytes(text)
    return octal[0] if octal is not None else _NAMED.get(text.strip())


_WAYS: Final = (
    _Way(_tokens(_hexadecimal)),
    _Way(_tokens(_swapped), filling_max=7),
    _Way(_tokens(_octal_bytes)),
    _Way(_tokens(_octal_words), filling_max=1),
    _Way(_tokens(_bits)),
    _Way(_cells, has_characters=False),
    _Way(_tokens(_number_of(1), _DECIMAL), has_characters=False),
    _Way(_tokens(_number_of(2), _DECIMAL), filling_max=1, has_characters=False),
)


def dumps_in(text: str) -> list[list[bytes]]:
    """The dumps of a text, in each way in which all of them can be read; none, if it has none."""
    groups = list(_groups(text.splitlines()))
    if not groups:
        bare = _without_offsets(text.splitlines())
        return [[bare]] if bare else []
    ways = (
        [_bytes_of(group, radix, way) for group in groups] for radix in _RADIXES for way in _WAYS
    )
    found: list[list[bytes]] = []
    for read in ways:
        whole = [data for data in read if data]
        if len(whole) == len(groups) and whole not in found:
            found.append(whole)
    return found


def _without_offsets(lines: Sequence[str]) -> bytes:
    """What a dump holds that has characters on every line, and no offset on any."""
    data = b""
    for line in lines:
        if not line.strip():
            continue
        ends = reversed(list(_tokens(_hexadecimal)(line)))
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
        group.append(_Line(read[1], line[read.end(2) :]))
    if group:
        yield group


def _bytes_of(group: Sequence[_Line], radix: int, way: _Way) -> bytes | None:
    """What a dump holds, where its offsets agree with its lines."""
    try:
        offsets = [int(line.offset, radix) for line in group]
    except ValueError:
        return None
    if offsets[0] and (len(group) == 1 or not way.has_characters):
        return None
    data, width = b"", 0
    for line, start, end in zip(group, offsets, [*offsets[1:], -1], strict=True):
        if start != offsets[0] + len(data):
            return None
        whole = _last(line.rest, way, width) if end < 0 else None
        if end >= 0:
            many = width if line.is_squeezed and width else end - start
            whole = _exactly(line.rest, way, many)
        if whole is None:
            return None
        width = width or len(whole)
        data += whole
        if line.is_squeezed and end >= 0:
            data += _repeated(whole, end - start - len(whole))
    return data


def _repeated(line: bytes, size: int) -> bytes:
    return (line * (size // len(line) + 1))[:size] if line and size > 0 else b""


def _exactly(rest: str, way: _Way, many: int) -> bytes | None:
    """So many bytes from the left; the last word may have filling."""
    if not 0 < many <= _LINE_BYTES_MAX:
        return None
    for data, _ in way.read(rest.ljust(_CELL * many)):
        if len(data) >= many:
            return data[:many] if len(data) - many <= way.filling_max else None
    return None


def _last(rest: str, way: _Way, width: int) -> bytes | None:
    """As many bytes as the characters behind them bear out, or as there are."""
    if not rest.strip():
        return b""
    most = width or _LINE_BYTES_MAX
    taken = [each for each in way.read(rest) if len(each[0]) <= most]
    if not way.has_characters:
        return taken[-1][0] if taken else None
    for data, end in reversed(taken):
        if rest[end:].startswith(_GAPS) and _is_of(rest[end:], data):
            return data
    for data, end in taken:
        if rest[end:].startswith(_GAPS) and _TOKEN.match(rest, end) is None:
            return data
    return taken[-1][0] if taken else None


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
