"""Straight-line decode and encode functions, made once from a specification.

For one set of fields everything about a message is known but the lengths of its variable
fields. So for each bitmap that occurs a function is written and compiled in which every fixed
offset is a number. It knows the common case only: whatever is unusual (a length too long, a
pad of the wrong value, a character out of place, bytes missing or left over) makes it return
None, and the caller then asks pyiso8583, whose answer wins. So these functions may refuse too
much, never accept too much; the tests hold them equal to the library on valid and broken
input alike.

Two views of a body are cut by the generated code: `x`, its upper-case hexadecimal text, for
digits and bytes, and `s`, its Latin-1 text, for characters.
"""

import binascii
import dataclasses
from collections.abc import Callable
from typing import Any, Final

from terminals.formats import FieldSpec, Spec

Fields = dict[str, str]
FastDecode = Callable[[bytes], Fields | None]
FastEncode = Callable[[Fields], bytes | None]

_NOT_BCD: Final = 1_000_000
_BCD: Final = tuple(
    high * 10 + low if high < 10 and low < 10 else _NOT_BCD
    for high in range(16)
    for low in range(16)
)
"""What a BCD byte says; what is no BCD is longer than any field may be."""
_LENGTHS: Final = {
    1: tuple(f"{size:02d}" for size in range(100)),
    2: tuple(f"{size:04d}" for size in range(1000)),
}
_UNUSUAL: Final = (IndexError, KeyError, TypeError, AttributeError, ValueError)
"""What generated code may raise on unusual input; ValueError covers codecs and binascii."""


def decoder(spec: Spec, numbers: list[int]) -> FastDecode | None:
    """The decode function of messages with exactly these fields, None when it has no fast form."""
    if not _all_have_a_fast_form(spec, numbers):
        return None
    writer = _DecodeWriter()
    for number in numbers:
        writer.field(str(number), spec[str(number)])
    function: FastDecode = _function("decode", "b", writer.lines())
    return function


def encoder(spec: Spec, names: tuple[str, ...]) -> FastEncode | None:
    """The encode function of values with exactly these keys, None when it has no fast form."""
    numbers = sorted(int(name) for name in names if name not in {"t", "p"})
    if "t" not in names or not _all_have_a_fast_form(spec, numbers):
        return None
    writer = _EncodeWriter(bitmap_of(numbers))
    for number in numbers:
        writer.field(str(number), spec[str(number)])
    function: FastEncode = _function("encode", "f", writer.lines())
    return function


def bitmap_of(numbers: list[int]) -> int:
    """The primary bitmap, as a number, with these bits set; bit 1 is the highest."""
    return sum(1 << (64 - number) for number in numbers)


def numbers_of(bitmap: int) -> list[int]:
    """Which fields a primary bitmap announces, in order."""
    return [number for number in range(1, 65) if bitmap >> (64 - number) & 1]


def _all_have_a_fast_form(spec: Spec, numbers: list[int]) -> bool:
    return all(2 <= number <= 64 and _has_a_fast_form(spec[str(number)]) for number in numbers)


def _has_a_fast_form(field: FieldSpec) -> bool:
    if field["len_type"] and (field["len_enc"] != "bcd" or field["len_type"] not in _LENGTHS):
        return False
    if not _counts_nibbles(field):
        return True
    if field["data_enc"] != "b":
        return False
    if field["len_type"]:
        return "right_pad" in field and "left_pad" not in field
    return field["max_len"] % 2 == 0 or ("left_pad" in field) != ("right_pad" in field)


def _counts_nibbles(field: FieldSpec) -> bool:
    return field.get("len_count") == "nibbles"


def _function(name: str, argument: str, lines: list[str]) -> Any:
    body = "\n".join(f"        {line}" for line in lines)
    source = (
        f"def {name}({argument}):\n    try:\n{body}\n    except UNUSUAL:\n        return None\n"
    )
    scope: dict[str, Any] = {
        "BCD": _BCD,
        "LENGTH1": _LENGTHS[1],
        "LENGTH2": _LENGTHS[2],
        "UNUSUAL": _UNUSUAL,
        "unhex": binascii.a2b_hex,
    }
    # The source is made of numbers and codec names of our own specification, never of input.
    exec(compile(source, f"<{name} made from a specification>", "exec"), scope)  # noqa: S102
    return scope[name]


