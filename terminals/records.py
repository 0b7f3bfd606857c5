"""Records of fixed places, as tills have written them since before messages had bitmaps.

Every region has its own, so a layout is a file and not code. The language is one line a field:

    # what follows a hash is for people
    request 200                        a record, and how many bytes it has
    request 200 240                    or: how many more, where something stands there
    amount    20  12  zeros   number   name, first byte counted from 1, length, pad, charset
    memo      61 100  spaces  gbk
    answer 150
    ...
    mark SALE class=_ transaction=00   how a request of one message code is marked

Pad says what fills a value that is shorter than its place: `zeros` on the left, `spaces` on the
right, `none` where it must fill its place. Charsets: `number` (digits, an amount or a count),
`digits` (digits that are a name, zeros and all), `ascii`, `gbk` (read as GB18030), `hex`. Bytes
no field covers are spaces and are not looked at. A value that is nothing but its spaces, or
zeros in a `digits` field padded with zeros, is absent.

What stands behind a record's first size is sent by who says something there, and by nobody else:
so a till that knows nothing of it goes on with its records as they were.

A `mark` line gives values of fields, `_` for spaces. A name that is no field of the record adds
a value that the record has no place for. A code may have several lines; the first that fits is
taken. Two fields share no byte, and none stands outside its record: a layout is checked whole
when it is loaded.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from struct import Struct
from typing import Final

from host.named_files import read_named_text
from terminals.codec import DecodeError, EncodeError

RECORD_BYTES_MAX: Final = 4096
Value = str | int
Write = Callable[[Value | None], bytes]
Plain = Callable[[Value], bytes]
_GBK: Final = "gb18030"
PADS: Final = ("zeros", "spaces", "none")
CHARSETS: Final = ("number", "digits", "ascii", "gbk", "hex")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")


class LayoutError(ValueError):
    """A layout file that describes no record. Says the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One field: where it stands and how it is written."""

    name: str
    start: int
    """Counted from 0 here, from 1 in the file."""
    size: int
    pad: str
    charset: str

    @property
    def end(self) -> int:
        """One past the last byte."""
        return self.start + self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """How a request of one message code is marked: field values, and values beyond the record."""

    marks: Mapping[str, str]
    extras: Mapping[str, str]


class Record:
    """One kind of record: its length and its fields in the order they stand.

    What is the same for every record of the kind is made once: how it is cut into its fields, and
    what stands there where nothing is said.
    """

    __slots__ = (
        "_cut", "_empty", "_parts", "_sizes", "_unsaid", "_writers", "names", "places", "size",
        "usual_size",
    )  # fmt: skip

    def __init__(self, size: int, places: tuple[Place, ...], usual_size: int = 0) -> None:
        self.size = size
        """With all that may stand in it."""
        self.usual_size = usual_size or size
        """Without what few say."""
        self.places = places
        self.names = frozenset(place.name for place in places)
        """The fields there are."""
        self._sizes = {place.name: place.size for place in places}
        self._writers = {
            place.name: (slice(place.start, place.end), _writer(place)) for place in places
        }
        in_order = sorted(places, key=lambda place: place.start)
        self._cut = Struct(_cuts(size, in_order)).unpack
        self._parts = [(place, b" " * place.size, READERS[place.charset]) for place in in_order]
        empty = bytearray(b" " * size)
        for place in places:
            empty[place.start : place.end] = _writer(place)(None)
        self._empty = bytes(empty)
        self._unsaid = empty[self.usual_size :]

    def read(self, data: bytes) -> dict[str, Value]:
        """The values that are there.

        Raises:
            DecodeError: another length, or bytes that are not of their field's charset.
        """
        if len(data) != self.size:
            data = self._filled(data)
        values: dict[str, Value] = {}
        for (place, blank, read), part in zip(self._parts, self._cut(data), strict=True):
            if part == blank:
                continue
            try:
                value = read(place, part)
            except ValueError as error:
                raise DecodeError(place.name, place.start, str(error)) from None
            if value is not None:
                values[place.name] = value
        return values

    @property
    def sizes(self) -> tuple[int, ...]:
        """How long one may be."""
        return tuple(sorted({self.usual_size, self.size}))

    def _filled(self, data: bytes) -> bytes:
        """One that says nothing in the places that few use."""
        if len(data) == self.usual_size:
            return data.ljust(self.size)
        sizes = " or ".join(map(str, self.sizes))
        why = f"a record of this layout is {sizes} bytes, this one has {len(data)}"
        raise DecodeError("record", min(len(data), self.size), why)

    def read_sound(self, data: bytes) -> dict[str, Value]:
        """The values that are of their field's charset, whatever stands beside them."""
        values: dict[str, Value] = {}
        for place in self.places:
            part = data[place.start : place.end]
            try:
                value = READERS[place.charset](place, part) if len(part) == place.size else None
            except ValueError:
                continue
            if value is not None:
                values[place.name] = value
        return values

    def write(self, values: Mapping[str, Value]) -> bytes:
        """The record with these values; fields without one are filled.

        Raises:
            EncodeError: there is no such field, or a value does not fit its place.
        """
        data = bytearray(self._empty)
        for name, value in values.items():
            found = self._writers.get(name)
            if found is None:
                raise EncodeError(name, "the layout has no such field")
            there, write = found
            try:
                data[there] = write(value)
            except ValueError as error:
                raise EncodeError(name, str(error)) from None
        return bytes(data if data[self.usual_size :] != self._unsaid else data[: self.usual_size])

    def longest(self, name: str, text: str) -> str:
        """As much of a text as its place holds: text for people is cut, never a message lost."""
        size = self._sizes[name]
        while len(text.encode(_GBK)) > size:
            text = text[:-1]
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One file: the request, the answer, and how requests are marked."""

    name: str
    request: Record
    answer: Record
    codes: Mapping[str, tuple[CodeRow, ...]]


def layout_named(name: str) -> Layout:
    """A layout that is shipped (`common`), or the one in a file.

    Raises:
        LayoutError: there is none, or it describes no record.
    """
    shipped = resources.files("terminals") / "layouts" / f"{name}.txt"
    is_word = name.replace("-", "").replace("_", "").isalnum()
    try:
        is_shipped = is_word and shipped.is_file()
        text = shipped.read_text("utf-8") if is_shipped else read_named_text(name)
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"record layout {name!r} cannot be read: {error}. "
            "Next: name a shipped one (common) or the path of a file"
        )
        raise LayoutError(msg) from None
    return layout_of(text, name)


def layout_of(text: str, name: str) -> Layout:
    """A layout from the text of its file.

    Raises:
        LayoutError: it describes no record.
    """
    draft = _Draft()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        try:
            if words:
                draft.take(words)
        except ValueError as error:
            msg = f"record layout {name!r}, line {number}: {error}"
            raise LayoutError(msg) from None
    try:
        return draft.layout(name)
    except ValueError as error:
        msg = f"record layout {name!r}: {error}"
        raise LayoutError(msg) from None


@dataclass(slots=True)
class _Draft:
    """A layout while its lines are read. ValueErrors say what is wrong with a line."""

    sizes: dict[str, int] = field(default_factory=dict)
    usual_sizes: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    codes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    section: str = ""

    def take(self, words: list[str]) -> None:
        head = words[0]
        if head in {"request", "answer"} and len(words) in {2, 3}:
            self._open(head, words[1], words[-1])
        elif head == "mark" and len(words) >= 2:
            self.codes.append((words[1], dict(_marks(words[2:]))))
        elif self.section and len(words) == 5:
            self._place(words)
        else:
            raise ValueError(
                "a line is `request SIZE [SIZE]`, `answer SIZE [SIZE]`, "
                "`NAME START LENGTH PAD CHARSET` or `mark CODE NAME=VALUE ...`"
            )

    def layout(self, name: str) -> Layout:
        for section in ("request", "answer"):
            if not self.places.get(section):
                raise ValueError(f"there is no {section} record in it")
        request, answer = self._record("request"), self._record("answer")
        codes: dict[str, tuple[CodeRow, ...]] = {}
        for code, marks in self.codes:
            row = CodeRow(
                marks={key: text for key, text in marks.items() if key in request.names},
                extras={key: text for key, text in marks.items() if key not in request.names},
            )
            request.write(row.marks)
            codes[code] = (*codes.get(code, ()), row)
        return Layout(name=name, request=request, answer=answer, codes=codes)

    def _record(self, section: str) -> Record:
        places = tuple(self.places[section])
        return Record(self.sizes[section], places, self.usual_sizes[section])

    def _open(self, section: str, usual: str, size: str) -> None:
        if section in self.sizes:
            raise ValueError(f"there are two {section} records")
        self.section = section
        self.sizes[section] = _count(size, RECORD_BYTES_MAX)
        self.usual_sizes[section] = _count(usual, self.sizes[section])
        self.places[section] = []

    def _place(self, words: list[str]) -> None:
        name, start, size, pad, charset = words
        if pad not in PADS or charset not in CHARSETS:
            raise ValueError(f"a pad is one of {PADS}, a charset one of {CHARSETS}")
        bytes_max = self.sizes[self.section]
        place = Place(
            name=name,
            start=_count(start, bytes_max) - 1,
            size=_count(size, bytes_max),
            pad=pad,
            charset=charset,
        )
        places = self.places[self.section]
        if place.end > bytes_max:
            raise ValueError(f"{name} ends at {place.end}, the record at {bytes_max}")
        for other in places:
            if other.name == name:
                raise ValueError(f"there are two fields {name}")
            if place.start < other.end and other.start < place.end:
                raise ValueError(f"{name} and {other.name} share bytes")
        places.append(place)


def _marks(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, sign, text = word.partition("=")
        if not (name and sign and text):
            raise ValueError(f"{word!r} is not NAME=VALUE")
        yield name, text.replace("_", " ").strip()


def _count(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise ValueError(f"{text!r} is not a number from 1 to {most}")
    return int(text)


def _cuts(size: int, places: Iterable[Place]) -> str:
    """How a record is cut, as `struct` says it: fields, and bytes that are not looked at."""
    words, at = [], 0
    for place in places:
        words += [f"{place.start - at}x", f"{place.size}s"]
        at = place.end
    return "".join([*words, f"{size - at}x"])


def _read(place: Place, data: bytes) -> Value | None:
    """A field's value, None where it is absent. ValueErrors never quote it."""
    if place.charset == "gbk":
        return _printable(_decoded(data, _GBK).rstrip(" ")) or None
    text = _decoded(data, "ascii").rstrip(" ")
    if not text:
        return None
    if len(text) < place.size and place.pad != "spaces":
        raise ValueError("it does not fill its place")
    if place.charset in {"number", "digits"} and not text.isdigit():
        raise ValueError("digits are expected")
    if place.charset == "number":
        return int(text)
    if place.charset == "hex" and not (_HEXADECIMAL.issuperset(text) and len(text) % 2 == 0):
        raise ValueError("hexadecimal bytes are expected")
    if place.charset == "digits" and place.pad == "zeros" and not text.strip("0"):
        return None
    return _printable(text)


