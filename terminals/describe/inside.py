"""What stands inside a field: its parts with their places, each uncovered as far as it may be.

Subfields come from the layouts of `terminals.fields`, data objects (F55, some of F62) from their
own tags and lengths. A part is uncovered only in a message that reads well, and only where its
layout or tag says what it is: an unknown tag keeps its value covered.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from terminals.describe.mask import Cover, Exposure
from terminals.describe.meanings import SUBFIELDS, TAGS
from terminals.describe.walk import Fault, Form, Span
from terminals.fields import (
    BALANCE,
    CONTROL,
    INSTITUTIONS,
    LOAD_MAX,
    ORIGINAL,
    ORIGINAL_DATA,
    POINTS_EARNED,
    POINTS_LEFT,
    POINTS_USED,
    SECURITY,
    TOTALS,
    TOTALS_DIGITS,
    TOTALS_HALF_DIGITS,
    UPLOAD_END_DIGITS,
    UPLOAD_RECORD,
    Layout,
    layout,
    size_of,
)
from terminals.formats import TEXT

TAG_EXPOSURES: Final[Mapping[str, Exposure | None]] = {
    **dict.fromkeys(TAGS, Exposure.CLEAR),
    **dict.fromkeys(("56", "5F20", "99", "9F1F", "9F20", "9F7C"), None),
    "5A": Exposure.PAN,
    "57": Exposure.TRACK,
    "9F6B": Exposure.TRACK,
}
"""Of known tags; the value of any other stays covered."""

KEY_BLOCKS: Final[Mapping[int, Layout]] = {
    24: layout(pin_key=8, pin_check=4, mac_key=8, mac_check=4),
    40: layout(pin_key=16, pin_check=4, mac_key=16, mac_check=4),
    60: layout(pin_key=16, pin_check=4, mac_key=16, mac_check=4, track_key=16, track_check=4),
}
"""F62 of a sign-on's answer, by its bytes. Only check values are ever uncovered."""

_CHECK: Final = "_check"
_BALANCES: Final = re.compile(rb"([0-9]{7}[CD][0-9]{12})+")
_SERIAL: Final = re.compile(rb"Sequence No12[0-9A-Za-z]{12}")
"""F62 of a sign-on: the terminal model's number and the terminal's serial number."""
_VOUCHER_CODE: Final = re.compile(rb"VN[0-9]{3}([^*].*)", re.DOTALL)
"""F62 of who hands a voucher in, from its code on: who has that has what it is worth."""
_TLV_DEPTH_MAX: Final = 8
_REPEATABLE: Final = frozenset({"71", "72", "86"})
"""Issuer scripts and their commands: there may be several, of no other known object."""
_NOTHING: Final = 0x00
"""Between data objects, before and behind them: it means nothing (EMV book 3, annex B1)."""
_NUMBERS: Final = re.compile(rb"[0-9 +-]*")
"""What stands in places for digits, also where it should not."""
_SPLIT: Final[Mapping[str, Layout]] = {
    "44": INSTITUTIONS,
    "53": SECURITY,
    "60": CONTROL,
    "61": ORIGINAL,
    "90": ORIGINAL_DATA,
}
"""Fields that are uncovered whole and laid out alike in every message."""
_POINTS: Final[Mapping[tuple[str, int], Layout]] = {
    ("02", size_of(POINTS_USED)): POINTS_USED,
    ("02", size_of(POINTS_LEFT)): POINTS_LEFT,
    ("02", size_of(POINTS_EARNED)): POINTS_EARNED,
    ("01", size_of(LOAD_MAX)): LOAD_MAX,
}
"""F62 of an answer, by the class of the message and its bytes."""
_DOWNLOADS: Final = frozenset({"360", "364", "370", "372", "380", "382", "390"})
"""Management answers whose F62 holds parameters. That of any other may hold keys."""


class Node(msgspec.Struct, frozen=True):
    """A place and the places within it."""

    span: Span
    parts: "tuple[Node, ...]" = ()


class Known(msgspec.Struct, frozen=True):
    """What the inside of a field depends on."""

    mti: str
    function: str = ""

    @property
    def is_answer(self) -> bool:
        """Whether the message answers another."""
        return self.mti[2:3] in {"1", "3"}


def inside(cover: Cover, span: Span, known: Known, faults: list[Fault]) -> Node:
    """A field with its parts. Uncovers what may be seen of those `EXPOSURES` does not name."""
    special = _SPECIAL.get(span.name)
    if special is not None and cover.is_sound:
        return Node(span, special(cover, span, known, faults))
    parts = _SPLIT.get(span.name)
    if parts is None:
        return Node(span)
    return Node(span, tuple(_split(parts, span)))


