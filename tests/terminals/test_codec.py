"""The codec is pyiso8583: the compiled form never says anything the library does not."""

from dataclasses import dataclass
from typing import Any

import iso8583
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminals import codec as codec_module
from terminals.codec import Codec, DecodeError, EncodeError, compile_spec
from terminals.compiled import decoder, encoder
from terminals.dialects.ascii87_fields import BINARY_SPEC, HEXADECIMAL_SPEC
from terminals.dialects.mis_iso import SPEC as MIS_SPEC
from terminals.dialects.pos import SPEC
from terminals.fast_forms import Head, numbers_of
from terminals.formats import (
    FieldSpec,
    Spec,
    an,
    ascii_hex,
    ascii_specification,
    lln,
    n,
    specification,
)
from terminals.sealing import NO_TAG_YET, covered
from tests.terminals.frames import ASCII_FIELDS, BODIES, FRAMES, PURCHASE, fields_of


@dataclass(frozen=True)
class Form:
    """A specification and messages written by it."""

    spec: Spec
    codec: Codec
    known: list[int]
    bodies: list[bytes]


def form_of(spec: Spec, bodies: list[bytes]) -> Form:
    known = [number for number in range(2, 129) if spec[str(number)]["max_len"]]
    return Form(spec, compile_spec(spec), known, bodies)


def ascii_bodies(spec: Spec) -> list[bytes]:
    written = [bytes(iso8583.encode(dict(f), spec)[0]) for f in ASCII_FIELDS.values()]
    return [*written, with_empty_second_bitmap(written[0], spec)]


def with_empty_second_bitmap(body: bytes, spec: Spec) -> bytes:
    head = Head.of(spec)
    start, end = head.type_bytes, head.type_bytes + head.bitmap_bytes
    if head.bitmap_bytes == 8:
        return (
            body[:start]
            + bytes([body[start] | 0x80])
            + body[start + 1 : end]
            + bytes(8)
            + body[end:]
        )
    first = f"{int(body[start : start + 1], 16) | 8:X}".encode()
    return body[:start] + first + body[start + 1 : end] + b"0" * 16 + body[end:]


POS_FORM = form_of(SPEC, list(BODIES.values()))
FORMS = {
    "pos": POS_FORM,
    "ascii87-bin": form_of(BINARY_SPEC, ascii_bodies(BINARY_SPEC)),
    "ascii87-hex": form_of(HEXADECIMAL_SPEC, ascii_bodies(HEXADECIMAL_SPEC)),
}
KNOWN = POS_FORM.known
CODEC = POS_FORM.codec
THOROUGH = settings(max_examples=200, deadline=None)
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def warm(codec: Codec = CODEC, form: Form = POS_FORM) -> Codec:
    """Every worked message seen once, so that its compiled form is in use."""
    for body in form.bodies:
        codec.encode(codec.decode(body))
    return codec


def numbers_in(body: bytes, form: Form) -> list[int] | None:
    """What the bitmaps announce, 1 the second of them; None where they are none."""
    head = Head.of(form.spec)
    size = head.type_bytes + head.bitmap_bytes
    bitmaps = body[head.type_bytes : size]
    has_second = max(form.known) > 64
    for _ in range(1 + has_second):
        if len(body) < size:
            return None
        if head.bitmap_bytes == 16:
            if set(bitmaps) - set(b"0123456789ABCDEFabcdef"):
                return None
            numbers = numbers_of(int(bitmaps, 16), 4 * len(bitmaps))
        else:
            numbers = numbers_of(int.from_bytes(bitmaps), 8 * len(bitmaps))
        if not has_second or 1 not in numbers or len(bitmaps) > head.bitmap_bytes:
            return numbers
        if not set(numbers) <= {1, *form.known}:
            return numbers
        size += head.bitmap_bytes
        bitmaps = body[head.type_bytes : size]
    raise AssertionError


