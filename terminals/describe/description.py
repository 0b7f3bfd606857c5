"""Any message in words: where each byte belongs, what it means, and what is wrong with it.

`describe` is given a payload (or a frame, its length in front) and the name of a dialect, or
none: then every dialect reads it, and the one is taken whose own writing of what it read gives
the same bytes again. A message that nobody reads well is described by whoever gets furthest.
Card numbers, tracks, PIN blocks and keys are covered before anything is told
(`terminals.describe.mask`), and a description holds nothing else.
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from terminals.describe.heads import Asked
from terminals.describe.inside import Known, Node
from terminals.describe.mask import Cover, Shown
from terminals.describe.readers import Reader, Reading, behind, readers, span_of, unread
from terminals.describe.walk import Fault, Form
from terminals.describe.words import meaning_of
from terminals.framing import LENGTH_CODECS

_RUN_KEY: Final = secrets.token_bytes(32)
"""Two covered values are compared by their digests under this; it ends with the process."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One field, or a part of one. Offsets are bytes; `end` is one past the last."""

    name: str
    label: str
    start: int
    end: int
    value: str
    """As far as it may be seen: a star for each digit or byte that may not."""
    meaning: str = ""
    parts: "tuple[Part, ...]" = ()
    digest: bytes = b""
    """Equal for equal bytes within this process; never printed."""

    def __repr__(self) -> str:
        return f"<Part {self.name} {self.start}-{self.end} {self.value!r}>"


