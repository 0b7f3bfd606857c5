"""Many at once on real sockets: the same message, the same card, a sale and its reversal."""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from config.places import places_of
from config.run.estates import loader
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from host.estate.demo import BALANCE_MINOR, CITY, PIN, demo_estate
from host.estate.plan import CardPlan
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators import messages
from simulators.messages import Fields
from tests.whole.house import ZONE, command, rows
from tests.whole.till import Till, Voice, fields_in

ESTATE = demo_estate()
WRONG_PIN = Secret(b"000000")
VOICES = [Voice(ESTATE, f"{80_010_000 + number}") for number in range(2, 40)]


@pytest.fixture(scope="module")
def posswitch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    places = places_of(tmp_path_factory.mktemp("storms") / "data")
    with running_posswitch(
        Settings(),
        places,
        port=0,
        load_estate=loader(ESTATE, ZONE),
        say=lambda _text: None,
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def it_all_balances(posswitch: Running) -> Iterator[None]:
    """After every storm the audit finds nothing."""
    yield
    told = command("audit", data=posswitch.places.data)
    assert told.stdout.endswith("audit: 0 violations\n"), told.stdout


def test_the_same_bytes_on_twenty_lines_post_once_and_get_the_same_bytes(
    posswitch: Running,
) -> None:
    frame = VOICES[0].sealed(_sale(VOICES[0], ESTATE.cards[300], 1_000))
    answers = _at_once(posswitch, [frame] * 20)
    assert len(set(answers)) == 1
    assert fields_in(answers[0])["39"] == "00"
    assert _balance(posswitch, ESTATE.cards[300]) == BALANCE_MINOR - 1_000


def test_a_card_bought_with_everywhere_at_once_is_never_overdrawn(posswitch: Running) -> None:
    card, amount = ESTATE.cards[301], 15_000
    frames = [voice.sealed(_sale(voice, card, amount)) for voice in (*VOICES, *VOICES)]
    told = Counter(fields_in(answer)["39"] for answer in _at_once(posswitch, frames))
    approved = BALANCE_MINOR // amount
    assert told == {"00": approved, "51": len(frames) - approved}
    assert _balance(posswitch, card) == BALANCE_MINOR - approved * amount


def test_guessing_a_pin_everywhere_at_once_gets_no_more_guesses(posswitch: Running) -> None:
    card = ESTATE.cards[302]
    frames = [voice.sealed(_sale(voice, card, 100, WRONG_PIN)) for voice in VOICES]
    told = Counter(fields_in(answer)["39"] for answer in _at_once(posswitch, frames))
    guesses = CITY.pin_tries_max - 1  # the last wrong one is told already that it was the last
    assert told == {"55": guesses, "75": len(frames) - guesses}
    [answer] = _at_once(posswitch, [VOICES[0].sealed(_sale(VOICES[0], card, 100))])
    assert fields_in(answer)["39"] == "75"


def test_a_sale_and_its_reversal_in_any_order_leave_nothing(posswitch: Running) -> None:
    dice = random.Random(8583)
    cards = ESTATE.cards[303:333]
    frames = []
    for voice, card in zip(VOICES, cards, strict=False):
        sale = _sale(voice, card, 100)
        undo = voice.sealed(messages.reversal(sale, "98"))
        frames += dice.sample([voice.sealed(sale), undo, undo], k=3)
    answers = [fields_in(answer) for answer in _at_once(posswitch, frames)]
    assert {told["39"] for told in answers if told["t"] == "0410"} <= {"00", "25"}
    assert {told["39"] for told in answers if told["t"] == "0210"} == {"00", "94"}
    assert [_balance(posswitch, card) for card in cards] == [BALANCE_MINOR] * len(cards)


def _sale(voice: Voice, card: CardPlan, amount_minor: int, pin: Secret = PIN) -> Fields:
    return messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=amount_minor, pin=pin
    )


def _at_once(posswitch: Running, frames: Sequence[bytes]) -> list[bytes]:
    """Each frame on a line of its own, all sent before any answer is read."""
    port = int(posswitch.listeners[0].rpartition(":")[2])
    with contextlib.ExitStack() as stack:
        tills = [stack.enter_context(Till(port)) for _ in frames]
        for till, frame in zip(tills, frames, strict=True):
            till.send(frame)
        answers = [till.receive() for till in tills]
    assert None not in answers
    return [answer for answer in answers if answer is not None]


def _balance(posswitch: Running, card: CardPlan) -> int:
    [(minor,)] = rows(
        posswitch.places.cluster.owner_dsn("posswitch"),
        f"SELECT posted_minor FROM purse WHERE unit = 'CNY' AND card_id = {card.id}",
    )
    return int(minor)
