"""How a field is written on the wire: the words a dialect's specification is made of.

Each function gives one field of a pyiso8583 specification; the names are those of ISO 8583
field tables (`n` digits, `z` track, `an` text, `b` bytes; `ll` and `lll` a length in front).
The functions here pack digits, two a byte; those whose name begins with `ascii_` write them as
characters, length digits too. Three keys are the house's own and unknown to the library, which
ignores them:

- `digits`: the value must be decimal digits. The library takes any nibble.
- `hexadecimal`: the value is bytes written as hexadecimal characters on the wire, too.
- `pad_also`: a second pad nibble taken when an odd number of digits arrives. Some terminals
  fill with F where the specification says 0.
"""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict


class FieldSpec(TypedDict):
    """One field as pyiso8583 wants it, with the house's three keys."""

    data_enc: str
    len_enc: str
    len_type: int
    max_len: int
    desc: str
    len_count: NotRequired[str]
    left_pad: NotRequired[str]
    right_pad: NotRequired[str]
    digits: NotRequired[bool]
    hexadecimal: NotRequired[bool]
    pad_also: NotRequired[str]


Spec = Mapping[str, FieldSpec]

FIELD_NUMBER_MAX: Final = 128
TEXT: Final = "gb18030"
"""Text for people. A superset of ASCII and of GBK, which the specification names."""
ANY_BYTE: Final = "latin-1"
"""Text of somebody else's, in whatever script: one character a byte, and none is refused."""


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


def ascii_n(size: int, desc: str) -> FieldSpec:
    """So many digits, one a byte."""
    return _characters(0, size, desc, digits=True)


def ascii_lln(size_max: int, desc: str) -> FieldSpec:
    """Up to 99 digits after two length digits."""
    return _characters(2, size_max, desc, digits=True)


def ascii_llln(size_max: int, desc: str) -> FieldSpec:
    """Up to 999 digits after three length digits."""
    return _characters(3, size_max, desc, digits=True)


def ascii_an(size: int, desc: str) -> FieldSpec:
    """So many printable characters."""
    return _characters(0, size, desc)


def ascii_llans(size_max: int, desc: str) -> FieldSpec:
    """Up to 99 printable characters after two length digits; a track, too."""
    return _characters(2, size_max, desc)


def ascii_lllans(size_max: int, desc: str) -> FieldSpec:
    """Up to 999 printable characters after three length digits."""
    return _characters(3, size_max, desc)


def ascii_llltext(size_max: int, desc: str) -> FieldSpec:
    """Text for people, up to 999 bytes after three length digits."""
    return {**_characters(3, size_max, desc), "data_enc": TEXT}


def ascii_lllany(size_max: int, desc: str) -> FieldSpec:
    """Somebody else's text or bytes, up to 999 after three length digits."""
    return {**_characters(3, size_max, desc), "data_enc": ANY_BYTE}


def widened(field: FieldSpec) -> FieldSpec:
    """The same field where its text may be in any script; digits and bytes stay what they are."""
    is_text = field["data_enc"] in {"ascii", TEXT} and not field.get("digits")
    return {**field, "data_enc": ANY_BYTE} if is_text else field


def ascii_b(size: int, desc: str) -> FieldSpec:
    """So many bytes as they are, in a message of characters; the value is hexadecimal text."""
    return {**_characters(0, size, desc), "data_enc": "b"}


def ascii_lllb(size_max: int, desc: str) -> FieldSpec:
    """Bytes as they are after three length digits; the value is their hexadecimal text."""
    return {**_characters(3, size_max, desc), "data_enc": "b"}


def ascii_hex(size: int, desc: str) -> FieldSpec:
    """So many bytes, each written as two hexadecimal characters."""
    return {**_characters(0, 2 * size, desc), "hexadecimal": True}


def ascii_lllhex(size_max: int, desc: str) -> FieldSpec:
    """Bytes as hexadecimal characters after three length digits, which count characters."""
    return {**_characters(3, 2 * size_max, desc), "hexadecimal": True}


def specification(fields: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
    """A whole pyiso8583 specification of packed digits: these fields, and no other.

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


def ascii_specification(bitmap: FieldSpec, fields: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
    """As `specification`, of characters; `bitmap` is how both bitmaps are written.

    There is a second bitmap where a field above 64 has an entry.
    """
    frame: dict[str, FieldSpec] = {
        "h": ascii_b(0, "header: read by the dialect, not by the codec"),
        "t": ascii_n(4, "message type"),
        "p": {**bitmap, "desc": "bitmap"},
        "1": {**bitmap, "desc": "second bitmap"},
    }
    nothing = {str(number): ascii_lllb(0, "") for number in range(2, FIELD_NUMBER_MAX + 1)}
    return frame | nothing | dict(fields)


def _characters(len_type: int, size_max: int, desc: str, *, digits: bool = False) -> FieldSpec:
    field = _bytes("ascii", len_type, size_max, desc)
    field["len_enc"] = "ascii"
    field["digits"] = digits
    return field


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
