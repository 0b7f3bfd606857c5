"""Any message in words: where each byte belongs, what it means, and what is wrong with it.

`describe` is given a payload (or a frame, its length in front) and the name of a dialect, or
none: then every dialect reads it, and the one is taken whose own writing of what it read gives
the same bytes again. A message that nobody reads well is described by whoever gets furthest.
Card numbers, tracks, PIN blocks and keys are covered before anything is told
(`terminals.describe_mask`), and a description holds nothing else.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from terminals.codec import Codec, DecodeError, EncodeError
from terminals.describe_forms import JsonWalk, json_nodes, record_nodes, record_spans
from terminals.describe_inside import Known, Node, inside
from terminals.describe_mask import EXPOSURES, Cover, Exposure, Shown
from terminals.describe_walk import Fault, Form, Span, Walk
from terminals.describe_words import meaning_of
from terminals.formats import Spec
from terminals.framing import LENGTH_CODECS
from terminals.records import Layout
from terminals.spelling import SpellingTable, find_spelling

MIS_HEAD: Final = (("magic", 4), ("number", 12), ("till", 8), ("message_code", 4))
_MIS_MAGIC: Final = b"MIS1"
_MAC_BYTES: Final = frozenset({0, 8, 16})
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


class UnknownDialectError(ValueError):
    """No dialect of this name can be described. Says which can."""


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one dialect makes of one payload."""

    dialect: str
    is_exact: bool
    reach: int
    """How far it read before the first fault."""
    faults: list[Fault]
    expose: Callable[[Cover], tuple[tuple[Node, ...], Known]]
    spans: list[Span]
    title: Callable[[Mapping[str, str]], str]


def describe(data: bytes, dialect: str | None = None, length: str | None = None) -> Description:
    """A payload, or a frame whose length is written by `length`, in words.

    Without a dialect, and without a length, the best of all are found. Never fails on bytes.

    Raises:
        UnknownDialectError: there is no such dialect, or no such length.
    """
    readers = _readers()
    if dialect is not None and dialect not in readers:
        known = ", ".join(sorted(readers))
        raise UnknownDialectError(f"there is no dialect {dialect!r}. Next: name one of {known}")
    if length is not None and length not in {"none", *LENGTH_CODECS}:
        known = ", ".join(sorted({"none", *LENGTH_CODECS}))
        raise UnknownDialectError(f"there is no length {length!r}. Next: name one of {known}")
    names = [dialect] if dialect is not None else list(readers)
    lengths = [length] if length is not None else ["none", *LENGTH_CODECS]
    readings = [
        reading
        for name in names
        for each in lengths
        if (reading := _framed(data, each, readers[name])) is not None
    ]
    if not readings:
        readings = [_raw(data)]
    return _told(data, max(readings, key=_rank))


def describable() -> list[str]:
    """The dialects that can be named."""
    return sorted(_readers())


def _rank(reading: _Reading) -> tuple[bool, bool, int, int]:
    return (reading.is_exact, not reading.faults, reading.reach, -len(reading.faults))


_Reader = Callable[[bytes, int], _Reading | None]


def _framed(data: bytes, length: str, read: _Reader) -> _Reading | None:
    """A reading behind a length, which has to be right for the reading to be exact."""
    if length == "none":
        return read(data, 0)
    codec = LENGTH_CODECS[length]
    if len(data) <= codec.size:
        return None
    reading = read(data, codec.size)
    if reading is None:
        return None
    span = _span("length", f"length, {length}", 0, codec.size, Form.BYTES)
    faults = reading.faults
    try:
        told = codec.read(data[: codec.size])
    except ValueError:
        told = -1
    there = len(data) - codec.size
    if told != there:
        actual = f"{there} bytes follow"
        expected = f"the {told} bytes of its length" if told >= 0 else "a length"
        faults = [Fault(field="length", offset=0, expected=expected, actual=actual), *faults]

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        cover.uncover(span.first, span.last)
        nodes, known = reading.expose(cover)
        return (Node(span), *nodes), known

    return msgspec.structs.replace(
        reading,
        is_exact=reading.is_exact and told == there,
        reach=reading.reach if told == there else reading.reach - codec.size,
        faults=faults,
        expose=expose,
    )