def data_objects(
    cover: Cover, span: Span, depth: int = 0
) -> tuple[tuple[Node, ...], tuple[int, str] | None]:
    """The data objects (ISO/IEC 8825-1 BER-TLV) of a place, and where they stop being any."""
    unit = 4 if span.form is Form.HEXADECIMAL else 2
    raw = _raw(cover, span)
    nodes: list[Node] = []
    position = 0
    while position < len(raw):
        if raw[position] == _NOTHING:
            cover.uncover(span.first + position * unit, span.first + (position + 1) * unit)
            position += 1
            continue
        try:
            head, data, end = _tag_and_length(raw, position)
        except _TlvError as error:
            return tuple(nodes), (position, str(error))
        tag = raw[position:head].hex().upper()
        part = Span(
            name=tag,
            label=TAGS.get(tag, "unknown tag"),
            start=span.first + position * unit,
            first=span.first + data * unit,
            last=span.first + end * unit,
            end=span.first + end * unit,
            form=span.form,
        )
        cover.uncover(part.start, part.first)
        inner: tuple[Node, ...] = ()
        if raw[position] & 0x20 and depth < _TLV_DEPTH_MAX:
            inner, _ = data_objects(cover, part, depth + 1)
        else:
            _expose_object(cover, part, tag, unit)
        nodes.append(Node(part, inner))
        position = end
    return tuple(nodes), None


class _TlvError(ValueError):
    """What was expected of a data object and is not there."""


def _tag_and_length(raw: bytes, position: int) -> tuple[int, int, int]:
    """Where a data object's length begins, where its value does, and where that ends."""
    head = position + 1
    if raw[position] & 0x1F == 0x1F:
        while head < len(raw) and raw[head] & 0x80:
            head += 1
        head += 1
    if head >= len(raw):
        raise _TlvError("a tag and a length")
    size, data = raw[head], head + 1
    if size & 0x80:
        more = size & 0x7F
        if not 1 <= more <= 2 or data + more > len(raw):
            raise _TlvError("a length of one to three bytes")
        size, data = int.from_bytes(raw[data : data + more]), data + more
    if data + size > len(raw):
        raise _TlvError(f"a value of {size} bytes")
    return head, data, data + size


