"""What a specification says that generated code knows: heads, bitmaps, lengths, character sets.

And which fields have a fast form at all, and how it joins and checks characters.
"""

import dataclasses
from collections.abc import Iterable
from typing import Final

from terminals.formats import ANY_BYTE, FIELD_NUMBER_MAX, TEXT, FieldSpec, Spec

LENGTHS: Final = {
    ("bcd", 1): ("LENGTH2", tuple(f"{size:02d}" for size in range(100))),
    ("bcd", 2): ("LENGTH4", tuple(f"{size:04d}" for size in range(1000))),
    ("ascii", 2): ("LENGTH2", tuple(f"{size:02d}" for size in range(100))),
    ("ascii", 3): ("LENGTH3", tuple(f"{size:03d}" for size in range(1000))),
}
"""By encoding and bytes of a length: the name it has in generated code, and every length."""
PACKED: Final = {
    name: (f"{name}_PACKED", tuple(bytes.fromhex(text).decode("latin-1") for text in texts))
    for name, texts in (LENGTHS["bcd", 1], LENGTHS["bcd", 2])
}
"""BCD lengths as the characters that their bytes are, to stand in a run of characters: by the name
of the same lengths as digits."""
_CHARACTERS: Final = frozenset({"ascii", TEXT, ANY_BYTE})
"""Character sets whose first 128 are ASCII, which the Latin-1 view is read by."""
SECOND: Final = 1
"""The number that stands for the second bitmap among the fields of a message."""
PRIMARY_MAX: Final = 64


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


def bitmap_of(numbers: Iterable[int], size: int = PRIMARY_MAX) -> int:
    """A bitmap of so many bits, as a number, with these bits set; bit 1 is the highest."""
    return sum(1 << (size - number) for number in numbers)


def numbers_of(bitmap: int, size: int = PRIMARY_MAX) -> list[int]:
    """Which fields a bitmap of so many bits announces, in order."""
    return [number for number in range(1, size + 1) if bitmap >> (size - number) & 1]


def all_have_a_fast_form(spec: Spec, numbers: list[int]) -> bool:
    """Whether functions can be made for messages with these fields."""
    is_packed = Head.of(spec).is_packed
    return all(
        (number == SECOND and not is_packed)
        or (2 <= number <= FIELD_NUMBER_MAX and _has_a_fast_form(spec[str(number)], is_packed))
        for number in numbers
    )


def _has_a_fast_form(field: FieldSpec, is_packed: bool) -> bool:
    if field["len_type"]:
        is_known = (field["len_enc"], field["len_type"]) in LENGTHS
        if not is_known or (field["len_enc"] == "bcd") != is_packed:
            return False
    if not counts_nibbles(field):
        return field["data_enc"] == "b" or field["data_enc"] in _CHARACTERS
    if not is_packed or field["data_enc"] != "b":
        return False
    if field["len_type"]:
        return "right_pad" in field and "left_pad" not in field
    return field["max_len"] % 2 == 0 or ("left_pad" in field) != ("right_pad" in field)


def is_fixed(field: FieldSpec) -> bool:
    """Whether a value that was read is written as long as it is, whatever it is."""
    return not field["len_type"] and field["data_enc"] in {"b", "ascii"}


def counts_nibbles(field: FieldSpec) -> bool:
    """Whether a field's length is of digits, two of which are a byte."""
    return field.get("len_count") == "nibbles"


def joined(values: list[str]) -> str:
    """What joins texts: of many one call, and nothing in between. What is no text it refuses."""
    return values[0] if len(values) == 1 else f'"".join(({", ".join(values)}))'


def character_checks(values: list[str]) -> list[str]:
    """What refuses characters that are out of place."""
    if not values:
        return []
    return [
        f"c = {joined(values)}",
        "if not (c.isascii() and c.isprintable()): return None",
    ]
