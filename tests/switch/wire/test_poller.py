"""Turns of the sockets: what is ready is served at once, and nobody waits for ever."""

import functools
import socket
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from switch.wire.poller import READ, TURNS_MAX, Poller


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    made = [socket.socketpair() for _ in range(TURNS_MAX + 1)]
    yield made
    for pair in made:
        for each in pair:
            each.close()


async def test_what_becomes_ready_in_a_turn_is_served_before_anybody_else(pairs, nursery) -> None:
    heard: list[object] = []
    over: list[int] = []
    poller = Poller(
        lambda: heard.append("end"), lambda: heard.append("begin"), lambda: over.append(len(heard))
    )

    def passing_on(number: int, _ready: int) -> None:
        pairs[number][0].recv(1)
        heard.append(number)
        if number + 1 < len(pairs):
            pairs[number + 1][1].send(b"x")

    for number, (ours, _) in enumerate(pairs):
        poller.watch(ours, READ, functools.partial(passing_on, number))
    pairs[0][1].send(b"x")
    nursery.start_soon(poller.run)
    await trio.testing.wait_all_tasks_blocked()
    turns = [heard[at : at + 3] for at in range(0, len(heard), 3)]
    assert turns == [["begin", number, "end"] for number in range(len(pairs))]
    assert over == [3 * TURNS_MAX, 3 * (TURNS_MAX + 1)], "before anybody else, and when all is done"


async def test_a_socket_that_is_always_ready_keeps_no_task_from_its_turn(pairs, nursery) -> None:
    turns = 0

    def count(_ready: int) -> None:
        nonlocal turns
        turns += 1

    poller = Poller(lambda: None)
    poller.watch(pairs[0][0], READ, count)
    pairs[0][1].send(b"never read")
    nursery.start_soon(poller.run)
    for _ in range(10):
        before = turns
        await trio.lowlevel.checkpoint()
        assert turns <= before + 2 * TURNS_MAX, "the loop's order is drawn: once late, once early"
    assert turns > TURNS_MAX