def _read_number(place: Place, data: bytes) -> Value | None:
    """As `_read`, at once where the place is full of digits."""
    return int(data) if data.isdigit() else _read(place, data)


def _read_digits(place: Place, data: bytes) -> Value | None:
    """The same."""
    if data.isdigit() and place.pad != "zeros":
        return data.decode("ascii")
    return _read(place, data)


READERS: Final[Mapping[str, Callable[[Place, bytes], Value | None]]] = {
    "number": _read_number,
    "digits": _read_digits,
    "ascii": _read,
    "gbk": _read,
    "hex": _read,
}
"""What reads each charset; `_read` is what they mean."""


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except UnicodeDecodeError:
        raise ValueError(f"the bytes are not {charset}") from None


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("a control character stands in a text")
    return text


def _writer(place: Place) -> Write:
    """What writes a field: at once what is plainly of its charset, the rest with every check."""
    fill = b"0" if place.pad == "zeros" and place.charset == "number" else b" "
    nothing = fill * place.size
    at_once = _AT_ONCE.get((place.charset, place.pad))
    if at_once is None:
        return lambda value: nothing if value is None else _written(place, value)
    plain, size = at_once(place.size), place.size

    def write(value: Value | None) -> bytes:
        if value is None:
            return nothing
        data = plain(value)
        return data if len(data) == size else _written(place, value)

    return write


