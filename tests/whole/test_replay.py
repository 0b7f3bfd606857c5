"""Everything that was said in a day is said again, and again after a restart: nothing is posted.

A relay keeps the bytes of a day of honest terminals, settlement at its end included. Then a
stranger plays them back, each connection on several at once, and once more when switch and host
have been killed and the day has been closed.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from simulators.messages import Fields
from simulators.swarm import SwarmSettings
from terminals.framing import FrameReader, wrap
from tests.whole.day import audit_with_terminals, trading, wait_until_it_trades
from tests.whole.house import House, command, standing, wait_until
from tests.whole.relay import relayed
from tests.whole.till import Till, Voice, fields_in

ESTATE = demo_estate()
COPIES_MAX = 3
LINES = 4
"""Connections that are played at once."""
STORMY = range(31, 40)
"""Terminals that have not traded that day."""
AHEAD = 4
"""Messages sent before the first of them is answered."""
SILENCES_MAX = 5
"""Of one connection's day."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("replay") / "data"
    with standing(House(data, ESTATE, switch="saf_retry_seconds_max = 0.5")) as house:
        yield house


@dataclass
class Day:
    """What went over the wire, and what the ledger was at its end."""

    streams: list[bytes]
    journals: int


@pytest.fixture(scope="module")
def day(house: House, tmp_path_factory: pytest.TempPathFactory, counts: SimpleNamespace) -> Day:
    record = tmp_path_factory.mktemp("record") / "terminals.jsonl"
    with relayed(house.port) as line:
        settings = SwarmSettings(
            host="127.0.0.1",
            port=line.port,
            terminals=30,
            seconds=24 * 3_600.0,
            pause_seconds=0.05,
            seed=counts.seed,
            answer_seconds_max=3.0,
            record=record,
            attempts_max=10_000,
            settles=True,
        )
        with trading(settings, ESTATE):
            wait_until(
                lambda: sum(_frames_in(wire.said) for wire in line.wires) >= counts.day,
                "the day has too few messages",
                seconds_max=60 + counts.day / 20,
            )
        streams = [bytes(wire.said) for wire in line.wires]
    audit_with_terminals(house, record)
    return Day(streams, _journals(house))


@pytest.mark.counted
def test_a_day_played_again_posts_nothing(house: House, day: Day, counts: SimpleNamespace) -> None:
    dice = random.Random(counts.seed)
    streams = [stream for stream in day.streams for _ in range(dice.randint(1, COPIES_MAX))]
    told = _play(house, dice.sample(streams, k=len(streams)))
    assert told["00"] > told.total() / 2, f"what was approved then is now, as a repeat: {told}"
    assert _journals(house) == day.journals


@pytest.mark.counted
def test_nor_does_it_after_a_restart_nor_on_the_next_day(house: House, day: Day) -> None:
    _restart(house)
    assert _play(house, day.streams)["00"]
    assert _journals(house) == day.journals
    assert command("clearing", "run", data=house.places.data).returncode == 0
    before = _journals(house)
    assert _play(house, day.streams)
    assert _journals(house) == before


@pytest.mark.counted
def test_a_request_that_comes_up_to_twenty_times_has_one_answer_even_after_a_restart(
    house: House, counts: SimpleNamespace
) -> None:
    dice = random.Random(counts.seed)
    voices = [Voice(ESTATE, f"{80_010_000 + number}", first_trace=90_001) for number in STORMY]
    asked: dict[bytes, Told] = {}
    for _ in range(counts.storms // len(voices)):
        frames = [voice.sealed(_trade_of(voice, dice)) for voice in voices]
        before = _journals(house)
        told = _storm(house, dice, frames)
        approved = [answers for answers in told.values() if ("39", "00") in next(iter(answers))]
        assert _journals(house) == before + len(approved)
        for frame, answers in told.items():
            [asked[frame]] = answers
    assert {dict(told)["39"] for told in asked.values()} > {"00"}, "some are declined"
    before = _journals(house)
    _restart(house)
    with Till(house.port) as till:
        assert {frame: _told(till.ask(frame)) for frame in asked} == asked
    assert _journals(house) == before


Told = tuple[tuple[str, str], ...]
"""Code, reference and authorisation of an answer."""


def _trade_of(voice: Voice, dice: random.Random) -> Fields:
    """Something that moves value or is declined, on a card of this terminal's own."""
    card = ESTATE.cards[300 + int(voice.who.terminal_id[-2:])]
    kind = dice.choice((Kind.PURCHASE, Kind.PURCHASE, Kind.CASH_LOAD))
    pin = card.pin if kind is Kind.PURCHASE else None
    amount = dice.choice((100, 2_345, 99_999_999)) if kind is Kind.PURCHASE else 100
    return messages.swiped(kind, voice.who, voice.trace(), card, amount_minor=amount, pin=pin)


def _storm(house: House, dice: random.Random, frames: Sequence[bytes]) -> dict[bytes, set[Told]]:
    """Each frame once to twenty times, all mixed, on several connections at once."""
    copies = [frame for frame in frames for _ in range(dice.randint(1, 20))]
    dice.shuffle(copies)
    told: dict[bytes, set[Told]] = {frame: set() for frame in frames}
    by_terminal = {fields_in(frame)["41"]: frame for frame in frames}
    with contextlib.ExitStack() as stack:
        tills = [stack.enter_context(Till(house.port)) for _ in range(LINES)]
        for number, frame in enumerate(copies):
            tills[number % LINES].send(frame)
        for number in range(len(copies)):
            answer = tills[number % LINES].receive()
            assert answer is not None
            told[by_terminal[fields_in(answer)["41"]]].add(_told(answer))
    return told


def _told(answer: bytes) -> Told:
    fields = fields_in(answer)
    return tuple((name, fields.get(name, "")) for name in ("39", "37", "38"))


def _restart(house: House) -> None:
    house.host.kill()
    house.switch.kill()
    house.host.start()
    house.switch.start()
    wait_until_it_trades(house, first_trace=80_001)


def _journals(house: House) -> int:
    [(count,)] = house.rows("SELECT count(*) FROM journal")
    return int(count)


def _frames_in(stream: bytes | bytearray) -> int:
    return len(FrameReader(takes_keep_alive=True).feed(bytes(stream)))


def _play(house: House, streams: Sequence[bytes]) -> Counter[str]:
    """Say them all, some at once; F39 of the answers, counted."""
    with ThreadPoolExecutor(max_workers=LINES) as threads:
        told = sum(threads.map(lambda stream: _say(house.port, stream), streams), Counter[str]())
    house.wait_until_reversals_are_delivered()
    return told


def _say(port: int, stream: bytes) -> Counter[str]:
    """A few messages at a time: the host keeps no longer line for a terminal.

    Where copies of one terminal's day fill that line together, who only the host may end (a refund)
    is left in silence, and says so again.
    """
    told, at, silences = Counter[str](), 0, 0
    frames = list(map(wrap, FrameReader(takes_keep_alive=True).feed(stream)))
    while at < len(frames):
        with contextlib.suppress(TimeoutError), Till(port) as till:
            for at in range(at, len(frames), AHEAD):  # noqa: B020 - it goes on where it stopped
                told += _answers(till, frames[at : at + AHEAD])
            return told
        silences += 1
        assert silences <= SILENCES_MAX, "no answer, however often it is said"
    return told


def _answers(till: Till, frames: list[bytes]) -> Counter[str]:
    till.send(b"".join(frames))
    answers = [till.receive() for _ in frames]
    assert None not in answers
    return Counter(fields_in(answer).get("39", "") for answer in answers if answer)
