"""What can be read of a body that cannot be read whole.

The codec stops at the first fault. A terminal whose reversal holds one bad byte is still owed
its money, so this goes on past a fault as long as the next field's place is known: by the lengths
of the specification, field by field, leaving out what is not sound. Only broken messages come
here; a sound body gives here what the codec gives.
"""

from binascii import unhexlify
from typing import Final

import msgspec

from terminals.codec import FIRST_MAC, SECOND_MAC, fault_of
from terminals.compiled import Fields, Head, numbers_of
from terminals.formats import FIELD_NUMBER_MAX, FieldSpec, Spec

_PRIMARY_MAX: Final = 64
_BITMAP_BYTES: Final = 8
_BITMAPS: Final = frozenset({1, 65})
"""Bits that announce another bitmap: where there is none, nothing behind is in its place."""


class Salvaged(msgspec.Struct, frozen=True):
    """The sound fields, `t` among them."""

    fields: Fields
    raw: Fields
    """The bytes, in hexadecimal, of fields whose place is known and whose value is none."""
    is_whole: bool
    """Whether every field's place is known, and the body ends with the last."""


def salvage(spec: Spec, body: bytes) -> Salvaged | None:
    """All that is sound in a body; None where not even type and bitmap are."""
    head = Head.of(spec)
    numbers, at = _announced(spec, head, body)
    mti = _value(spec["t"], body[: head.type_bytes], 4)
    if mti is None or not at:
        return None
    fields: Fields = {"t": mti}
    raw: Fields = {}
    for number in numbers:
        name, field = str(number), spec[str(number)]
        size, start = _size(field, body, at)
        end = start + _bytes_of(field, size)
        if number in _BITMAPS or not field["max_len"] or size < 0 or end > len(body):
            return Salvaged(_with_code(spec, fields, numbers, body), raw, is_whole=False)
        value = _value(field, body[start:end], size)
        if value is None:
            raw[name] = body[start:end].hex().upper()
        else:
            fields[name] = value
        at = end
    return Salvaged(fields, raw, is_whole=at == len(body))


def place_of(spec: Spec, body: bytes, name: str) -> int:
    """Where a field's value begins in a body that was read; the bitmap where it is not there."""
    head = Head.of(spec)
    if name == "t":
        return 0
    numbers, at = _announced(spec, head, body)
    for number in numbers:
        field = spec[str(number)]
        size, start = _size(field, body, at)
        if str(number) == name:
            return start
        if size < 0:
            break
        at = start + _bytes_of(field, size)
    return head.type_bytes


def _announced(spec: Spec, head: Head, body: bytes) -> tuple[list[int], int]:
    """The fields announced, and where the first begins; 0 where the bitmaps cannot be read."""
    bits, at = _bitmap(head, body, head.type_bytes)
    numbers = numbers_of(bits)
    has_second = any(spec[str(n)]["max_len"] for n in range(_PRIMARY_MAX + 1, FIELD_NUMBER_MAX + 1))
    if at and has_second and numbers[:1] == [1]:
        more, at = _bitmap(head, body, at)
        numbers = [*numbers[1:], *(n + _PRIMARY_MAX for n in numbers_of(more))]
    return numbers, at


def _bitmap(head: Head, body: bytes, at: int) -> tuple[int, int]:
    text = body[at : at + head.bitmap_bytes]
    if len(text) < head.bitmap_bytes:
        return 0, 0
    try:
        raw = text if head.bitmap_bytes == _BITMAP_BYTES else unhexlify(text)
    except ValueError:
        return 0, 0
    return int.from_bytes(raw), at + head.bitmap_bytes


def _size(field: FieldSpec, body: bytes, at: int) -> tuple[int, int]:
    """How much a field holds, in its own unit, and where it begins; -1: that has no place."""
    if not field["len_type"]:
        return field["max_len"], at
    start = at + field["len_type"]
    said = body[at:start]
    text = said.hex() if field["len_enc"] == "bcd" else said.decode("latin-1")
    is_size = len(said) == field["len_type"] and text.isascii() and text.isdigit()
    return (int(text) if is_size and int(text) <= field["max_len"] else -1), start


def _bytes_of(field: FieldSpec, size: int) -> int:
    return (size + 1) // 2 if field.get("len_count") == "nibbles" else size


def _value(field: FieldSpec, raw: bytes, size: int) -> str | None:
    """The value, None where it is none of this field."""
    try:
        text = raw.hex().upper() if field["data_enc"] == "b" else raw.decode(field["data_enc"])
    except UnicodeDecodeError:
        return None
    if field.get("len_count") == "nibbles" and size % 2:
        pads = field.get("left_pad") or field.get("right_pad", "") + field.get("pad_also", "")
        is_left = "left_pad" in field
        if text[0 if is_left else -1] not in pads:
            return None
        text = text[1:] if is_left else text[:-1]
    return None if fault_of(field, text) else text


def _with_code(spec: Spec, fields: Fields, numbers: list[int], body: bytes) -> Fields:
    """The same with the code that ends the body, where the bitmap announces one at its end."""
    last = str(numbers[-1])
    if last not in {FIRST_MAC, SECOND_MAC}:
        return fields
    tag = body[-spec[last]["max_len"] :]
    value = _value(spec[last], tag, len(tag))
    return fields if value is None else fields | {last: value}
