"""Who waits at the desk: what no key has proved holds up nothing that one has."""

# ruff: noqa: ARG001 - a clock acts by being asked for

from typing import Any, cast

import msgspec
import pytest
import trio
from trio.testing import MockClock

from host.model.requests import (
    ANYBODYS_PART,
    KINDS,
    ExchangeKey,
    Family,
    Kind,
    Request,
    Traffic,
    traffic_of,
)
from host.waiting import Pending, QueueOfTwo


def waiting(number: int, *, is_proved: bool) -> Pending:
    key = ExchangeKey("pos", "80010001", "000012", f"{number:06d}", Family.SETTLEMENT)
    request = Request(kind=Kind.SETTLEMENT, key=key, merchant_id="m", is_proved=is_proved)
    return Pending(cast("Any", _Item(request)), [])


class _Item(msgspec.Struct, frozen=True):
    """As much of an item as a queue looks at."""

    request: Request


def stan_of(pending: Pending) -> int:
    return int(pending.item.request.key.stan)


async def test_what_a_key_has_proved_goes_before_what_anybody_may_have_sent() -> None:
    queue = QueueOfTwo()
    for number in range(100, 108):
        queue.put(waiting(number, is_proved=False))
    for number in range(6):
        queue.put(waiting(number, is_proved=True))
    taken = [stan_of(await queue.take()) for _ in range(14)]
    assert taken == [0, 1, 2, 100, 3, 4, 5, *range(101, 108)]


async def test_neither_waits_for_ever() -> None:
    """Of `ANYBODYS_PART` turns one is anybody's, however many proved ones come."""
    queue = QueueOfTwo()
    queue.put(waiting(100, is_proved=False))
    for number in range(50):
        queue.put(waiting(number, is_proved=True))
    taken = [stan_of(await queue.take()) for _ in range(ANYBODYS_PART)]
    assert 100 in taken


async def test_every_taker_that_waits_is_woken(autojump_clock: MockClock) -> None:
    """Two tellers serve two at a time; the one that came first is not forgotten for the second."""
    queue, at_once, most = QueueOfTwo(), 0, 0

    async def serve() -> None:
        nonlocal at_once, most
        while True:
            await queue.take()
            at_once += 1
            most = max(most, at_once)
            await trio.sleep(1)
            at_once -= 1

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(serve)
        await trio.sleep(1)  # both wait
        for number in range(2):
            queue.put(waiting(number, is_proved=True))
        await trio.sleep(0.5)
        nursery.cancel_scope.cancel()
    assert most == 2


def test_what_nobody_will_take_is_told_whole() -> None:
    queue = QueueOfTwo()
    queue.put(waiting(1, is_proved=False))
    queue.put(waiting(2, is_proved=True))
    assert sorted(map(stan_of, queue.drain())) == [1, 2]
    assert queue.drain() == []


@pytest.mark.parametrize("kind", Kind)
def test_a_code_a_key_or_a_proof_takes_a_request_out_of_anybodys_share(kind: Kind) -> None:
    key = ExchangeKey("pos", "80010001", "000012", "000001", KINDS[kind].family)
    bare = Request(kind=kind, key=key, merchant_id="m")
    is_desk = KINDS[kind].traffic is Traffic.DESK and kind is not Kind.CASE_REPORT
    assert (traffic_of(bare) is Traffic.ANYBODYS) == is_desk
    for proof in ({"is_proved": True}, {"key_generation": 1}, {"ksn": "FF"}):
        proved = msgspec.structs.replace(bare, **proof)
        assert traffic_of(proved) is KINDS[kind].traffic
