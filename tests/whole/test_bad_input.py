"""What is wrong on the wire, on real sockets: answered as far as it was read, and never posted."""

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import msgspec
import pytest

from config.places import places_of
from config.run.estates import loader
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from host.estate.demo import UNPACKED_TERMINAL, demo_estate
from host.model.requests import Kind
from simulators import messages
from simulators.messages import Fields
from switch.settings import ChannelSettings
from terminals.framing import FRAME_BYTES_MAX, FRAME_BYTES_MIN, wrap
from tests.peers.bcd import hear
from tests.peers.codes import up_ecb
from tests.switch.mutations import mutated
from tests.terminals.frames import FRAMES, PURCHASE, WORKED_MAK
from tests.whole.house import ZONE, rows
from tests.whole.till import SIGN_ON_DIGIT, Till, Voice, fields_in, header_digit

FRAME_SECONDS_MAX = 1.0
BITMAP = slice(15, 23)
"""Where it stands in a frame."""


@dataclass(frozen=True)
class Wire:
    """Where the switch listens: one channel takes keep-alives, the other does not."""

    running: Running
    port: int
    strict_port: int

    def journals(self) -> int:
        """How many postings there are, those of the estate's loading among them."""
        [(count,)] = rows(self.owner, "SELECT count(*) FROM journal")
        return int(count)

    @property
    def owner(self) -> str:
        return self.running.places.cluster.owner_dsn("posswitch")


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    channels = (
        ChannelSettings(port=0, frame_seconds_max=FRAME_SECONDS_MAX),
        ChannelSettings(name="strict", port=0, keep_alive="refuse"),
    )
    plain = Settings()
    # One terminal sends all that is wrong; that it would be locked is not meant here.
    switch = msgspec.structs.replace(plain.switch, channels=channels, mac_failures_max=1_000)
    settings = msgspec.structs.replace(plain, switch=switch)
    places = places_of(tmp_path_factory.mktemp("wire") / "data")
    load = loader(demo_estate(), ZONE)
    with running_posswitch(settings, places, load_estate=load, say=lambda _text: None) as running:
        ports = (int(line.rpartition(":")[2]) for line in running.listeners)
        yield Wire(running, *ports)


@pytest.fixture(scope="module")
def voice() -> Voice:
    """The second terminal of the estate; each message of it has a trace of its own."""
    return Voice(demo_estate(), "80010002")


@pytest.fixture(autouse=True)
def nothing_is_posted(wire: Wire) -> Iterator[None]:
    """Whatever a test sends, the ledger is what it was."""
    before = wire.journals()
    yield
    assert wire.journals() == before


@pytest.fixture
def till(wire: Wire) -> Iterator[Till]:
    with Till(wire.port) as till:
        yield till


def purchase(voice: Voice, **changes: str) -> Fields:
    """A purchase as it should be, some of its fields changed."""
    card = demo_estate().cards[1]
    fields = messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=12_345, pin=card.pin
    )
    return fields | {name.removeprefix("f"): text for name, text in changes.items()}


def is_alive(till: Till, voice: Voice) -> bool:
    """Whether the connection is in step: an echo is answered, and nothing else came before."""
    return fields_in(till.ask(voice.echo()))["t"] == "0830"


# The length in front. ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, FRAME_BYTES_MIN - 1, FRAME_BYTES_MAX + 1, 65_535])
def test_a_length_out_of_bounds_closes_the_connection_unanswered(size: int, till: Till) -> None:
    till.send(size.to_bytes(2) + FRAMES[PURCHASE][2:])
    assert till.receive() is None


def test_what_came_in_step_before_a_bad_length_is_answered(till: Till, voice: Voice) -> None:
    till.send(voice.echo() + b"\xff\xff")
    answer = till.receive()
    assert answer is not None
    assert fields_in(answer)["39"] == "00"
    assert till.receive() is None


def test_a_length_of_zero_is_a_sign_of_life(till: Till, voice: Voice) -> None:
    till.send(bytes(2) * 3)
    assert is_alive(till, voice)


def test_a_length_of_zero_closes_a_channel_that_knows_no_signs_of_life(wire: Wire) -> None:
    with Till(wire.strict_port) as till:
        till.send(bytes(2))
        assert till.receive() is None


