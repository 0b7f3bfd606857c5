"""Where every field of an ISO 8583 message stands, in sound messages and in broken ones.

The codec of a dialect says what a message means and stops at its first fault. For people this
walks the same specification, keeps the place of every field to the nibble, and goes on past a
fault as long as the next field's place is known. On sound messages both agree, which a test
holds to. Places count nibbles of the whole payload; two are a byte.
"""

import enum
import itertools
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from terminals.formats import TEXT, FieldSpec, Spec

_BITMAP_BITS: Final = 64
_SECOND_BITMAP: Final = 1


@enum.unique
class Form(enum.StrEnum):
    """How a value is written."""

    NIBBLES = "nibbles"
    """Digits two a byte, or a track."""
    CHARACTERS = "characters"
    """ASCII."""
    TEXT = "text"
    """GB18030."""
    UTF_8 = "text in UTF-8"
    """As JSON is written."""
    BYTES = "bytes"
    HEXADECIMAL = "hexadecimal"
    """Bytes as characters."""
    HEXADECIMAL_TEXT = "hexadecimal text"
    """Text as bytes as characters."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One field's place: from its length to its end, and its value within, pads left out."""

    name: str
    label: str
    start: int
    first: int
    last: int
    end: int
    form: Form


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong at one byte. `actual` quotes no value; `quote` is the place of one."""

    field: str
    offset: int
    expected: str
    actual: str = ""
    quote: tuple[int, int] | None = None
    short_bytes: int = 0
    """How many bytes are missing, where the message ends too soon."""
    is_placed: bool = False
    """Whether what follows stands at its place all the same."""


class Walk:
    """The fields of one payload, as far as they can be found."""

    def __init__(
        self,
        data: bytes,
        start: int = 0,
        *,
        elsewhere: Mapping[str, FieldSpec] | None = None,
        kept_as_bytes: frozenset[str] = frozenset(),
    ) -> None:
        self._data = data
        self._elsewhere = elsewhere or {}
        """Fields that are no part of the dialect, and whose size is known all the same."""
        self._kept_as_bytes = kept_as_bytes
        """Texts that nobody reads: bytes in them are no fault."""
        self.position = start
        """The next byte."""
        self.spans: list[Span] = []
        self.faults: list[Fault] = []
        self.is_lost = False
        """Whether what follows has no known place."""

    @property
    def left(self) -> int:
        """Bytes not yet walked."""
        return len(self._data) - self.position

    def take(self, name: str, label: str, size: int, form: Form = Form.BYTES) -> bytes | None:
        """A part of fixed size; None, and lost, when the payload ends before it does."""
        if self.is_lost:
            return None
        start = self.position
        if size > self.left:
            left = f"{self.left} bytes are left"
            self._fault(name, start, f"{size} bytes of {label}", left, short=size - self.left)
            self.is_lost = True
            return None
        self.position = start + size
        self._bytes(name, label, start, form)
        return self._data[start : self.position]

    def body(self, spec: Spec) -> None:
        """Message type, bitmaps and the fields they announce."""
        is_packed = spec["t"]["data_enc"] == "b"
        mti = self.take(
            "t", "message type", *((2, Form.NIBBLES) if is_packed else (4, Form.CHARACTERS))
        )
        if mti is not None and not (mti.hex() if is_packed else mti.decode("latin-1")).isdecimal():
            self._fault("t", self.position - len(mti), "four digits", quote=self.spans[-1])
        numbers = self._bitmaps(spec)
        for number in numbers:
            if self.is_lost:
                return
            name = str(number)
            self._field(name, spec[name] if spec[name]["max_len"] else self._elsewhere[name])

    def rest(self) -> None:
        """What nobody announced."""
        if self.left:
            start = self.position
            if not self.is_lost:
                many = f"{self.left} bytes more"
                self._fault("rest", start, "the end of the message", many)
            self.position = len(self._data)
            self._bytes("rest", "not read", start, Form.BYTES)

    def _bitmaps(self, spec: Spec) -> list[int]:
        has_second = any(spec[str(n)]["max_len"] for n in range(_BITMAP_BITS + 1, 129))
        start = self.position
        numbers = self._bitmap(spec, "p", "bitmap", 0)
        if _SECOND_BITMAP in numbers and has_second:
            numbers.remove(_SECOND_BITMAP)
            numbers += self._bitmap(spec, "1", "second bitmap", _BITMAP_BITS)
        known: list[int] = []
        for number in numbers:
            if number > _SECOND_BITMAP and spec[str(number)]["max_len"]:
                known.append(number)
                continue
            size = self.position - start
            bits = 2 * _BITMAP_BITS if size in {16, 32} and has_second else _BITMAP_BITS
            place = start + (number - 1) * size // bits
            is_placed = str(number) in self._elsewhere
            expected, actual = "no such field in this dialect", "its bit is set"
            self._fault(str(number), place, expected, actual, is_placed=is_placed)
            if is_placed:
                known.append(number)
            elif number > _SECOND_BITMAP:
                break
        return known

    def _bitmap(self, spec: Spec, name: str, label: str, before: int) -> list[int]:
        is_binary = spec["p"]["data_enc"] == "b"
        start = self.position
        raw = self.take(
            name, label, 8 if is_binary else 16, Form.BYTES if is_binary else Form.CHARACTERS
        )
        if raw is None:
            return []
        if not is_binary:
            try:
                raw = bytes.fromhex(raw.decode("ascii")) if b" " not in raw else b""
            except ValueError:
                raw = b""
            if len(raw) != 8:
                self._fault(name, start, "16 hexadecimal characters", "others among them")
                self.is_lost = True
                return []
        bits = int.from_bytes(raw)
        return [
            before + number
            for number in range(1, _BITMAP_BITS + 1)
            if bits >> (_BITMAP_BITS - number) & 1
        ]

    def _field(self, name: str, field: FieldSpec) -> None:
        start = self.position
        many = self._length(name, field)
        if many is None:
            return
        unit = "digits" if field.get("len_count") == "nibbles" else "bytes"
        if many > field["max_len"]:
            length = (2 * start, 2 * self.position)
            most = f"a length of {field['max_len']} {unit} at most"
            self._fault(name, start, most, quote=length)
        size = (many + 1) // 2 if unit == "digits" else many
        data = self.position
        if size > self.left:
            wanted, left = f"{size} bytes of {field['desc']}", f"{self.left} are left"
            self._fault(name, data, wanted, left, short=size - self.left)
            self.is_lost = True
            return
        self.position = data + size
        raw = self._data[data : self.position]
        first, last = 2 * data, 2 * self.position
        pads = 2 * size - many if unit == "digits" else 0
        if pads and field.get("left_pad"):
            first += 1
        elif pads:
            last -= 1
        form = _form(field)
        is_kept = form is Form.TEXT and name in self._kept_as_bytes and not _is_text(raw)
        self._span(name, field["desc"], start, (first, last), Form.BYTES if is_kept else form)
        if is_kept:
            return
        if pads:
            self._check_pad(name, field, raw, data)
        self._check(name, field, raw, (first - 2 * data, last - 2 * data), data)

    def _length(self, name: str, field: FieldSpec) -> int | None:
        """How long the value is, in its own units; None, and lost, where that cannot be read."""
        if not field["len_type"]:
            return field["max_len"]
        start, size = self.position, field["len_type"]
        if size > self.left:
            left = f"{self.left} are left"
            self._fault(name, start, f"{size} bytes of length", left, short=size - self.left)
            self.is_lost = True
            return None
        raw = self._data[start : start + size]
        text = raw.decode("latin-1") if field["len_enc"] == "ascii" else raw.hex()
        if not (text.isascii() and text.isdigit()):
            self._fault(name, start, "a length in digits", quote=(2 * start, 2 * (start + size)))
            self.is_lost = True
            return None
        self.position += size
        return int(text)

    def _check_pad(self, name: str, field: FieldSpec, raw: bytes, data: int) -> None:
        is_left = bool(field.get("left_pad"))
        wanted = field.get("left_pad") or field.get("right_pad", "")
        nibble = raw.hex().upper()[0 if is_left else -1]
        if nibble not in {wanted, field.get("pad_also", wanted)}:
            place = data if is_left else data + len(raw) - 1
            self._fault(name, place, f"the pad nibble {wanted}", "another", is_placed=True)

    def _check(
        self, name: str, field: FieldSpec, raw: bytes, place: tuple[int, int], data: int
    ) -> None:
        for offset, expected in _wrong(field, raw, place):
            self._fault(name, data + offset, expected, "another byte")

    def _bytes(self, name: str, label: str, start: int, form: Form) -> None:
        """Keep a part that is nothing but its value, up to where we are."""
        end = self.position
        self._span(name, label, start, (2 * start, 2 * end), form)

    def _span(self, name: str, label: str, start: int, value: tuple[int, int], form: Form) -> None:
        """Keep a place, from a byte to where we are; `value` counts nibbles."""
        first, last = value
        self.spans.append(
            Span(
                name=name,
                label=label,
                start=2 * start,
                first=first,
                last=last,
                end=2 * self.position,
                form=form,
            )
        )

    def _fault(  # noqa: PLR0913 - what is known of a fault
        self,
        field: str,
        offset: int,
        expected: str,
        actual: str = "",
        *,
        quote: Span | tuple[int, int] | None = None,
        short: int = 0,
        is_placed: bool = False,
    ) -> None:
        place = (quote.first, quote.last) if isinstance(quote, Span) else quote
        self.faults.append(
            Fault(
                field=field,
                offset=offset,
                expected=expected,
                actual=actual,
                quote=place,
                short_bytes=short,
                is_placed=is_placed,
            )
        )


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode(TEXT)
    except UnicodeDecodeError:
        return False
    return True


def _form(field: FieldSpec) -> Form:
    if field.get("hexadecimal"):
        return Form.HEXADECIMAL
    if field["data_enc"] == "b":
        return Form.NIBBLES if field.get("len_count") == "nibbles" else Form.BYTES
    return Form.TEXT if field["data_enc"] == TEXT else Form.CHARACTERS


def _wrong(field: FieldSpec, raw: bytes, place: tuple[int, int]) -> Iterator[tuple[int, str]]:
    """The first byte that does not belong, and what does."""
    form = _form(field)
    if form is Form.NIBBLES and field.get("digits"):
        text = raw.hex()
        wrong = (at // 2 for at in range(*place) if not text[at].isdecimal())
        yield from ((at, "decimal digits") for at in itertools.islice(wrong, 1))
    elif form is Form.TEXT:
        try:
            raw.decode(TEXT)
        except UnicodeDecodeError as error:
            yield error.start, "text in GB18030"
    elif form in {Form.CHARACTERS, Form.HEXADECIMAL}:
        allowed, expected = _allowed(field, form)
        wrong = (at for at, byte in enumerate(raw) if byte not in allowed)
        yield from ((at, expected) for at in itertools.islice(wrong, 1))
        if form is Form.HEXADECIMAL and len(raw) % 2:
            yield len(raw), "hexadecimal characters in pairs"


def _allowed(field: FieldSpec, form: Form) -> tuple[bytes, str]:
    """Which characters may stand in a field, and what they are called."""
    if field.get("digits"):
        return b"0123456789", "decimal digits"
    if form is Form.HEXADECIMAL:
        return b"0123456789ABCDEFabcdef", "hexadecimal characters"
    return bytes(range(0x20, 0x7F)), "printable ASCII characters"
