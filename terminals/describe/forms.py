"""Where everything stands in messages that have no bitmap: JSON objects and records.

A member or a place is uncovered only where its name has a row: an object may hold anything
under a name we do not know, and then not even the name is told.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from terminals.describe.inside import Node
from terminals.describe.mask import Cover, Exposure
from terminals.describe.walk import Fault, Form, Span
from terminals.records import Record

_LENGTHS: Final = {
    4: "op code class next agrees points_agree transaction unit balance_sign bank entry mode",
    6: "batch seq auth original_auth trace time month_day settlement_date expiry",
    8: "till tid date original_date local_date business_date operator points",
    12: "amount rrn reference original_reference number original_number balance points_earned"
    " points_used self_pay_minor debit_minor debit_count credit_minor credit_count"
    " points_debit_minor points_debit_count points_credit_minor points_credit_count"
    " original_trace original_code local_time mac",
    14: "echo keys instance_time",
    15: "merchant mid original_op",
    16: "instance",
    24: "ksn",
}
CLEAR_SIZES: Final[Mapping[str, int]] = {
    name: size for size, names in _LENGTHS.items() for name in names.split()
}
"""Names whose value is shown whole, up to so many bytes; a longer one is shown as text is."""
TEXTS: Final = frozenset({"text", "goods", "memo", "serial", "msgid"})
"""Names whose value is shown but for long runs of digits."""
OBJECTS: Final = frozenset({"totals", "points_totals", "original", "pin"})
"""Names whose value may be an object, and is looked into then."""
HIDDEN: Final = frozenset(
    {"card", "pan_block", "block", "pin", "key_block", "attestation", "voucher", "voucher_block"}
    | {"phone", "phone_block"}
)
"""Names that are told and whose value never is, but for a card number's ends."""
_PAN: Final = "card"
_DECODER: Final = json.JSONDecoder()
_ESCAPE_OF_A_DIGIT: Final = re.compile(rb"\\u(?i:00[0-7]|[^0-9a-f]|.{0,3}$)|\\[^u\"\\/bfnrt]")
"""An escape of ASCII, or none at all."""