def test_half_a_frame_and_silence_is_closed_by_its_deadline(wire: Wire) -> None:
    with contextlib.ExitStack() as stack:
        tills = [stack.enter_context(Till(wire.port)) for _ in range(4)]
        for till, size in zip(tills, (1, 2, 30, len(FRAMES[PURCHASE]) - 1), strict=True):
            till.send(FRAMES[PURCHASE][:size])
        assert [till.receive() for till in tills] == [None] * 4


def test_a_frame_in_pieces_is_one_frame(till: Till, voice: Voice) -> None:
    for byte in voice.echo():
        till.send(bytes([byte]))
    answer = till.receive()
    assert answer is not None
    assert fields_in(answer)["39"] == "00"


# The body: dropped where it cannot be answered, 30 where it can. ----------------------------


def _with_bit(frame: bytes, number: int) -> bytes:
    """The bitmap names one field more."""
    bitmap = int.from_bytes(frame[BITMAP]) | 1 << (64 - number)
    return frame[: BITMAP.start] + bitmap.to_bytes(8) + frame[BITMAP.stop :]


def _with_bytes(frame: bytes, at: int, new: bytes) -> bytes:
    return frame[:at] + new + frame[at + len(new) :]


_BUY = FRAMES[PURCHASE]
_F4, _F11, _F35, _F49, _F60 = 26, 32, 39, 82, 101

DROPPED: dict[str, bytes] = {
    "bit 1 is set": _with_bit(_BUY, 1),
    "an unknown field before the terminal is known": _with_bit(_BUY, 5),
    "message type with a letter": _with_bytes(_BUY, 13, b"\x02\xaf"),
    "trace with letters": _with_bytes(_BUY, _F11, b"\xff\xff\xff"),
    "track longer than a track": _with_bytes(_BUY, _F35, b"\x99"),
    "length that is no number": _with_bytes(_BUY, _F35, b"\x3f"),
    "an answer, which asks for nothing": FRAMES[
        "purchase-response-approved-remaining-balance-876.55"
    ],
    "ends inside its bitmap": wrap(_BUY[2:23]),
    "ends inside its track": wrap(_BUY[2:50]),
    "noise": wrap(bytes(range(200, 256)) * 4),
    "zeros": wrap(bytes(60)),
}


@pytest.mark.parametrize("what", DROPPED)
def test_what_cannot_be_answered_is_dropped_and_the_connection_lives(
    what: str, till: Till, voice: Voice
) -> None:
    till.send(DROPPED[what])
    assert is_alive(till, voice)


ANSWERED_30: dict[str, bytes] = {
    "amount with letters": _with_bytes(_BUY, _F4 + 4, b"\x00\xab"),
    "an unknown field after the terminal is known": _with_bit(_BUY, 47),
    "control field with letters": _with_bytes(_BUY, _F60 + 2, b"\x2a"),
    "control field longer than it may be": _with_bytes(_BUY, _F60, b"\x00\x99"),
    "text that is no text": _with_bytes(_BUY, _F49, b"\x00"),
    "bytes behind the last field": wrap(_BUY[2:] + b"\x00"),
    "last field cut": wrap(_BUY[2:-3]),
    "ends behind its terminal": wrap(_BUY[2:_F49]),
}


@pytest.mark.parametrize("what", ANSWERED_30)
def test_what_can_be_answered_gets_30_with_what_was_read(
    what: str, till: Till, voice: Voice
) -> None:
    answer = till.ask(ANSWERED_30[what])
    told = fields_in(answer)
    assert told.items() <= fields_in(_BUY).items() | {("t", "0210"), ("39", "30")}
    assert {"3", "11", "39", "41"} <= told.keys()
    assert header_digit(answer) == "0"
    assert is_alive(till, voice)


# The message: who says it, under which key, of which batch. -----------------------------------

Say = Callable[[Voice], bytes]


class Refusal(NamedTuple):
    """What is wrong, how it is said, and what it is answered."""

    what: str
    say: Say
    f39: str
    signs_on_again: bool = False
    is_sealed: bool = True
    """The key was right, so the answer carries a MAC too."""


def _with(**changes: str) -> Say:
    """A sealed purchase with other fields: `f4` is F4."""
    return lambda voice: voice.sealed(purchase(voice, **changes))


def _without(name: str) -> Say:
    def say(voice: Voice) -> bytes:
        fields = purchase(voice)
        del fields[name]
        return voice.sealed(fields)

    return say


def _with_a_wrong_mac(voice: Voice) -> bytes:
    frame = voice.sealed(purchase(voice))
    return frame[:-1] + bytes([frame[-1] ^ 1])