def _number_at_once(size: int) -> Plain:
    form = f"%0{size}d"
    return lambda value: (form % value).encode() if type(value) is int and value >= 0 else b""


def _digits_at_once(_size: int) -> Plain:
    def digits(value: Value) -> bytes:
        is_plain = isinstance(value, str) and value.isascii() and value.isdigit()
        return str(value).encode() if is_plain else b""

    return digits


def _text_at_once(size: int) -> Plain:
    def text(value: Value) -> bytes:
        if isinstance(value, str) and value.isascii() and value.isprintable():
            return b"" if value[-1:] == " " else value.encode().ljust(size)
        return b""

    return text


_AT_ONCE: Final[Mapping[tuple[str, str], Callable[[int], Plain]]] = {
    ("number", "zeros"): _number_at_once,
    ("digits", "none"): _digits_at_once,
    ("ascii", "spaces"): _text_at_once,
    ("ascii", "none"): lambda _size: _text_at_once(0),
}
"""By charset and pad. Nothing is given for what they do not know; `_written` is what is meant."""


def _written(place: Place, value: Value) -> bytes:
    data = str(value).encode(_GBK if place.charset == "gbk" else "ascii")
    if place.pad == "zeros":
        data = data.rjust(place.size, b"0")
    elif place.pad == "spaces":
        data = data.ljust(place.size)
    if len(data) != place.size:
        raise ValueError(f"{len(data)} bytes do not fit into {place.size}")
    if _read(place, data) != (value if value != "" else None):
        raise ValueError(f"it is no {place.charset} padded with {place.pad}")
    return data
