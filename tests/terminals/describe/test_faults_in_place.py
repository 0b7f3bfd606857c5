"""Faults that leave everything at its place: said with their place, and hiding nothing else."""

import json
from pathlib import Path

import pytest

from config.tasks.describe import described
from host.hsm.mac import mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from terminals.describe.description import Description, describe, every_part
from terminals.dialects import dialect_named
from terminals.dialects.ascii87_fields import HEXADECIMAL
from terminals.dialects.mis import MisDialect, compose, header_of
from terminals.dialects.mis_words import Head
from terminals.dialects.pos import POS
from tests.commands import run_command
from tests.terminals.frames import FRAMES, PURCHASE
from tests.vectors.reader import TEST_DATA

MAC = mac_for(MacAlgorithm.X9_19, Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))
FRAME = FRAMES[PURCHASE]
PAN = TEST_DATA["pan"]
CHIP = {"t": "0200", "3": "000000", "11": "000001", "41": "80010001"}
ONCE = "9F2608" + "1122334455667788"
COUNTER = "9F36020001"


def chip(text: str) -> bytes:
    return POS.compose(bytes.fromhex("6000030000"), bytes.fromhex("603100311000"),
                       CHIP | {"55": text}, None)  # fmt: skip


def values_of(told: Description) -> dict[str, str]:
    return {part.name: part.value for _, part in every_part(told.parts)}


@pytest.mark.parametrize(
    ("text", "tag", "behind"),
    [
        (COUNTER + ONCE + COUNTER, "9F36", 16),
        (ONCE + ONCE, "9F26", 11),
        (COUNTER + COUNTER + COUNTER, "9F36", 5),
        ("950500000000009F2701809505" + "0" * 10, "95", 11),
        ("7707" + "9A0326112200" + "00" + "9A03261122" + "9A03261122", "9A", 14),
        ("770A" + "9A032611229A03261122", "9A", 7),
    ],
)
def test_a_data_object_that_must_be_single_is_a_fault_the_second_time(
    text: str, tag: str, behind: int
) -> None:
    frame = chip(text)
    told = describe(frame)
    fault = told.faults[0]
    start = len(frame) - len(text) // 2
    assert (fault.field, fault.offset, fault.expected) == ("55", start + behind, f"one {tag} only")
    assert (told.verdict, told.is_exact, told.is_well) == ("not read well", False, False)
    assert values_of(told)[tag].strip("*")
    done = run_command("describe", frame.hex())
    assert done.returncode == 1
    assert f"byte {fault.offset}, field 55: expected one {tag} only" in done.stdout


def test_the_same_in_hexadecimal_characters() -> None:
    body = HEXADECIMAL.encode(CHIP | {"55": COUNTER + COUNTER})
    told = describe(body, "ascii87-hex")
    assert [(one.field, one.offset) for one in told.faults] == [("55", len(body) - len(COUNTER))]


@pytest.mark.parametrize(
    "text",
    [
        "7106860400010203" + "7106860400010203" + "72029F18"[:4] + "0000",
        "710C" + "860400010203" + "860400010203",
        "DF7F0101" + "DF7F0102",
        COUNTER + ONCE,
    ],
    ids=["scripts", "commands", "tags nobody knows", "others"],
)
def test_objects_that_may_come_again_are_none(text: str) -> None:
    assert not describe(chip(text)).faults


def test_a_tag_of_two_bytes_may_begin_with_ff() -> None:
    told = describe(chip("FF330101" + COUNTER + "DF8101" + "01AA"))
    values = values_of(told)
    assert (told.verdict, values["9F36"]) == ("exact", "0001")
    assert {"FF33", "DF8101"} <= values.keys()


@pytest.mark.parametrize("tag", ["9F08", "9F58", "9F66", "9F6E"])
def test_objects_of_cards_and_readers_have_names(tag: str) -> None:
    told = describe(chip(f"{tag}0400010203"))
    [part] = [part for _, part in every_part(told.parts) if part.name == tag]
    assert part.label not in {"", "unknown tag"}
    assert part.value == "00010203"


@pytest.mark.parametrize(("at", "byte"), [(36, 0x11), (36, 0x1A), (58, 0x05)])
def test_what_stands_behind_a_wrong_pad_is_shown(at: int, byte: int) -> None:
    frame = bytearray(FRAME)
    frame[at] = byte
    told = describe(bytes(frame))
    values, sound = values_of(told), values_of(describe(FRAME))
    assert [one.offset for one in told.faults] == [at]
    assert told.faults[0].expected == "the pad nibble 0"
    assert {name: values[name] for name in values} == sound | {"22": values["22"]}
    assert (told.title, told.verdict) == ("purchase 消费", "not read well")
    assert PAN not in json.dumps([values, told.hex])


def test_what_stands_where_a_cards_pad_should_may_be_a_digit_of_it_and_is_covered() -> None:
    frame = bytearray(FRAME)
    frame[58] = 0x05
    told = describe(bytes(frame))
    assert told.hex[2 * 58 : 2 * 59] == "**"


SAID = "礼品 café ünï"


def test_texts_of_phones_are_utf_8() -> None:
    for ascii_only in (False, True):
        message = {"msgid": "m-1", "op": "purchase", "amount": 12345, "goods": SAID}
        told = describe(json.dumps(message, ensure_ascii=ascii_only).encode())
        [goods] = [part for part in told.parts if part.name == "goods"]
        assert told.verdict == "exact"
        assert SAID in (goods.value, f"{goods.meaning}", goods.value.strip('"'))


def test_texts_of_tills_in_json_are_utf_8_and_their_cards_stay_covered() -> None:
    dialect = dialect_named("mis-json")
    assert isinstance(dialect, MisDialect)
    values = {"card": PAN, "amount": 12345, "memo": f"{SAID} {PAN}", "merchant": "888290054110001",
              "date": "20261122", "expiry": "3012"}  # fmt: skip
    head = Head("000000000123", "80010001", "SALE")
    told = describe(compose(header_of(head), dialect.form.write_request(head, values), MAC))
    assert SAID in values_of(told)["memo"]
    assert PAN not in json.dumps([values_of(told), told.hex])


def test_the_mark_of_an_editor_is_no_part_of_a_phones_message(tmp_path: Path) -> None:
    path = tmp_path / "message.json"
    path.write_text(json.dumps({"op": "purchase", "goods": SAID}), "utf-8-sig")
    [(_, told)] = described(str(path), None, None)
    assert (told.dialect, told.verdict) == ("softpos", "exact")


def test_text_of_json_that_is_not_utf_8_is_a_fault_at_its_byte_and_hides_nothing() -> None:
    data = '{"op":"purchase","goods":"礼品","amount":12345}'.encode("gb18030")
    told = describe(data, "softpos")
    [fault] = told.faults
    assert (fault.field, fault.expected) == ("goods", "text in UTF-8")
    assert data[fault.offset] == "礼".encode("gb18030")[0]
    assert values_of(told)["amount"] == "12345"
    assert told.verdict == "not read well"


def test_an_escape_shows_no_card_number() -> None:
    written = "".join(f"\\u{ord(digit):04x}" for digit in PAN)
    told = describe(f'{{"op":"purchase","goods":"礼 {written}"}}'.encode())
    assert PAN not in json.dumps([values_of(told), [part.meaning for part in told.parts]])
