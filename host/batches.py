"""Batches for the writers: what has queued while one commits is the next one.

A batch takes all that queued, up to a bound: light load gives small batches and low latency, heavy
load large ones. Where several terminals trade at once it waits a moment before. A writer's thread
goes on to its next batch by itself: it does not wait until the event loop has told the answers of
the last. While a writer has no connection nothing waits for it.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog
import trio

from host.gathering import Gathering
from host.metrics import BATCH_ITEMS, count_fault
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.rules.dossier import Item
from host.settings import HostSettings
from host.steady import kept_going
from host.store.writer import Result, Silence
from host.waiting import Pending, Queue

REOPEN_SECONDS: Final = 0.5
"""Between two tries of a writer to connect; also how long it may be without before anybody who
waits for it is refused."""

STAYS_SECONDS: Final = 0.05
"""How long a writer's thread waits for a message by itself: so late it hears that the host ends."""

POSTED_APART: Final = frozenset({Kind.LOTTERY_DRAW})
"""What holds, until it is committed, a row that the others' of these wait for at every writer. In a
batch with others it would be held while all of them are decided and stored."""

_LOG = structlog.get_logger(__name__)

Finish = Callable[[Sequence[Pending], Sequence[Result]], None]


class Posts(Protocol):
    """What batches need of a writer. Called in a thread, never twice at a time."""

    @property
    def is_open(self) -> bool:
        """Whether it has its connection."""
        ...

    @property
    def refusal(self) -> Reason:
        """What is said while it has none."""
        ...

    def post(self, items: Sequence[Item]) -> list[Result]:
        """Post a batch; one result for each item, in order."""
        ...

    def reopen(self) -> bool:
        """Try to have a connection again."""
        ...

    def close(self) -> None:
        """Let go of its connection."""
        ...


class Batches:
    """A queue for each writer. `finish` is told what came to its end together."""

    def __init__(
        self,
        writers: Sequence[Posts],
        settings: HostSettings,
        finish: Finish,
    ) -> None:
        self._writers = writers
        self._settings = settings
        self._finish = finish
        self._queues = [Queue(POSTED_APART) for _ in writers]

    @property
    def are_posting(self) -> bool:
        """Whether every writer has its connection, as far as is known."""
        return all(queue.is_open for queue in self._queues)

    def put(self, pending: Pending) -> bool:
        """To the writer whose card it is; False while that takes nothing."""
        queue = self._queues[pending.item.shard % len(self._queues)]
        if queue.is_open:
            queue.put(pending)
        return queue.is_open

    def not_taken(self, pending: Pending) -> Response:
        """What it is told while its writer takes nothing."""
        queue = self._queues[pending.item.shard % len(self._queues)]
        return Response(reason=queue.refusal)

    def start_in(self, nursery: trio.Nursery) -> None:
        """Write batches until cancelled."""
        for queue, writer in zip(self._queues, self._writers, strict=True):
            write = functools.partial(self._write, queue, writer)
            watch = functools.partial(self._watch_writer, queue, writer)
            nursery.start_soon(kept_going, "writer", write, count_fault)
            nursery.start_soon(kept_going, "writer watched", watch, count_fault)

    async def _write(self, queue: Queue, writer: Posts) -> None:
        while True:
            await self._until_open(queue, writer)
            await queue.wait()
            soon = trio.lowlevel.current_trio_token().run_sync_soon
            await trio.to_thread.run_sync(self._write_on, queue, writer, soon)

    def _write_on(self, queue: Queue, writer: Posts, soon: Callable[..., None]) -> None:
        """Batch after batch, in a thread, while there is one and the writer has its connection.

        It stays a little for the next: to come anew costs the event loop more than a message does.
        """
        gathering = Gathering(self._settings.gather_ms / 1000)
        while writer.is_open:
            if seconds := gathering.seconds_for(queue):
                queue.bide(seconds)
            if batch := queue.take_now(self._settings.batch_items_max):
                BATCH_ITEMS.observe(len(batch))
                results = _posted(writer, [pending.item for pending in batch])
                soon(self._told, batch, results)
                gathering.note(batch)
            elif not queue.listen(STAYS_SECONDS):
                break
            trio.from_thread.check_cancelled()

    def _told(self, batch: Sequence[Pending], results: Sequence[Result]) -> None:
        """Finish them; nothing that it meets ends the event loop."""
        try:
            self._finish(batch, results)
        except Exception:  # noqa: BLE001 - those who come after are to hear theirs
            _LOG.exception("answers of a batch could not be told", items=len(batch))
            count_fault("writer")

    async def _until_open(self, queue: Queue, writer: Posts) -> None:
        """While the writer finds no connection nothing waits for it."""
        while not (writer.is_open or await trio.to_thread.run_sync(writer.reopen)):
            self._shut(queue, writer)
            await trio.sleep(REOPEN_SECONDS)
        queue.is_open = True

    async def _watch_writer(self, queue: Queue, writer: Posts) -> None:
        """While a batch in doubt is insisted on, those behind it need not wait for its end.

        A writer that only reconnects is met once without its connection: that refuses nobody.
        """
        was_open = True
        while True:
            await trio.sleep(REOPEN_SECONDS)
            is_open = writer.is_open
            if queue.is_open and not (is_open or was_open):
                self._shut(queue, writer)
            was_open = is_open

    def _shut(self, queue: Queue, writer: Posts) -> None:
        """Refuse whoever waits, and whoever comes, until the writer has its connection.

        Nothing was sent for those who wait: they can be told so at once.
        """
        queue.is_open, queue.refusal = False, writer.refusal
        waiting = queue.drain()
        self._finish(waiting, [Response(reason=queue.refusal) for _ in waiting])


def _posted(writer: Posts, items: Sequence[Item]) -> list[Result]:
    """What became of a batch: in doubt where the writer itself fails, which connects anew."""
    try:
        return writer.post(items)
    except Exception:  # noqa: BLE001 - what it has stored is found when they ask again
        _LOG.exception("a writer failed, its batch is in doubt", items=len(items))
        count_fault("writer")
        writer.close()
        return [Silence() for _ in items]
