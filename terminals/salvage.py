"""What can be read of a body that cannot be read whole.

The codec stops at the first fault. A terminal whose reversal holds one bad byte is still owed
its money, so this goes on past a fault as long as the next field's place is known: by the lengths
of the specification, and by the standard's of a field it lacks, leaving out what is not sound.
Only broken messages come here; a sound body gives here what the codec gives.
"""

from binascii import unhexlify
from collections.abc import Collection
from typing import Final

import msgspec

from terminals.codec import FIRST_MAC, SECOND_MAC, fault_of
from terminals.compiled import Fields
from terminals.elsewhere import PACKED, missing_in
from terminals.fast_forms import Head, numbers_of
from terminals.formats import FIELD_NUMBER_MAX, FieldSpec, Spec

_PRIMARY_MAX: Final = 64
_BITMAP_BYTES: Final = 8
_BITMAPS: Final = frozenset({1, 65})
"""Bits that announce another bitmap: where there is none, nothing behind is in its place."""


class Salvaged(msgspec.Struct, frozen=True):
    """The sound fields, `t` among them."""

    fields: Fields
    raw: Fields
    """The bytes, in hexadecimal, of fields whose place is known and whose value is none of ours."""
    is_whole: bool
    """Whether every field's place is known, and the body ends with the last."""


def salvage(spec: Spec, body: bytes) -> Salvaged | None:
    """All that is sound in a body; None where not even type and bitmap are.

    A field that the specification lacks has a place where, written as in ISO 8583:1987, it leaves
    every other one in its own, to the last byte.
    """
    found = _salvage(spec, body, frozenset())
    if found is None or found.is_whole:
        return found
    others = missing_in(spec, PACKED) if Head.of(spec).is_packed else {}
    more = _salvage({**spec, **others}, body, others.keys()) if others else None
    return more if more is not None and more.is_whole else found


def _salvage(spec: Spec, body: bytes, others: Collection[str]) -> Salvaged | None:
    """The same; `others` are not of its dialect, and have a place only where they are sound."""
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
        is_lost = number in _BITMAPS or not field["max_len"] or size < 0 or end > len(body)
        value = None if is_lost else _value(field, body[start:end], size)
        if is_lost or (value is None and name in others):
            return Salvaged(_with_code(spec, fields, numbers, body), raw, is_whole=False)
        if value is None or name in others:
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
        if size < 0 or not field["max_len"]:
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
