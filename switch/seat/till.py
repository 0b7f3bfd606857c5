"""A seat at work: one thing at a time, on disk before it is sent, and mended until it is known.

What was sent and not answered is in doubt: it is reversed, now and again until the house says what
stands (a refund is sent again instead). Meanwhile nothing else is traded here, for whoever stands
at the counter must not pay twice. After a kill all that was on its way is in doubt.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import structlog
import trio
from msgspec.structs import replace

from host.hsm.keys import KeyBlockError, receive
from host.hsm.mac import Mac, mac_for
from host.model.secrets import Secret
from host.model.terminal import MacAlgorithm
from switch.seat.file import SeatFile, Word
from switch.seat.keys import SeatKeyError
from switch.seat.line import Line
from terminals.believed import Answer, Verdict, check_answer, is_answer_to
from terminals.dialects.pos import POS
from terminals.fields import CONTROL
from terminals.seat import asked as messages
from terminals.seat.asked import Who
from terminals.seat.entry import OPEN, Entry, State
from terminals.seat.heard import after, after_reversal
from terminals.seat.presented import Fields
from terminals.seat.trades import REPEATED

TPDU: Final = bytes.fromhex("6000030000")
HEADER: Final = bytes.fromhex("603100311000")
TRACE_MAX: Final = 999_999
WRONG_BATCH: Final = "77"
NOT_BELIEVED: Final = "A0"
"""Answers after which it signs on again."""
RETRY_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Between two tries to find out; the last goes on."""
UNHEARD: Final = 2
"""After so many tries in silence it signs on: keys that are not believed get no answer."""
KEPT_SECONDS: Final = 30 * 24 * 3600.0
"""How long an entry is there to be given back."""
INSIST: Final = 3
"""How often what moves nothing is sent."""

_LOG = structlog.get_logger(__name__)

Entries = dict[str, Entry]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What the office says of a seat when somebody sits down."""

    merchant_id: str
    merchant: str
    store: str
    mac_algorithm: MacAlgorithm
    sitting: str = ""
    """The login of who sits there; empty: nobody."""
    grant: int = 0
    refund_minor_max: int | None = None
    """What they may give back at a time; None: all of it."""


class Counting(msgspec.Struct, frozen=True, kw_only=True):
    """Where a seat is in its batch."""

    batch: str = "000001"
    trace: int = 0
    wants_batch: bool = False
    """The house has another as its current one."""


class NotNowError(Exception):
    """It is not done now; `why` is a word of the page's, `name` the entry that is in the way."""

    def __init__(self, why: str, name: str = "") -> None:
        super().__init__(why)
        self.why, self.name = why, name


Ask = Callable[[Who, str], Fields]
"""A message of the seat under a trace of its own."""
Make = Callable[[str, str], tuple[Entry, Fields]]
"""An entry of this batch and trace, and its message as it leaves."""


