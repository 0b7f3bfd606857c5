"""What of a message people may see: nothing, until it has been shown on purpose.

A payload begins as a row of stars, one a nibble, and each field is uncovered as its row of
`EXPOSURES` says; a field without a row stays covered. All that is told of a message later is
read from this row of nibbles, so what is covered here cannot come out anywhere. In a message
that does not read well fields may stand where they do not belong: then bytes and foreign
characters stay covered too, and whatever has the shape of a card number or a track is covered
again wherever it stands.
"""

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from host.model.secrets import CODE_DIGITS, CODE_PREFIX, luhn_digit
from terminals.describe.walk import Form, Span
from terminals.formats import TEXT

STAR: Final = "*"
_HEAD_DIGITS: Final = 6
_TAIL_DIGITS: Final = 4
_PAN_MIN: Final = 12
_PAN_MAX: Final = 19


@enum.unique
class Exposure(enum.Enum):
    """How much of a field people see."""

    CLEAR = "all of it"
    PAN = "first six and last four"
    TRACK = "the PAN's first six and last four"
    TEXT = "all but long runs of digits"
    BYTES = "all of it, in a message that reads well"


def _rows(exposure: Exposure, names: str) -> dict[str, Exposure]:
    return dict.fromkeys(names.split(), exposure)


EXPOSURES: Final[Mapping[str, Exposure]] = {
    **_rows(Exposure.CLEAR, "length tpdu header preamble t p 1 3 4 5 6 7 8 9 10 11 12 13 14 15 16"),
    **_rows(Exposure.CLEAR, "17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 37 38 39 40 41 42"),
    **_rows(Exposure.CLEAR, "49 50 51 53 60 61 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81"),
    **_rows(Exposure.CLEAR, "82 83 84 85 86 87 88 89 90 91 92 93 94 97 99 100"),
    **_rows(Exposure.TEXT, "43 44 59 63 98 101 104"),
    **_rows(Exposure.BYTES, "64 128 mac"),
    "2": Exposure.PAN,
    "35": Exposure.TRACK,
}
"""Of every dialect. F48, F54, F55 and F62 are uncovered part by part; PIN blocks, other tracks,
accounts, keys and what is private or reserved never."""

_PACKED_TRACK: Final = re.compile(r"(?=([0-9]{12,19}(D)[0-9]{4}[0-9DF]*))")
_WRITTEN_TRACK: Final = re.compile(rb"(?=([0-9]{12,19}([=D])[0-9]{4}[0-9=D]*))")
_WRITTEN_DIGITS: Final = re.compile(rb"[0-9](?:[ -]?[0-9]){11,}")
_PACKED_PAN_MIN: Final = 13
_USUAL_SIZES: Final = (16, 19)
_USUAL_STARTS: Final = frozenset("234569")
"""Of card numbers in use: what is covered in a broken message although it may be none."""
_PADS: Final = frozenset("0F")
_OF_CARDS: Final = frozenset({"2", "35", "36", "45"})
_FRAME: Final = frozenset({"length", "t", "p"})
"""What stands before the first field."""


class Shown:
    """One payload as far as it may be seen. Keeps no byte that is covered."""

    __slots__ = ("hex",)

    def __init__(self, nibbles: str) -> None:
        self.hex = nibbles
        """Two characters a byte, upper case, a star for what is covered."""

    def slice(self, first: int, last: int) -> str:
        """Nibbles as they are."""
        return self.hex[first:last]

    def value(self, form: Form, first: int, last: int) -> str:
        """A value as people read it."""
        nibbles = self.hex[first:last]
        if form in {Form.NIBBLES, Form.BYTES}:
            return nibbles
        text = "".join(_pieces(nibbles, "utf-8" if form is Form.UTF_8 else TEXT))
        if form is Form.HEXADECIMAL_TEXT:
            text = "".join(_pieces(text, TEXT))
        return printable(text)

    def is_clear(self, first: int, last: int) -> bool:
        """Whether nothing of it is covered."""
        return STAR not in self.hex[first:last]


