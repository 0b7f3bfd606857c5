"""Straight-line decode and encode functions, made once from a specification.

For one set of fields everything about a message is known but the lengths of its variable
fields. So for each bitmap that occurs a function is written and compiled in which every fixed
offset is a number. It knows the common case only: whatever is unusual (a length too long, a
pad of the wrong value, a character out of place, bytes missing or left over) makes it return
None, and the caller then asks pyiso8583, whose answer wins. So these functions may refuse too
much, never accept too much; the tests hold them equal to the library on valid and broken
input alike.

Two views of a body are cut by the generated code: `s`, its Latin-1 text, for characters, and
where digits are packed `x`, its upper-case hexadecimal text, for digits and bytes.
"""

import binascii
import dataclasses
from collections.abc import Callable, Container, Iterable
from typing import Any, Final

from terminals.formats import ANY_BYTE, FIELD_NUMBER_MAX, TEXT, FieldSpec, Spec

Fields = dict[str, str]
FastDecode = Callable[[bytes], Fields | None]
FastEncode = Callable[[Iterable[str]], bytes | None]
"""Takes the values in the order of the keys it was made for."""

_NOT_BCD: Final = 1_000_000
_BCD: Final = tuple(
    high * 10 + low if high < 10 and low < 10 else _NOT_BCD
    for high in range(16)
    for low in range(16)
)
"""What a BCD byte says; what is no BCD is longer than any field may be."""
_LENGTHS: Final = {
    ("bcd", 1): ("LENGTH2", tuple(f"{size:02d}" for size in range(100))),
    ("bcd", 2): ("LENGTH4", tuple(f"{size:04d}" for size in range(1000))),
    ("ascii", 2): ("LENGTH2", tuple(f"{size:02d}" for size in range(100))),
    ("ascii", 3): ("LENGTH3", tuple(f"{size:03d}" for size in range(1000))),
}
"""By encoding and bytes of a length: the name it has in generated code, and every length."""
_PACKED: Final = {
    name: (f"{name}_PACKED", tuple(bytes.fromhex(text).decode("latin-1") for text in texts))
    for name, texts in (_LENGTHS["bcd", 1], _LENGTHS["bcd", 2])
}
"""BCD lengths as the characters that their bytes are, to stand in a run of characters: by the name
of the same lengths as digits."""
_CHARACTERS: Final = frozenset({"ascii", TEXT, ANY_BYTE})
"""Character sets whose first 128 are ASCII, which the Latin-1 view is read by."""
_SECOND: Final = 1
"""The number that stands for the second bitmap among the fields of a message."""
_PRIMARY_MAX: Final = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """How a specification writes what stands before the fields."""

    is_packed: bool
    type_bytes: int
    bitmap_bytes: int

    @classmethod
    def of(cls, spec: Spec) -> "Head":
        """The head that messages of this specification have."""
        is_packed = spec["t"]["data_enc"] == "b"
        bitmap_bytes = 8 if spec["p"]["data_enc"] == "b" else 16
        return cls(is_packed, 2 if is_packed else 4, bitmap_bytes)


_SIZES: Final = {text: size for _, texts in _LENGTHS.values() for size, text in enumerate(texts)}
"""What length digits say; texts of two, three and four digits."""
_UNUSUAL: Final = (IndexError, KeyError, TypeError, AttributeError, ValueError)
"""What generated code may raise on unusual input; ValueError covers codecs and binascii."""


def decoder(spec: Spec, numbers: list[int]) -> FastDecode | None:
    """The decode function of messages with exactly these fields, None when it has no fast form.

    A 1 among the numbers says that there is a second bitmap, if only an empty one.
    """
    if not _all_have_a_fast_form(spec, numbers):
        return None
    head = Head.of(spec)
    writer = _PackedDecodeWriter(head) if head.is_packed else _DecodeWriter(head)
    writer.bitmaps(1 + (_SECOND in numbers))
    for number in numbers:
        if number != _SECOND:
            writer.field(str(number), spec[str(number)])
    function: FastDecode = _function("decode", "b", writer.lines())
    return function


def encoder(
    spec: Spec, names: tuple[str, ...], *, sound: Container[str] = (), last: str = ""
) -> FastEncode | None:
    """The encode function of values under exactly these keys, None when it has no fast form.

    Values that are `sound` were read by the same specification: nothing of them is looked at, but
    how long a variable one is. `last` is a field that is announced, and whose value will follow.
    """
    numbers = sorted(int(name) for name in names if name not in {"t", "p", "1"})
    if "t" not in names or not _all_have_a_fast_form(spec, numbers):
        return None
    writer = _EncodeWriter(Head.of(spec), sound)
    writer.values(names)
    writer.head([*numbers, int(last)] if last else numbers)
    for number in numbers:
        writer.field(str(number), spec[str(number)])
    function: FastEncode = _function("encode", "v", writer.lines())
    return function


