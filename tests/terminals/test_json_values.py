"""JSON of terminals: one strict reading, one canonical spelling, nothing of a secret in errors."""

import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.model.secrets import Pan, Secret
from terminals.codec import DecodeError
from terminals.json_values import (
    AmountMinor,
    DateText,
    HexSecret,
    base64_bytes,
    canonical,
    converted,
    read_object,
)

PAN = "9988000000000015"


class Words(msgspec.Struct, forbid_unknown_fields=True):
    pan: Pan | None = None
    pin: HexSecret | None = None
    block: Secret | None = None
    date: DateText | None = None
    amount: AmountMinor | None = None


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "no JSON"),
        (b"{}{}", "no JSON"),
        (b"[1]", "one JSON object"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b"[" * 50_000, "nested too deeply"),
        (b'{"a":1e999}', "no JSON"),
        (b'{"a":"\\ud800"}', "no JSON"),
    ],
)
def test_what_is_no_object_is_refused(payload: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        read_object(payload)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"pan": 9988000000000015}, "pan"),
        ({"pan": "99880000"}, "pan"),
        ({"pin": "ABC"}, "pin"),
        ({"pin": "zz"}, "pin"),
        ({"block": "AAA"}, "block"),
        ({"block": "AB=="}, "block"),
        ({"date": "20260230x"}, "date"),
        ({"date": "20261301"}, "date"),
        ({"date": "20261122\n"}, "date"),
        ({"date": "２０２６1122"}, "date"),
        ({"amount": "12"}, "amount"),
        ({"amount": 1.0}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({PAN: 1}, "json"),
    ],
)
def test_a_value_of_another_shape_is_named_and_never_quoted(
    value: dict[str, object], field: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        converted(value, Words)
    assert caught.value.field == field
    assert not any(str(part) in str(caught.value) for part in (*value.values(), PAN) if part != 1)


def test_card_numbers_and_secrets_are_hidden_as_soon_as_they_are_read() -> None:
    words = converted({"pan": PAN, "pin": "0123456789ABCDEF", "block": "AAECAw=="}, Words)
    assert words.pan == Pan(PAN)
    assert words.block == Secret(bytes(range(4)))
    assert PAN not in repr(words)
    assert "0123456789" not in repr(words)


def test_the_canonical_spelling_is_sorted_tight_and_utf8() -> None:
    value = {"b": {"z": 1, "a": None}, "a": ["茶", 2]}
    assert canonical(value) == '{"a":["茶",2],"b":{"a":null,"z":1}}'.encode()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_however_an_object_was_spelled_its_canonical_spelling_is_one(
    value: dict[str, object],
) -> None:
    spelled = json.dumps(value, indent=1, ensure_ascii=True).encode()
    assert canonical(read_object(spelled)) == canonical(value)


def test_a_secret_is_never_spelled() -> None:
    with pytest.raises(ValueError, match="never written"):
        canonical({"pin": Secret(b"1234")})


@pytest.mark.parametrize("text", ["AAA", "AA=A", "AB==", "AA==\n", "_-__", "é"])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(ValueError, match=r"base64|ASCII"):
        base64_bytes(text)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_crash(payload: bytes) -> None:
    with contextlib.suppress(DecodeError):
        converted(read_object(payload), Words)