class Cover:
    """A payload and its row of stars, while fields are being uncovered."""

    __slots__ = ("_data", "_has_faults", "_hex", "_is_sound", "_shown")

    def __init__(self, data: bytes, *, is_sound: bool, has_faults: bool = False) -> None:
        self._data = data
        self._hex = data.hex().upper()
        self._is_sound = is_sound
        """Everything stands at its place."""
        self._has_faults = has_faults or not is_sound
        self._shown = bytearray(len(self._hex))

    def uncover(self, first: int, last: int) -> None:
        """Show these nibbles."""
        self._shown[first:last] = b"\1" * (last - first)

    def uncover_frame(self, span: Span) -> None:
        """Show the length and the pads of a field, which say nothing of its value.

        What is no pad where one should be may be a digit that its length left out.
        """
        self.uncover(span.start, span.first - span.first % 2)
        pad = span.last if not span.first % 2 and span.last % 2 else span.first - 1
        is_padded = bool(span.first % 2 or span.last % 2)
        if is_padded and (self._hex[pad] in _PADS or span.name not in _OF_CARDS):
            self.uncover(pad, pad + 1)

    def expose(self, span: Span, exposure: Exposure | None) -> None:
        """Show a field as far as its row says."""
        if exposure is None:
            return
        if not self._is_sound and not self._is_plain(span):
            return
        first, last = span.first, span.last
        if exposure in {Exposure.CLEAR, Exposure.BYTES}:
            self.uncover(first, last)
        elif exposure is Exposure.TEXT:
            self.expose_text(first, last)
        else:
            step = 1 if span.form is Form.NIBBLES else 2
            self.expose_pan(first, self._end_of_pan(first, last, step), step)

    def expose_pan(self, first: int, last: int, step: int) -> None:
        """The first six digits and the last four, of a number long enough to have others.

        Of a code to pay by, which nobody is to try, no more than what all of them begin with.
        """
        digits = (last - first) // step
        if digits < _PAN_MIN:
            return
        if digits == CODE_DIGITS and self._hex[first + step - 1 : last : step][:2] == CODE_PREFIX:
            self.uncover(first, first + len(CODE_PREFIX) * step)
            return
        self.uncover(first, first + _HEAD_DIGITS * step)
        self.uncover(last - _TAIL_DIGITS * step, last)

    def expose_text(self, first: int, last: int, step: int = 2) -> None:
        """All but long runs of digits; `step` is 4 where each byte is written in hexadecimal."""
        self.uncover(first, last)
        text = self.text(first, last)
        if step == 4:
            text = bytes.fromhex(text.decode("ascii"))
        for run in _WRITTEN_DIGITS.finditer(text):
            self._cover_pan(first + run.start() * step, first + run.end() * step, step)

    @property
    def is_sound(self) -> bool:
        """Whether the message reads well."""
        return self._is_sound

    def text(self, first: int, last: int) -> bytes:
        """The bytes themselves, for whoever has to know what they are before they are shown."""
        return self._data[first // 2 : last // 2]

    def nibbles(self, first: int, last: int) -> str:
        """The same by nibbles."""
        return self._hex[first:last]

    def finished(self, spans: Sequence[Span]) -> Shown:
        """The payload as it may be seen."""
        self._cover_known(spans)
        if self._has_faults:
            self._cover_shapes(spans)
        pairs = zip(self._hex, self._shown, strict=True)
        return Shown("".join(char if shown else STAR for char, shown in pairs))

    def _is_plain(self, span: Span) -> bool:
        """Whether a value of a broken message is digits or characters, as it should be."""
        if span.form is Form.BYTES:
            return span.name in {"tpdu", "header", "p", "1", "length"}
        text = self._hex[span.first : span.last]
        if span.form is Form.NIBBLES:
            return span.name == "35" or text.isdecimal()
        raw = bytes.fromhex(text)
        return raw.isascii() and raw.decode("ascii").isprintable()

    def _end_of_pan(self, first: int, last: int, step: int) -> int:
        """Where a track's PAN ends: at its separator, or it is all PAN."""
        if step == 1:
            separator = self._hex.find("D", first, last)
            return separator if separator >= 0 else last
        raw = self._data[first // 2 : last // 2]
        places = [place for mark in b"=D" if (place := raw.find(mark)) >= 0]
        return first + 2 * min(places) if places else last

    def _cover(self, first: int, last: int) -> None:
        self._shown[first:last] = bytes(last - first)

    def _cover_pan(self, first: int, last: int, step: int) -> None:
        self._cover(first + _HEAD_DIGITS * step, last - _TAIL_DIGITS * step)

    def _cover_known(self, spans: Iterable[Span]) -> None:
        """Cover the card number of F2 and F35 wherever else it stands."""
        for pan in {pan for span in spans for pan in self._pan_in(span)}:
            for match in re.finditer(f"(?={pan})", self._hex):
                self._cover_pan(match.start(), match.start() + len(pan), 1)
            for written in re.finditer(b"(?=" + pan.encode() + b")", self._data):
                self._cover_pan(2 * written.start(), 2 * (written.start() + len(pan)), 2)

    def _pan_in(self, span: Span) -> Iterator[str]:
        if span.name not in {"2", "35"} or span.form not in {Form.NIBBLES, Form.CHARACTERS}:
            return
        step = 1 if span.form is Form.NIBBLES else 2
        last = self._end_of_pan(span.first, span.last, step)
        pan = self._hex[span.first : last]
        if step == 2:
            pan = bytes.fromhex(pan).decode("latin-1")
        if pan.isascii() and pan.isdecimal() and len(pan) >= _PAN_MIN:
            yield pan

    def _cover_shapes(self, spans: Sequence[Span]) -> None:
        """Cover whatever looks like a card number or a track, at any place.

        Where everything stands at its place that is a track in another field than its own, or a
        number behind its length.

        A number may have lost its length and its end: so behind the frame every run of digits
        is looked at in every place. Packed, only a number of 19 begins within a byte, behind the
        zero that fills its place in a record.
        """
        known = [span for span in spans if span.name == "35"] if self._is_sound else []
        for track in _PACKED_TRACK.finditer(self._hex):
            if not any(span.start <= track.start(2) < span.end for span in known):
                self._cover(track.start(1) + _HEAD_DIGITS, track.end(1))
        for written in _WRITTEN_TRACK.finditer(self._data):
            if not any(span.start <= 2 * written.start(2) < span.end for span in known):
                self._cover(2 * (written.start(1) + _HEAD_DIGITS), 2 * written.end(1))
        self._cover_written(0, everywhere=False)
        self._cover_packed(0, everywhere=False)
        if self._is_sound:
            return
        frame = max((span.end for span in spans if span.name in _FRAME), default=0)
        if any(span.name == "t" and span.form is Form.CHARACTERS for span in spans):
            self._cover_written(frame // 2, everywhere=True)
        else:
            self._cover_packed(frame, everywhere=True)

    def _cover_packed(self, start: int, *, everywhere: bool) -> None:
        for first, last in _pans_in(self._hex[start:], everywhere=everywhere):
            begin, end = start + first, start + last
            is_placed = begin % 2 == 0 or last - first == _PAN_MAX
            if is_placed and not self._data[begin // 2 : end // 2].isdigit():
                self._cover_pan(begin, end, 1)

    def _cover_written(self, start: int, *, everywhere: bool) -> None:
        for run in _WRITTEN_DIGITS.finditer(self._data, start):
            for first, last in _pans_written(run.group(), everywhere=everywhere):
                self._cover_pan(2 * (run.start() + first), 2 * (run.start() + last), 2)


def _pans_written(run: bytes, *, everywhere: bool) -> Iterator[tuple[int, int]]:
    """Card numbers within a run of written digits: all of it, or a part of it."""
    text = run.decode("ascii")
    bare = text.replace(" ", "").replace("-", "")
    if _PACKED_PAN_MIN <= len(bare) <= _PAN_MAX and passes_luhn(bare, len(bare)):
        yield 0, len(text)
    yield from _pans_in(text, everywhere=everywhere)


def _pans_in(text: str, *, everywhere: bool) -> Iterator[tuple[int, int]]:
    """What may be a card number in digits that have lost their places.

    Behind its length any number is; `everywhere` one of a usual length and first digit, too.
    """
    for first in range(len(text)):
        length = text[max(first - 2, 0) : first]
        told = int(length) if length.isdecimal() else 0
        sizes = {told} if _PACKED_PAN_MIN <= told <= _PAN_MAX else set()
        if everywhere and text[first] in _USUAL_STARTS:
            sizes.update(_USUAL_SIZES)
        for size in sizes:
            if passes_luhn(text[first : first + size], size):
                yield first, first + size


def passes_luhn(digits: str, size: int) -> bool:
    """Whether this is so many digits of which the last is the check digit."""
    return len(digits) == size and digits.isdecimal() and luhn_digit(digits[:-1]) == digits[-1]


def printable(text: str) -> str:
    """The text with a dot for every character that would not be seen, or would turn the line."""
    return "".join(char if char.isprintable() else "·" for char in text)


def _pieces(nibbles: str, encoding: str) -> Iterator[str]:
    """Text from its bytes, a star for each that is covered."""
    run = ""
    for index in range(0, len(nibbles), 2):
        pair = nibbles[index : index + 2]
        if STAR not in pair:
            run += pair
            continue
        yield bytes.fromhex(run).decode(encoding, errors="replace")
        yield STAR
        run = ""
    yield bytes.fromhex(run).decode(encoding, errors="replace")