def _expose_object(cover: Cover, part: Span, tag: str, unit: int) -> None:
    exposure = TAG_EXPOSURES.get(tag)
    if exposure is Exposure.CLEAR:
        cover.uncover(part.first, part.last)
    elif exposure is not None:
        text = _raw(cover, part).hex().upper()
        digits = re.match("[0-9]*", text)
        assert digits is not None
        cover.expose_pan(part.first, part.first + len(digits.group()) * unit // 2, unit // 2)


def _totals_or_records(
    cover: Cover, span: Span, known: Known, _faults: list[Fault]
) -> tuple[Node, ...]:
    step = _step(span)
    size = (span.last - span.first) // step
    text = cover.nibbles(span.first, span.last)
    digits = text if step == 1 else bytes.fromhex(text).decode("latin-1")
    if not digits.isdecimal():
        return ()
    of = known.mti[1:2]
    if of == "5" and size == TOTALS_DIGITS:
        cover.uncover(span.first, span.last)
        half = {**TOTALS, "flag": slice(TOTALS_HALF_DIGITS - 1, TOTALS_HALF_DIGITS)}
        return tuple(
            node
            for start in (0, TOTALS_HALF_DIGITS)
            for node in _split(half, span, start, of="money" if not start else "points, foreign")
        )
    if of == "3" and size == UPLOAD_END_DIGITS:
        cover.uncover(span.first, span.last)
        return tuple(_split(layout(count=4), span))
    record_digits = size_of(UPLOAD_RECORD)
    if of == "3" and size > 2 and size == 2 + int(digits[:2]) * record_digits:
        return tuple(_records(cover, span, digits, step))
    return ()


def _records(cover: Cover, span: Span, digits: str, step: int) -> Iterator[Node]:
    cover.uncover(span.first, span.first + 2 * step)
    yield from _split(layout(count=2), span)
    record_digits = size_of(UPLOAD_RECORD)
    for start in range(2, len(digits), record_digits):
        for name, place in UPLOAD_RECORD.items():
            first, last = (span.first + (start + each) * step for each in (place.start, place.stop))
            if name == "pan":
                zeros = digits[start + place.start : start + place.stop]
                skip = len(zeros) - len(zeros.lstrip("0"))
                cover.uncover(first, first + skip * step)
                cover.expose_pan(first + skip * step, last, step)
            else:
                cover.uncover(first, last)
        yield from _split(UPLOAD_RECORD, span, start)


def _balances(cover: Cover, span: Span, _known: Known, _faults: list[Fault]) -> tuple[Node, ...]:
    if not _BALANCES.fullmatch(cover.text(span.first, span.last)):
        cover.expose_text(span.first, span.last)
        return ()
    cover.uncover(span.first, span.last)
    size = size_of(BALANCE)
    count = (span.last - span.first) // _step(span) // size
    return tuple(node for index in range(count) for node in _split(BALANCE, span, index * size))


def _chip_data(cover: Cover, span: Span, _known: Known, faults: list[Fault]) -> tuple[Node, ...]:
    nodes, broken = data_objects(cover, span)
    faults += _repeated(nodes)
    if broken is not None:
        position, expected = broken
        unit = 4 if span.form is Form.HEXADECIMAL else 2
        offset = (span.first + position * unit) // 2
        left = (span.last // 2 - offset) * 2 // unit
        faults.append(
            Fault(field="55", offset=offset, expected=expected, actual=f"{left} bytes are left")
        )
    return nodes


def _repeated(nodes: Iterable[Node]) -> Iterator[Fault]:
    """Every object that stands beside an earlier one of its tag, though there may be one."""
    seen: set[str] = set()
    for node in nodes:
        tag = node.span.name
        if tag in seen and tag in TAGS and tag not in _REPEATABLE:
            offset = node.span.start // 2
            yield Fault(field="55", offset=offset, expected=f"one {tag} only", actual="another one")
        seen.add(tag)
        yield from _repeated(node.parts)


def _own(cover: Cover, span: Span, known: Known, faults: list[Fault]) -> tuple[Node, ...]:
    """F62: keys, points, data objects or text, by the message it stands in."""
    raw = _raw(cover, span)
    of = known.mti[:2]
    if of == "08" and known.is_answer and known.function not in _DOWNLOADS:
        return _keys(cover, span, len(raw))
    row = _POINTS.get((of, len(raw)))
    if row is not None and known.is_answer and _NUMBERS.fullmatch(raw):
        cover.uncover(span.first, span.last)
        faults += _not_digits(span, raw)
        return tuple(_split(row, span, unit=_byte(span), form=_text_form(span)))
    nodes = _known_objects(cover, span, raw)
    if not nodes and _is_text(raw):
        if _SERIAL.fullmatch(raw):
            cover.uncover(span.first, span.last)
        elif code := _VOUCHER_CODE.search(raw):
            cover.uncover(span.first, span.first + code.start(1) * _byte(span))
        else:
            cover.expose_text(span.first, span.last, _byte(span))
        part = msgspec.structs.replace(span, name="62.text", label="text", form=_text_form(span))
        return (Node(msgspec.structs.replace(part, start=span.first, end=span.last)),)
    return nodes


def _not_digits(span: Span, raw: bytes) -> Iterator[Fault]:
    """The first byte of a number that is no digit."""
    wrong = re.search(rb"[^0-9]", raw)
    if wrong is not None:
        offset = (span.first + wrong.start() * _byte(span)) // 2
        actual = f"the character {wrong.group().decode('ascii')}"
        yield Fault(field=span.name, offset=offset, expected="decimal digits", actual=actual)


def _keys(cover: Cover, span: Span, size: int) -> tuple[Node, ...]:
    row = KEY_BLOCKS.get(size)
    if row is None:
        return ()
    nodes = tuple(_split(row, span, unit=_byte(span), form=span.form))
    for node in nodes:
        if node.span.name.endswith(_CHECK):
            cover.uncover(node.span.first, node.span.last)
    return nodes


def _known_objects(cover: Cover, span: Span, raw: bytes) -> tuple[Node, ...]:
    """Data objects, where all of it is such and the first has a tag that is known."""
    position, is_first = 0, True
    while position < len(raw):
        if raw[position] == _NOTHING:
            position += 1
            continue
        try:
            head, _, end = _tag_and_length(raw, position)
        except _TlvError:
            return ()
        if is_first and raw[position:head].hex().upper() not in TAGS:
            return ()
        position, is_first = end, False
    return data_objects(cover, span)[0]


def _split(
    parts: Layout,
    span: Span,
    start: int = 0,
    *,
    unit: int = 0,
    form: Form | None = None,
    of: str = "",
) -> Iterator[Node]:
    """The parts of a layout that are there, from one of its places on."""
    step = unit or _step(span)
    for name, place in parts.items():
        first = span.first + (start + place.start) * step
        last = min(span.first + (start + place.stop) * step, span.last)
        if first >= last:
            continue
        path = f"{span.name}.{name}"
        label = SUBFIELDS[path][0]
        yield Node(
            Span(
                name=path,
                label=f"{label} ({of})" if of else label,
                start=first,
                first=first,
                last=last,
                end=last,
                form=form or span.form,
            )
        )


def _raw(cover: Cover, span: Span) -> bytes:
    """A value's bytes, also where they are written in hexadecimal."""
    raw = cover.text(span.first, span.last)
    return bytes.fromhex(raw.decode("ascii")) if span.form is Form.HEXADECIMAL else raw


def _is_text(raw: bytes) -> bool:
    try:
        text = raw.decode(TEXT)
    except UnicodeDecodeError:
        return False
    return bool(text) and text.isprintable()


def _step(span: Span) -> int:
    return 1 if span.form is Form.NIBBLES else 2


def _byte(span: Span) -> int:
    return 4 if span.form is Form.HEXADECIMAL else 2


def _text_form(span: Span) -> Form:
    return Form.HEXADECIMAL_TEXT if span.form is Form.HEXADECIMAL else Form.TEXT


_SPECIAL: Final[Mapping[str, Callable[[Cover, Span, Known, list[Fault]], tuple[Node, ...]]]] = {
    "48": _totals_or_records,
    "54": _balances,
    "55": _chip_data,
    "62": _own,
}