@dataclasses.dataclass(slots=True)
class _DecodeWriter:
    """Writes a decode function.

    `offset` counts bytes from the start of the body, or from the generated function's own `o`
    once a variable field has been passed.
    """

    code: list[str] = dataclasses.field(default_factory=list)
    items: list[str] = dataclasses.field(default_factory=list)
    digits: list[str] = dataclasses.field(default_factory=lambda: ["x[0:4]"])
    characters: list[str] = dataclasses.field(default_factory=list)
    offset: int = 10
    is_moved: bool = False

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

    def lines(self) -> list[str]:
        """The whole body of the function."""
        code = ["x = b.hex().upper()", 's = b.decode("latin-1")', *self.code]
        code.append(f"if {self._at('o', 0)} != len(b): return None")
        code.append(f"if not ({' + '.join(self.digits)}).isdigit(): return None")
        if self.characters:
            code.append(f"c = {' + '.join(self.characters)}")
            code.append("if not (c.isascii() and c.isprintable()): return None")
        code.append('return {"t": x[0:4], "p": x[4:20], ' + ", ".join(self.items) + "}")
        return code

    def _fixed(self, value: str, field: FieldSpec) -> None:
        size = field["max_len"]
        if _counts_nibbles(field):
            self._fixed_nibbles(value, field)
            self.offset += (size + 1) // 2
            return
        if field["data_enc"] == "b":
            self.code.append(f"{value} = x[{self._at('h', 0)}:{self._at('h', 2 * size)}]")
        else:
            self._characters(value, field, self._at("o", size))
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
        self._length(field)
        if _counts_nibbles(field):
            at = self._at("h", 0)
            pads = field["right_pad"] + field.get("pad_also", "")
            self.code.append(f"{value} = x[{at}:{at} + n]")
            self.code.append(f'if n & 1 and x[{at} + n] not in "{pads}": return None')
            self._move("(n + 1 >> 1)")
            return
        if field["data_enc"] == "b":
            at = self._at("h", 0)
            self.code.append(f"{value} = x[{at}:{at} + n + n]")
        else:
            self._characters(value, field, f"{self._at('o', 0)} + n")
        self._move("n")

    def _length(self, field: FieldSpec) -> None:
        parts = [f"BCD[b[{self._at('o', place)}]]" for place in range(field["len_type"])]
        self.code.append(f"n = {' * 100 + '.join(parts)}")
        self.code.append(f"if n > {field['max_len']}: return None")
        self.offset += field["len_type"]

    def _characters(self, value: str, field: FieldSpec, end: str) -> None:
        cut = f"[{self._at('o', 0)}:{end}]"
        self.code.append(f"{value} = s{cut}")
        if field["data_enc"] != "ascii":
            self.code.append(
                f'if not {value}.isascii(): {value} = b{cut}.decode("{field["data_enc"]}")'
            )

    def _move(self, size: str) -> None:
        self.code.append(f"o = {self._at('o', 0)} + {size}")
        self.code.append("h = o + o")
        self.offset = 0
        self.is_moved = True

    def _at(self, unit: str, more: int) -> str:
        """A place `more` units on: bytes from `o`, or nibbles from `h`."""
        place = (self.offset if unit == "o" else 2 * self.offset) + more
        if not self.is_moved:
            return str(place)
        return f"{unit} + {place}" if place else unit


@dataclasses.dataclass(slots=True)
class _EncodeWriter:
    """Writes an encode function: runs of hexadecimal text and of characters, then one join."""

    bitmap: int
    code: list[str] = dataclasses.field(default_factory=list)
    digits: list[str] = dataclasses.field(default_factory=lambda: ["t"])
    characters: list[str] = dataclasses.field(default_factory=list)
    runs: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.code += ['t = f["t"]', "if len(t) != 4: return None"]
        self._put("hex", "t", f'"{self.bitmap:016X}"')

    def field(self, name: str, field: FieldSpec) -> None:
        """Write what writes one field."""
        value = f"f{name}"
        self.code.append(f'{value} = f["{name}"]')
        if field["data_enc"] == "b":
            self._hex(value, field)
        else:
            self._characters(value, field)
        if field.get("digits"):
            self.digits.append(value)

    def lines(self) -> list[str]:
        """The whole body of the function."""
        code = [*self.code, f"if not ({' + '.join(self.digits)}).isdigit(): return None"]
        if self.characters:
            code.append(f"c = {' + '.join(self.characters)}")
            code.append("if not (c.isascii() and c.isprintable()): return None")
        parts = [self._run(unit, values) for unit, values in self.runs]
        code.append(f"return {' + '.join(parts)}")
        return code

    def _hex(self, value: str, field: FieldSpec) -> None:
        per_unit = 1 if _counts_nibbles(field) else 2
        if not field["len_type"]:
            self.code.append(f"if len({value}) != {field['max_len'] * per_unit}: return None")
            self._put("hex", *self._padded(value, field))
            return
        self.code.append(f"n{value} = len({value})")
        if per_unit == 1:
            pad = f'("{field["right_pad"]}" if n{value} & 1 else "")'
            self._put("hex", self._length(value, field), value, pad)
        else:
            self.code.append(f"if n{value} & 1: return None")
            self.code.append(f"n{value} >>= 1")
            self._put("hex", self._length(value, field), value)

    def _characters(self, value: str, field: FieldSpec) -> None:
        if field["data_enc"] == "ascii" and not field["len_type"]:
            self.code.append(f"if len({value}) != {field['max_len']}: return None")
            self.characters.append(value)
            self._put("ascii", value)
            return
        self.code.append(f'e{value} = {value}.encode("{field["data_enc"]}")')
        self.code.append(f"n{value} = len(e{value})")
        if field["len_type"]:
            self._put("hex", self._length(value, field))
        else:
            self.code.append(f"if n{value} != {field['max_len']}: return None")
        if field["data_enc"] == "ascii":
            self.characters.append(value)
        self._put("bytes", f"e{value}")

    def _length(self, value: str, field: FieldSpec) -> str:
        self.code.append(f"if n{value} > {field['max_len']}: return None")
        return f"LENGTH{field['len_type']}[n{value}]"

    def _padded(self, value: str, field: FieldSpec) -> tuple[str, ...]:
        if not (_counts_nibbles(field) and field["max_len"] % 2):
            return (value,)
        if "left_pad" in field:
            return (f'"{field["left_pad"]}"', value)
        return (value, f'"{field["right_pad"]}"')

    def _put(self, unit: str, *values: str) -> None:
        if self.runs and self.runs[-1][0] == unit:
            self.runs[-1][1].extend(values)
        else:
            self.runs.append((unit, list(values)))

    def _run(self, unit: str, values: list[str]) -> str:
        joined = " + ".join(values)
        if unit == "hex":
            return f"unhex({joined})"
        return f'({joined}).encode("ascii")' if unit == "ascii" else joined
