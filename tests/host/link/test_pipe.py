"""One end of the link: what leaves when, in which order, and who meets what fails."""

import socket
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from host.link.pipe import Pipe

PATIENCE_SECONDS = 60


class Ends:
    """A pipe, what it is to send, and the other side's socket."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        ours.settimeout(0)
        self.theirs.settimeout(0)
        self.waiting: list[bytes] = []
        self.pipe = Pipe(ours, self.gather)

    def gather(self) -> bytes:
        waiting, self.waiting = self.waiting, []
        return b"".join(waiting)

    def say(self, data: bytes) -> None:
        self.waiting.append(data)
        self.pipe.wake()

    def heard(self) -> bytes:
        """What has come by now."""
        try:
            return self.theirs.recv(1 << 24)
        except BlockingIOError:
            return b""

    async def hear(self, size: int) -> bytes:
        data = b""
        with trio.fail_after(PATIENCE_SECONDS):
            while len(data) < size:
                await trio.lowlevel.wait_readable(self.theirs)
                data += self.heard()
        return data


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    made = Ends()
    yield made
    made.pipe.close()
    made.theirs.close()


async def test_what_a_turn_brings_leaves_at_its_end_and_no_task_has_to_run(ends: Ends) -> None:
    ends.pipe.hold()
    ends.say(b"one ")
    ends.say(b"two")
    assert ends.heard() == b""
    ends.pipe.release()
    assert ends.heard() == b"one two"
    ends.pipe.hold()
    ends.pipe.release()
    assert ends.heard() == b""


async def test_what_is_said_outside_a_turn_is_the_writers(ends: Ends, nursery) -> None:
    nursery.start_soon(ends.pipe.write_gathered)
    ends.say(b"a beat, ")
    ends.pipe.hold()
    ends.say(b"one")
    ends.pipe.release()
    await trio.testing.wait_all_tasks_blocked()
    assert ends.heard() == b"a beat, one"
    ends.say(b"another")
    assert ends.heard() == b""
    assert await ends.hear(7) == b"another"


async def test_what_the_socket_does_not_take_is_written_in_order(ends: Ends, nursery) -> None:
    nursery.start_soon(ends.pipe.write_gathered)
    parts = [bytes([number]) * 3_000_000 for number in range(5)]
    for part in parts[:2]:
        ends.pipe.hold()
        ends.say(part)
        ends.pipe.release()
    await trio.testing.wait_all_tasks_blocked()
    for part in parts[2:]:
        ends.pipe.hold()
        ends.say(part)
        ends.pipe.release()
    assert await ends.hear(15_000_000) == b"".join(parts)


async def test_what_cannot_be_gathered_ends_the_writer(ends: Ends) -> None:
    ends.waiting = [None]  # type: ignore[list-item]
    ends.pipe.hold()
    ends.pipe.wake()
    ends.pipe.release()
    with pytest.raises(TypeError):
        await ends.pipe.write_gathered()


async def test_a_socket_that_is_gone_ends_the_writer(ends: Ends) -> None:
    ends.theirs.close()
    ends.pipe.hold()
    ends.say(b"one")
    ends.pipe.release()
    with pytest.raises(OSError, match="pipe"):
        await ends.pipe.write_gathered()
