"""A message with one bad value is answered 30 wherever its other fields have known places.

Without its trace or its terminal no answer would find it. And a note in F63 is nobody's to refuse.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

import msgspec
import pytest

from host.hsm.mac import X919Mac
from host.model.requests import Kind
from host.model.terminal import MacAlgorithm, MacKey
from switch.exchange import Origin
from switch.front import Front
from switch.metrics import Metrics
from terminals.dialects.pos import POS
from terminals.isodialect import IsoDialect
from terminals.salvage import place_of
from terminals.sealing import seal
from tests.switch.bed import Ends
from tests.switch.conftest import BATCH, HEADER, TPDU, profile_of, purchase_fields
from tests.switch.test_front import SETTINGS
from tests.switch.tongues import KEYS
from tests.terminals.dialects.test_ascii87 import DIALECTS as ASCII87

KEY = KEYS[MacAlgorithm.X9_19]
MAC = X919Mac(KEY)
PROFILE = msgspec.structs.replace(
    profile_of(), mac_algorithm=MacAlgorithm.X9_19, mac_keys=(MacKey(1, KEY),)
)
DIALECTS: dict[str, IsoDialect] = {"pos": POS, **ASCII87}
SALE = purchase_fields() | {"2": "9988000000000015", "14": "3012", "23": "001", "26": "12"}
BENT = ("2", "3", "4", "11", "14", "22", "23", "25", "26", "41", "42", "49", "53", "60")
NO_ANSWER = {"11", "41"}
REFERENCE = {"37": "112200000001", "61": f"{BATCH}0000010000"}
SALES = {
    Kind.PURCHASE: {},
    Kind.CASH_LOAD: {"3": "630000", "60": f"48{BATCH}000500"},
    Kind.VOID: {"3": "200000", "60": f"23{BATCH}000500", **REFERENCE},
    Kind.REFUND: {"t": "0220", "3": "200000", "60": f"25{BATCH}000500", **REFERENCE},
    Kind.REVERSAL: {"t": "0400", "39": "98"},
}
NOTES = {
    "two bytes": b"\xff\xfe",
    "bytes that are no text": bytes(range(128, 135)),
    "half a Chinese character": b"ok \xd6",
    "zeros": bytes(4),
}


def heard(payload: bytes, dialect: IsoDialect) -> Ends:
    """What a desk makes of a message whose terminal is told at once."""
    ends = Ends(PROFILE)
    Front(ends, ends, Metrics(), SETTINGS).take(Origin(dialect, "pos"), ends, [payload])
    while ends.finders:
        ends.finders.pop()[1].found(ends.profile)
    return ends


def written(dialect: IsoDialect, fields: dict[str, str]) -> bytes:
    """A payload as this dialect writes it."""
    known = dialect.codec.spec
    plain = {name: text for name, text in fields.items() if known[name]["max_len"]}
    return dialect.compose(TPDU[: dialect.tpdu_bytes], HEADER[: dialect.header_bytes], plain, MAC)


@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize("dialect_name", DIALECTS)
async def test_a_bad_value_is_answered_30_wherever_it_stands(mock_clock, dialect_name, name):
    """By its place alone: what is bad may be the message's own processing code."""
    dialect = DIALECTS[dialect_name]
    payload = written(dialect, SALE)
    start = dialect.tpdu_bytes + dialect.header_bytes
    at = start + place_of(dialect.codec.spec, payload[start:], name)
    ends = heard(payload[:at] + b"\xfa" + payload[at + 1 :], dialect)
    assert ends.fates == 1
    assert len(ends.said) == (name not in NO_ANSWER)
    for said in ends.said:
        told = dialect.split(said).fields
        assert (told["39"], told["11"], told["41"]) == ("30", SALE["11"], SALE["41"])


OF_OTHERS = {
    "5": bytes.fromhex("000000000100"),
    "7": bytes.fromhex("1126091500"),
    "18": bytes.fromhex("5999"),
    "19": bytes.fromhex("0156"),
    "28": b"D00000000",
    "43": b"A shop, somewhere".ljust(40),
    "46": bytes.fromhex("0003") + b"abc",
    "50": b"156",
}
"""Fields that POS terminals do not have, as ISO 8583:1987 writes them in packed digits."""


def with_another(payload: bytes, name: str, data: bytes) -> bytes:
    """The same with this field of others in its place, and a right code."""
    start = len(TPDU + HEADER)
    body = payload[start:]
    numbers = sorted(int(each) for each in POS.split(payload).fields if each.isdigit())
    behind = next(str(each) for each in numbers if each > int(name))
    at = place_of(POS.codec.spec, body, behind) - POS.codec.spec[behind]["len_type"]
    bits = int.from_bytes(body[2:10]) | 1 << 64 - int(name)
    changed = body[:2] + bits.to_bytes(8) + body[10:at] + data + body[at:]
    return payload[:start] + seal(changed, MAC, POS.codec.tag_bytes)


@pytest.mark.parametrize("name", OF_OTHERS)
async def test_a_field_of_others_hides_nothing_behind_it(mock_clock, name):
    """A sale is answered 30, and a reversal is undone by its key."""
    sale = heard(with_another(written(POS, SALE), name, OF_OTHERS[name]), POS)
    [said] = sale.said
    told = POS.split(said).fields
    assert (told["39"], told["11"], told["41"]) == ("30", SALE["11"], SALE["41"])
    fields = {number: text for number, text in SALE.items() if number not in {"26", "52", "53"}}
    undoing = written(POS, fields | SALES[Kind.REVERSAL])
    ends = heard(with_another(undoing, name, OF_OTHERS[name]), POS)
    [(request, _waiter)] = ends.asked
    assert (request.kind, request.key.stan, ends.said) == (Kind.REVERSAL, SALE["11"], [])


@pytest.mark.parametrize("name", ["7", "18"])
async def test_a_field_of_others_that_is_not_written_as_usual_is_not_guessed_at(mock_clock, name):
    for data in (b"\xff" * len(OF_OTHERS[name]), OF_OTHERS[name] + b"\x00", OF_OTHERS[name][1:]):
        ends = heard(with_another(written(POS, SALE | SALES[Kind.REVERSAL]), name, data), POS)
        assert (ends.said, ends.asked, ends.fates) == ([], [], 1)


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("kind", SALES)
@pytest.mark.parametrize("dialect_name", DIALECTS)
async def test_bytes_that_are_no_text_in_f63_refuse_nothing(mock_clock, dialect_name, kind, note):
    dialect, raw = DIALECTS[dialect_name], NOTES[note]
    mark = ("Q~" * len(raw))[: len(raw)]
    payload = written(dialect, SALE | SALES[kind] | {"63": mark})
    start = dialect.tpdu_bytes + dialect.header_bytes
    assert payload[start:].count(mark.encode()) == 1
    body = payload[start:].replace(mark.encode(), raw)
    ends = heard(payload[:start] + seal(body, MAC, dialect.codec.tag_bytes), dialect)
    assert ends.said == []
    [(request, _waiter)] = ends.asked
    assert request.kind is kind