def bitmap_of(numbers: Iterable[int], size: int = _PRIMARY_MAX) -> int:
    """A bitmap of so many bits, as a number, with these bits set; bit 1 is the highest."""
    return sum(1 << (size - number) for number in numbers)


def numbers_of(bitmap: int, size: int = _PRIMARY_MAX) -> list[int]:
    """Which fields a bitmap of so many bits announces, in order."""
    return [number for number in range(1, size + 1) if bitmap >> (size - number) & 1]


def _all_have_a_fast_form(spec: Spec, numbers: list[int]) -> bool:
    is_packed = Head.of(spec).is_packed
    return all(
        (number == _SECOND and not is_packed)
        or (2 <= number <= FIELD_NUMBER_MAX and _has_a_fast_form(spec[str(number)], is_packed))
        for number in numbers
    )


def _has_a_fast_form(field: FieldSpec, is_packed: bool) -> bool:
    if field["len_type"]:
        is_known = (field["len_enc"], field["len_type"]) in _LENGTHS
        if not is_known or (field["len_enc"] == "bcd") != is_packed:
            return False
    if not _counts_nibbles(field):
        return field["data_enc"] == "b" or field["data_enc"] in _CHARACTERS
    if not is_packed or field["data_enc"] != "b":
        return False
    if field["len_type"]:
        return "right_pad" in field and "left_pad" not in field
    return field["max_len"] % 2 == 0 or ("left_pad" in field) != ("right_pad" in field)


def _is_fixed(field: FieldSpec) -> bool:
    """Whether a value that was read is written as long as it is, whatever it is."""
    return not field["len_type"] and field["data_enc"] in {"b", "ascii"}


def _counts_nibbles(field: FieldSpec) -> bool:
    return field.get("len_count") == "nibbles"


def _function(name: str, argument: str, lines: list[str]) -> Any:
    body = "\n".join(f"        {line}" for line in lines)
    source = (
        f"def {name}({argument}):\n    try:\n{body}\n    except UNUSUAL:\n        return None\n"
    )
    scope: dict[str, Any] = {
        **dict(_LENGTHS.values()),
        **dict(_PACKED.values()),
        "BCD": _BCD,
        "SIZES": _SIZES,
        "UNUSUAL": _UNUSUAL,
        "unhex": binascii.a2b_hex,
    }
    # The source is made of numbers and codec names of our own specification, never of input.
    exec(compile(source, f"<{name} made from a specification>", "exec"), scope)  # noqa: S102
    return scope[name]


@dataclasses.dataclass(slots=True)
class _DecodeWriter:
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
        code.append(f"if not {_joined(self.digits)}.isdigit(): return None")
        code += _character_checks(self.characters)
        if self.hexadecimals:
            code.append(f"unhex({_joined(self.hexadecimals)})")
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


class _PackedDecodeWriter(_DecodeWriter):
    """Writes a decode function for messages whose digits are packed, two a byte."""

    __slots__ = ()

    def bitmaps(self, count: int) -> None:
        assert count == 1
        self.code.insert(0, "x = b.hex().upper()")
        self.items += ['"t": x[0:4]', '"p": x[4:20]']
        self.digits.append("x[0:4]")
        self.offset = self.head.type_bytes + self.head.bitmap_bytes

    def _fixed(self, value: str, field: FieldSpec) -> None:
        size = field["max_len"]
        if _counts_nibbles(field):
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
        if _counts_nibbles(field):
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