@st.composite
def broken_bodies(draw: st.DrawFn, form: Form = POS_FORM) -> bytes:
    """A worked message with bits flipped, bytes replaced, cut off, inserted or appended."""
    body = bytearray(draw(st.sampled_from(form.bodies)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(body) - 1, 0)))
        match draw(st.sampled_from(["flip", "set", "cut", "insert", "delete", "append"])):
            case "flip" if body:
                body[place] ^= 1 << draw(st.integers(0, 7))
            case "set" if body:
                body[place] = draw(
                    st.sampled_from([0x00, 0x0F, 0xF0, 0xFF, 0x99, 0xA1, 0x30, 0x2D, 0x5F, 0x20])
                )
            case "cut":
                del body[place:]
            case "insert":
                body[place:place] = draw(st.binary(min_size=1, max_size=3))
            case "delete":
                del body[place : place + draw(st.integers(1, 3))]
            case _:
                body += draw(st.binary(min_size=1, max_size=9))
    return bytes(body)


def value_of(field: FieldSpec) -> st.SearchStrategy[str]:
    """A value that fits a field."""
    least = 0 if field["len_type"] else field["max_len"]
    most = field["max_len"]
    if field.get("len_count") == "nibbles":
        letters = "0123456789" if field["digits"] else "0123456789D"
        return st.text(letters, min_size=least, max_size=most)
    if field["data_enc"] == "b":
        return st.binary(min_size=least, max_size=most).map(lambda data: data.hex().upper())
    if field.get("hexadecimal"):
        return st.binary(min_size=least // 2, max_size=min(most // 2, 60)).map(bytes.hex)
    if field.get("digits"):
        return st.text("0123456789", min_size=least, max_size=most)
    if field["data_enc"] == "ascii":
        printable = st.characters(min_codepoint=32, max_codepoint=126)
        return st.text(printable, min_size=least, max_size=max(least, min(most, 120)))
    return st.text("消费积分余额 OKé09", max_size=most // 4)


@st.composite
def messages(draw: st.DrawFn, form: Form = POS_FORM) -> dict[str, str]:
    """Values for any set of known fields, in any order."""
    numbers = draw(st.lists(st.sampled_from(form.known), unique=True, max_size=14))
    fields = {str(number): draw(value_of(form.spec[str(number)])) for number in numbers}
    return {"t": draw(st.text("0123456789", min_size=4, max_size=4))} | fields


@st.composite
def broken_messages(draw: st.DrawFn, form: Form = POS_FORM) -> dict[str, Any]:
    """Values of a message, some of them spoilt, or under a name that is no field."""
    fields: dict[str, Any] = draw(messages(form))
    junk = st.one_of(
        st.text("0123456789ABCDEFabcdef ²Ñ消\x00", max_size=40), st.none(), st.integers()
    )
    names = st.sampled_from([*fields, "65", "129", "200", "x", "h", "²"])
    for name in draw(st.lists(names, max_size=3)):
        fields[name] = draw(junk)
    if draw(st.booleans()):
        del fields[draw(st.sampled_from(list(fields)))]
    return fields


def house_refuses(fields: dict[str, str], spec: Spec = SPEC) -> set[str]:
    """Which values the library takes and the house does not, said once more and plainly."""
    return {
        name
        for name, text in fields.items()
        if name not in {"p", "1"}
        and (
            (spec[name].get("digits") and set(text) - set("0123456789"))
            or (
                spec[name].get("hexadecimal")
                and (len(text) % 2 or set(text) - set("0123456789ABCDEFabcdef"))
            )
            or (
                spec[name]["data_enc"] == "ascii"
                and any(not " " <= character <= "~" for character in text)
            )
        )
    }


def lengths_refused(encoded: dict[str, dict[str, bytes]], spec: Spec) -> set[str]:
    """Fields whose length is written in characters that are no digits: the library takes +9."""
    return {
        name
        for name, parts in encoded.items()
        if spec[name]["len_enc"] == "ascii" and set(parts["len"]) - set(b"0123456789")
    }


@pytest.mark.parametrize("name", FRAMES)
def test_a_worked_message_decodes_to_its_fields_and_back_to_its_bytes(name: str) -> None:
    for codec in (compile_spec(SPEC), warm()):
        fields = codec.decode(BODIES[name])
        assert {key: text for key, text in fields.items() if key != "p"} == fields_of(name)
        assert codec.encode(fields) == BODIES[name]


@pytest.mark.parametrize("name", FRAMES)
def test_a_worked_message_takes_the_compiled_way(name: str) -> None:
    body = BODIES[name]
    read = decoder(SPEC, numbers_of(int.from_bytes(body[2:10])))
    fields = CODEC.decode_by_library(body)
    write = encoder(SPEC, tuple(fields))
    assert read
    assert write
    assert read(body) == fields
    assert bytes(write(fields.values()) or b"") == bytes(body)


@EVERY_FORM
@given(st.data())
@THOROUGH
def test_a_broken_body_is_read_as_the_library_reads_it(form: Form, data: st.DataObject) -> None:
    body = data.draw(broken_bodies(form) | st.sampled_from([b"", bytes(10), b"0" * 20]))
    numbers = numbers_in(body, form)
    has_second = max(form.known) > 64
    known = {1, *form.known} if has_second else set(form.known)
    codec = warm(form.codec, form)
    if numbers is None or not set(numbers) <= known:
        with pytest.raises(DecodeError):
            codec.decode(body)
        return
    try:
        expected, encoded = iso8583.decode(body, form.spec)
    except iso8583.DecodeError as error:
        assert_refused_there_or_padded_otherwise(body, error, form)
        return
    faulty = house_refuses(expected, form.spec) | lengths_refused(encoded, form.spec)
    if not faulty:
        assert codec.decode(body) == expected
        return
    with pytest.raises(DecodeError) as caught:
        codec.decode(body)
    assert caught.value.field in faulty
    assert caught.value.partial == {k: v for k, v in expected.items() if k not in faulty}


def assert_refused_there_or_padded_otherwise(
    body: bytes, error: iso8583.DecodeError, form: Form
) -> None:
    """Either ours refuses at the same place, or it took a pad nibble F and read on."""
    try:
        fields = form.codec.decode(body)
    except DecodeError as refusal:
        at_the_same_place = (refusal.field, refusal.position) == (error.field, error.pos)
        is_pad = "nibbles, expecting" in error.msg and "pad_also" in form.spec[error.field]
        assert at_the_same_place or is_pad
        return
    ours = form.codec.encode(fields)
    assert len(ours) == len(body)
    changed = [(old, new) for old, new in zip(body, ours, strict=True) if old != new]
    assert changed
    assert all(old & 0x0F == 0x0F and new == old & 0xF0 for old, new in changed)


@EVERY_FORM
@given(st.data())
@THOROUGH
def test_the_compiled_form_agrees_with_the_library_or_stays_silent(
    form: Form, data: st.DataObject
) -> None:
    body = data.draw(broken_bodies(form))
    numbers = numbers_in(body, form)
    if numbers is None or not set(numbers) <= {1, *form.known}:
        return
    read = decoder(form.spec, numbers)
    if read is None:
        return
    fields = read(body)
    if fields is not None:
        assert fields == form.codec.decode_by_library(body)


@EVERY_FORM
@given(st.data())
@THOROUGH
def test_any_values_that_fit_are_written_as_the_library_writes_them(
    form: Form, data: st.DataObject
) -> None:
    fields = data.draw(messages(form))
    body, _ = iso8583.encode(dict(fields), form.spec)
    numbers = sorted(int(name) for name in fields if name != "t")
    if any(number > 64 for number in numbers):
        numbers.insert(0, 1)
    write = encoder(form.spec, tuple(fields))
    read = decoder(form.spec, numbers)
    assert write
    assert read
    assert form.codec.encode(fields) == body
    assert bytes(write(fields.values()) or b"") == bytes(body)
    decoded, _ = iso8583.decode(bytes(body), form.spec)
    assert form.codec.decode(bytes(body)) == decoded
    assert read(bytes(body)) == decoded


@EVERY_FORM
@given(st.data())
@THOROUGH
def test_values_that_were_read_before_are_written_as_any_others(
    form: Form, data: st.DataObject
) -> None:
    drawn = data.draw(messages(form))
    fields = {name: text for name, text in drawn.items() if text and name not in {"64", "128"}}
    names = tuple(fields)
    code = form.codec.mac_field(names)
    is_sealed = code in set(map(str, form.known))
    sound = frozenset(data.draw(st.sets(st.sampled_from(names))))
    plain = form.codec.writer(names, sound=sound)
    assert plain(fields.values()) == form.codec.encode(fields)
    if is_sealed:
        sealed = form.codec.writer(names, sound=sound, last=code)
        body = form.codec.encode(fields | {code: NO_TAG_YET})
        assert sealed(fields.values()) == covered(body, form.codec.tag_bytes)


@EVERY_FORM
@given(st.data())
@THOROUGH
def test_values_that_do_not_fit_are_refused_as_the_library_refuses_them(
    form: Form, data: st.DataObject
) -> None:
    fields = data.draw(broken_messages(form))
    is_refused = any(not isinstance(text, str) for text in fields.values())
    is_refused = is_refused or not set(fields) <= {"t", *map(str, form.known)} or "t" not in fields
    if not is_refused:
        try:
            expected, _ = iso8583.encode(dict(fields), form.spec)
        except iso8583.EncodeError:
            is_refused = True
        else:
            is_refused = bool(house_refuses(fields, form.spec))
    write = None if "t" not in fields else encoder_of(fields, form)
    if is_refused:
        with pytest.raises(EncodeError):
            form.codec.encode(fields)
        assert write is None or write(fields.values()) is None
        return
    assert form.codec.encode(fields) == expected
    assert write
    assert write(fields.values()) in {None, bytes(expected)}


def encoder_of(fields: dict[str, Any], form: Form):
    names = set(fields) - {"t", "p"}
    return encoder(form.spec, tuple(fields)) if names <= set(map(str, form.known)) else None


@pytest.mark.parametrize(
    ("field", "text", "position"),
    [
        ("3", "00000F", 10),
        ("4", "0000000000AB", 13),
        ("41", "8001\x00001", 46),
        ("60", "2200001200050A", 90),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_its_byte(field, text, position) -> None:
    body, _ = iso8583.encode(fields_of(PURCHASE) | {field: text}, SPEC)
    with pytest.raises(DecodeError) as caught:
        warm().decode(bytes(body))
    assert caught.value.field == field
    assert caught.value.position == position
    assert field not in caught.value.partial
    assert caught.value.partial["11"] == "000002"


@pytest.mark.parametrize("number", [n for n in KNOWN if SPEC[str(n)]["len_type"]])
def test_a_value_one_longer_than_its_field_is_refused_both_ways(number: int) -> None:
    field = SPEC[str(number)]
    unit = 2 if field["data_enc"] == "b" and "len_count" not in field else 1
    text = "0" * unit * (field["max_len"] + 1)
    roomier = SPEC | {str(number): {**field, "max_len": field["max_len"] + 1}}
    body, _ = iso8583.encode({"t": "0200", str(number): text}, roomier)
    codec = compile_spec(SPEC)
    codec.decode(codec.encode({"t": "0200", str(number): text[unit:]}))
    with pytest.raises(DecodeError) as caught:
        codec.decode(bytes(body))
    assert (caught.value.field, caught.value.position) == (str(number), 10)
    with pytest.raises(EncodeError):
        codec.encode({"t": "0200", str(number): text})


def test_two_odd_values_side_by_side_do_not_make_an_even_one() -> None:
    codec = compile_spec(SPEC)
    codec.encode({"t": "0200", "55": "AABB", "58": "CCDD"})
    with pytest.raises(EncodeError, match="field 55"):
        codec.encode({"t": "0200", "55": "AAB", "58": "CCD"})


def test_a_pad_nibble_f_reads_as_the_same_track() -> None:
    body = BODIES[PURCHASE]
    track = bytes.fromhex("9988000000000015D301212000000000000000")
    padded = body.replace(track, track[:-1] + b"\x0f")
    assert padded != body
    assert warm().decode(padded) == warm().decode(body)
    assert compile_spec(SPEC).decode(padded) == warm().decode(body)
    with pytest.raises(DecodeError, match="field 35"):
        warm().decode(body.replace(track, track[:-1] + b"\x07"))


def test_bit_1_is_refused_before_a_second_bitmap_is_read() -> None:
    body = bytearray(BODIES[PURCHASE])
    body[2] |= 0x80
    with pytest.raises(DecodeError) as caught:
        warm().decode(bytes(body))
    assert (caught.value.field, caught.value.position) == ("1", 2)
    assert caught.value.partial == {"t": "0200"}


def test_an_unknown_field_is_refused_even_when_it_is_empty() -> None:
    body = bytearray(BODIES[PURCHASE])
    body[9] |= 1 << 64 - 57
    for inside in (b"", b"\x00\x00"):
        with pytest.raises(DecodeError) as caught:
            warm().decode(bytes(body[:-18]) + inside + bytes(body[-18:]))
        assert (caught.value.field, caught.value.position) == ("57", 9)
        assert caught.value.partial["41"] == "80010001"
        assert "60" not in caught.value.partial


def test_a_message_type_that_is_no_text_is_told_before_an_unknown_field() -> None:
    form = form_of(MIS_SPEC, [])
    unknown = min(set(range(2, 65)) - set(form.known))
    with pytest.raises(DecodeError) as caught:
        form.codec.decode(b"\xb0200" + (1 << 64 - unknown).to_bytes(8).hex().encode())
    assert (caught.value.field, caught.value.partial) == ("t", {})


def test_no_error_quotes_the_values_it_is_about() -> None:
    body = BODIES[PURCHASE].replace(b"888290054110001", b"88829005411000\x01")
    with pytest.raises(DecodeError) as caught:
        warm().decode(body)
    told = f"{caught.value} {caught.value!r} {caught.value.args} {vars(caught.value)}"
    assert "9988000000000015" not in told
    assert caught.value.__context__ is None
    with pytest.raises(EncodeError) as refused:
        CODEC.encode({"t": "0200", "2": "9988000000000015X"})
    assert "9988" not in f"{refused.value!r} {vars(refused.value)}"
    assert refused.value.__context__ is None


def test_compiled_forms_are_bounded_and_the_library_serves_the_rest(monkeypatch) -> None:
    monkeypatch.setattr(codec_module, "FAST_FORMS_MAX", 3)
    codec = warm(compile_spec(SPEC))
    assert len(codec._decoders) == len(codec._encoders) == 3
    for name, body in BODIES.items():
        assert codec.decode(body) == CODEC.decode(body), name


def test_compiled_writers_are_bounded_and_what_they_do_not_know_is_left_to_encode(
    monkeypatch,
) -> None:
    monkeypatch.setattr("terminals.codec.FAST_FORMS_MAX", 1)
    codec = compile_spec(SPEC)
    kept = codec.writer(("t", "11"), sound=frozenset())
    assert codec.writer(("t", "11"), sound=frozenset()) is kept
    assert kept(("0810", "000001")) == codec.encode({"t": "0810", "11": "000001"})
    assert kept(("0810", "00000A")) is None
    assert codec.writer(("t", "3", "11"), sound=frozenset())(("0810", "000000", "1")) is None
    assert codec.writer(("t", "5"), sound=frozenset())(("0810", "1")) is None


def test_a_field_without_a_fast_form_is_served_by_the_library() -> None:
    odd: FieldSpec = {**lln(9, "a length in EBCDIC"), "len_enc": "cp500", "len_type": 2}
    unpadded: FieldSpec = {**n(3, "an odd size without a pad")}
    for field, text in ((odd, "1234"), (unpadded, "12")):
        spec = specification({"2": field, "41": an(8, "terminal")})
        codec = compile_spec(spec)
        assert decoder(spec, [2, 41]) is None
        assert encoder(spec, ("t", "2")) is None
        if field is odd:
            fields = {"t": "0200", "2": text, "41": "80010001"}
            read = codec.decode(codec.encode(fields))
            assert {name: read[name] for name in fields} == fields


ASCII_FORMS = {name: form for name, form in FORMS.items() if name != "pos"}
EVERY_ASCII_FORM = pytest.mark.parametrize("form", ASCII_FORMS.values(), ids=ASCII_FORMS)


@EVERY_ASCII_FORM
def test_an_empty_second_bitmap_is_read_and_not_written_again(form: Form) -> None:
    plain, padded = form.bodies[0], form.bodies[-1]
    for codec in (compile_spec(form.spec), warm(form.codec, form)):
        fields = codec.decode(padded)
        assert fields["1"] == "0" * 16
        assert {k: v for k, v in fields.items() if k not in {"p", "1"}} == ASCII_FIELDS["purchase"]
        assert codec.encode(fields) == plain


@EVERY_ASCII_FORM
def test_a_third_bitmap_is_refused(form: Form) -> None:
    body = bytearray(form.bodies[-1])
    head = Head.of(form.spec)
    second = head.type_bytes + head.bitmap_bytes
    body[second] = 0x80 if head.bitmap_bytes == 8 else ord("8")
    with pytest.raises(DecodeError) as caught:
        form.codec.decode(bytes(body))
    assert (caught.value.field, caught.value.position) == ("65", second)
    assert caught.value.partial == {"t": "0200"}


@EVERY_ASCII_FORM
@pytest.mark.parametrize("length", [b"+9", b" 9", b"9_", b"1A", b"-1"])
def test_a_length_that_is_not_digits_is_refused(form: Form, length: bytes) -> None:
    body = form.codec.encode({"t": "0200", "32": "123456789", "41": "80010001"})
    with pytest.raises(DecodeError, match="field 32"):
        form.codec.decode(body.replace(b"09123", length + b"123"))


def test_a_bitmap_that_is_not_hexadecimal_is_refused() -> None:
    form = FORMS["ascii87-hex"]
    for spoilt in (b"  ", b"0x", b"\xb2\xb2"):
        body = form.bodies[0][:4] + spoilt + form.bodies[0][6:]
        with pytest.raises(DecodeError) as caught:
            form.codec.decode(body)
        assert (caught.value.field, caught.value.position) == ("p", 4)


def test_small_hexadecimal_is_read_as_it_came() -> None:
    form = FORMS["ascii87-hex"]
    body = form.bodies[0].replace(b"71F9B13D35BD37AF", b"71f9b13d35bd37af")
    body = body[:4] + body[4:20].lower() + body[20:]
    for codec in (compile_spec(form.spec), warm(form.codec, form)):
        assert codec.decode(body)["52"] == "71f9b13d35bd37af"
        assert codec.decode(body) == codec.decode_by_library(body)


def test_a_dialect_of_characters_without_fields_above_64_refuses_bit_1() -> None:
    fields = {"3": HEXADECIMAL_SPEC["3"], "41": HEXADECIMAL_SPEC["41"]}
    codec = compile_spec(ascii_specification(ascii_hex(8, ""), fields))
    body = b"0800A0000000008000000000000000000000000000" + b"80010001"
    with pytest.raises(DecodeError) as caught:
        codec.decode(body)
    assert (caught.value.field, caught.value.partial) == ("1", {"t": "0800"})
