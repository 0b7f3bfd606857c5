"""The worked messages, typed byte for byte at `posswitch up --estate demo`, as a stranger would.

A day of terminal 80010001 with a restart in the middle: it happens once, each test looks at a
part of it.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.estate.demo import FIRST_TERMINAL, demo_estate
from host.model.requests import Kind
from simulators import messages
from tests.peers.bcd import hear
from tests.peers.codes import up_ecb
from tests.terminals.frames import FRAMES, PURCHASE, WORKED_MAK, fields_of
from tests.whole.house import Up
from tests.whole.till import SIGN_ON_DIGIT, Till, Voice, ask, fields_in, header_digit

ROOT = Path(__file__).parents[2]
WORKED_TAG = up_ecb(WORKED_MAK)
REVERSAL = "reversal-of-the-purchase-timeout"
INQUIRY = "balance-inquiry"
POINTS = "points-purchase-product-code-in-F62"
TOP_UP = "cash-top-up-200.00"
CONFIRM = "top-up-confirm-same-STAN"
ANSWERED_AS_WORKED = {
    PURCHASE: "purchase-response-approved-remaining-balance-876.55",
    INQUIRY: "balance-response",
    REVERSAL: "reversal-response",
    POINTS: "points-purchase-response",
    CONFIRM: "top-up-confirm-response",
}
"""Requests whose answer is the worked one but for the fields of the moment."""
OF_THE_MOMENT = {"12", "13", "15", "37", "38", "64"}
"""When it was answered, under which numbers, and the MAC over that."""
ANSWERED_WITH = {
    TOP_UP: "00",
    "void-of-trace-000002": "25",  # it was reversed
    "refund-next-day": "77",  # of a batch that this terminal has not come to
    "load-card-verification": "00",
    "sign-on-request-with-TDK": "00",
    "echo-test": "00",
    "sign-off": "00",
    "published-1": "97",  # a real terminal of somebody else's
}
"""F39 of the others."""
SETTLEMENT = "settlement-request"
SETTLING = (SETTLEMENT, "batch-upload-2-records", "batch-upload-end-unbalanced")
"""At the end of the day: they move the terminal to its next batch."""

Story = dict[str, bytes]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Every answer of the day: by its frame's name, or by what is told of it."""
    data = tmp_path_factory.mktemp("worked") / "data"
    with Up(data) as up, Till(up.port) as till:
        told = {PURCHASE: till.ask(FRAMES[PURCHASE])}
        told["again"] = till.ask(FRAMES[PURCHASE])
        told["on another line"] = ask(up.port, FRAMES[PURCHASE])
    with Up(data) as up, Till(up.port) as till:
        told["after a restart"] = till.ask(FRAMES[PURCHASE])
        told |= {name: till.ask(FRAMES[name]) for name in (INQUIRY, REVERSAL)}
        told["reversed twice"] = till.ask(FRAMES[REVERSAL])
        told["after its reversal"] = till.ask(FRAMES[PURCHASE])
        told |= {name: till.ask(FRAMES[name]) for name in (POINTS, TOP_UP, CONFIRM)}
        told |= {name: till.ask(FRAMES[name]) for name in ANSWERED_WITH if name not in told}
        told |= _sign_on(till)
        told |= {name: till.ask(FRAMES[name]) for name in SETTLING}
        told["signed on at last"] = till.ask(FRAMES["sign-on-request"])
    return told


def _sign_on(till: Till) -> Iterator[tuple[str, bytes]]:
    """7.1, and three purchases: under the old keys, under the new, and the old once more."""
    voice = Voice(demo_estate(), FIRST_TERMINAL.terminal_id, first_trace=100)
    card = demo_estate().cards[0]

    def bought() -> bytes:
        asked = messages.swiped(
            Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=100, pin=card.pin
        )
        return till.ask(voice.sealed(asked))

    asked = messages.swiped(Kind.BALANCE_INQUIRY, voice.who, voice.trace(), card, pin=card.pin)
    yield "balance at last", till.ask(voice.sealed(asked))
    told = till.ask(FRAMES["sign-on-request"])
    yield "signed on", told
    yield "under the old keys", bought()
    old = voice.mac
    voice.use(voice.new_keys(told))
    answer = bought()
    assert voice.mac is not None
    assert hear(answer[2:]).is_sealed_by(voice.mac)
    yield "under the new keys", answer
    voice.mac = old
    yield "under the old keys again", bought()


