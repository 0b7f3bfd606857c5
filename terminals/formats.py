"""How a field is written on the wire: the words a dialect's specification is made of.

Each function gives one field of a pyiso8583 specification; the names are those of ISO 8583
field tables (`n` digits, `z` track, `an` text, `b` bytes; `ll` and `lll` a length in front).
Two keys are the house's own and unknown to the library, which ignores them:

- `digits`: the value must be decimal digits. The library takes any nibble.
- `pad_also`: a second pad nibble taken when an odd number of digits arrives. Some terminals
  fill with F where the specification says 0.
"""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict


class FieldSpec(TypedDict):
    """One field as pyiso8583 wants it, with the house's two keys."""

    data_enc: str
    len_enc: str
    len_type: int
    max_len: int
    desc: str
    len_count: NotRequired[str]
    left_pad: NotRequired[str]
    right_pad: NotRequired[str]
    digits: NotRequired[bool]
    pad_also: NotRequired[str]


Spec = Mapping[str, FieldSpec]

FIELD_NUMBER_MAX: Final = 128
TEXT: Final = "gb18030"
"""Text for people. A superset of ASCII and of GBK, which the specification names."""


def n(size: int, desc: str, *, pad: str = "") -> FieldSpec:
    """So many digits, two a byte. An odd size says on which side its pad nibble 0 stands."""
    field = _nibbles(0, size, desc)
    field["digits"] = True
    if pad == "left":
        field["left_pad"] = "0"
    elif pad == "right":
        field["right_pad"] = "0"
    return field


def lln(size_max: int, desc: str) -> FieldSpec:
    """Up to 99 digits; the length, one BCD byte, counts digits."""
    return _padded(_nibbles(1, size_max, desc), digits=True)


def llln(size_max: int, desc: str) -> FieldSpec:
    """Up to 999 digits; the length, two BCD bytes, counts digits."""
    return _padded(_nibbles(2, size_max, desc), digits=True)


def llz(size_max: int, desc: str) -> FieldSpec:
    """A track: digits and the separator D; the length, one BCD byte, counts nibbles."""
    return _padded(_nibbles(1, size_max, desc), digits=False)


def lllz(size_max: int, desc: str) -> FieldSpec:
    """A long track: as `llz` with two length bytes."""
    return _padded(_nibbles(2, size_max, desc), digits=False)


def an(size: int, desc: str) -> FieldSpec:
    """So many printable ASCII characters."""
    return _bytes("ascii", 0, size, desc)


def llans(size_max: int, desc: str) -> FieldSpec:
    """Text for people; the length, one BCD byte, counts bytes."""
    return _bytes(TEXT, 1, size_max, desc)


def lllans(size_max: int, desc: str) -> FieldSpec:
    """Text for people; the length, two BCD bytes, counts bytes."""
    return _bytes(TEXT, 2, size_max, desc)


def b(size: int, desc: str) -> FieldSpec:
    """So many bytes; the value is their hexadecimal text."""
    return _bytes("b", 0, size, desc)


def lllb(size_max: int, desc: str) -> FieldSpec:
    """Bytes, with two BCD length bytes; the value is their hexadecimal text."""
    return _bytes("b", 2, size_max, desc)


def specification(fields: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
    """A whole pyiso8583 specification: these fields, and no other.

    The library answers an unknown field with a KeyError, so every number has an entry; the
    unknown ones have no room for a value.
    """
    frame = {
        "h": b(0, "header: read by the dialect, not by the codec"),
        "t": n(4, "message type"),
        "p": b(8, "bitmap"),
        "1": b(8, "second bitmap: not used"),
    }
    nothing = {str(number): lllb(0, "") for number in range(2, FIELD_NUMBER_MAX + 1)}
    return frame | nothing | dict(fields)


def _nibbles(len_type: int, size_max: int, desc: str) -> FieldSpec:
    field = _bytes("b", len_type, size_max, desc)
    field["len_count"] = "nibbles"
    return field


def _padded(field: FieldSpec, *, digits: bool) -> FieldSpec:
    field["right_pad"] = "0"
    field["pad_also"] = "F"
    field["digits"] = digits
    return field


def _bytes(data_enc: str, len_type: int, size_max: int, desc: str) -> FieldSpec:
    return {
        "data_enc": data_enc,
        "len_enc": "bcd",
        "len_type": len_type,
        "max_len": size_max,
        "desc": desc,
    }
