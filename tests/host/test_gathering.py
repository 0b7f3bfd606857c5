"""When a writer waits a moment for more before it takes its next batch."""

from typing import Any, cast

import msgspec
import pytest

from host.gathering import ENOUGH, RECENT_SECONDS, Gathering
from host.model.requests import ExchangeKey, Family, Kind, Request
from host.waiting import Pending, Queue

SECONDS = 0.005
ONE, OTHER = "80010001", "80010002"


class _Item(msgspec.Struct, frozen=True):
    """As much of an item as is looked at."""

    request: Request


class _Clock:
    """Stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked_by(terminal: str, kind: Kind = Kind.PURCHASE) -> Pending:
    key = ExchangeKey("pos", terminal, "000012", "000001", Family.FINANCIAL)
    return Pending(cast("Any", _Item(Request(kind=kind, key=key, merchant_id="m"))), [])


def queue_of(*waiting: Pending) -> Queue:
    queue = Queue({Kind.LOTTERY_DRAW})
    for pending in waiting:
        queue.put(pending)
    return queue


@pytest.mark.parametrize(
    ("before", "waiting", "seconds"),
    [
        ([], [ONE], 0.0),
        ([], [ONE, OTHER], 0.0),
        ([ONE], [], 0.0),
        ([ONE], [ONE], 0.0),
        ([OTHER, ONE], [ONE], 0.0),
        ([ONE], [OTHER], SECONDS),
        ([ONE], [ONE, OTHER], SECONDS),
        ([ONE], [OTHER] * (ENOUGH - 1), SECONDS),
        ([ONE], [OTHER] * ENOUGH, 0.0),
        ([ONE], [OTHER] * (ENOUGH + 5), 0.0),
    ],
    ids=[
        "the first of all", "two at first", "nobody", "one alone", "one alone, after another",
        "another comes thereafter", "another with it", "all but enough", "enough", "more",
    ],
)  # fmt: skip
def test_more_is_waited_for_where_several_trade_and_few_wait(
    before: list[str], waiting: list[str], seconds: float
) -> None:
    gathering = Gathering(SECONDS, _Clock())
    if before:
        gathering.note([asked_by(terminal) for terminal in before])
    assert gathering.seconds_for(queue_of(*map(asked_by, waiting))) == seconds


def test_after_a_while_without_anything_nobody_waits() -> None:
    clock = _Clock()
    gathering = Gathering(SECONDS, clock)
    gathering.note([asked_by(ONE)])
    clock.now += RECENT_SECONDS * 1.01
    assert gathering.seconds_for(queue_of(asked_by(OTHER))) == 0.0


def test_what_is_posted_apart_is_not_waited_with() -> None:
    """What a draw of a lottery holds is held as short as may be."""
    gathering = Gathering(SECONDS, _Clock())
    gathering.note([asked_by(ONE)])
    assert gathering.seconds_for(queue_of(asked_by(OTHER, Kind.LOTTERY_DRAW))) == 0.0


def test_a_house_may_have_it_so_that_nobody_ever_waits() -> None:
    gathering = Gathering(0.0, _Clock())
    gathering.note([asked_by(ONE)])
    assert gathering.seconds_for(queue_of(asked_by(OTHER))) == 0.0


def test_looking_takes_nothing() -> None:
    queue = queue_of(asked_by(ONE), asked_by(OTHER))
    Gathering(SECONDS, _Clock()).seconds_for(queue)
    assert [len(queue.first(9)), len(queue.take_now(9)), len(queue.first(9))] == [2, 2, 0]
