"""Every message that gets no answer is told of: who sent it, on which channel, what is wrong where.

The frames are broken by hand; where their fields begin is counted here, not by our codec.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

import json
import random
from collections.abc import Iterator

import pytest
import structlog.testing

from host.model.requests import Kind
from switch.whys import SILENCES
from terminals.dialect import Dialect
from terminals.dialects import DialectOptions, dialect_named
from terminals.dialects.pos import POS
from tests.switch.bed import APPROVED, Bed
from tests.switch.bugs import Bugs
from tests.switch.conftest import (
    BATCH,
    HEADER,
    TPDU,
    framed,
    mac_of,
    purchase,
    purchase_fields,
    sealed,
)
from tests.switch.test_front import Bench
from tests.switch.test_reload import until
from tests.switch.tongues import TONGUES, Tongue

FIRST = len(TPDU + HEADER)
"""Where a POS message's type begins."""
HEADS = TPDU + HEADER
MIS = dialect_named("mis-json")
MIS_FIXED = dialect_named("mis-fixed")
MIS_ISO = dialect_named("mis-iso")
SOFTPOS = dialect_named("softpos", DialectOptions(attestation_keys={}))
MIS_HEAD = b"MIS1" + b"000000000001" + b"80030001"
CUTS_EACH = 3


@pytest.fixture
async def bench(mock_clock) -> Bench:
    return Bench()


BROKEN: list[tuple[str, Dialect, bytes, str, int]] = [
    ("cut in its TPDU", POS, TPDU[:3], "t", 3),
    ("no message type", POS, HEADS + b"\xaa\x00" + bytes(8), "t", FIRST),
    ("an answer", POS, HEADS + b"\x02\x10" + bytes(8), "t", FIRST),
    (
        "cut in F3",
        POS,
        HEADS + b"\x02\x00" + bytes.fromhex("2000000000000000") + b"\x12",
        "3",
        FIRST + 10,
    ),
    ("no MIS header", MIS, b"MIS9" + MIS_HEAD[4:] + b"SALE{}", "header", 0),
    ("half a MIS header", MIS_FIXED, MIS_HEAD[:10], "header", 10),
    ("half an ISO MIS header", MIS_ISO, MIS_HEAD, "header", len(MIS_HEAD)),
    ("JSON that ends", SOFTPOS, b'{"v": 1,', "json", 8),
    ("JSON that is none", SOFTPOS, b'{"v": 1, oops}', "json", 9),
    ("bytes that are no text", SOFTPOS, b'{"v": "\xff"}', "json", 7),
    ("a list", SOFTPOS, b"[1]", "json", 0),
    ("an app that says who it is badly", SOFTPOS, b'{"msgid": 7, "tid": 1}', "msgid", 1),
]


@pytest.mark.parametrize(
    ("dialect", "payload", "field", "offset"),
    [row[1:] for row in BROKEN],
    ids=[row[0] for row in BROKEN],
)
async def test_what_cannot_be_read_says_which_field_at_which_byte(
    bench, dialect, payload, field, offset
):
    with structlog.testing.capture_logs() as lines:
        bench.take(payload, dialect)
    assert bench.paper.silences == 1
    [line] = [line for line in lines if line["event"] == "message not answered"]
    assert (line["peer"], line["channel"]) == (bench.paper.peer, "pos")
    assert (line["why"], line["field"], line["offset"]) == ("unreadable", field, offset)
    assert line["detail"]


def reversal(**changes: str | None) -> bytes:
    """A terminal's own 0400 under a right MAC, with fields changed or left out."""
    fields = purchase_fields() | {"t": "0400", "39": "98"} | changes
    return sealed({name: text for name, text in fields.items() if text is not None}, mac_of())


REFUND = {
    "t": "0220",
    "3": "200000",
    "60": f"25{BATCH}000500",
    "37": "112200000001",
    "61": f"{BATCH}0000010000",
}


def refund(**changes: str) -> bytes:
    """A refund of a sale, as its terminal repeats it."""
    return sealed(purchase_fields() | REFUND | changes, mac_of())


def offset_of(payload: bytes, mark: bytes) -> int:
    """Where these bytes stand, which stand nowhere else."""
    assert payload.count(mark) == 1
    return payload.index(mark)


