"""The poster: takes requests, keeps each terminal's in order, batches them for the writers.

While one batch commits, requests queue; the next batch takes what queued, up to its writer's share
of all that is under way. There is no timer: light load gives small batches and low latency, heavy
load large ones.

A terminal has one request under way at a time, the others wait behind it in their order. So a
reversal never races its original, whichever writer that went to; a repeat of the request that
is under way joins it and gets the same answer.
"""

import functools
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec
import structlog
import trio

from host.book import Book, Terminal
from host.desk.desk import ROOMS, Desk, Room
from host.desk.rooms import Rooms
from host.fingerprint import fingerprint_of
from host.hsm.interface import Hsm
from host.ksn import Used
from host.metrics import BATCH_ITEMS, REQUESTS, WAITING, count_fault
from host.model.requests import (
    ANYBODYS_PART,
    KINDS,
    Kind,
    Request,
    Response,
    Traffic,
    traffic_of,
)
from host.model.responses import Reason
from host.model.terminal import FAMILIES, TerminalFamily, TerminalProfile
from host.opening import opened
from host.rules.checks import date_is_near
from host.rules.dossier import Item
from host.rules.settlement import DATED
from host.settings import HostSettings
from host.shards import shard_of
from host.steady import kept_going
from host.store.arrays import PLAIN_WORD
from host.store.writer import Moved, Result, Silence
from host.waiting import Deliver, Pending, Queue

REOPEN_SECONDS: Final = 0.5
"""Between two tries of a writer to connect; also how long it may be without before anybody who
waits for it is refused."""
BATCH_ITEMS_MIN: Final = 96
"""What a batch may always hold: a smaller one costs more a request."""
ANYBODYS_IN_LINE_MAX: Final = 3
"""Of a terminal's line, for what no key has proved: whoever sends that does not fill it."""
ROTATION_SECONDS: Final = 5.0
"""How soon a running host learns that an operator rotates keys."""


class Way(msgspec.Struct, frozen=True, gc=False):
    """How a kind goes through the poster."""

    traffic: Traffic
    room: Room | None
    """Whose it is at the desk; None for what a writer posts."""
    is_reversal: bool
    is_the_houses: bool
    """Nobody else may send it."""
    line: str
    """Its terminal's line: what is added to the terminal's id.

    Sign-ons have one of their own, for anybody can send them: nobody fills a terminal's line who
    does not have its keys."""


WAYS: Final[dict[Kind, Way]] = {
    kind: Way(
        traffic=row.traffic,
        room=ROOMS.get(kind),
        is_reversal=kind is Kind.REVERSAL,
        is_the_houses=kind is Kind.POINTS_EXPIRY,
        line=" signs on" if kind is Kind.SIGN_ON else "",
    )
    for kind, row in KINDS.items()
}
"""Looked up once for a message on its way in, and once on its way out."""
_is_plain_word: Final = PLAIN_WORD.fullmatch

_LOG = structlog.get_logger(__name__)


class Posts(Protocol):
    """What the poster needs of a writer. Called in a thread, never twice at a time."""

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