def _told(data: bytes, reading: _Reading) -> Description:
    cover = Cover(data, is_sound=not reading.faults)
    nodes, known = reading.expose(cover)
    shown = cover.finished(reading.spans)
    values = {
        node.span.name: shown.value(node.span.form, node.span.first, node.span.last)
        for node in nodes
    }
    return Description(
        dialect=reading.dialect,
        is_exact=reading.is_exact,
        title=reading.title(values),
        size=len(data),
        hex=shown.hex,
        parts=tuple(_part(data, shown, node, known, values) for node in nodes),
        faults=tuple(_wrong(shown, fault) for fault in reading.faults),
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
    return Wrong(fault.field, fault.offset, fault.expected, actual)


# One reader a dialect ---------------------------------------------------------------------------


def _readers() -> dict[str, _Reader]:
    """A reader for each dialect; made late, for dialects are imported when they are asked for."""
    from terminals.dialects import ascii87_fields, mis_iso, pos
    from terminals.dialects.ascii87 import SPELLINGS as ASCII87
    from terminals.records import layout_named
    from terminals.spelling import table_of

    pos_table, ascii_table = table_of(pos.SPELLINGS), table_of(ASCII87)

    def iso(name: str, spec: Spec, codec: Codec, table: SpellingTable, head: Heads = ()) -> _Reader:
        return lambda data, start: _iso(data, start, name, _Iso(spec, codec, table, head))

    layout = layout_named("common")
    return {
        "pos": iso("pos", pos.SPEC, pos.POS.codec, pos_table, _POS_HEAD),
        "ascii87-hex": iso(
            "ascii87-hex", ascii87_fields.HEXADECIMAL_SPEC, ascii87_fields.HEXADECIMAL, ascii_table
        ),
        "ascii87-bin": iso(
            "ascii87-bin", ascii87_fields.BINARY_SPEC, ascii87_fields.BINARY, ascii_table
        ),
        "mis-iso": lambda data, start: _mis_iso(data, start, mis_iso.SPEC),
        "mis-json": _mis_json,
        "mis-fixed": lambda data, start: _mis_fixed(data, start, layout),
        "softpos": _softpos,
    }


Heads = tuple[tuple[str, str, int], ...]
_POS_HEAD: Final[Heads] = (("tpdu", "TPDU", 5), ("header", "header", 6))


class _Iso(msgspec.Struct, frozen=True):
    """What an ISO 8583 dialect is read with."""

    spec: Spec
    codec: Codec
    table: SpellingTable
    head: Heads


def _iso(data: bytes, start: int, name: str, iso: _Iso) -> _Reading:
    walk = Walk(data, start)
    for part, label, size in iso.head:
        walk.take(part, label, size)
    body = data[walk.position :]
    walk.body(iso.spec)
    walk.rest()
    return _Reading(
        dialect=name,
        is_exact=not walk.faults and _comes_back(iso.codec, body),
        reach=_reach(data, walk.faults) if _is_request_or_answer(walk, data) else 0,
        faults=walk.faults,
        expose=_exposer(walk, data, walk.faults),
        spans=walk.spans,
        title=lambda values: _iso_title(values, iso.table),
    )


def _comes_back(codec: Codec, body: bytes) -> bool:
    try:
        return codec.encode(codec.decode(body)) == body
    except (DecodeError, EncodeError):
        return False


def _is_request_or_answer(walk: Walk, data: bytes) -> bool:
    """Whether the message type is one: what tells a dialect from bytes that are no message."""
    span = next((each for each in walk.spans if each.name == "t"), None)
    if span is None:
        return False
    raw = data[span.first // 2 : span.last // 2]
    mti = raw.hex() if span.form is Form.NIBBLES else raw.decode("latin-1")
    return mti[0] == "0" and mti[1] in "12345678" and mti[2] in "01234" and mti[3] in "012345"


def _reach(data: bytes, faults: list[Fault]) -> int:
    return min((fault.offset for fault in faults), default=len(data))


def _exposer(
    walk: Walk, data: bytes, faults: list[Fault], *more: Span
) -> Callable[[Cover], tuple[tuple[Node, ...], Known]]:
    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        known = _known(walk.spans, data)
        nodes = []
        for span in (*walk.spans, *more):
            if span.name != "rest":
                cover.uncover_frame(span)
            cover.expose(span, EXPOSURES.get(span.name))
            nodes.append(inside(cover, span, known, faults))
        return tuple(nodes), known

    return expose


def _known(spans: Iterable[Span], data: bytes) -> Known:
    values = {}
    for span in spans:
        if span.name in {"t", "60", "70"}:
            raw = data.hex()[span.first : span.last]
            is_packed = span.form is Form.NIBBLES
            values[span.name] = raw if is_packed else bytes.fromhex(raw).decode("latin-1")
    return Known(values.get("t", ""), values.get("70", "") or values.get("60", "")[8:11])


def _iso_title(values: Mapping[str, str], table: SpellingTable) -> str:
    if "t" not in values:
        return ""
    mti = values["t"]
    row = find_spelling(table, values) if len(mti) == 4 else None
    if row is None and len(mti) == 4 and mti[2] in "13":
        asked = mti[:2] + str(int(mti[2]) - 1) + mti[3]
        row = find_spelling(table, {**values, "t": asked})
        return f"answer: {row.english} {row.title}" if row is not None else ""
    return f"{row.english} {row.title}" if row is not None else ""


def _mis_walk(data: bytes, start: int) -> Walk | None:
    if data[start : start + len(_MIS_MAGIC)] != _MIS_MAGIC:
        return None
    walk = Walk(data, start)
    for name, size in MIS_HEAD:
        walk.take(name, f"header: {name}", size, Form.CHARACTERS)
    return None if walk.is_lost else walk


def _mis_title(values: Mapping[str, str]) -> str:
    from terminals.dialects.mis_words import CODES

    name = values.get("message_code", "")
    code = CODES.get(name)
    return f"{name} {code.title}" if code is not None else ""


def _mis_iso(data: bytes, start: int, spec: Spec) -> _Reading | None:
    walk = _mis_walk(data, start)
    if walk is None:
        return None
    head = list(walk.spans)
    walk.body(spec)
    _mac(walk)
    walk.rest()

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        for span in head:
            cover.uncover(span.first, span.last)
        return _exposer(walk, data, walk.faults)(cover)

    return _form_reading("mis-iso", data, walk, walk.faults, expose)


def _mis_json(data: bytes, start: int) -> _Reading | None:
    walk = _mis_walk(data, start)
    return None if walk is None else _json(data, walk, "mis-json", _mis_title)


def _softpos(data: bytes, start: int) -> _Reading | None:
    if data[start : start + 1] != b"{":
        return None
    return _json(data, Walk(data, start), "softpos", lambda values: values.get("op", "").strip('"'))


def _json(
    data: bytes, walk: Walk, name: str, title: Callable[[Mapping[str, str]], str]
) -> _Reading:
    head = list(walk.spans)
    read = JsonWalk(data, walk.position)
    read.walk()
    walk.position = read.position
    walk.faults += read.faults
    walk.is_lost = bool(read.faults)
    if name != "softpos":
        _mac(walk)
    walk.rest()

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        behind = walk.spans[len(head) :]
        _expose_ends(cover, [*head, *behind])
        nodes = json_nodes(cover, read.members)
        return (*map(Node, head), *nodes, *map(Node, behind)), Known("")

    return _form_reading(name, data, walk, walk.faults, expose, title)


def _mis_fixed(data: bytes, start: int, layout: Layout) -> _Reading | None:
    walk = _mis_walk(data, start)
    if walk is None:
        return None
    head = list(walk.spans)
    there = walk.left
    rows = (layout.request, layout.answer)
    record = next((row for row in rows if there - row.size in _MAC_BYTES), None)
    spans: list[Span] = []
    if record is None:
        sizes = " or ".join(str(row.size) for row in rows)
        walk.faults.append(
            Fault(
                field="record",
                offset=walk.position,
                expected=f"a record of {sizes} bytes",
                actual=f"{there} bytes are left",
            )
        )
        walk.is_lost = True
    else:
        try:
            record.read(data[walk.position : walk.position + record.size])
        except DecodeError as error:
            offset = walk.position + error.position
            walk.faults.append(
                Fault(
                    field=error.field,
                    offset=offset,
                    expected="a value of its place",
                    actual=error.why,
                )
            )
        spans = record_spans(record, walk.position)
        walk.position += record.size
        _mac(walk)
    walk.rest()

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        behind = walk.spans[len(head) :]
        _expose_ends(cover, [*head, *behind])
        nodes = record_nodes(cover, spans)
        return (*map(Node, head), *nodes, *map(Node, behind)), Known("")

    return _form_reading("mis-fixed", data, walk, walk.faults, expose)


def _form_reading(  # noqa: PLR0913, PLR0917 - the parts of a reading, each made elsewhere
    name: str,
    data: bytes,
    walk: Walk,
    faults: list[Fault],
    expose: Callable[[Cover], tuple[tuple[Node, ...], Known]],
    title: Callable[[Mapping[str, str]], str] = _mis_title,
) -> _Reading:
    return _Reading(
        dialect=name,
        is_exact=not faults,
        reach=_reach(data, faults),
        faults=faults,
        expose=expose,
        spans=walk.spans,
        title=title,
    )


def _expose_ends(cover: Cover, spans: Iterable[Span]) -> None:
    for span in spans:
        if span.name == "mac":
            cover.expose(span, Exposure.BYTES)
        elif span.name != "rest":
            cover.uncover(span.first, span.last)


def _mac(walk: Walk) -> None:
    if not walk.is_lost and walk.left and walk.left in _MAC_BYTES:
        walk.take("mac", "MAC", walk.left)


def _raw(data: bytes) -> _Reading:
    """Nobody's message: a row of covered bytes."""
    walk = Walk(data)
    walk.faults.append(
        Fault(
            field="message",
            offset=0,
            expected="a message of a known dialect",
            actual=f"{len(data)} bytes",
        )
    )
    walk.is_lost = True
    walk.rest()
    return _Reading(
        dialect="",
        is_exact=False,
        reach=0,
        faults=walk.faults,
        expose=lambda _cover: (tuple(map(Node, walk.spans)), Known("")),
        spans=walk.spans,
        title=lambda _values: "",
    )


def _span(name: str, label: str, start: int, end: int, form: Form) -> Span:
    return Span(
        name=name,
        label=label,
        start=2 * start,
        first=2 * start,
        last=2 * end,
        end=2 * end,
        form=form,
    )


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
