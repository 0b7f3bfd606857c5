"""A million broken frames: no crash, no hang, no posting under a wrong code.

Every dialect under every MAC algorithm hears valid messages that were broken in every way of
`tests.switch.mutations`. Half of them keep the code they had, which is then wrong, and the host
may hear of none but those in which what the code covers is as it was. The others are sealed
again, as by a terminal gone mad, and get past the code: they must be answered or dropped, and
what the host is asked must fit the link. The seed repeats a run.
"""

# ruff: noqa: ARG001 - a clock acts by being asked for

import gc
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from trio.testing import MockClock

from host.link.frames import Ask, LinkReader, encode
from host.model.money import Money
from host.model.requests import KINDS, Family, Request, Response
from host.model.responses import Reason
from terminals.dialects.pos import POS
from terminals.framing import (
    FRAME_BYTES_MAX,
    LENGTH_CODECS,
    FrameReader,
    FramingError,
    SelfFramedReader,
    wrap,
)
from tests.switch.bed import Bed, share
from tests.switch.bugs import Bugs
from tests.switch.conftest import approval
from tests.switch.mutations import mutated
from tests.switch.tongues import TONGUES

ANSWERS: tuple[Response, ...] = (
    approval(),
    approval(balance=Money(-1, "CNY"), points_balance=10**9, points_earned=7, points_used=9),
    approval(auth_code=None, balance=None, issuer_id="", acquirer_id=""),
    *(Response(reason=reason) for reason in Reason),
)


@pytest.fixture
def no_pauses() -> Iterator[None]:
    """The collector's pauses are nobody's hang."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.counted
@pytest.mark.usefixtures("no_pauses")
async def test_no_broken_frame_crashes_hangs_or_posts(
    mock_clock: MockClock, counts: SimpleNamespace, bugs: Bugs
) -> None:
    for place, tongue in enumerate(TONGUES):
        bed = Bed(tongue, bugs)
        known = {covered(request) for request in bed.known if request is not None}
        seen = set(map(tongue.mac_sees, tongue.corpus))
        dice = random.Random(f"{counts.seed} {tongue.name}")
        for number in range(share(counts.fuzz, len(TONGUES), place)):
            if number % 1_000 == 0:
                gc.collect(1)
            if number % 4 == 1:
                payload = tongue.reword(dice)
            else:
                payload = mutated(dice, dice.choice(tongue.corpus), tongue.corpus)
            keeps_code = number % 2 == 0
            if not keeps_code:
                payload = tongue.reseal(payload)
            request = bed.say(payload, dice.choice(ANSWERS))
            if request is None:
                continue
            assert fits_the_link(request), payload.hex()
            if keeps_code and must_be_sealed(request) and covered(request) not in known:
                assert tongue.mac_sees(payload) in seen, f"posted: {payload.hex()}"


@pytest.mark.counted
def test_no_broken_stream_crashes_or_is_held(counts: SimpleNamespace) -> None:
    dice = random.Random(counts.seed)
    corpora = [[*tongue.corpus] for tongue in TONGUES]
    makers = [
        lambda codec=codec, keep=keep: FrameReader(codec, takes_keep_alive=keep)
        for codec in LENGTH_CODECS.values()
        for keep in (True, False)
    ]
    for _ in range(counts.fuzz // 10):
        corpus = dice.choice(corpora)
        codec = dice.choice([*LENGTH_CODECS.values()])
        whole = b"".join(wrap(dice.choice(corpus), codec) for _ in range(3))
        reader = dice.choice(makers)() if dice.random() < 0.8 else self_framed()
        feed(reader, mutated(dice, whole, [whole]), dice)


def self_framed() -> SelfFramedReader:
    return SelfFramedReader(POS.measure_after(0))


def feed(reader: Any, data: bytes, dice: random.Random) -> None:
    """In pieces, until the stream is out of step; no frame and no rest is over the limit."""
    while data:
        size = dice.randint(1, 200)
        piece, data = data[:size], data[size:]
        try:
            frames = reader.feed(piece)
        except FramingError as error:
            frames, data = error.frames, b""
        assert all(len(frame) <= FRAME_BYTES_MAX for frame in frames)
        assert len(reader._rest) <= FRAME_BYTES_MAX + 4


def must_be_sealed(request: Request) -> bool:
    """In every dialect; management and, on some channels, settlement carry no code."""
    return KINDS[request.kind].family in {Family.FINANCIAL, Family.CONFIRM, Family.REVERSAL}


def covered(request: Request) -> bytes:
    """What the code of a message covers, as one value."""
    return encode(Ask([(0, request)]))


def fits_the_link(request: Request) -> bool:
    """Whether the host gets what the switch was told."""
    return LinkReader().feed(encode(Ask([(0, request)]))) == [Ask([(0, request)])]
