"""The walk finds every place, and faults exactly where the codec does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminals.codec import Codec, DecodeError
from terminals.describe.walk import Form, Walk
from terminals.dialects.ascii87_fields import BINARY, BINARY_SPEC, HEXADECIMAL, HEXADECIMAL_SPEC
from terminals.dialects.pos import POS, SPEC
from terminals.formats import TEXT, Spec
from tests.terminals.frames import ASCII_FIELDS, BODIES

_BODIES: list[tuple[Codec, Spec, bytes]] = [
    *((POS.codec, SPEC, body) for body in BODIES.values()),
    *((BINARY, BINARY_SPEC, BINARY.encode(fields)) for fields in ASCII_FIELDS.values()),
    *(
        (HEXADECIMAL, HEXADECIMAL_SPEC, HEXADECIMAL.encode(fields))
        for fields in ASCII_FIELDS.values()
    ),
]


def walked(body: bytes, spec: Spec) -> Walk:
    walk = Walk(body)
    walk.body(spec)
    walk.rest()
    return walk


def value_at(body: bytes, first: int, last: int, form: Form) -> str:
    text = body.hex().upper()[first:last]
    if form in {Form.NIBBLES, Form.BYTES}:
        return text
    return bytes.fromhex(text).decode(TEXT)


@pytest.mark.parametrize("number", range(len(_BODIES)))
def test_every_field_stands_where_the_codec_reads_it(number: int) -> None:
    codec, spec, body = _BODIES[number]
    walk = walked(body, spec)
    assert not walk.faults
    read = {span.name: value_at(body, span.first, span.last, span.form) for span in walk.spans}
    fields = codec.decode(body)
    assert {name: text.upper() for name, text in read.items()} == {
        name: text.upper() for name, text in fields.items()
    }


@pytest.mark.parametrize("number", range(len(_BODIES)))
def test_every_byte_belongs_to_one_field(number: int) -> None:
    _, spec, body = _BODIES[number]
    position = 0
    for span in walked(body, spec).spans:
        assert span.start == position
        position = span.end
    assert position == 2 * len(body)


@given(
    st.sampled_from(_BODIES),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3),
    st.integers(0, 12),
    st.binary(max_size=3),
)
def test_the_walk_faults_exactly_when_the_codec_refuses(
    one: tuple[Codec, Spec, bytes], changes: list[tuple[int, int]], cut: int, more: bytes
) -> None:
    codec, spec, body = one
    broken = bytearray(body[: len(body) - cut])
    for place, byte in changes:
        broken[place % len(broken)] = byte
    data = bytes(broken) + more
    walk = walked(data, spec)
    try:
        codec.decode(data)
    except DecodeError:
        assert walk.faults
    else:
        assert not walk.faults


@pytest.mark.parametrize(
    ("change", "field", "offset", "expected", "actual"),
    [
        (lambda body: body[:30], "35", 27, "19 bytes of track 2", "3 are left"),
        (lambda body: body + b"\0", "rest", 105, "the end of the message", "1 bytes more"),
        (lambda body: body[:2] + b"\xb0" + body[3:], "1", 2, "no such field in this dialect",
         "its bit is set"),
        (lambda body: body[:26] + b"\x3a" + body[27:], "35", 26, "a length in digits", ""),
        (lambda body: body[:26] + b"\x39" + body[27:], "35", 26,
         "a length of 37 digits at most", ""),
        (lambda body: body[:10] + b"\xa0" + body[11:], "3", 10, "decimal digits", "another byte"),
        (lambda body: body[:6], "p", 2, "8 bytes of bitmap", "4 bytes are left"),
    ],
)  # fmt: skip
def test_a_fault_says_the_byte_and_what_was_expected(
    change, field: str, offset: int, expected: str, actual: str
) -> None:
    body = BODIES["stored-value-purchase-123.45-with-PIN"]
    fault = walked(change(body), SPEC).faults[0]
    assert (fault.field, fault.offset) == (field, offset)
    assert (fault.expected, fault.actual) == (expected, actual)