@pytest.mark.parametrize("name", ANSWERED_AS_WORKED)
def test_the_answer_is_the_worked_one(name: str, story: Story) -> None:
    told, worked = fields_in(story[name]), fields_of(ANSWERED_AS_WORKED[name])
    assert told.keys() == worked.keys()
    for each in OF_THE_MOMENT:
        told.pop(each, None)
        worked.pop(each, None)
    assert told == worked
    assert hear(story[name][2:]).is_sealed_by(WORKED_TAG)
    assert story[name][2:13] == FRAMES[ANSWERED_AS_WORKED[name]][2:13]  # addresses and header


@pytest.mark.parametrize("name", ANSWERED_WITH)
def test_every_other_worked_request_gets_its_code(name: str, story: Story) -> None:
    assert fields_in(story[name])["39"] == ANSWERED_WITH[name]


def test_every_worked_request_is_sent_here() -> None:
    asked = {name for name, frame in FRAMES.items() if fields_in(frame)["t"][2] in "02"}
    others = {"sign-on-request", *SETTLING}
    assert asked == ANSWERED_AS_WORKED.keys() | ANSWERED_WITH.keys() | others


def test_a_settlement_that_differs_is_told_our_totals_and_ends_in_the_next_batch(
    story: Story,
) -> None:
    settled = fields_in(story[SETTLEMENT])
    assert settled["t"] == "0510"
    assert "39" not in settled
    assert settled["48"][30] == "2"
    for name in SETTLING[1:]:
        assert fields_in(story[name])["39"] == "00"
    assert fields_in(story["signed on at last"])["60"][2:8] == "000013"


@pytest.mark.parametrize("when", ["again", "on another line", "after a restart"])
def test_the_same_bytes_get_the_very_same_bytes_back(when: str, story: Story) -> None:
    assert story[when] == story[PURCHASE]
    assert fields_in(story[when])["54"].endswith("C000000087655")


def test_the_reversal_gives_it_back_once(story: Story) -> None:
    assert story["reversed twice"] == story[REVERSAL]
    assert fields_in(story["after its reversal"])["39"] == "94"
    last = fields_in(story["balance at last"])  # 1,000.00 and the top-up of 200.00
    assert last["54"].endswith("C000000120000")


def test_a_sign_on_brings_fresh_keys_and_the_old_live_until_the_new_are_used(story: Story) -> None:
    told = fields_in(story["signed on"])
    worked = fields_of("sign-on-response-double-length-40-byte-F62")
    assert (told["t"], told["39"], told["60"]) == ("0810", "00", worked["60"])
    assert told["62"] != worked["62"]
    assert "64" not in told
    assert fields_in(story["under the old keys"])["39"] == "00"
    assert fields_in(story["under the new keys"])["39"] == "00"
    late = story["under the old keys again"]
    assert (fields_in(late)["39"], header_digit(late)) == ("A0", SIGN_ON_DIGIT)


def test_a_batch_mismatch_and_a_reused_trace_ask_for_a_sign_on(story: Story) -> None:
    for name in ("refund-next-day", "after its reversal"):
        assert header_digit(story[name]) == SIGN_ON_DIGIT


def test_the_readme_types_the_worked_purchase() -> None:
    [typed] = re.findall(r"printf '([0-9A-F\s]+)'", (ROOT / "README.md").read_text())
    assert bytes.fromhex("".join(typed.split())) == FRAMES[PURCHASE]