def _changed_behind_its_mac(voice: Voice) -> bytes:
    return _with_bytes(voice.sealed(purchase(voice)), _F4, bytes.fromhex("000000000001"))


def _without_a_mac(voice: Voice) -> bytes:
    return voice.plain(purchase(voice))


def _under_anothers_key(voice: Voice) -> bytes:
    return voice.sealed(purchase(voice), up_ecb(WORKED_MAK))


def _from_a_terminal_without_keys(_voice: Voice) -> bytes:
    unpacked = Voice(demo_estate(), UNPACKED_TERMINAL)
    return unpacked.sealed(purchase(unpacked), up_ecb(WORKED_MAK))


REFUSALS = (
    Refusal("a terminal nobody knows", _with(f41="99999999"), "97", is_sealed=False),
    Refusal("another merchant's number", _with(f42="888290058120002"), "97"),
    Refusal("a wrong MAC", _with_a_wrong_mac, "A0", signs_on_again=True, is_sealed=False),
    Refusal("other content", _changed_behind_its_mac, "A0", signs_on_again=True, is_sealed=False),
    Refusal("no MAC", _without_a_mac, "A0", signs_on_again=True, is_sealed=False),
    Refusal("another's key", _under_anothers_key, "A0", signs_on_again=True, is_sealed=False),
    Refusal("no keys", _from_a_terminal_without_keys, "A0", signs_on_again=True, is_sealed=False),
    Refusal("a wrong batch", _with(f60="22000099000500"), "77", signs_on_again=True),
    Refusal("no such transaction", _with(f25="77"), "12"),
    Refusal("a transaction not offered here", _with(f25="64", f60="22000001000500"), "40"),
    Refusal("no amount", _without("4"), "30"),
    Refusal("an amount of nothing", _with(f4="000000000000"), "13"),
    Refusal("a foreign currency", _with(f49="840"), "30"),
    Refusal("card number and track differ", _with(f2="9988000000000015"), "30"),
    Refusal("a control field without a batch", _with(f60="22000"), "30"),
    Refusal("a card number that is none", _with(f35="9988000000000016D3012120"), "14"),
    Refusal("a card nobody issued", _with(f35="9988999999999994D3012120"), "14"),
    Refusal("an issuer nobody knows", _with(f35="4111111111111111D3012120"), "15"),
    Refusal("a track that is none", _with(f35="D9988000000000015"), "30"),
    Refusal("a track under no key", _with(f53="2610000000000000"), "A0", signs_on_again=True),
    Refusal("a PIN block of another key", _with(f52="0123456789ABCDEF"), "99", signs_on_again=True),
)


@pytest.mark.parametrize("row", REFUSALS, ids=[row.what for row in REFUSALS])
def test_a_refusal_says_why_and_the_connection_lives(
    row: Refusal, till: Till, voice: Voice
) -> None:
    answer = till.ask(row.say(voice))
    told = fields_in(answer)
    assert (told["t"], told["39"]) == ("0210", row.f39)
    assert (header_digit(answer) == SIGN_ON_DIGIT) == row.signs_on_again
    assert ("64" in told) == row.is_sealed
    assert not row.is_sealed or (voice.mac and hear(answer[2:]).is_sealed_by(voice.mac))
    assert is_alive(till, voice)


# Everything at once. ---------------------------------------------------------------------------

NOBODYS_KEY = up_ecb(bytes(range(8)))
FLOOD = 40
"""Broken frames a connection."""


@pytest.mark.counted
def test_floods_of_broken_frames_end_no_other_terminals_exchange(
    wire: Wire, till: Till, voice: Voice, counts: SimpleNamespace
) -> None:
    """Their codes are wrong before they are broken, so that none may be posted."""
    dice = random.Random(counts.seed)
    corpus = [voice.sealed(purchase(voice), NOBODYS_KEY)[2:] for _ in range(20)]
    answers = 0
    for _ in range(max(1, counts.fuzz // (100 * FLOOD))):
        broken = [mutated(dice, dice.choice(corpus), corpus) for _ in range(FLOOD)]
        flood = b"".join(wrap(each) for each in broken if len(each) >= FRAME_BYTES_MIN)
        if dice.random() < 0.2:
            flood = mutated(dice, flood, corpus)
        with Till(wire.port) as hostile, contextlib.suppress(OSError):
            hostile.send(flood)
            answers += hostile.finish()
        assert is_alive(till, voice)
    assert answers, "nobody read any of it"
