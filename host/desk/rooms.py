"""The desk's rooms: what waits in one holds up nobody in another, and nobody who trades.

Sign-ons are many together, settlements and uploads one after another at a few tellers, PIN blocks
wait for no database unless a DUKPT counter has to be kept, and what proves a key set has been used
is written by itself. Each room has its tasks, its connection and its queue; how much may wait is
the poster's to say.
"""

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NoReturn

import structlog
import trio

from host.book import Book
from host.desk.desk import ROOMS, Desk, Room
from host.desk.sign_ons import Minted, SignOn, accept
from host.metrics import count_fault
from host.model.requests import Response
from host.model.responses import Reason
from host.steady import kept_going
from host.waiting import Pending, Queue, QueueOfTwo

SIGN_ONS_MAX: Final = 256
"""Written in one transaction."""
PINS_MAX: Final = 64
PROOF_RETRY_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 0.01
"""While a writer brings the book up to date, which takes a read."""

_LOG = structlog.get_logger(__name__)

Finish = Callable[[Sequence[Pending], Sequence[Response]], None]


class Rooms:
    """Queues and tasks. `finish` is told answers that came together, on the trio thread."""

    def __init__(self, desk: Desk, book: Book, finish: Finish) -> None:
        self._desk = desk
        self._book = book
        self._finish = finish
        rooms = (room for room in Room if room is not Room.BATCHES)
        self._queues: dict[Room, Queue] = {room: Queue() for room in rooms}
        self._batches = QueueOfTwo()
        self._proved: dict[str, int] = {}
        """Terminal id to the generation it has proved, until that is stored."""
        self._proved_wake = trio.Event()
        self._rereading = trio.Lock()
        self._signed_on: set[str] = set()
        """Who has got new keys since the estate was last begun to be read."""

    def put(self, pending: Pending) -> None:
        """Take a request that is one of the desk's."""
        item = pending.item
        room = ROOMS[item.request.kind]
        if item.used is not None and room is not Room.SIGN_ONS:
            room = Room.COUNTED_PINS if room is Room.PINS else Room.BATCHES
        (self._batches if room is Room.BATCHES else self._queues[room]).put(pending)

    def prove(self, terminal_id: str, generation: int) -> None:
        """A message under this generation came: it is the terminal's from now on."""
        self._proved[terminal_id] = max(generation, self._proved.get(terminal_id, 0))
        self._proved_wake.set()

    async def reread(self) -> None:
        """Bring the book up to date. Nobody waits for it, and keys given meanwhile stay.

        Raises:
            psycopg.Error, VaultError: it is as it was.
        """
        async with self._rereading:
            self._signed_on.clear()
            fresh = await trio.to_thread.run_sync(self._desk.read_estate)
            while not self._book.take_over(fresh, self._signed_on):
                await trio.sleep(RETRY_SECONDS)
                await trio.to_thread.run_sync(self._desk.follow, fresh)

    async def run(self) -> None:
        """Serve every room until cancelled."""
        async with trio.open_nursery() as nursery:
            pins = (Room.PINS, Room.COUNTED_PINS)
            parts: list[Callable[[], Awaitable[object]]] = [
                self._serve_sign_ons,
                *(functools.partial(self._serve_pins, room) for room in pins),
                *(functools.partial(self._serve_batches, at) for at in range(self._desk.tellers)),
                self._store_proofs,
            ]
            for part in parts:
                nursery.start_soon(kept_going, "desk", part, count_fault)

    async def _serve_sign_ons(self) -> NoReturn:
        queue = self._queues[Room.SIGN_ONS]
        while True:
            batch = await queue.take(SIGN_ONS_MAX)
            await self._answer(queue, batch, functools.partial(self._sign_on, batch))

    async def _sign_on(self, batch: Sequence[Pending]) -> Sequence[Response]:
        asked = [
            SignOn(request=one.item.request, terminal=one.item.terminal, used=one.item.used)
            for one in batch
        ]
        outcomes = await trio.to_thread.run_sync(self._desk.sign_ons.mint, asked)
        answers = [self._accepted(outcome) for outcome in outcomes]
        changed = [one.terminal for one in outcomes if isinstance(one, Minted)]
        if changed:
            await trio.to_thread.run_sync(self._desk.sign_ons.drop_others, changed)
        return answers

    def _accepted(self, outcome: Minted | Response) -> Response:
        if isinstance(outcome, Response):
            return outcome
        self._signed_on.add(outcome.terminal.terminal_id)
        return accept(outcome)

    async def _serve_pins(self, room: Room) -> NoReturn:
        queue = self._queues[room]
        while True:
            batch = await queue.take(PINS_MAX)
            await self._answer(queue, batch, functools.partial(self._translate, batch))

    async def _translate(self, batch: Sequence[Pending]) -> Sequence[Response]:
        items, zones = [one.item for one in batch], self._book.zone_keys
        return await trio.to_thread.run_sync(self._desk.translate_pins, items, zones)

    async def _serve_batches(self, place: int) -> NoReturn:
        queue = self._batches
        while True:
            one = await queue.take()
            await self._answer(queue, [one], functools.partial(self._decide, place, one))

    async def _decide(self, place: int, pending: Pending) -> Sequence[Response]:
        item = pending.item
        return [
            await trio.to_thread.run_sync(
                self._desk.answer, place, item.request, item.terminal, item.used
            )
        ]

    async def _answer(
        self,
        queue: Queue | QueueOfTwo,
        batch: Sequence[Pending],
        decide: Callable[[], Awaitable[Sequence[Response]]],
    ) -> None:
        """Tell them what was decided: 96 where that failed, for their lines are to go on."""
        try:
            answers = await decide()
        except Exception:  # noqa: BLE001 - whatever one of them broke, the room stays open
            _LOG.exception("the desk could not answer", kind=batch[0].item.request.kind.value)
            count_fault("desk answer")
            requests = [one.item.request for one in batch]
            answers = [self._desk.plain(request, Reason.MALFUNCTION) for request in requests]
        self._finish_all(queue, batch, answers)

    def _finish_all(
        self,
        queue: Queue | QueueOfTwo,
        batch: Sequence[Pending],
        answers: Sequence[Response],
    ) -> None:
        """Tell them; where there was no database, those behind need not find out by themselves."""
        self._finish(batch, answers)
        if any(answer.reason is Reason.HOST_UNREACHABLE for answer in answers):
            waiting = queue.drain()
            requests = [pending.item.request for pending in waiting]
            plain = [self._desk.plain(one, Reason.HOST_UNREACHABLE) for one in requests]
            self._finish(waiting, plain)

    async def _store_proofs(self) -> NoReturn:
        """What cannot be stored now is stored a little later."""
        while True:
            await self._proved_wake.wait()
            self._proved_wake = trio.Event()
            taken, self._proved = self._proved, {}
            if not await trio.to_thread.run_sync(self._desk.store_proofs, taken):
                for proved in taken.items():
                    self.prove(*proved)
                await trio.sleep(PROOF_RETRY_SECONDS)