@dataclasses.dataclass(slots=True)
class _EncodeWriter:
    """Writes an encode function: runs of hexadecimal text and of Latin-1 characters, in turns."""

    head_form: Head
    sound: Container[str] = ()
    code: list[str] = dataclasses.field(default_factory=list)
    digits: list[str] = dataclasses.field(default_factory=list)
    characters: list[str] = dataclasses.field(default_factory=list)
    hexadecimals: list[str] = dataclasses.field(default_factory=list)
    runs: list[tuple[str, list[str]]] = dataclasses.field(default_factory=list)

    def values(self, names: Iterable[str]) -> None:
        """Write what takes the values apart: all at once costs less than to look up each."""
        self.code.append("".join(f"{_variable_of(name)}, " for name in names) + "= v")

    def head(self, numbers: list[int]) -> None:
        """Write what writes the message type and the bitmaps that announce these fields."""
        if "t" not in self.sound:
            self.code.append("if len(t) != 4: return None")
            self.digits.append("t")
        self._put("hex" if self.head_form.is_packed else "characters", "t")
        if numbers and numbers[-1] > _PRIMARY_MAX:
            bitmap = f"{bitmap_of([_SECOND, *numbers], FIELD_NUMBER_MAX):032X}"
        else:
            bitmap = f"{bitmap_of(numbers):016X}"
        self._put("hex" if self.head_form.bitmap_bytes == 8 else "characters", f'"{bitmap}"')

    def field(self, name: str, field: FieldSpec) -> None:
        """Write what writes one field."""
        value = _variable_of(name)
        if name in self.sound and _is_fixed(field):
            self._put_fixed(value, field)
            return
        if field["data_enc"] == "b":
            self._hex(value, field)
        else:
            self._characters(value, field)
        if field.get("digits"):
            self.digits.append(value)
        if field.get("hexadecimal"):
            self.hexadecimals.append(value)

    def lines(self) -> list[str]:
        """The whole body of the function."""
        code = [*self.code]
        if self.digits:
            code.append(f"d = {_joined(self.digits)}")
            code.append("if not (d.isascii() and d.isdigit()): return None")
        code += _character_checks(self.characters)
        if self.hexadecimals:
            code.append(f"unhex({_joined(self.hexadecimals)})")
        parts = [self._run(unit, values) for unit, values in self.runs]
        code.append(f"return {' + '.join(parts)}")
        return code

    def _hex(self, value: str, field: FieldSpec) -> None:
        per_unit = 1 if _counts_nibbles(field) else 2
        if not field["len_type"]:
            self.code.append(f"if len({value}) != {field['max_len'] * per_unit}: return None")
            self._put_fixed(value, field)
            return
        self.code.append(f"n{value} = len({value})")
        if per_unit == 1:
            pad = f'("{field["right_pad"]}" if n{value} & 1 else "")'
            self._length(value, field)
            self._put("hex", value, pad)
        else:
            self.code.append(f"if n{value} & 1: return None")
            self.code.append(f"n{value} >>= 1")
            self._length(value, field)
            self._put("hex", value)

    def _characters(self, value: str, field: FieldSpec) -> None:
        if field["data_enc"] == "ascii":
            self.characters.append(value)
            self._ascii(value, field)
            return
        encoded = f'{value}.encode("{field["data_enc"]}").decode("latin-1")'
        self.code.append(f"if not {value}.isascii(): {value} = {encoded}")
        self.code.append(f"n{value} = len({value})")
        if field["len_type"]:
            self._length(value, field)
        else:
            self.code.append(f"if n{value} != {field['max_len']}: return None")
        self._put("characters", value)

    def _ascii(self, value: str, field: FieldSpec) -> None:
        """A character is a byte: all together are looked at once (`_character_checks`)."""
        if field["len_type"]:
            self.code.append(f"n{value} = len({value})")
            if field.get("hexadecimal"):
                self.code.append(f"if n{value} & 1: return None")
            self._length(value, field)
        else:
            self.code.append(f"if len({value}) != {field['max_len']}: return None")
        self._put("characters", value)

    def _length(self, value: str, field: FieldSpec) -> None:
        self.code.append(f"if n{value} > {field['max_len']}: return None")
        name, _ = _LENGTHS[field["len_enc"], field["len_type"]]
        if field["len_enc"] != "bcd":
            self._put("characters", f"{name}[n{value}]")
        elif field["data_enc"] == "b":
            self._put("hex", f"{name}[n{value}]")
        else:
            self._put("characters", f"{_PACKED[name][0]}[n{value}]")

    def _put_fixed(self, value: str, field: FieldSpec) -> None:
        """A value that is known to have the length of its field."""
        if field["data_enc"] == "b":
            self._put("hex", *self._padded(value, field))
        else:
            self._put("characters", value)

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
        joined = _joined(values)
        return f"unhex({joined})" if unit == "hex" else f'{joined}.encode("latin-1")'


def _variable_of(name: str) -> str:
    """What a value is called in an encode function."""
    return name if name == "t" else f"f{name}"


def _joined(values: list[str]) -> str:
    """What joins texts: of many one call, and nothing in between. What is no text it refuses."""
    return values[0] if len(values) == 1 else f'"".join(({", ".join(values)}))'


def _character_checks(values: list[str]) -> list[str]:
    if not values:
        return []
    return [
        f"c = {_joined(values)}",
        "if not (c.isascii() and c.isprintable()): return None",
    ]