class Wrong(msgspec.Struct, frozen=True):
    """One fault: at which byte, what was expected there, and what is."""

    field: str
    offset: int
    expected: str
    actual: str
    short_bytes: int = 0
    """How many bytes are missing, where the message ends too soon."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message as people may see it."""

    dialect: str
    is_exact: bool
    """Whether the dialect reads all of it and writes the same bytes again."""
    title: str
    size: int
    hex: str
    """Every byte, two stars for one that is covered."""
    parts: tuple[Part, ...]
    faults: tuple[Wrong, ...]
    reach: int = 0
    """How many bytes were read before the first fault; 0 where it begins as no message does."""
    is_guessed: bool = False
    """Whether what stands before the message type is neither as usual nor as was asked."""

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong with it, as the exit status has it."""
        return not self.faults

    @property
    def verdict(self) -> str:
        """In words what came of it: exact, well but spelled otherwise than we do, or not well."""
        if self.faults:
            return "not read well"
        return "exact" if self.is_exact else "read well, though we would write it otherwise"


class UnknownDialectError(ValueError):
    """No dialect of this name can be described. Says which can."""


def describe(
    data: bytes,
    dialect: str | None = None,
    length: str | None = None,
    asked: Asked = Asked(),  # noqa: B008 - frozen
) -> Description:
    """A payload, or a frame whose length is written by `length`, in words.

    Without a dialect, and without a length, the best of all are found; so is what stands before
    the message type, but for what is asked of it. Never fails on bytes.

    Raises:
        UnknownDialectError: there is no such dialect, or no such length.
    """
    known = readers()
    if dialect is not None and dialect not in known:
        names = ", ".join(sorted(known))
        raise UnknownDialectError(f"there is no dialect {dialect!r}. Next: name one of {names}")
    if length is not None and length not in {"none", *LENGTH_CODECS}:
        names = ", ".join(sorted({"none", *LENGTH_CODECS}))
        raise UnknownDialectError(f"there is no length {length!r}. Next: name one of {names}")
    asked = msgspec.structs.replace(asked, has_no_length=length == "none")
    dialects = [dialect] if dialect is not None else list(known)
    lengths = [length] if length is not None else ["none", *LENGTH_CODECS]
    readings = [
        reading
        for name in dialects
        for each in lengths
        for reading in _framed(data, each, known[name], asked)
    ]
    if not readings:
        readings = [unread(data)]
    return _told(data, max(readings, key=_rank))


def describable() -> list[str]:
    """The dialects that can be named."""
    return sorted(readers())


def _rank(reading: Reading) -> tuple[bool, bool, bool, int, int, int]:
    """What is taken first: a guess only where nothing usual reads, and then the smallest."""
    is_well = not reading.faults
    return (
        reading.is_exact,
        is_well,
        not reading.guessed_bytes and reading.reach > 0,
        -reading.guessed_bytes if is_well else 0,
        reading.reach,
        -len(reading.faults),
    )


def _framed(data: bytes, length: str, read: Reader, asked: Asked) -> Iterable[Reading]:
    """The readings behind a length."""
    if length == "none":
        return read(data, 0, asked)
    codec = LENGTH_CODECS[length]
    if len(data) <= codec.size:
        return ()
    return (_behind_length(data, length, each) for each in read(data, codec.size, asked))


def _behind_length(data: bytes, length: str, reading: Reading) -> Reading:
    """A reading with its length, which has to be right for the reading to be exact."""
    codec = LENGTH_CODECS[length]
    span = span_of("length", f"length, {length}", 0, codec.size, Form.BYTES)
    faults = reading.faults
    try:
        told = codec.read(data[: codec.size])
    except ValueError:
        told = -1
    there = len(data) - codec.size
    if told != there:
        actual = f"{there} bytes follow"
        expected = f"the {told} bytes of its length" if told >= 0 else "a length"
        short = max(told - there, 0)
        wrong = Fault(field="length", offset=0, expected=expected, actual=actual, short_bytes=short)
        faults = [wrong, *faults]

    return msgspec.structs.replace(
        behind(span, reading),
        is_exact=reading.is_exact and told == there,
        reach=reading.reach if told == there else reading.reach - codec.size,
        faults=faults,
    )


def _told(data: bytes, reading: Reading) -> Description:
    is_sound = all(fault.is_placed for fault in reading.faults)
    cover = Cover(data, is_sound=is_sound, has_faults=bool(reading.faults))
    nodes, known = reading.expose(cover)
    shown = cover.finished(reading.spans)
    values = {
        node.span.name: shown.value(node.span.form, node.span.first, node.span.last)
        for node in nodes
    }
    return Description(
        dialect=reading.dialect,
        is_exact=reading.is_exact and not reading.faults,
        title=reading.title(values),
        size=len(data),
        hex=shown.hex,
        parts=tuple(_part(data, shown, node, known, values) for node in nodes),
        faults=tuple(_wrong(shown, fault) for fault in reading.faults),
        reach=reading.reach,
        is_guessed=reading.guessed_bytes > 0,
    )


def _part(data: bytes, shown: Shown, node: Node, known: Known, values: Mapping[str, str]) -> Part:
    span = node.span
    start, end = span.start // 2, (span.end + 1) // 2
    value = shown.value(span.form, span.first, span.last)
    own = {
        each.span.name: shown.value(each.span.form, each.span.first, each.span.last)
        for each in node.parts
    }
    digest = hashlib.blake2b(data[start:end], key=_RUN_KEY, digest_size=16).digest()
    return Part(
        name=span.name,
        label=span.label,
        start=start,
        end=end,
        value=value,
        meaning=meaning_of(span.name, value, {**values, **own}, is_answer=known.is_answer),
        parts=tuple(_part(data, shown, each, known, {**values, **own}) for each in node.parts),
        digest=digest,
    )


def _wrong(shown: Shown, fault: Fault) -> Wrong:
    actual = fault.actual
    if fault.quote is not None:
        first, last = fault.quote
        actual = shown.slice(first, last) if shown.is_clear(first, last) else "something covered"
    return Wrong(fault.field, fault.offset, fault.expected, actual, fault.short_bytes)


def every_part(parts: Iterable[Part], depth: int = 0) -> Iterator[tuple[int, Part]]:
    """All parts in the order they stand, each with its depth."""
    for part in parts:
        yield depth, part
        yield from every_part(part.parts, depth + 1)


def as_builtins(description: Description) -> dict[str, Any]:
    """A description for programs."""
    return {
        "dialect": description.dialect,
        "is_exact": description.is_exact,
        "is_well": description.is_well,
        "verdict": description.verdict,
        "title": description.title,
        "size": description.size,
        "hex": description.hex,
        "parts": [_as_builtins(each) for each in description.parts],
        "faults": [msgspec.to_builtins(each) for each in description.faults],
    }


def _as_builtins(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": part.name,
        "label": part.label,
        "start": part.start,
        "end": part.end,
        "value": part.value,
    }
    if part.meaning:
        told["meaning"] = part.meaning
    if part.parts:
        told["parts"] = [_as_builtins(each) for each in part.parts]
    return told