class Poster:
    """The host's front: `submit` requests from the trio thread, `run` its tasks in a nursery."""

    def __init__(
        self,
        book: Book,
        writers: Sequence[Posts],
        desk: Desk,
        hsm: Hsm,
        settings: HostSettings,
    ) -> None:
        self._book = book
        self._writers = writers
        self._queues = [Queue() for _ in writers]
        self._desk = desk
        self._rooms = Rooms(desk, book, self._finish_all)
        self._hsm = hsm
        self._settings = settings
        self._lines: dict[str, deque[Pending]] = {}
        """Terminal id to its requests: the first is under way, the others wait. Few may: but
        advices, which come all together when the host was away, are the switch's to hold back."""
        self._waiting: Counter[Traffic] = Counter()
        """Requests in all lines. Each traffic has a count of its own: however many sign on, whoever
        trades is taken."""
        self._waiting_max = {
            Traffic.TRADE: settings.waiting_items_max,
            Traffic.SIGN_ONS: settings.sign_ons_waiting_max,
            Traffic.DESK: settings.desk_waiting_max,
            Traffic.ANYBODYS: max(1, settings.desk_waiting_max // ANYBODYS_PART),
        }
        self._answered: Counter[tuple[Kind, Reason]] = Counter()
        """Answers given and not yet counted in the metrics, which costs more than counting here."""

    @property
    def is_posting(self) -> bool:
        """Whether every writer has its connection, as far as is known."""
        return all(queue.is_open for queue in self._queues)

    @property
    def terminals(self) -> Mapping[str, Terminal]:
        """The estate's, by id."""
        return self._book.terminals

    async def find_terminal(self, terminal_id: str) -> TerminalProfile | None:
        """What the switch needs of a terminal; None when there is none, or it is closed."""
        terminal = self._book.terminals.get(terminal_id)
        return terminal.profile() if terminal is not None and terminal.is_active else None

    def submit(self, request: Request, deliver: Deliver) -> None:
        """Take a request; `deliver` is called once with its answer, never where it is unknown."""
        try:
            admitted = self._admitted(request, deliver)
        except Exception:  # noqa: BLE001 - one message must never take the others with it
            _LOG.exception("a request could not be admitted", key=request.key.text)
            count_fault("admission")
            admitted = Reason.MALFUNCTION
        if isinstance(admitted, Pending):
            self._line_up(admitted)
        elif isinstance(admitted, Reason):
            self._refuse(request, admitted, deliver)
        else:
            REQUESTS[request.kind, admitted.reason].inc()
            deliver(admitted)

    def _admitted(self, request: Request, deliver: Deliver) -> Pending | Response | Reason:
        """What waits for its turn, or what is answered at once."""
        slot, terminal = request.key.text, self._book.terminals.get(request.key.terminal_id)
        way = WAYS[request.kind]
        reason = self._not_admitted(request, way, slot, terminal)
        if terminal is None or reason is not None:
            return reason or Reason.INVALID_TERMINAL
        if request.key_generation and terminal.drop_keys_before(request.key_generation):
            self._rooms.prove(terminal.terminal_id, request.key_generation)
        found = opened(request, terminal)
        if isinstance(found, Reason):
            return found
        if found[1] is None and way.room is Room.AT_ONCE:
            return self._acknowledgement(request, terminal)
        return Pending(self._item(*found, slot, terminal), [deliver])

    @property
    def shard_count(self) -> int:
        """Over how many shards cards and terminals are spread."""
        return self._book.shard_count

    def post_own(self, item: Item, deliver: Deliver) -> None:
        """Take a request of the house itself, which nobody sent and nobody has to admit."""
        self._line_up(Pending(item, [deliver]))

    async def reload(self) -> Book:
        """Take over what an operator has changed in the estate and its keys; gives the book.

        Raises:
            psycopg.Error, VaultError: nothing has changed.
        """
        await self._rooms.reread()
        return self._book

    async def run(self) -> None:
        """Write batches until cancelled."""
        async with trio.open_nursery() as nursery:
            for queue, writer in zip(self._queues, self._writers, strict=True):
                write = functools.partial(self._write, queue, writer)
                watch = functools.partial(self._watch_writer, queue, writer)
                nursery.start_soon(kept_going, "writer", write, count_fault)
                nursery.start_soon(kept_going, "writer watched", watch, count_fault)
            nursery.start_soon(self._rooms.run)
            nursery.start_soon(kept_going, "rotations", self._watch_rotations, count_fault)

    def _not_admitted(
        self, request: Request, way: Way, slot: str, terminal: Terminal | None
    ) -> Reason | None:
        """Why it is refused before anything is looked up or stored.

        What a reversal undoes, or an issuer approved, may have come before its terminal or
        merchant was closed.
        """
        must_be_open = not way.is_reversal and request.decision is None
        if terminal is None or (must_be_open and not terminal.is_active):
            return Reason.INVALID_TERMINAL
        if not _is_of(request, way, terminal):
            return Reason.INVALID_TERMINAL
        if must_be_open and not terminal.merchant.is_active:
            return Reason.INVALID_MERCHANT
        is_well = _keys_can_be_stored(request, slot) and self._date_may_be(request)
        if way.is_the_houses or not is_well:
            return Reason.FORMAT_ERROR
        traffic = _traffic_of(way, request)
        if self._waiting[traffic] >= self._waiting_max[traffic]:
            return Reason.HOST_UNREACHABLE
        return None

    def _date_may_be(self, request: Request) -> bool:
        """Whether a date that is the terminal's own word is one, near today."""
        if request.key.institution not in DATED:
            return True
        return date_is_near(request, self._desk.now())

    def _item(self, request: Request, used: Used | None, slot: str, terminal: Terminal) -> Item:
        pan = request.pan
        pan_hash = self._hsm.pan_hash(pan) if pan is not None else None
        original = request.original
        return Item(
            request=request,
            slot=slot,
            home=terminal.home,
            shard=(shard_of(pan_hash, self._book.shard_count) if pan_hash else terminal.home),
            pan_hash=pan_hash,
            fingerprint=fingerprint_of(request, pan_hash),
            original_slot=original.key.text if original and original.key else None,
            terminal=terminal,
            issuer=self._book.issuer_of(pan) if pan is not None else None,
            used=used,
        )

    def _line_up(self, pending: Pending) -> None:
        request, terminal_id = pending.item.request, pending.item.terminal.terminal_id
        way = WAYS[request.kind]
        name, traffic = terminal_id + way.line, _traffic_of(way, request)
        line = self._lines.get(name)
        if line is None:
            self._lines[name] = deque((pending,))
            self._waiting[traffic] += 1
            if not self._dispatch(pending):
                self._finish(pending, self._not_taken(pending))
            return
        for other in line:
            if other.item.slot == pending.item.slot and _is_repeat(other.item, pending.item):
                other.deliver += pending.deliver
                return
        is_owed = pending.item.request.decision is not None
        is_full = len(line) > self._settings.terminal_waiting_max or (
            _is_anybodys(pending) and sum(map(_is_anybodys, line)) >= ANYBODYS_IN_LINE_MAX
        )
        if is_full and not is_owed:
            self._refuse(pending.item.request, Reason.IN_PROGRESS, pending.deliver[0])
            return
        self._waiting[traffic] += 1
        line.append(pending)

    def _dispatch(self, pending: Pending) -> bool:
        """To whom it is for; False while its writer takes nothing."""
        if pending.item.request.kind in ROOMS:
            self._rooms.put(pending)
            return True
        queue = self._queue_of(pending)
        if queue.is_open:
            queue.put(pending)
        return queue.is_open

    def _queue_of(self, pending: Pending) -> Queue:
        return self._queues[pending.item.shard % len(self._writers)]

    def _not_taken(self, pending: Pending) -> Response:
        """What it is told while its writer takes nothing."""
        return Response(reason=self._queue_of(pending).refusal)

    async def _write(self, queue: Queue, writer: Posts) -> None:
        while True:
            await self._until_open(queue, writer)
            await queue.wait()
            batch = await queue.take(self._batch_items_max())
            BATCH_ITEMS.observe(len(batch))
            results = await self._posted(writer, [pending.item for pending in batch])
            self._finish_all(batch, results)

    def _batch_items_max(self) -> int:
        """Half of what a writer has of all that is under way.

        The other half gathers meanwhile, so switch and writers work at the same time: in batches of
        all there is they would take turns.
        """
        share = self._waiting[Traffic.TRADE] // (2 * len(self._writers))
        return min(self._settings.batch_items_max, max(BATCH_ITEMS_MIN, share))

    async def _until_open(self, queue: Queue, writer: Posts) -> None:
        """While the writer finds no connection nothing waits for it."""
        while not (writer.is_open or await trio.to_thread.run_sync(writer.reopen)):
            self._shut(queue, writer)
            self._count()
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
        """Refuse whoever waits, and whoever comes, until the writer has its connection."""
        queue.is_open, queue.refusal = False, writer.refusal
        self._drain(queue)

    async def _posted(self, writer: Posts, items: Sequence[Item]) -> list[Result]:
        """What became of a batch: in doubt where the writer itself fails, which connects anew."""
        try:
            return await trio.to_thread.run_sync(writer.post, items)
        except Exception:  # noqa: BLE001 - what it has stored is found when they ask again
            _LOG.exception("a writer failed, its batch is in doubt", items=len(items))
            count_fault("writer")
            await trio.to_thread.run_sync(writer.close)
            return [Silence() for _ in items]

    def _drain(self, queue: Queue) -> None:
        """Nothing was sent for these: they can be told so at once."""
        while queue.pending:
            pending = queue.pending.popleft()
            self._finish(pending, self._not_taken(pending))

    async def _watch_rotations(self) -> None:
        """Learn which terminals an operator wants to sign on."""
        newest = 0
        while True:
            for asked in await trio.to_thread.run_sync(self._desk.rotations, newest):
                newest = max(newest, asked.number)
                terminal = self._book.terminals.get(asked.terminal_id)
                if terminal is not None:
                    terminal.generation_min = asked.through_generation + 1
            await trio.sleep(ROTATION_SECONDS)

    def _finish_all(self, batch: Sequence[Pending], results: Sequence[Result]) -> None:
        for pending, result in zip(batch, results, strict=True):
            self._finish(pending, result)
        self._count()

    def _finish(self, pending: Pending, result: Result) -> None:
        """It has come to its end; so have those behind it that no writer takes, one by one."""
        unposted = self._end(pending, result)
        while unposted is not None:
            unposted = self._end(unposted, self._not_taken(unposted))

    def _end(self, pending: Pending, result: Result) -> Pending | None:
        """Tell its answer; gives what is at the head of its line then, where nobody takes that."""
        if isinstance(result, Moved):
            pending.item = msgspec.structs.replace(pending.item, shard=result.shard)
            return None if self._dispatch(pending) else pending
        unposted = self._leave_line(pending.item)
        if not isinstance(result, Silence):
            self._tell(pending, result)
        return unposted

    def _tell(self, pending: Pending, result: Response) -> None:
        request = pending.item.request
        answer = result if result.local_time else self._desk.plain(request, result.reason)
        if pending.item.terminal.should_sign_on(request.key_generation):
            answer = msgspec.structs.replace(answer, sign_on_again=True)
        self._answered[request.kind, answer.reason] += 1
        for deliver in pending.deliver:
            try:
                deliver(answer)
            except Exception:  # noqa: BLE001 - the others are to hear theirs
                _LOG.exception("an answer could not be delivered", key=request.key.text)
                count_fault("delivery")

    def _leave_line(self, item: Item) -> Pending | None:
        """The next one's turn; gives it where nobody takes it."""
        way = WAYS[item.request.kind]
        name = item.terminal.terminal_id + way.line
        self._waiting[_traffic_of(way, item.request)] -= 1
        line = self._lines[name]
        line.popleft()
        if not line:
            del self._lines[name]
            return None
        return None if self._dispatch(line[0]) else line[0]

    def _acknowledgement(self, request: Request, terminal: Terminal) -> Response:
        """Heard, and nothing changed."""
        again = terminal.should_sign_on(request.key_generation)
        plain = self._desk.plain(request, Reason.APPROVED)
        return msgspec.structs.replace(plain, sign_on_again=again)

    def _refuse(self, request: Request, reason: Reason, deliver: Deliver) -> None:
        REQUESTS[request.kind, reason].inc()
        deliver(self._desk.plain(request, reason))

    def _count(self) -> None:
        """Bring the metrics up to date, once a batch."""
        WAITING.set(self._waiting.total())
        for answered, times in self._answered.items():
            REQUESTS[answered].inc(times)
        self._answered.clear()


def _traffic_of(way: Way, request: Request) -> Traffic:
    """What it is counted with."""
    return traffic_of(request) if way.traffic is Traffic.DESK else way.traffic


def _is_anybodys(pending: Pending) -> bool:
    """Whether anybody on the wire can have sent it, in this terminal's name."""
    return traffic_of(pending.item.request) is Traffic.ANYBODYS


def _is_of(request: Request, way: Way, terminal: Terminal) -> bool:
    """Whether it is one to speak so, for the merchant whose terminal it is.

    Who has no batch but dates, or a counter, is held to its family here as at the switch: that is
    what a terminal of another would gain by. A reversal names what it undoes by its terminal's own
    key: whatever merchant stands beside it, any refusal would end it with the original standing.
    """
    family = FAMILIES.get(request.key.institution)
    is_its_family = family is TerminalFamily.POS or family is terminal.family
    if way.is_reversal:
        return is_its_family
    return is_its_family and terminal.merchant.merchant_id == request.merchant_id


def _keys_can_be_stored(request: Request, slot: str) -> bool:
    """Whether its keys are plain words, and the original it names is of the same terminal."""
    key, named = request.key, request.original
    if not _is_plain_word(slot):
        return False
    if named is None or named.key is None:
        return True
    is_its_own = (named.key.institution, named.key.terminal_id) == (
        key.institution,
        key.terminal_id,
    )
    return is_its_own and _is_plain_word(named.key.text) is not None


def _is_repeat(earlier: Item, later: Item) -> bool:
    """Whether one answer is for both.

    What was sealed anew waits: the earlier may be refused for its KSN, and its own is to count.
    """
    one, other = earlier.request, later.request
    is_sealed_alike = (one.ksn, one.only_as_repeat) == (other.ksn, other.only_as_repeat)
    return one.kind is other.kind and earlier.fingerprint == later.fingerprint and is_sealed_alike