REFUSED = [
    ("a reversal without a trace", reversal(**{"11": None}), "11", FIRST + 2),
    (
        "a refund whose original is too short",
        refund(**{"61": f"{BATCH}77"}),
        "61",
        offset_of(refund(**{"61": f"{BATCH}77"}), bytes.fromhex(f"{BATCH}77")),
    ),
    (
        "a refund in no currency of ours",
        refund(**{"49": "840"}),
        "49",
        offset_of(refund(**{"49": "840"}), b"840"),
    ),
    ("an advice of nothing we know", refund(**{"25": "77"}), "3", FIRST + 10),
    ("a refund of another merchant's", refund(**{"42": "888290054110009"}), "merchant", None),
]


@pytest.mark.parametrize(
    ("payload", "field", "offset"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_what_only_the_host_may_end_and_nobody_can_act_upon_says_where(
    bench, payload, field, offset
):
    with structlog.testing.capture_logs() as lines:
        bench.take_known(payload)
    assert (bench.paper.codes, bench.paper.silences) == ([], 1)
    [line] = [line for line in lines if line["event"] == "message not answered"]
    assert (line["field"], line["offset"], line["peer"]) == (field, offset, bench.paper.peer)
    [case] = bench.ledger.owed
    assert case.kind is Kind.CASE_REPORT
    assert f"field {field}" in case.detail


async def test_a_wrong_code_is_to_blame_on_the_mac(bench):
    payload = reversal()
    with structlog.testing.capture_logs() as lines:
        bench.take_known(payload[:-1] + bytes([payload[-1] ^ 1]))
    [line] = [line for line in lines if line["event"] == "message not answered"]
    assert (line["why"], line["field"]) == ("not proved", "mac")
    assert line["kind"] == "reversal"


async def test_a_message_that_nothing_proves_is_told_with_its_kind(bench):
    payload = sealed(purchase_fields(), mac_of())
    with structlog.testing.capture_logs() as lines:
        bench.take_known(payload[:-1] + bytes([payload[-1] ^ 1]))
    [line] = [line for line in lines if line["event"] == "message answered"]
    assert (line["kind"], line["reason"]) == ("purchase", "mac_wrong")


@pytest.fixture(params=TONGUES, ids=[tongue.name for tongue in TONGUES])
def tongue(request) -> Iterator[Tongue]:
    return request.param


async def test_no_dialect_is_silent_without_a_line_that_tells_all(tongue, mock_clock):
    """Messages cut and bent at random: whatever gets no answer is told of, with a place in it."""
    bed, dice, silent = Bed(tongue, Bugs()), random.Random(tongue.name), 0
    for payload in tongue.corpus:
        for _ in range(CUTS_EACH):
            cut = payload[: dice.randrange(len(payload))]
            at = dice.randrange(len(payload))
            bent = payload[:at] + bytes([payload[at] ^ 1 << dice.randrange(8)]) + payload[at + 1 :]
            silent += sum(_is_told(bed, each) for each in (cut, bent))
    assert silent


def _is_told(bed: Bed, payload: bytes) -> bool:
    """Whether it stayed without an answer; if so its line has all that it must have."""
    said = len(bed.ends.said)
    with structlog.testing.capture_logs() as lines:
        bed.say(payload, APPROVED)
    if len(bed.ends.said) > said:
        return False
    told = [line for line in lines if line["event"] == "message not answered"]
    if not told:
        return False
    [line] = told
    assert line["channel"] == "fuzz"
    assert {"peer", "mti", "tid", "stan", "field", "offset", "why", "detail"} <= line.keys()
    assert line["why"] in SILENCES
    if line["why"] == "unreadable":
        assert line["field"], line
        assert line["offset"] is None or 0 <= line["offset"] <= len(payload)
    json.dumps(line, default=str)
    return True


async def test_a_connection_that_ends_before_its_answers_says_how_many(world):
    await world.start_switch()
    world.host.decide = lambda _request: None
    peer = await world.connect()
    await peer.stream.send_all(framed(purchase(1)) + framed(purchase(2)))
    [channel] = world.switch.channels
    await until(lambda: any(each.unanswered == 2 for each in channel._heard))
    [connection] = channel._heard
    with structlog.testing.capture_logs() as lines:
        connection.close("answers are not read")
    [line] = [line for line in lines if line["event"] == "message not answered"]
    assert (line["unanswered"], line["unwritten"]) == (2, 0)
    assert (line["peer"], line["why"]) == (connection.peer, "answers are not read")
