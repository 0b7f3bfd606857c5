"""What each dialect makes of a payload: where its parts stand and how far it could be read."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from terminals.codec import Codec, DecodeError, EncodeError
from terminals.describe.forms import JsonWalk, json_nodes, record_nodes, record_spans
from terminals.describe.heads import Asked, Head, heads_of, is_message_type
from terminals.describe.inside import Known, Node, inside
from terminals.describe.mask import EXPOSURES, Cover, Exposure
from terminals.describe.walk import Fault, Form, Span, Walk
from terminals.elsewhere import PACKED, missing_in
from terminals.formats import FieldSpec, Spec
from terminals.isodialect import KEPT_AS_BYTES
from terminals.records import Layout
from terminals.spelling import SpellingTable, find_spelling

MIS_HEAD: Final = (("magic", 4), ("number", 12), ("till", 8), ("message_code", 4))
_MIS_MAGIC: Final = b"MIS1"
_MAC_BYTES: Final = frozenset({0, 8, 16})
_HEAD_NIBBLE: Final = 6
"""What a TPDU, and a header of terminals, begins with."""
_HEAD_BYTES_MAX: Final = 12
"""Of a head that is guessed before a message that does not read well."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one dialect makes of one payload."""

    dialect: str
    is_exact: bool
    reach: int
    """How far it read before the first fault."""
    faults: list[Fault]
    expose: Callable[[Cover], tuple[tuple[Node, ...], Known]]
    spans: list[Span]
    title: Callable[[Mapping[str, str]], str]
    guessed_bytes: int = 0
    """How many bytes stand before the message type that are not as usual, nor as was asked."""


Reader = Callable[[bytes, int, Asked], Iterable[Reading]]
"""Of the bytes from a place on: a reading for each way to read them."""


@functools.cache
def readers() -> Mapping[str, Reader]:
    """A reader for each dialect; made late, for dialects are imported when they are asked for."""
    from terminals.dialects import ascii87_fields, mis_iso, pos
    from terminals.dialects.ascii87 import SPELLINGS as ASCII87
    from terminals.records import layout_named
    from terminals.spelling import table_of

    pos_table, ascii_table = table_of(pos.SPELLINGS), table_of(ASCII87)

    def iso(name: str, spec: Spec, codec: Codec, table: SpellingTable) -> Reader:
        made = _Iso(name, spec, codec, table)
        return lambda data, start, asked: _iso_readings(data, start, asked, made)

    hexadecimal, binary = ascii87_fields.HEXADECIMAL_SPEC, ascii87_fields.BINARY_SPEC
    layout = layout_named("common")
    return {
        "pos": iso("pos", pos.SPEC, pos.POS.codec, pos_table),
        "ascii87-hex": iso("ascii87-hex", hexadecimal, ascii87_fields.HEXADECIMAL, ascii_table),
        "ascii87-bin": iso("ascii87-bin", binary, ascii87_fields.BINARY, ascii_table),
        "mis-iso": _if_usual(lambda data, start: _mis_iso(data, start, mis_iso.SPEC, hexadecimal)),
        "mis-json": _if_usual(_mis_json),
        "mis-fixed": _if_usual(lambda data, start: _mis_fixed(data, start, layout)),
        "softpos": _if_usual(_softpos),
    }


def _if_usual(read: Callable[[bytes, int], Reading | None]) -> Reader:
    """A dialect that has one head of its own, behind a preamble at most."""

    def readings(data: bytes, start: int, asked: Asked) -> Iterator[Reading]:
        preamble = asked.preamble or 0
        reading = read(data, start + preamble) if preamble <= len(data) - start else None
        if reading is not None:
            span = span_of("preamble", "preamble", start, start + preamble, Form.BYTES)
            yield behind(span, reading) if preamble else reading

    return readings


def behind(span: Span, reading: Reading) -> Reading:
    """The reading with a part before it that says nothing secret."""

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        cover.uncover(span.first, span.last)
        nodes, known = reading.expose(cover)
        return (Node(span), *nodes), known

    return msgspec.structs.replace(reading, expose=expose)


class _Iso(msgspec.Struct, frozen=True):
    """What an ISO 8583 dialect is read with."""

    name: str
    spec: Spec
    codec: Codec
    table: SpellingTable

    @property
    def is_packed(self) -> bool:
        """Whether digits stand two a byte."""
        return self.spec["t"]["data_enc"] == "b"


def _iso_readings(data: bytes, start: int, asked: Asked, iso: _Iso) -> Iterator[Reading]:
    """By each head that may be meant. A guess that does not read well has to look like one."""
    usual, *guesses = heads_of(data, start, is_packed=iso.is_packed, asked=asked)
    yield _iso(data, start, usual, iso)
    begins_as_one = data[start : start + 1] != b"" and data[start] >> 4 == _HEAD_NIBBLE
    for head in guesses:
        reading = _iso(data, start, head, iso)
        if not reading.faults or (begins_as_one and head.size <= _HEAD_BYTES_MAX):
            yield msgspec.structs.replace(reading, guessed_bytes=head.size + 1)


