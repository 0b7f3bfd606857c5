"""The poster: takes requests, puts each in its terminal's line, and tells answers.

What may be asked is looked at first (`host.ways`); a terminal's requests go one after another
(`host.lines`); whose turn it is goes to a room of the desk, or with others in a batch to the writer
that has its card (`host.batches`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import structlog
import trio

from host.batches import Batches, Posts
from host.book import Book, Terminal
from host.desk.desk import ROOMS, Desk, Room
from host.desk.rooms import Rooms
from host.fingerprint import fingerprint_of
from host.hsm.interface import Hsm
from host.hsm.pkcs11 import HsmError
from host.ksn import Used
from host.lines import Joined, Lines
from host.metrics import REQUESTS, WAITING, count_fault
from host.model.own import CardAt
from host.model.pay_codes import CODE_USE, PAID_BY_CODE, UNDOES_BY_CODE, Pays
from host.model.requests import Kind, Request, Response, traffic_of
from host.model.responses import Reason
from host.model.secrets import Pan, Secret
from host.model.terminal import TerminalProfile
from host.opening import code_hash_of, opened, phone_hash_of
from host.paying import Paying
from host.rules.checks import date_is_near
from host.rules.dossier import Item
from host.rules.settlement import DATED
from host.settings import HostSettings
from host.shards import shard_of
from host.steady import kept_going
from host.store.writer import Moved, Result, Silence
from host.waiting import Deliver, Pending
from host.ways import WAYS, Way, is_of, keys_can_be_stored

ROTATION_SECONDS: Final = 5.0
"""How soon a running host learns that an operator rotates keys."""
ESTATE_SECONDS: Final = 1.0
"""How soon a host without trade learns what changed of the estate; trade learns it at once."""

_NAMES_CODE: Final = PAID_BY_CODE | UNDOES_BY_CODE
_AT_ONCE: Final = Room.AT_ONCE
_AT_THE_HEAD: Final = Joined.AT_THE_HEAD
_LOG = structlog.get_logger(__name__)


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
        self._desk = desk
        self._rooms = Rooms(desk, book, self._finish_all)
        self._hsm = hsm
        self._lines = Lines(settings)
        self._batches = Batches(writers, settings, self._finish_all)
        self._answered: Counter[tuple[Kind, Reason]] = Counter()
        """Answers given and not yet counted in the metrics, which costs more than counting here."""
        self.paying: Paying | None = None
        """Who looks after payments by code; without it they are declined."""

    @property
    def is_posting(self) -> bool:
        """Whether every writer has its connection, as far as is known."""
        return self._batches.are_posting

    @property
    def terminals(self) -> Mapping[str, Terminal]:
        """The estate's, by id."""
        return self._book.terminals

    @property
    def book(self) -> Book:
        """The estate in memory."""
        return self._book

    async def find_terminal(self, terminal_id: str) -> TerminalProfile | None:
        """What the switch needs of a terminal; None when there is none, or it is closed."""
        terminal = self._book.terminals.get(terminal_id)
        return terminal.profile() if terminal is not None and terminal.is_active else None

    def submit(self, request: Request, deliver: Deliver) -> None:
        """Take a request; `deliver` is called once with its answer, never where it is unknown."""
        try:
            admitted = self._admitted(request, deliver)
        except HsmError as error:  # no fault of ours, and one for each message: a line is enough
            _LOG.error("a request could not be admitted", key=request.key.text, why=str(error))
            admitted = Reason.MALFUNCTION
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
        if found[1] is None and way.room is _AT_ONCE:
            return self._acknowledgement(request, terminal)
        return Pending(self._item(*found, slot, terminal), [deliver])

    @property
    def shard_count(self) -> int:
        """Over how many shards cards and terminals are spread."""
        return self._book.shard_count

    def post_own(self, item: Item, deliver: Deliver) -> None:
        """Take what no terminal asks (`host.asking`), and nobody has to admit."""
        counter = item.own.counter if item.own is not None else None
        if counter is not None:
            terminal = self._book.counter_of(counter, item.request.key.epoch)
            item = msgspec.structs.replace(item, terminal=terminal)
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
            self._batches.start_in(nursery)
            nursery.start_soon(self._rooms.run)
            nursery.start_soon(kept_going, "rotations", self._watch_rotations, count_fault)
            nursery.start_soon(kept_going, "estate", self._watch_estate, count_fault)

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
        if not is_of(request, way, terminal):
            return Reason.INVALID_TERMINAL
        if must_be_open and not terminal.merchant.is_active:
            return Reason.INVALID_MERCHANT
        is_well = keys_can_be_stored(request, slot) and self._date_may_be(request)
        if way.is_the_houses or not is_well:
            return Reason.FORMAT_ERROR
        if self._lines.are_full_for(way.traffic or traffic_of(request)):
            return Reason.HOST_UNREACHABLE
        return None

    def _date_may_be(self, request: Request) -> bool:
        """Whether a date that is the terminal's own word is one, near today."""
        if request.key.institution not in DATED:
            return True
        return date_is_near(request, self._desk.now().astimezone())

    def _item(self, request: Request, used: Used | None, slot: str, terminal: Terminal) -> Item:
        pan = request.pan
        pan_hash = self._hsm.pan_hash(pan) if pan is not None else None
        code_hash = phone = None
        if request.besides is not None:
            code_hash = code_hash_of(request, self._hsm)
            phone = phone_hash_of(request, self._hsm)
        is_redeemed = code_hash is not None and request.kind is Kind.VOUCHER_REDEMPTION
        if is_redeemed:
            pan_hash = code_hash
        original, shards = request.original, self._book.shard_count
        pays, named = None, pan_hash
        if pan is not None and pan.is_code and request.kind in _NAMES_CODE:
            pays, named = self._paid_by(request, pan), None
        return Item(
            request=request,
            slot=slot,
            home=terminal.home,
            shard=(shard_of(named, shards) if named else terminal.home),
            pan_hash=named,
            fingerprint=fingerprint_of(request, pan_hash, code_hash, phone),
            original_slot=original.key.text if original and original.key else None,
            terminal=terminal,
            issuer=self._book.issuer_of(pan) if pan is not None else None,
            used=used,
            voucher=CardAt(shard_of(code_hash, shards), code_hash)
            if code_hash is not None and not is_redeemed
            else None,
            phone=phone,
            pays=pays,
        )

    def _paid_by(self, request: Request, pan: Pan) -> Pays:
        """Who pays, or has paid what is undone, by the code in place of the card."""
        digits = Secret(pan.reveal().encode())
        code = self._hsm.hash_secret(digits, CODE_USE)
        return Pays(code, is_ready=request.kind not in PAID_BY_CODE)

    def _line_up(self, pending: Pending) -> None:
        joined = self._lines.join(pending)
        if joined is _AT_THE_HEAD:
            if not self._dispatch(pending):
                self._finish(pending, self._batches.not_taken(pending))
        elif joined is Joined.NOWHERE:
            self._refuse(pending.item.request, Reason.IN_PROGRESS, pending.deliver[0])

    def _dispatch(self, pending: Pending) -> bool:
        """To whom it is for; False while its writer takes nothing."""
        if pending.item.request.kind in ROOMS:
            self._rooms.put(pending)
            return True
        pays = pending.item.pays
        if pays is not None and not pays.is_ready and self.paying is not None:
            self.paying.put(pending)
            return True
        return self._batches.put(pending)

    def pass_on(self, pending: Pending) -> None:
        """A payment by code that was looked after goes to the writer of the card that was found."""
        if not self._batches.put(pending):
            self._finish(pending, self._batches.not_taken(pending))

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

    async def _watch_estate(self) -> None:
        """Learn what changed of the estate though nobody trades: who signs on is to hear it."""
        while True:
            await trio.sleep(ESTATE_SECONDS)
            await trio.to_thread.run_sync(self._desk.follow, self._book)

    def _finish_all(self, batch: Sequence[Pending], results: Sequence[Result]) -> None:
        for pending, result in zip(batch, results, strict=True):
            self._finish(pending, result)
        self._count()

    def _finish(self, pending: Pending, result: Result) -> None:
        """It has come to its end; so have those behind it that no writer takes, one by one."""
        unposted = self._end(pending, result)
        while unposted is not None:
            unposted = self._end(unposted, self._batches.not_taken(unposted))

    def _end(self, pending: Pending, result: Result) -> Pending | None:
        """Tell its answer; gives what is at the head of its line then, where nobody takes that."""
        if isinstance(result, Moved):
            pending.item = msgspec.structs.replace(pending.item, shard=result.shard)
            return None if self._dispatch(pending) else pending
        following = self._lines.leave(pending.item)
        is_taken = following is None or self._dispatch(following)
        if not isinstance(result, Silence):
            self._tell(pending, result)
        return None if is_taken else following

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
        WAITING.set(self._lines.waiting.total())
        for answered, times in self._answered.items():
            REQUESTS[answered].inc(times)
        self._answered.clear()
