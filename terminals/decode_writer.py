"""Writes the source of a decode function, field by field."""

import dataclasses
from typing import Final

from terminals.fast_forms import LENGTHS, Head, character_checks, counts_nibbles, joined
from terminals.formats import FieldSpec

_NOT_BCD: Final = 1_000_000
BCD: Final = tuple(
    high * 10 + low if high < 10 and low < 10 else _NOT_BCD
    for high in range(16)
    for low in range(16)
)
"""What a BCD byte says; what is no BCD is longer than any field may be."""
SIZES: Final = {text: size for _, texts in LENGTHS.values() for size, text in enumerate(texts)}
"""What length digits say; texts of two, three and four digits."""


@dataclasses.dataclass(slots=True)
class DecodeWriter:
    """Writes a decode function for messages of characters.

    `offset` counts bytes from the start of the body, or from the generated function's own `o`
    once a variable field has been passed.
    """

    head: Head
    code: list[str] = dataclasses.field(default_factory=lambda: ['s = b.decode("latin-1")'])
    items: list[str] = dataclasses.field(default_factory=list)
    digits: list[str] = dataclasses.field(default_factory=list)
    characters: list[str] = dataclasses.field(default_factory=list)
    hexadecimals: list[str] = dataclasses.field(default_factory=list)
    offset: int = 0
    is_moved: bool = False

    def bitmaps(self, count: int) -> None:
        """Write what reads the message type and so many bitmaps."""
        self.code.append("t = s[0:4]")
        self.items.append('"t": t')
        self.digits.append("t")
        self.characters.append("t")
        self.offset = self.head.type_bytes
        for name in ("p", "1")[:count]:
            start, end = self.offset, self.offset + self.head.bitmap_bytes
            is_binary = self.head.bitmap_bytes == 8
            cut = f"b[{start}:{end}].hex().upper()" if is_binary else f"s[{start}:{end}]"
            self.items.append(f'"{name}": {cut}')
            self.offset = end

    def field(self, name: str, field: FieldSpec) -> None:
        """Write what reads one field."""
        value = f"f{name}"
        if field["len_type"]:
            self._variable(value, field)
        else:
            self._fixed(value, field)
        self.items.append(f'"{name}": {value}')
        if field.get("digits"):
            self.digits.append(value)
        if field["data_enc"] == "ascii":
            self.characters.append(value)
        if field.get("hexadecimal"):
            self.hexadecimals.append(value)

    def lines(self) -> list[str]:
        """The whole body of the function."""
        code = [*self.code, f"if {self._at('o', 0)} != len(b): return None"]
        code.append(f"if not {joined(self.digits)}.isdigit(): return None")
        code += character_checks(self.characters)
        if self.hexadecimals:
            code.append(f"unhex({joined(self.hexadecimals)})")
        code.append("return {" + ", ".join(self.items) + "}")
        return code

    def _fixed(self, value: str, field: FieldSpec) -> None:
        size = field["max_len"]
        self._bytes(value, field, self._at("o", size))
        self.offset += size

    def _variable(self, value: str, field: FieldSpec) -> None:
        start = self._at("o", 0)
        self.code.append(f"n = SIZES[s[{start}:{self._at('o', field['len_type'])}]]")
        self._limit(field)
        if field.get("hexadecimal"):
            self.code.append("if n & 1: return None")
        self._bytes(value, field, f"{self._at('o', 0)} + n")
        self._move("n")

    def _limit(self, field: FieldSpec) -> None:
        self.code.append(f"if n > {field['max_len']}: return None")
        self.offset += field["len_type"]

    def _bytes(self, value: str, field: FieldSpec, end: str) -> None:
        cut = f"[{self._at('o', 0)}:{end}]"
        if field["data_enc"] == "b":
            self.code.append(f"{value} = b{cut}.hex().upper()")
            return
        self.code.append(f"{value} = s{cut}")
        if field["data_enc"] != "ascii":
            self.code.append(
                f'if not {value}.isascii(): {value} = b{cut}.decode("{field["data_enc"]}")'
            )

    def _move(self, size: str) -> None:
        self.code.append(f"o = {self._at('o', 0)} + {size}")
        self.offset = 0
        self.is_moved = True

    def _at(self, unit: str, more: int) -> str:
        """A place `more` units on: bytes from `o`, or nibbles from `h`."""
        place = (self.offset if unit == "o" else 2 * self.offset) + more
        if not self.is_moved:
            return str(place)
        return f"{unit} + {place}" if place else unit


class PackedDecodeWriter(DecodeWriter):
    """Writes a decode function for messages whose digits are packed, two a byte."""

    __slots__ = ()

    def bitmaps(self, count: int) -> None:
        """Write what reads the head; a packed one has one bitmap."""
        assert count == 1
        self.code.insert(0, "x = b.hex().upper()")
        self.items += ['"t": x[0:4]', '"p": x[4:20]']
        self.digits.append("x[0:4]")
        self.offset = self.head.type_bytes + self.head.bitmap_bytes

    def _fixed(self, value: str, field: FieldSpec) -> None:
        size = field["max_len"]
        if counts_nibbles(field):
            self._fixed_nibbles(value, field)
            self.offset += (size + 1) // 2
            return
        self._bytes(value, field, self._at("o", size), self._at("h", 2 * size))
        self.offset += size

    def _fixed_nibbles(self, value: str, field: FieldSpec) -> None:
        size = field["max_len"]
        left = size % 2 if "left_pad" in field else 0
        self.code.append(f"{value} = x[{self._at('h', left)}:{self._at('h', left + size)}]")
        if size % 2:
            pad = field["left_pad"] if left else field["right_pad"]
            at = self._at("h", 0 if left else size)
            self.code.append(f'if x[{at}] != "{pad}": return None')

    def _variable(self, value: str, field: FieldSpec) -> None:
        parts = [f"BCD[b[{self._at('o', place)}]]" for place in range(field["len_type"])]
        self.code.append(f"n = {' * 100 + '.join(parts)}")
        self._limit(field)
        at = self._at("h", 0)
        if counts_nibbles(field):
            pads = field["right_pad"] + field.get("pad_also", "")
            self.code.append(f"{value} = x[{at}:{at} + n]")
            self.code.append(f'if n & 1 and x[{at} + n] not in "{pads}": return None')
            self._move("(n + 1 >> 1)")
            return
        self._bytes(value, field, f"{self._at('o', 0)} + n", f"{at} + n + n")
        self._move("n")

    def _bytes(self, value: str, field: FieldSpec, end: str, nibbles_end: str = "") -> None:
        if field["data_enc"] == "b":
            self.code.append(f"{value} = x[{self._at('h', 0)}:{nibbles_end}]")
            return
        super()._bytes(value, field, end)

    def _move(self, size: str) -> None:
        super()._move(size)
        self.code.append("h = o + o")