def _iso(data: bytes, start: int, head: Head, iso: _Iso) -> Reading:
    elsewhere = missing_in(iso.spec, PACKED) if iso.is_packed else {}
    walk = Walk(data, start, elsewhere=elsewhere, kept_as_bytes=KEPT_AS_BYTES)
    for part, label, size in head.parts:
        walk.take(part, label, size)
    begin = walk.position
    walk.body(iso.spec)
    walk.rest()
    is_exact = not walk.faults and _comes_back(iso.codec, data[begin:], begin, walk.faults)
    return Reading(
        dialect=iso.name,
        is_exact=is_exact,
        reach=_reach(data, walk.faults) if _is_request_or_answer(walk, data) else 0,
        faults=walk.faults,
        expose=_exposer(walk, data, walk.faults),
        spans=walk.spans,
        title=lambda values: _iso_title(values, iso.table),
    )


def _comes_back(codec: Codec, body: bytes, begin: int, faults: list[Fault]) -> bool:
    """Whether the codec writes the same bytes again; what it does not read is a fault."""
    try:
        return codec.encode(codec.decode(body)) == body
    except DecodeError as error:
        if error.field not in KEPT_AS_BYTES:
            faults.append(
                Fault(
                    field=error.field,
                    offset=min(begin + error.position, begin + len(body)),
                    expected="what the dialect reads",
                    actual=error.why,
                )
            )
        return False
    except EncodeError:
        return False


def _is_request_or_answer(walk: Walk, data: bytes) -> bool:
    """Whether the message type is one: what tells a dialect from bytes that are no message."""
    span = next((each for each in walk.spans if each.name == "t"), None)
    if span is None:
        return False
    raw = data[span.first // 2 : span.last // 2]
    return is_message_type(raw.hex() if span.form is Form.NIBBLES else raw.decode("latin-1"))


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


def _mis_walk(
    data: bytes, start: int, elsewhere: Mapping[str, FieldSpec] | None = None
) -> Walk | None:
    if data[start : start + len(_MIS_MAGIC)] != _MIS_MAGIC:
        return None
    walk = Walk(data, start, elsewhere=elsewhere)
    for name, size in MIS_HEAD:
        walk.take(name, f"header: {name}", size, Form.CHARACTERS)
    return None if walk.is_lost else walk


def _mis_title(values: Mapping[str, str]) -> str:
    from terminals.dialects.mis_words import CODES

    name = values.get("message_code", "")
    code = CODES.get(name)
    return f"{name} {code.title}" if code is not None else ""


def _mis_iso(data: bytes, start: int, spec: Spec, others: Spec) -> Reading | None:
    walk = _mis_walk(data, start, missing_in(spec, others))
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


def _mis_json(data: bytes, start: int) -> Reading | None:
    walk = _mis_walk(data, start)
    return None if walk is None else _json(data, walk, "mis-json", _mis_title)


def _softpos(data: bytes, start: int) -> Reading | None:
    if data[start : start + 1] != b"{":
        return None
    return _json(data, Walk(data, start), "softpos", lambda values: values.get("op", "").strip('"'))


def _json(data: bytes, walk: Walk, name: str, title: Callable[[Mapping[str, str]], str]) -> Reading:
    head = list(walk.spans)
    read = JsonWalk(data, walk.position)
    read.walk()
    walk.position = read.position
    walk.faults += read.faults
    walk.is_lost = read.is_lost
    if not read.faults and not read.is_known:
        expected, actual = "a member that messages have", "no such member"
        walk.faults.append(Fault(field="json", offset=0, expected=expected, actual=actual))
    if name != "softpos":
        _mac(walk)
    walk.rest()

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        behind = walk.spans[len(head) :]
        _expose_ends(cover, [*head, *behind])
        nodes = json_nodes(cover, read.members)
        return (*map(Node, head), *nodes, *map(Node, behind)), Known("")

    return _form_reading(name, data, walk, walk.faults, expose, title)


def _mis_fixed(data: bytes, start: int, layout: Layout) -> Reading | None:
    walk = _mis_walk(data, start)
    if walk is None:
        return None
    head = list(walk.spans)
    there = walk.left
    rows = [(row, size) for row in (layout.request, layout.answer) for size in row.sizes]
    record, size = next((row for row in rows if there - row[1] in _MAC_BYTES), (None, 0))
    spans: list[Span] = []
    if record is None:
        sizes = " or ".join(str(size) for _row, size in rows)
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
            record.read(data[walk.position : walk.position + size])
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
        ends = 2 * (walk.position + size)
        spans = [span for span in record_spans(record, walk.position) if span.end <= ends]
        walk.position += size
        _mac(walk)
    walk.rest()

    def expose(cover: Cover) -> tuple[tuple[Node, ...], Known]:
        behind = walk.spans[len(head) :]
        _expose_ends(cover, [*head, *behind])
        nodes = record_nodes(cover, spans)
        return (*map(Node, head), *nodes, *map(Node, behind)), Known("")

    return _form_reading("mis-fixed", data, walk, walk.faults, expose)


def _form_reading(
    name: str,
    data: bytes,
    walk: Walk,
    faults: list[Fault],
    expose: Callable[[Cover], tuple[tuple[Node, ...], Known]],
    title: Callable[[Mapping[str, str]], str] = _mis_title,
) -> Reading:
    return Reading(
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


def unread(data: bytes) -> Reading:
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
    return Reading(
        dialect="",
        is_exact=False,
        reach=0,
        faults=walk.faults,
        expose=lambda _cover: (tuple(map(Node, walk.spans)), Known("")),
        spans=walk.spans,
        title=lambda _values: "",
    )


def span_of(name: str, label: str, start: int, end: int, form: Form) -> Span:
    """A place whose value is all of it, from one byte to another."""
    return Span(
        name=name,
        label=label,
        start=2 * start,
        first=2 * start,
        last=2 * end,
        end=2 * end,
        form=form,
    )