class Till:
    """One seat."""

    def __init__(
        self,
        terminal_id: str,
        file: SeatFile,
        line: Line,
        tmk: Callable[[], Secret],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.terminal_id = terminal_id
        self._file = file
        self._line = line
        self._tmk = tmk
        self._clock = wall_clock
        self._turn = trio.Lock()
        self._writing = trio.Lock()
        self._wake = trio.Event()
        self._mac: Mac | None = None
        self._wants_keys = True
        self.about = file.word("about", About)
        first = Counting(trace=int(wall_clock()) % TRACE_MAX)
        """A file that is new counts on from the clock, for one before it may have used the low
        traces of this batch."""
        self.counting = file.word("counting", Counting) or first
        self.entries: Entries = {one.name: _after_kill(one) for one in file.entries}
        self._once = {one.once_key: one.name for one in file.entries if one.once_key}

    # What it is. --------------------------------------------------------------------------------

    @property
    def is_signed_on(self) -> bool:
        """Whether it has keys that the house believes."""
        return self._mac is not None and not self._wants_keys

    @property
    def open_entry(self) -> Entry | None:
        """What nobody knows yet."""
        return next((one for one in self.entries.values() if one.state in OPEN), None)

    @property
    def day(self) -> list[Entry]:
        """Of the batch that is open, the newest first."""
        return [one for one in reversed(self.entries.values()) if one.batch == self.counting.batch]

    @property
    def now(self) -> float:
        """Seconds of the epoch."""
        return self._clock()

    @property
    def is_busy(self) -> bool:
        """Whether a message of it is under way."""
        return self._turn.locked()

    def named(self, once_key: str) -> Entry | None:
        """What a form with this key has made."""
        return self.entries.get(self._once.get(once_key, ""))

    async def sit(self, about: About) -> None:
        """Somebody sits down, or has left."""
        self.about = about
        await self._save([], about=about)

    async def leave(self) -> None:
        """Nobody sits here any more."""
        if self.about is not None:
            await self.sit(replace(self.about, sitting="", grant=0))

    # Sitting down. ------------------------------------------------------------------------------

    async def sign_on(self) -> bool:
        """Fetch working keys and the number of the batch; whether that was done."""
        answer = await self.exchange(messages.sign_on, sealed=False)
        if not answer.is_approved or self.about is None:
            return False
        block = bytes.fromhex(answer.fields.get("62", ""))
        algorithm = self.about.mac_algorithm
        try:
            keys = receive(messages.KEY_LAYOUT, self._tmk(), block, algorithm)
        except (KeyBlockError, SeatKeyError, OSError):
            _LOG.warning("a seat's working keys do not open", terminal=self.terminal_id)
            return False
        self._mac, self._wants_keys = mac_for(algorithm, keys.mak), False
        batch = answer.fields["60"][CONTROL["batch"]]
        await self._count(replace(self.counting, batch=batch, wants_batch=False))
        return True

    async def ready(self) -> None:
        """Be where something may be sent.

        Raises:
            NotNowError: something else is under way or in doubt, or the switch is not reached.
        """
        async with self.held():
            if self.counting.wants_batch and any(one.counts for one in self.day):
                raise NotNowError("batch")
            if not await self._has_keys():
                raise NotNowError("unreached")

    # Trading. -----------------------------------------------------------------------------------

    async def begin(self, make: Make) -> tuple[Entry, Fields]:
        """Write down an entry that is about to be sent, and its message. `finish` sends it.

        Raises:
            NotNowError: as `ready`.
        """
        await self.ready()
        if self.is_busy or self.open_entry is not None:
            raise NotNowError("busy")
        self._turn.acquire_nowait()
        try:
            entry, asked = make(self.counting.batch, await self._next_trace())
            await self._save([entry])
        finally:
            self._turn.release()
        self._once[entry.once_key] = entry.name
        return entry, asked

    async def finish(self, entry: Entry, asked: Fields) -> Entry:
        """Send it, and read what comes of it; what is not known is mended at once."""
        async with self._turn:
            answer = await self._sent(asked, sealed=True)
            entry = after(entry, answer)
            await self._save(self._with_original(entry))
        if entry.state is State.DOUBT:
            await self.mend_once(entry)
        self._wake.set()
        return self.entries[entry.name]

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Alone with the seat, once it is ready.

        Raises:
            NotNowError: as `ready`; a batch that is another's is no reason.
        """
        if self.is_busy:
            raise NotNowError("busy")
        if (open_entry := self.open_entry) is not None:
            raise NotNowError("doubt", open_entry.name)
        async with self._turn:
            yield

    async def note(self, entry: Entry) -> None:
        """Keep what was added to an entry by hand: cash."""
        await self._save([entry])

    # In doubt. ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Mend what is in doubt, for ever."""
        tries = 0
        while True:
            if self.about is None or (entry := self._doubted()) is None:
                tries = 0
                await self._wake.wait()
                self._wake = trio.Event()
                continue
            await trio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            tries += 1
            await self.mend_once(entry)

    async def mend_once(self, entry: Entry) -> None:
        """Ask the house once what became of it."""
        async with self._turn:
            entry = self.entries[entry.name]
            if entry.state is not State.DOUBT:
                return
            is_unheard = entry.tries > 0 and entry.tries % UNHEARD == 0
            if (self._mac is None or is_unheard) and not await self.sign_on():
                await self._save([replace(entry, tries=entry.tries + 1)])
                return
            entry = replace(entry, tries=entry.tries + 1)
            if entry.kind is REPEATED:
                settled = after(entry, await self._sent(entry.asked, sealed=True))
            else:
                asked = messages.reversal(entry.asked, entry.why or messages.REVERSED_FOR_SILENCE)
                settled = after_reversal(entry, await self._sent(asked, sealed=True))
            await self._save(self._with_original(settled))

    def _doubted(self) -> Entry | None:
        return next((one for one in self.entries.values() if one.state is State.DOUBT), None)

    # On the wire. -------------------------------------------------------------------------------

    async def exchange(self, ask: Ask, *, sealed: bool) -> Answer:
        """One message that moves nothing, again until it is answered."""
        assert self.about is not None, "somebody has sat there"
        who = self.who
        asked = ask(who, await self._next_trace())
        return await self.insist(asked, sealed=sealed)

    async def insist(self, asked: Fields, *, sealed: bool = False) -> Answer:
        """A message that moves nothing, as it is, again until it is answered."""
        answer = await self._sent(asked, sealed=sealed)
        for _try in range(INSIST - 1):
            if answer.verdict is Verdict.USABLE:
                break
            answer = await self._sent(asked, sealed=sealed)
        return answer

    @property
    def who(self) -> Who:
        """As messages name it."""
        assert self.about is not None, "somebody has sat there"
        return Who(
            terminal_id=self.terminal_id,
            merchant_id=self.about.merchant_id,
            batch=self.counting.batch,
        )

    async def _sent(self, asked: Fields, *, sealed: bool) -> Answer:
        mac = self._mac if sealed else None
        payload = POS.compose(TPDU, HEADER, dict(asked), mac)
        told = await self._line.ask(payload, lambda frame: is_answer_to(asked, frame))
        answer = check_answer(asked, told, self._mac)
        if answer.asks_sign_on or answer.f39 == NOT_BELIEVED:
            self._wants_keys = True
        if answer.f39 == WRONG_BATCH:
            await self._count(replace(self.counting, wants_batch=True))
        return answer

    async def _has_keys(self) -> bool:
        is_current = self.is_signed_on and not self.counting.wants_batch
        return is_current or await self.sign_on()

    # On disk. -----------------------------------------------------------------------------------

    async def begin_batch(self, number: str) -> None:
        """The batch is settled: what is too old to be given back is forgotten."""
        await self._count(replace(self.counting, batch=number, wants_batch=False))
        before = self.now - KEPT_SECONDS
        await trio.to_thread.run_sync(self._file.forget, before)
        self.entries = {name: one for name, one in self.entries.items() if one.at >= before}

    async def say(self, **words: msgspec.Struct) -> None:
        """Keep words of these names."""
        await self._save([], **words)

    def said(self, name: str, kind: type[Word]) -> Word | None:
        """What was kept by that name."""
        return self._file.word(name, kind)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    async def _next_trace(self) -> str:
        trace = self.counting.trace % TRACE_MAX + 1
        await self._count(replace(self.counting, trace=trace))
        return f"{trace:06d}"

    async def _count(self, counting: Counting) -> None:
        self.counting = counting
        await self._save([], counting=counting)

    async def _save(self, entries: list[Entry], **words: msgspec.Struct) -> None:
        """On disk when it returns, whoever goes away meanwhile."""
        with trio.CancelScope(shield=True):
            async with self._writing:
                await trio.to_thread.run_sync(self._file.put, entries, words)
        self.entries |= {one.name: one for one in entries}

    def _with_original(self, entry: Entry) -> list[Entry]:
        """It, and what it has taken or given back."""
        original = self.entries.get(entry.of)
        if original is None or entry.state is not State.APPROVED:
            return [entry]
        if entry.kind is REPEATED:
            given = original.refunded_minor + entry.taken
            return [entry, replace(original, refunded_minor=given)]
        return [entry, replace(original, undone_by=entry.name)]


def _after_kill(entry: Entry) -> Entry:
    is_unknown = entry.state is State.SENT
    state = State.DOUBT if entry.kind_moves else State.DECLINED
    return replace(entry, state=state) if is_unknown else entry