class JsonWalk:
    """One JSON object and its members, places in bytes."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._text = data.decode("latin-1")
        """A character a byte, so that places are bytes."""
        self.position = start
        self.faults: list[Fault] = []
        self.members: list[tuple[Span, int]] = []
        """Each with its depth: a member stands behind the one it is in."""

    def walk(self) -> None:
        """Read the object; what is wrong with it is a fault, and ends the reading.

        Text that is not UTF-8 is a fault that hides nothing: all else stands at its place.
        """
        start = self.position
        try:
            self._object(0)
        except (ValueError, IndexError, RecursionError) as error:
            offset = min(self.position, len(self._text))
            expected = str(error) if isinstance(error, _JsonError) else "JSON"
            left = len(self._text) - offset
            self.faults.append(
                Fault(
                    field="json", offset=offset, expected=expected, actual=f"{left} bytes are left"
                )
            )
            return
        try:
            self._data[start : self.position].decode("utf-8")
        except UnicodeDecodeError as error:
            self._no_text(start + error.start)

    @property
    def is_lost(self) -> bool:
        """Whether what stands behind the object has no known place."""
        return not all(fault.is_placed for fault in self.faults)

    @property
    def is_known(self) -> bool:
        """Whether it has a member whose name is known: any object is no message of ours."""
        return any(span.name != "?" for span, _ in self.members)

    def _no_text(self, offset: int) -> None:
        spans = (span for span, _ in self.members if span.start <= 2 * offset < span.end)
        innermost = max(spans, key=lambda span: span.start, default=None)
        name = innermost.name if innermost is not None else "json"
        self.faults.append(
            Fault(
                field=name if name != "?" else "json",
                offset=offset,
                expected="text in UTF-8",
                actual="another byte",
                is_placed=True,
            )
        )

    def _object(self, depth: int) -> None:
        self._expect("{")
        if self._peek() == "}":
            self.position += 1
            return
        while True:
            self._member(depth)
            if self._peek() != ",":
                break
            self.position += 1
        self._expect("}")

    def _member(self, depth: int) -> None:
        start = self._space()
        if self._peek() != '"':
            raise _JsonError("a name")
        name = self._scalar()
        self._expect(":")
        first = self._space()
        place = len(self.members)
        known = CLEAR_SIZES.keys() | TEXTS | OBJECTS | HIDDEN
        shown = name if isinstance(name, str) and name in known else "?"
        self.members.append((_member(shown, start, first, first), depth))
        if shown in OBJECTS and self._peek() == "{":
            self._object(depth + 1)
        else:
            self._scalar()
        self.members[place] = (_member(shown, start, first, self.position), depth)

    def _scalar(self) -> object:
        self._space()
        try:
            value, self.position = _DECODER.raw_decode(self._text, self.position)
        except ValueError:
            raise _JsonError("a value") from None
        return value

    def _space(self) -> int:
        while self._text[self.position : self.position + 1] in {" ", "\t", "\r", "\n"}:
            self.position += 1
        return self.position

    def _peek(self) -> str:
        self._space()
        return self._text[self.position : self.position + 1]

    def _expect(self, char: str) -> None:
        if self._peek() != char:
            raise _JsonError(f"the character {char}")
        self.position += 1


class _JsonError(ValueError):
    """What was expected and is not there."""


def _member(name: str, start: int, first: int, last: int) -> Span:
    return Span(
        name=name,
        label="",
        start=2 * start,
        first=2 * first,
        last=2 * last,
        end=2 * last,
        form=Form.UTF_8,
    )


def json_nodes(cover: Cover, members: list[tuple[Span, int]]) -> tuple[Node, ...]:
    """The members as a tree, uncovered as far as they may be."""
    return tuple(_tree(cover, members, 0, len(members)))


def _tree(cover: Cover, members: list[tuple[Span, int]], start: int, end: int) -> Iterator[Node]:
    while start < end:
        span, depth = members[start]
        after = start + 1
        while after < end and members[after][1] > depth:
            after += 1
        parts = tuple(_tree(cover, members, start + 1, after))
        if span.name != "?":
            cover.uncover(span.start, span.first)
            if not parts:
                _expose(cover, span)
        yield Node(span, parts)
        start = after


def record_nodes(cover: Cover, spans: list[Span]) -> tuple[Node, ...]:
    """The places of a record, uncovered as far as they may be."""
    for span in spans:
        if span.name in CLEAR_SIZES or span.name in TEXTS or span.name in HIDDEN:
            _expose(cover, span)
    return tuple(Node(span) for span in spans)


def record_spans(record: Record, start: int) -> list[Span]:
    """Where the fields of a record stand in the payload."""
    spans = []
    for place in record.places:
        first, last = start + place.start, start + place.end
        form = Form.TEXT if place.charset == "gbk" else Form.CHARACTERS
        spans.append(
            Span(
                name=place.name,
                label=place.charset,
                start=2 * first,
                first=2 * first,
                last=2 * last,
                end=2 * last,
                form=form,
            )
        )
    return spans


def _expose(cover: Cover, span: Span) -> None:
    raw = cover.text(span.first, span.last)
    bare = raw.strip(b'" ')
    if not cover.is_sound and not (raw.isascii() and raw.decode("ascii").isprintable()):
        return
    if _ESCAPE_OF_A_DIGIT.search(raw):  # it could spell what a mask looks for
        return
    if span.name == _PAN and bare.isdigit():
        first = span.first + 2 * raw.find(bare)
        cover.expose(
            Span(
                name=span.name,
                label="",
                start=first,
                first=first,
                last=first + 2 * len(bare),
                end=span.end,
                form=Form.CHARACTERS,
            ),
            Exposure.PAN,
        )
    elif span.name in CLEAR_SIZES and len(bare) <= CLEAR_SIZES[span.name]:
        cover.uncover(span.first, span.last)
    elif span.name in TEXTS or span.name in CLEAR_SIZES:
        cover.expose_text(span.first, span.last)
