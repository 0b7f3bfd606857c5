"""Descriptions: every field told, every secret covered, every byte at its place."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from host.hsm.mac import mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.describe.description import (
    Description,
    UnknownDialectError,
    as_builtins,
    describable,
    describe,
    every_part,
)
from terminals.describe.words import _WORDS, meaning_of
from terminals.dialects import DIALECTS, dialect_named
from terminals.dialects.ascii87_fields import BINARY, BINARY_SPEC, HEXADECIMAL
from terminals.dialects.mis import MisDialect, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.dialects.pos import POS, SPEC
from tests.terminals.frames import ASCII_FIELDS, FRAMES, PURCHASE
from tests.vectors.reader import TEST_DATA

MAC = mac_for(MacAlgorithm.X9_19, Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))
PAN = TEST_DATA["pan"]
PIN_BLOCK = "71F9B13D35BD37AF"
SECRETS = [
    PAN,
    TEST_DATA["pan19"],
    TEST_DATA["track2"],
    PIN_BLOCK,
    *(TEST_DATA[name] for name in ("PIK_under_TMK", "MAK_under_TMK", "TDK_under_TMK")),
    TEST_DATA["PIK_single_under_TMK"],
    PAN[6:-4] + PAN[-4:],
    TEST_DATA["pan19"][6:-4],
]


def told_by(description: Description) -> str:
    """All that anybody is told, and the text of the value itself."""
    return json.dumps(as_builtins(description), ensure_ascii=False) + repr(description)


def shows_none(description: Description, secrets: Iterable[str] = SECRETS) -> bool:
    text = told_by(description)
    return not any(secret in text or secret.encode().hex().upper() in text for secret in secrets)


@pytest.mark.parametrize("name", FRAMES)
def test_every_framed_vector_is_known_by_its_exact_round_trip(name: str) -> None:
    description = describe(FRAMES[name])
    assert (description.dialect, description.is_exact) == ("pos", True)
    assert not description.faults
    assert description.title


@pytest.mark.parametrize("name", FRAMES)
def test_every_field_of_a_vector_is_shown_and_no_secret(name: str) -> None:
    description = describe(FRAMES[name])
    fields = POS.split(FRAMES[name][2:]).fields
    assert {part.name for part in description.parts} == {"length", "tpdu", "header", *fields}
    assert shows_none(description)
    for part in description.parts:
        if part.name.isdecimal():
            assert part.label == SPEC[part.name]["desc"]
        if part.name in {"3", "4", "11", "37", "39", "41", "42", "49", "60", "61"}:
            assert part.value == fields[part.name]


@pytest.mark.parametrize("name", FRAMES)
def test_places_are_exact(name: str) -> None:
    """What is shown of each part is what stands there, and the parts are the whole."""
    frame = FRAMES[name]
    description = describe(frame)
    position = 0
    for part in description.parts:
        assert part.start == position
        position = part.end
        for _, each in every_part(part.parts):
            assert part.start <= each.start < each.end <= part.end
    assert position == description.size == len(frame)
    for shown, char in zip(description.hex, frame.hex().upper(), strict=True):
        assert shown in {char, "*"}


def test_a_purchase_is_told_in_words() -> None:
    description = describe(FRAMES[PURCHASE])
    words = {part.name: part.meaning for _, part in every_part(description.parts)}
    values = {part.name: part.value for part in description.parts}
    assert description.title == "purchase 消费"
    assert words["t"] == "financial request (ISO 8583:1987)"
    assert words["p"] == "3 4 11 22 25 26 35 41 42 49 52 53 60 64"
    assert words["4"] == "123.45 CNY"
    assert words["22"] == "stripe, with PIN"
    assert words["53.pin_block"] == "PIN block with the PAN"
    assert values["35"] == "998800******0015" + "*" * 21
    assert values["52"] == "*" * 16


def test_an_answer_tells_its_code_its_balance_and_what_comes_next() -> None:
    answer = describe(FRAMES["purchase-response-approved-remaining-balance-876.55"])
    words = {part.name: part.meaning for part in answer.parts}
    assert words["39"] == "approved 交易成功"
    assert words["54"] == "available balance 876.55 CNY"
    again = describe(FRAMES["re-sign-on-demanded-header-digit-3-MAC-error-A0"])
    assert "then sign on again" in {part.name: part.meaning for part in again.parts}["header"]


def test_a_voucher_code_is_covered_in_every_dialect() -> None:
    """Who has a code has what it is worth."""
    code = "0123-4567-89CF-HJKM-PRTV-WXYP"
    own = f"VN029{code}GD003TEA".encode()
    head, rest = "60000300006031003110000200", "920000000000006234000002031000"
    named = b"80010001888290054110001156".hex()
    fields = f"{head}3020048000C08014{rest}{named}001483000012000500{len(own):04d}{own.hex()}"
    told = told_by(describe(bytes.fromhex(f"{len(fields) // 2:04X}{fields}")))
    assert "voucher redemption" in told
    assert not any(part in told.upper() for part in code.split("-"))
    asked = {"op": "voucher", "voucher_block": "QUJDRA==", "voucher": code, "amount": 1}
    told = told_by(describe(json.dumps(asked).encode()))
    assert not any(part in told for part in (*code.split("-"), "QUJDRA"))


def test_keys_are_covered_and_their_check_values_are_not() -> None:
    description = describe(FRAMES["sign-on-response-with-TDK-60-byte-F62"])
    values = {part.name: part.value for _, part in every_part(description.parts)}
    assert values["62.pin_check"] == TEST_DATA["PIK_KCV"]
    assert values["62.mac_check"] == TEST_DATA["MAK_KCV"]
    assert values["62.track_check"] == TEST_DATA["TDK_KCV"]
    for name in ("62.pin_key", "62.mac_key", "62.track_key"):
        assert set(values[name]) == {"*"}


@pytest.mark.parametrize("name", ASCII_FIELDS)
@pytest.mark.parametrize(
    ("codec", "dialect"), [(BINARY, "ascii87-bin"), (HEXADECIMAL, "ascii87-hex")]
)
def test_messages_of_characters_are_told_apart(codec: Any, dialect: str, name: str) -> None:
    description = describe(codec.encode(ASCII_FIELDS[name]))
    assert description.is_exact
    if codec is HEXADECIMAL or name in {"purchase", "sign-on"}:
        assert description.dialect == dialect
    assert shows_none(description)
    told = {part.name for part in description.parts}
    assert ASCII_FIELDS[name].keys() <= told


def test_chip_data_is_a_tree_and_its_card_is_covered() -> None:
    chip = (
        "9F2608" + "1122334455667788" + "5A08" + PAN + "5712" + PAN + "D30121200000000000000"[:20]
        + "99021234" + "700A" + "5F24033012319F360200AA"[:20] + "DF5502ABCD"
    )  # fmt: skip
    fields = {"t": "0200", "3": "000000", "11": "000001", "41": "80010001", "55": chip}
    tpdu, header = bytes.fromhex("6000030000"), bytes.fromhex("603100311000")
    description = describe(POS.compose(tpdu, header, fields, None))
    parts = {part.name: part for _, part in every_part(description.parts)}
    assert description.is_exact
    assert parts["9F26"].value == "1122334455667788"
    assert parts["9F26"].label == "application cryptogram"
    assert parts["5A"].value == "998800******0015"
    assert parts["57"].value.startswith("998800******0015*")
    assert set(parts["99"].value) == set(parts["DF55"].value) == {"*"}
    assert shows_none(description)


def test_chip_data_that_breaks_off_says_where() -> None:
    fields = {"t": "0200", "3": "000000", "11": "000001", "41": "80010001", "55": "9F26081122"}
    frame = POS.compose(bytes(5), bytes(6), fields, None)
    description = describe(frame)
    assert [(each.field, each.offset) for each in description.faults] == [("55", len(frame) - 5)]
    assert description.faults[0].expected == "a value of 8 bytes"


MIS_SALE = {
    "merchant": "888290054110001",
    "date": "20261122",
    "card": PAN,
    "expiry": "3012",
    "pin": PIN_BLOCK,
    "amount": 12345,
    "memo": f"card {PAN} as told",
}


@pytest.mark.parametrize("name", ["mis-fixed", "mis-json", "mis-iso"])
def test_tills_are_described_in_each_form(name: str) -> None:
    dialect = dialect_named(name)
    assert isinstance(dialect, MisDialect)
    head = Head("000000000123", "80010001", "SALE")
    values = {key: text for key, text in MIS_SALE.items() if name != "mis-iso" or key != "memo"}
    payload = compose(header_of(head), dialect.form.write_request(head, values), MAC)
    framed = b"%04d" % len(payload) + payload
    for data in (payload, framed):
        description = describe(data)
        assert (description.dialect, description.is_exact) == (name, True)
        assert description.title == "SALE 消费"
        assert shows_none(description)
        assert "998800******0015" in told_by(description)
        assert "888290054110001" in told_by(description)


def test_an_apps_message_is_told_without_its_blocks_and_tokens() -> None:
    message: dict[str, Any] = {
        "msgid": "m-1",
        "tid": "80010001",
        "mid": "888290054110001",
        "op": "purchase",
        "amount": 12345,
        "ksn": "FFEEDDCCBBAA998800000001",
        "pan_block": "c2VjcmV0IGJsb2NrIQ==",
        "pin": {"ksn": "FFEEDDCCBBAA998800000001", "block": "c2VjcmV0IHBpbiEh"},
        "attestation": "aaaa.bbbb.cccc",
        "goods": f"gift for {PAN}",
        "surprise": "whatever this is",
    }
    description = describe(json.dumps(message).encode())
    values = {part.name: part.value for _, part in every_part(description.parts)}
    assert (description.dialect, description.title) == ("softpos", "purchase")
    assert values["amount"] == "12345"
    assert values["pin"].count("*") >= len(message["pin"]["block"])
    covered = ("c2VjcmV0", "aaaa", "bbbb", "surprise", "whatever")
    assert shows_none(description, [*SECRETS, *covered])


def test_a_named_dialect_is_the_one_that_reads() -> None:
    assert describe(FRAMES[PURCHASE], "ascii87-bin").dialect == "ascii87-bin"
    assert not describe(FRAMES[PURCHASE], "ascii87-bin").is_exact
    with pytest.raises(UnknownDialectError, match="there is no dialect 'iso'"):
        describe(b"", "iso")
    with pytest.raises(UnknownDialectError, match="there is no length 'le2'"):
        describe(b"", None, "le2")


def test_every_dialect_of_the_channels_can_be_described() -> None:
    assert set(describable()) == set(DIALECTS)


def test_a_length_that_is_wrong_is_the_first_fault() -> None:
    frame = FRAMES[PURCHASE]
    description = describe(b"\0\x75" + frame[2:])
    assert not description.is_exact
    assert description.dialect == "pos"
    assert description.faults[0].field == "length"
    assert description.faults[0].expected == "the 117 bytes of its length"
    assert description.faults[0].actual == "116 bytes follow"
    assert {part.name for part in description.parts} >= {"tpdu", "3", "35", "64"}


def test_a_message_cut_short_tells_what_came_before() -> None:
    frame = FRAMES[PURCHASE]
    description = describe(frame[2:50])
    values = {part.name: part.value for part in description.parts}
    assert values["4"] == "000000012345"
    assert [(each.field, each.offset) for each in description.faults] == [("35", 38)]
    assert description.faults[0].expected == "19 bytes of track 2"
    assert shows_none(description)


def test_a_cleared_bit_does_not_show_the_card_as_something_else() -> None:
    """Bit 2 is lost: the number is read as processing code and amount, and still covered."""
    frame = bytearray(FRAMES["purchase-response-approved-remaining-balance-876.55"][2:])
    assert frame[13] == 0x70
    frame[13] = 0x30
    assert shows_none(describe(bytes(frame)))


@given(st.binary(max_size=300))
@example(b"")
@example(b"{")
@example(b"MIS1000000000123" + b"80010001SALE")
@example(b'{"a":"\\u00')
@example(b'{"totals":' * 40)
def test_no_bytes_make_it_fail(data: bytes) -> None:
    description = describe(data)
    assert description.size == len(data)
    assert len(description.hex) == 2 * len(data)
    for _, part in every_part(description.parts):
        assert 0 <= part.start <= part.end <= len(data)


@given(
    st.sampled_from(sorted(FRAMES)),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=1),
    st.integers(0, 30),
)
def test_broken_vectors_say_where_and_show_no_card(
    name: str, changes: list[tuple[int, int]], cut: int
) -> None:
    frame = bytearray(FRAMES[name][: max(len(FRAMES[name]) - cut, 1)])
    for place, byte in changes:
        frame[place % len(frame)] = byte
    description = describe(bytes(frame))
    for fault in description.faults:
        assert 0 <= fault.offset <= len(frame)
        assert fault.expected
        assert fault.actual
    whole = [PAN, TEST_DATA["pan19"], PIN_BLOCK]
    assert shows_none(description, whole)


@given(
    st.sampled_from(sorted(ASCII_FIELDS)),
    st.sampled_from([BINARY, HEXADECIMAL]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=1),
)
def test_broken_messages_of_characters_show_no_card(
    name: str, codec: Any, changes: list[tuple[int, int]]
) -> None:
    body = bytearray(codec.encode(ASCII_FIELDS[name]))
    for place, byte in changes:
        body[place % len(body)] = byte
    assert shows_none(describe(bytes(body)), [PAN, PIN_BLOCK])


@given(st.sampled_from(sorted(_WORDS)), st.text("0123456789ABCDX -=", max_size=45), st.booleans())
def test_a_value_of_which_a_part_is_there_may_mean_nothing_and_breaks_nothing(
    name: str, value: str, is_answer: bool
) -> None:
    assert isinstance(meaning_of(name, value, {}, is_answer=is_answer), str)


def test_a_header_of_which_a_part_is_there_means_nothing() -> None:
    for digits in range(12):
        assert not meaning_of("header", "603100311000"[:digits], {}, is_answer=False)
    assert meaning_of("header", "603100311000", {}, is_answer=False)


def test_every_field_of_every_dialect_has_a_decision_about_what_is_shown() -> None:
    """Fields that are covered for good are listed here, so that a new one is thought about."""
    from terminals.describe.inside import _SPECIAL
    from terminals.describe.mask import EXPOSURES

    covered = {"34", "36", "45", "46", "47", "52", "56", "57", "58", "95", "96", "102", "103"}
    covered |= {str(number) for number in range(105, 128)}
    for spec in (SPEC, BINARY_SPEC):
        for number in range(2, 129):
            name = str(number)
            if spec[name]["max_len"]:
                assert (name in EXPOSURES or name in _SPECIAL) != (name in covered), name


def test_a_code_to_pay_by_is_covered_but_for_how_all_of_them_begin() -> None:
    """S3-09: in digits and in characters alike."""
    code = "291234567890123454"
    fields = {"t": "0200", "2": code, "3": "000000", "4": "000000000100", "22": "032"}
    payload = POS.compose(bytes(5), bytes(6), fields, None)
    head = Head("000000000123", "80010001", "SALE")
    values = {"merchant": "888290054110001", "date": "20261122", "amount": 100, "card": code}
    till = dialect_named("mis-json")
    assert isinstance(till, MisDialect)
    asked = compose(header_of(head), till.form.write_request(head, values), MAC)
    for description in (describe(payload), describe(asked)):
        text = told_by(description)
        assert code[:2] in text
        assert shows_none(description, [code[:6], code[2:8], code[-4:]])
