"""Requests that wait for somebody: a writer, or one of the desk's rooms."""

from collections import deque
from collections.abc import Callable

import msgspec
import trio

from host.model.requests import Response
from host.model.responses import Reason
from host.rules.case import Item

Deliver = Callable[[Response], None]


class Pending(msgspec.Struct, gc=False):
    """A request under way or waiting, and everybody who is to hear its answer."""

    item: Item
    deliver: list[Deliver]


class Queue:
    """Requests for one taker. `take` returns when there is something to take."""

    def __init__(self) -> None:
        self.pending: deque[Pending] = deque()
        self.is_open = True
        """False once its writer has failed to reconnect: nothing would be taken."""
        self.refusal = Reason.HOST_UNREACHABLE
        """What is said meanwhile."""
        self._wake = trio.Event()

    def put(self, pending: Pending) -> None:
        """Append, and wake the taker's task."""
        self.pending.append(pending)
        self._wake.set()

    async def wait(self) -> None:
        """Until there is something to take."""
        while not self.pending:
            self._wake = trio.Event()
            await self._wake.wait()

    async def take(self, items_max: int) -> list[Pending]:
        """All that waits, up to the bound, as soon as there is anything."""
        await self.wait()
        count = min(len(self.pending), items_max)
        return [self.pending.popleft() for _ in range(count)]
