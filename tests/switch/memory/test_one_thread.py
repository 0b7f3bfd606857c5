"""One thread beside the loop: work in order, errors handed back, nothing abandoned."""

import threading

import pytest
import trio
import trio.testing

from switch.memory.one_thread import OneThread


@pytest.fixture
def thread():
    made = OneThread("test")
    yield made
    made.close()


async def test_work_is_done_in_its_own_thread_one_after_the_other(thread):
    done: list[tuple[int, str]] = []
    async with trio.open_nursery() as nursery:
        for number in range(5):

            async def ask(number=number):
                await thread.run(lambda: done.append((number, threading.current_thread().name)))

            nursery.start_soon(ask)
    assert sorted(done) == [(number, "test") for number in range(5)]


async def test_an_error_is_the_askers(thread):
    def fail():
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        await thread.run(fail)
    await thread.run(lambda: None)


async def test_who_is_cancelled_waits_until_the_work_is_done(thread):
    may_end, done = threading.Event(), []

    def work():
        may_end.wait(10)
        done.append("done")

    async def ask():
        with trio.CancelScope() as scope:
            scope.cancel()
            await thread.run(work)
        assert done == ["done"]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        may_end.set()


def test_closing_one_that_was_never_asked_is_nothing():
    OneThread("idle").close()
