"""Who waits at the desk: what no key has proved holds up nothing that one has."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import threading
import time
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
from host.waiting import APART_TURNS, Pending, Queue, QueueOfTwo


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


def of_kind(kind: Kind, number: int) -> Pending:
    key = ExchangeKey("pos", "80010001", "000012", f"{number:06d}", KINDS[kind].family)
    return Pending(cast("Any", _Item(Request(kind=kind, key=key, merchant_id="m"))), [])


def kinds_taken(queue: Queue) -> list[Kind]:
    return [one.item.request.kind for one in queue.take_now(100)]


def test_what_is_taken_apart_is_never_taken_with_others_and_waits_some_turns_at_most() -> None:
    queue, taken = Queue({Kind.LOTTERY_DRAW}), []
    for turn in range(2 * APART_TURNS):
        queue.put(of_kind(Kind.LOTTERY_DRAW, turn))
        queue.put(of_kind(Kind.PURCHASE, turn))
        taken.append(kinds_taken(queue))
    draws = [turn for turn, kinds in enumerate(taken) if Kind.LOTTERY_DRAW in kinds]
    assert all(len(set(kinds)) == 1 for kinds in taken)
    assert draws == [APART_TURNS - 1, 2 * APART_TURNS - 1]
    assert sum(map(len, taken)) + len(queue.drain()) == 4 * APART_TURNS


def test_what_is_taken_apart_is_taken_at_once_where_nothing_else_waits() -> None:
    queue = Queue({Kind.LOTTERY_DRAW})
    for turn in range(APART_TURNS):
        queue.put(of_kind(Kind.LOTTERY_DRAW, turn))
        assert kinds_taken(queue) == [Kind.LOTTERY_DRAW]
    assert kinds_taken(queue) == []


def test_a_thread_that_stays_hears_of_what_comes_and_of_what_is_there_and_not_for_ever() -> None:
    queue, heard, seconds_max = Queue(), list[bool](), 30.0
    assert not queue.listen(0.001)

    def stay() -> None:
        for _ in range(3):
            heard.append(queue.listen(seconds_max))
            while queue.take_now(1):
                pass

    thread = threading.Thread(target=stay)
    thread.start()
    for number in range(3):
        queue.put(of_kind(Kind.PURCHASE, number))
        while len(heard) <= number and thread.is_alive():
            time.sleep(0.001)
    thread.join()
    assert heard == [True] * 3
    assert not queue.take_now(1)
    queue.put(of_kind(Kind.PURCHASE, 4))
    assert queue.listen(0.0)


def test_what_a_thread_takes_while_a_queue_is_drained_is_one_or_the_others() -> None:
    queue, count = Queue(), 20_000
    for number in range(count):
        queue.put(of_kind(Kind.PURCHASE, number))
    taken: list[Pending] = []

    def take() -> None:
        while some := queue.take_now(3):
            taken.extend(some)

    thread = threading.Thread(target=take)
    thread.start()
    drained = queue.drain()
    thread.join()
    keys = {one.item.request.key.text for one in (*taken, *drained)}
    assert len(keys) == len(taken) + len(drained) == count
