"""From one message that was overheard, no other is made that is believed: no key, no 100,000 tries.

`up-ecb` folds a message by XOR before it encrypts, so its code fits every message with the same
fold: whoever may choose eight bytes anywhere composes one. Messages are composed here by a till
of another make, byte for byte, with such bytes in every field there is, and said from addresses
of their own, so that no lock-out helps.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

import functools
import random
from types import SimpleNamespace

import pytest
from trio.testing import MockClock

from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from switch.overheard import CODES_MAX, Codes
from tests.peers.bcd import FORMS, HEADER, TPDU, Fields, say
from tests.peers.codes import up_ecb
from tests.switch.bed import APPROVED, Bed
from tests.switch.bugs import Bugs
from tests.switch.conftest import BATCH, MERCHANT, TERMINAL
from tests.switch.tongues import KEYS, TONGUES

KEY: Secret = KEYS[MacAlgorithm.UNIONPAY_ECB]
BLOCK = 8
MARK = bytes.fromhex("0102030405060708")
"""What stands for the chosen bytes until they are known."""
WHO = {"41": TERMINAL, "42": MERCHANT, "49": "156"}
TRACK = "9988000000000015D30121200000000000000"
ORIGINAL = {"37": "112200000001", "38": "100001", "61": f"{BATCH}000001"}


def trade(mti: str, code: str, condition: str, type_code: str, **more: str) -> Fields:
    named = {name.removeprefix("_"): text for name, text in more.items()}
    words = {"t": mti, "3": code, "4": "000000100000", "25": condition}
    return words | WHO | {"22": "022", "60": f"{type_code}{BATCH}000500"} | named


WANTED: dict[str, Fields] = {
    "a cash load": trade("0200", "630000", "00", "48", _35=TRACK),
    "a keyed cash load": trade("0200", "630000", "00", "48", _2="9988000000000015"),
    "its confirmation": trade("0220", "630000", "00", "48", _35=TRACK, **ORIGINAL),
    "a refund": trade("0220", "200000", "00", "25", _35=TRACK, **ORIGINAL),
    "a void": trade("0200", "200000", "00", "23", **ORIGINAL),
    "points": trade("0200", "210000", "65", "61", _35=TRACK),
    "a sale for points": trade("0200", "000000", "65", "22", _35=TRACK),
    "a sale": trade("0200", "000000", "00", "22", _35=TRACK),
    "a chip sale": trade("0200", "000000", "00", "22", _35=TRACK, _22="051"),
    "a reversal": trade("0400", "000000", "00", "22", _39="98"),
}
"""What somebody without a key would like to have believed."""
BY_HOST = {
    "a sale": {"52"},
    "a chip sale": {"52", "55"},
    "a sale for points": {"52"},
    "a refund": {"52"},
    "a void": {"52"},
}
"""Bytes that no table can refuse: the host opens a PIN block, and a chip says what it likes."""
HOLDS = {number: form for number, form in FORMS.items() if number != 64 and "." in form}
PLACES = (*sorted(HOLDS), 52)
"""Every field that holds eight bytes or more, whether its kind knows it or not."""


def fold(data: bytes) -> bytes:
    """The blocks of what a code covers, XORed."""
    padded = data + bytes(-len(data) % BLOCK)
    blocks = (padded[at : at + BLOCK] for at in range(0, len(padded), BLOCK))
    return functools.reduce(lambda one, other: bytes(map(int.__xor__, one, other)), blocks)


def overheard(dice: random.Random) -> bytes:
    """A sealed balance inquiry, as its terminal sent it."""
    fields = trade("0200", "310000", "00", "01", _35=TRACK, _11=f"{dice.randint(1, 999_999):06d}")
    del fields["4"]
    return say(fields, up_ecb(KEY.reveal()))


def composed(dice: random.Random, heard: bytes, fields: Fields, place: int) -> bytes:
    """The message with eight chosen bytes in a field, and the code of the one overheard."""
    form, extra = FORMS[place], dice.randint(0, 3)
    filling = (bytes(extra) + MARK).hex().upper()
    if form[0] == "a":
        filling = " " * extra + MARK.decode()
    elif form == "b8":
        filling, extra = MARK.hex().upper(), 0
    named = fields | {str(place): filling, "11": f"{dice.randint(1, 999_999):06d}"}
    body = say(named | {"64": heard[-BLOCK:].hex()})[len(TPDU + HEADER) :]
    at = body.index(MARK)
    empty = body[:at] + bytes(BLOCK) + body[at + BLOCK :]
    wanted = map(int.__xor__, fold(heard[len(TPDU + HEADER) : -BLOCK]), fold(empty[:-BLOCK]))
    lacking = bytes(wanted)
    chosen = bytes(lacking[(at + step) % BLOCK] for step in range(BLOCK))
    forged = body[:at] + chosen + body[at + BLOCK :]
    return TPDU + HEADER + forged


def test_the_composer_makes_the_code_fit() -> None:
    """Or the test beside would prove nothing."""
    dice, tag = random.Random(1), up_ecb(KEY.reveal())
    for wanted in WANTED.values():
        for place in PLACES:
            body = composed(dice, overheard(dice), wanted, place)[len(TPDU + HEADER) :]
            assert tag(body[:-BLOCK]) == body[-BLOCK:]


@pytest.mark.counted
async def test_no_message_composed_from_an_overheard_one_is_believed(
    mock_clock: MockClock, counts: SimpleNamespace, bugs: Bugs
) -> None:
    [tongue] = [one for one in TONGUES if one.name == f"pos {MacAlgorithm.UNIONPAY_ECB}"]
    bed, dice = Bed(tongue, bugs), random.Random(f"{counts.seed} composed")
    for _ in range(counts.forgeries):
        what, place = dice.choice(sorted(WANTED)), dice.choice(PLACES)
        heard = overheard(dice)
        forged = composed(dice, heard, WANTED[what], place)
        asked = bed.say_after(heard, forged, APPROVED)
        assert asked is None, f"{what}, F{place}: {forged.hex()}"


async def test_what_its_kind_has_no_use_for_is_refused_though_nobody_was_overheard(
    mock_clock: MockClock,
    bugs: Bugs,
) -> None:
    [tongue] = [one for one in TONGUES if one.name == f"pos {MacAlgorithm.UNIONPAY_ECB}"]
    bed, dice = Bed(tongue, bugs), random.Random("no memory")
    for what, fields in WANTED.items():
        for place in PLACES:
            if str(place) in BY_HOST.get(what, ()):
                continue
            forged = composed(dice, overheard(dice), fields, place)
            assert bed.say(forged, APPROVED) is None, f"{what}, F{place}: {forged.hex()}"


async def test_an_answer_that_was_overheard_lends_its_code_to_nothing_either(
    mock_clock: MockClock, bugs: Bugs
) -> None:
    [tongue] = [one for one in TONGUES if one.name == f"pos {MacAlgorithm.UNIONPAY_ECB}"]
    bed, dice = Bed(tongue, bugs), random.Random("an answer")
    for what in ("a sale", "a reversal"):
        bed.say(overheard(dice), APPROVED)
        answer = bed.ends.said[-1]
        forged = composed(dice, answer, WANTED[what] | {"22": "051"}, 55)
        assert bed.say(forged, APPROVED) is None


def test_a_code_is_remembered_with_its_message_until_newer_ones_have_come() -> None:
    codes = Codes()
    tags = [b"%08X" % number for number in range(CODES_MAX + 1)]
    assert not codes.is_anothers(tags[0], b"one")
    assert not codes.is_anothers(tags[0], b"one")
    assert codes.is_anothers(tags[0], b"another")
    for tag in tags[1:]:
        assert not codes.is_anothers(tag, b"one")
    assert not codes.is_anothers(tags[0], b"another")


@pytest.mark.parametrize(
    ("card", "codes"),
    [({"_2": "9988000000000015", "_14": "3012"}, 1), ({"_35": TRACK}, 2)],
    ids=["keyed, F11 and F61 48 bytes apart", "swiped, 66 bytes apart"],
)
def test_confirmations_of_one_card_and_amount_share_a_code_where_their_traces_fall_together(
    card: Fields, codes: int
) -> None:
    """Which is why such a second one is not believed, and what the manual tells a till's maker."""
    tag = up_ecb(KEY.reveal())
    said = [
        say(trade("0220", "630000", "00", "48", _11=trace, _61=f"{BATCH}{trace}", **card), tag)
        for trace in ("000007", "000123")
    ]
    assert len({one[-BLOCK:] for one in said}) == codes
