"""Bytes out of arrays: `{2, 0, 48}`, `[0x02, '0']`, `(byte) 128`, signed ones of Java, bare lists.

An item that says its base is what it says. One that does not may be decimal, hexadecimal without a
mark, or octal as C has it behind a zero: every reading that all items of the text take is given,
the likeliest first, each with what was taken for granted; whoever reads them knows by what reads.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

ITEMS_MIN: Final = 8
"""Fewer in brackets are a size, an index or the arguments of a call."""
SIGNED_MIN: Final = -128
_PAIRS: Final = {"[": "]", "{": "}", "(": ")", "<": ">"}
_ITEM: Final = re.compile(
    r"\s*(?:\(\s*[A-Za-z_][\w ]*\)\s*)?"
    r"(?:(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9A-Fa-f]{1,2})|0[bB](?P<bits>[01]{1,8})"
    r"|0[oO](?P<octal>[0-7]{1,3})|(?P<marked>[0-9A-Fa-f]{2})[hH]|(?P<bare>0[0-7]{3}|[0-9A-Fa-f]{1,3}))"
    r"(?:u8|i8|[uU]?[lL]{0,2}|[uU]?[yY])(?![\w.])(?: '(?:\\[0-7]{1,3}|\\?.)')?"
    r"|'(?P<char>\\x[0-9A-Fa-f]{2}|\\[0-7]{1,3}|\\?.)')"
)
"""gdb has the character of a number behind it."""
_BETWEEN: Final = re.compile(r"\s*[,;]\s*|\s+")
_BEFORE: Final = re.compile(
    r"^[ \t]*(?:(?:\.byte|\.?d[bB]|\.?DB|dc\.b|-)[ \t]+|\[?\d+\]?[ \t]*[=:][ \t]*"
    r"|0[xX][0-9A-Fa-f]+(?:[ \t]*<[^>\n]*>)?:[ \t]*)",
    re.MULTILINE,
)
"""In front of a line: what an assembler writes, a dash, an index, or an address of gdb."""
_TEMPLATE: Final = re.compile(r"\bpack\(\s*['\"][^'\"\n]*['\"]\s*,")
_QUOTED: Final = re.compile(r"\"(-?\d{1,3})\"")
_NAME: Final = re.compile(r"[^=:\n]*[=:]")
"""Of what a list without brackets is the value."""
_NAMED: Final = {"n": 10, "r": 13, "t": 9, "a": 7, "b": 8, "f": 12, "v": 11}

DECIMAL: Final = "its items read as decimal numbers"
HEXADECIMAL: Final = "its items read as hexadecimal"
OCTAL: Final = "its items behind a zero read as octal"


class Way(msgspec.Struct, frozen=True):
    """One reading of all arrays of a text."""

    arrays: tuple[bytes, ...]
    taken: str
    """What was taken for granted; empty where nothing had to be."""

    def __repr__(self) -> str:
        return f"<{len(self.arrays)} arrays>"


class _Item(msgspec.Struct, frozen=True):
    """A number whose base is said, or digits of which it is not."""

    number: int | None
    digits: str = ""
    sign: int = 0
    """1 or -1, where it has one."""


def arrays_in(text: str) -> list[Way]:
    """Every way in which all arrays of a text can be read; none, where it has no array."""
    text = _QUOTED.sub(r"\1", _TEMPLATE.sub("(", text))
    arrays = list(_bracketed(text)) or list(_whole(text))
    ways: list[Way] = []
    for read, taken in _readings(arrays) if arrays else ():
        whole = [_bytes_of(items, read) for items in arrays]
        found = tuple(each for each in whole if each)
        if len(found) == len(arrays) and found not in [way.arrays for way in ways]:
            ways.append(Way(found, taken))
    return ways if len(ways) > 1 else [Way(way.arrays, "") for way in ways]


def _bracketed(text: str) -> Iterator[list[_Item]]:
    position = 0
    while position < len(text):
        closing = _PAIRS.get(text[position])
        position += 1
        if closing is None:
            continue
        items, end = _items(text, position)
        if len(items) >= ITEMS_MIN and text[end:].lstrip().startswith(closing):
            yield items
            position = end


def _whole(text: str) -> Iterator[list[_Item]]:
    """A text that is nothing but items, with what may stand before a line or before them all."""
    name = _NAME.match(text)
    for start in (0, name.end()) if name is not None else (0,):
        bare = _BEFORE.sub("", text[start:])
        items, end = _items(bare, 0)
        if len(items) >= ITEMS_MIN and not bare[end:].strip(" \t\r\n,;"):
            yield items
            return


def _items(text: str, start: int) -> tuple[list[_Item], int]:
    """The items from a place on, and where they end; a comma may stand behind the last."""
    items: list[_Item] = []
    end = start
    while (match := _ITEM.match(text, end)) is not None:
        items.append(_item(match))
        end = match.end()
        between = _BETWEEN.match(text, end)
        if between is None:
            break
        end = between.end()
    return items, end


def _item(match: re.Match[str]) -> _Item:
    if match["char"] is not None:
        return _Item(_character(match["char"]))
    sign = {"": 0, "+": 1, "-": -1}[match["sign"]]
    if match["bare"] is not None:
        return _Item(None, match["bare"], sign)
    for name, base in (("hex", 16), ("marked", 16), ("bits", 2), ("octal", 8)):
        if match[name] is not None:
            return _Item((sign or 1) * int(match[name], base))
    raise AssertionError("an item is one of these")


def _character(text: str) -> int:
    if not text.startswith("\\") or len(text) == 1:
        return ord(text)
    if text[1] == "x":
        return bytes.fromhex(text[2:])[0]
    return int(text[1:], 8) if text[1].isdigit() else _NAMED.get(text[1], ord(text[1]))


Read = Callable[[_Item], int | None]


def _readings(arrays: Sequence[Sequence[_Item]]) -> Iterator[tuple[Read, str]]:
    """Two characters each are how a dump is written, others how a program prints its numbers."""
    digits = [item.digits for items in arrays for item in items if item.digits]
    ways: list[tuple[Read, str]] = [(_decimal, DECIMAL), (_hexadecimal, HEXADECIMAL)]
    if all(len(each) == 2 for each in digits):
        ways.reverse()
    yield from ways
    if any(each.startswith("0") and len(each) > 1 for each in digits):
        yield _octal, OCTAL


def _decimal(item: _Item) -> int | None:
    return (item.sign or 1) * int(item.digits) if item.digits.isdecimal() else None


def _hexadecimal(item: _Item) -> int | None:
    is_byte = len(item.digits) <= 2 and not item.sign
    return int(item.digits, 16) if is_byte else None


def _octal(item: _Item) -> int | None:
    if not item.digits.startswith("0"):
        return _decimal(item)
    return None if item.digits.strip("01234567") else int(item.digits, 8)


def _bytes_of(items: Sequence[_Item], read: Read) -> bytes | None:
    """The bytes of all items, of which those below zero are signed; None: one is no byte."""
    numbers: list[int] = []
    for item in items:
        number = item.number if item.number is not None else read(item)
        if number is None or not SIGNED_MIN <= number <= 0xFF:
            return None
        numbers.append(number & 0xFF)
    return bytes(numbers)
