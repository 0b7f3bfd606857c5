"""Requests that wait for somebody: a writer, or one of the desk's rooms."""

import threading
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from itertools import islice
from typing import Final

import msgspec
import trio

from host.model.requests import ANYBODYS_PART, Kind, Response, Traffic, traffic_of
from host.model.responses import Reason
from host.rules.dossier import Item

Deliver = Callable[[Response], None]


class Pending(msgspec.Struct, gc=False):
    """A request under way or waiting, and everybody who is to hear its answer."""

    item: Item
    deliver: list[Deliver]


APART_TURNS: Final = 4
"""Of so many turns one is of what is taken apart, where both wait."""


class Queue:
    """Requests for one taker. `take` returns when there is something to take.

    Requests of the kinds `apart` are never taken with others: what they hold until they are posted
    is held as short as may be, and, as each taking has its own cost, they gather for some turns.
    """

    def __init__(self, apart: Collection[Kind] = ()) -> None:
        self.pending: deque[Pending] = deque()
        self._apart = apart
        self._pending_apart: deque[Pending] = deque()
        self._turn = 0
        self.is_open = True
        """False once its writer has failed to reconnect: nothing would be taken."""
        self.refusal = Reason.HOST_UNREACHABLE
        """What is said meanwhile."""
        self._wake = trio.Event()
        self._bell = threading.Lock()
        self._bell.acquire()  # it rings when it is let go
        self._is_listening = False
        self._moment = threading.Lock()
        self._moment.acquire()  # nobody lets it go: it is waited for as long as is said

    def put(self, pending: Pending) -> None:
        """Append, and wake who takes: the task, or its thread that stayed."""
        is_apart = pending.item.request.kind in self._apart
        (self._pending_apart if is_apart else self.pending).append(pending)
        self._wake.set()
        if self._is_listening and self._bell.locked():
            self._bell.release()

    async def wait(self) -> None:
        """Until there is something to take."""
        while not (self.pending or self._pending_apart):
            if self._wake.is_set():
                self._wake = trio.Event()
            await self._wake.wait()

    async def take(self, items_max: int) -> list[Pending]:
        """All that waits of those whose turn it is, up to the bound, as soon as there is any."""
        taken: list[Pending] = []
        while not taken:
            await self.wait()
            taken = self.take_now(items_max)
        return taken

    def take_now(self, items_max: int) -> list[Pending]:
        """The same, and nothing where nothing waits. Its one taker may be a thread."""
        self._turn = (self._turn + 1) % APART_TURNS
        is_aparts = self._pending_apart and not (self.pending and self._turn)
        return _popped(self._pending_apart if is_aparts else self.pending, items_max)

    def bide(self, seconds: float) -> None:
        """Wait so long in the thread that takes, whatever comes.

        As `listen` does: a sleep until a moment of the clock is one of days where a library moves
        that clock for one program (libfaketime).
        """
        self._moment.acquire(timeout=seconds)

    def first(self, count: int) -> list[Pending]:
        """So many of those that wait and are taken together, left where they are."""
        with suppress(RuntimeError):  # others come and go meanwhile
            return list(islice(self.pending, count))
        return []

    def listen(self, seconds: float) -> bool:
        """Wait so long in the thread that takes; whether something came."""
        self._is_listening = True
        try:
            is_there = bool(self.pending or self._pending_apart)
            return is_there or self._bell.acquire(timeout=seconds)
        finally:
            self._is_listening = False

    def drain(self) -> list[Pending]:
        """All that waits: nobody will take it. What a thread takes meanwhile is not among it."""
        queues = (self.pending, self._pending_apart)
        return [one for queue in queues for one in _popped(queue, len(queue))]


def _popped(queue: deque[Pending], items_max: int) -> list[Pending]:
    """The first of them, one by one: each is somebody's, whoever else pops."""
    popped: list[Pending] = []
    with suppress(IndexError):
        while len(popped) < items_max:
            popped.append(queue.popleft())
    return popped


class QueueOfTwo:
    """Requests for takers of one at a time: those that a key has proved before those of anybody.

    One turn in `ANYBODYS_PART` is anybody's first, so that neither waits for ever.
    """

    def __init__(self) -> None:
        self._proved: deque[Pending] = deque()
        self._anybodys: deque[Pending] = deque()
        self._turn = 0
        self._wake = trio.Event()

    def put(self, pending: Pending) -> None:
        """Append to those it is one of, and wake the takers."""
        is_anybodys = traffic_of(pending.item.request) is Traffic.ANYBODYS
        (self._anybodys if is_anybodys else self._proved).append(pending)
        self._wake.set()

    async def take(self) -> Pending:
        """The one whose turn it is, as soon as there is one. Several may wait to take."""
        while not (self._proved or self._anybodys):
            if self._wake.is_set():
                self._wake = trio.Event()
            await self._wake.wait()
        self._turn = (self._turn + 1) % ANYBODYS_PART
        first, second = self._proved, self._anybodys
        if not self._turn:
            first, second = second, first
        return (first or second).popleft()

    def drain(self) -> list[Pending]:
        """All that waits: nobody will take it."""
        waiting = [*self._proved, *self._anybodys]
        self._proved.clear()
        self._anybodys.clear()
        return waiting
