"""A seat at work: one thing at a time, on disk before it is sent, and mended until it is known.

What was sent and not answered is in doubt: it is reversed, now and again until the house says what
stands; a refund is sent again instead, and a load in cash confirmed. Meanwhile nothing else is
traded here, for whoever stands at the counter must not pay twice. After a kill all that was on its
way is in doubt, and so is an answer that cannot be written down.
"""

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import structlog
import trio
from msgspec.structs import replace

from host.model.requests import Kind
from host.model.secrets import Secret
from switch.seat.file import SeatFile, Word
from switch.seat.line import Line
from switch.seat.session import TRACE_MAX, About, Counting, Session
from terminals.seat import asked as messages
from terminals.seat.entry import IN_FORCE, OPEN, Entry, State
from terminals.seat.heard import after, after_confirmation, after_reversal
from terminals.seat.presented import Fields
from terminals.seat.trades import CONFIRMED, REPEATED

RETRY_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Between two tries to find out; the last goes on."""
BUSY_SECONDS_MAX: Final = 2.0
"""How long what is asked for waits until the seat is free."""
UNHEARD: Final = 2
"""After so many tries in silence it signs on: keys that are not believed get no answer."""
KEPT_SECONDS: Final = 30 * 24 * 3600.0
"""How long an entry is there to be given back."""

_LOG = structlog.get_logger(__name__)

Entries = dict[str, Entry]
Make = Callable[[str, str], tuple[Entry, Fields]]
"""An entry of this batch and trace, and its message as it leaves."""


class NotNowError(Exception):
    """It is not done now; `why` is a word of the page's, `name` the entry that is in the way."""

    def __init__(self, why: str, name: str = "") -> None:
        super().__init__(why)
        self.why, self.name = why, name


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
        self._clock = wall_clock
        self._turn = trio.Lock()
        self._writing = trio.Lock()
        self._wake = trio.Event()
        first = Counting(trace=int(wall_clock()) % TRACE_MAX)
        """A file that is new counts on from the clock, for one before it may have used the low
        traces of this batch."""
        counting = file.word("counting", Counting) or first
        self.session = Session(terminal_id, line, tmk, counting, self._count)
        self.session.about = file.word("about", About)
        self.entries: Entries = {one.name: _after_kill(one) for one in file.entries}
        self._once = {one.once_key: one.name for one in file.entries if one.once_key}
        self._beginning: dict[str, trio.Event] = {}

    # What it is. --------------------------------------------------------------------------------

    @property
    def about(self) -> About | None:
        """Whose it is, and who sits there."""
        return self.session.about

    @property
    def batch(self) -> str:
        """The number of the one that is open."""
        return self.session.counting.batch

    @property
    def open_entry(self) -> Entry | None:
        """What nobody knows yet."""
        return next((one for one in self.entries.values() if one.state in OPEN), None)

    @property
    def day(self) -> list[Entry]:
        """Of the batch that is open, the newest first."""
        return [one for one in reversed(self.entries.values()) if one.batch == self.batch]

    @property
    def now(self) -> float:
        """Seconds of the epoch."""
        return self._clock()

    async def named(self, once_key: str) -> Entry | None:
        """What a form with this key has made; it is waited for where it is being written down."""
        if (beginning := self._beginning.get(once_key)) is not None:
            await beginning.wait()
        return self.entries.get(self._once.get(once_key, ""))

    async def sit(self, about: About) -> None:
        """Somebody sits down."""
        self.session.about = about
        await self._save([], about=about)

    async def leave(self) -> None:
        """Nobody sits here any more."""
        if self.about is not None:
            await self.sit(replace(self.about, sitting="", grant=0))

    # Trading. -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Alone with the seat, where nothing is under way or in doubt.

        Raises:
            NotNowError: something is, and goes on for longer than a sign-on.
        """
        with trio.move_on_after(BUSY_SECONDS_MAX) as waiting:
            await self._turn.acquire()
        if waiting.cancelled_caught:
            raise NotNowError("busy")
        try:
            if (open_entry := self.open_entry) is not None:
                raise NotNowError("doubt", open_entry.name)
            yield
        finally:
            self._turn.release()

    async def ready(self) -> None:
        """Be where something may be sent.

        Raises:
            NotNowError: as `held`; or the batch is another's, or the switch is not reached.
        """
        async with self.held():
            await self._ready()

    async def begin(self, make: Make, once_key: str) -> tuple[Entry, Fields]:
        """Write down an entry that is about to be sent, and its message. `finish` sends it.

        Raises:
            NotNowError: as `ready`.
        """
        done = self._beginning[once_key] = trio.Event()
        try:
            async with self.held():
                await self._ready()
                entry, asked = make(self.batch, await self.session.next_trace())
                await self._save([entry])
                self._once[once_key] = entry.name
        finally:
            del self._beginning[once_key]
            done.set()
        return entry, asked

    async def finish(self, entry: Entry, asked: Fields) -> Entry:
        """Send it, and read what comes of it; what is not known is mended at once."""
        async with self._turn:
            try:
                known = after(entry, await self.session.send(asked))
                await self._save(self._with_original(known))
            except NotNowError:
                known = replace(entry, state=State.DOUBT, why=messages.REVERSED_FOR_SILENCE)
                self.entries[entry.name] = known
        if known.state is State.DOUBT:
            await self.mend_once(known)
        self._wake.set()
        return self.entries[entry.name]

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
            try:
                await self._save(self._with_original(await self._mended(entry)))
            except NotNowError:
                return

    async def _mended(self, entry: Entry) -> Entry:
        session = self.session
        is_unheard = entry.tries > 0 and entry.tries % UNHEARD == 0
        entry = replace(entry, tries=entry.tries + 1)
        if (not session.has_keys or is_unheard) and not await session.sign_on():
            return entry
        if entry.kind is REPEATED:
            return after(entry, await session.send(entry.asked))
        if entry.kind is CONFIRMED:
            return after_confirmation(entry, await session.send(messages.confirmation(entry)))
        asked = messages.reversal(entry.asked, entry.why or messages.REVERSED_FOR_SILENCE)
        return after_reversal(entry, await session.send(asked))

    def _doubted(self) -> Entry | None:
        return next((one for one in self.entries.values() if one.state is State.DOUBT), None)

    async def _ready(self) -> None:
        session = self.session
        wants_batch = session.counting.wants_batch
        if wants_batch and any(one.counts for one in self.day):
            raise NotNowError("batch_other")
        if (wants_batch or not session.is_signed_on) and not await session.sign_on():
            raise NotNowError("unreached")

    # On disk. -----------------------------------------------------------------------------------

    async def begin_batch(self, number: str) -> None:
        """The batch is settled: what is too old to be given back is forgotten."""
        await self.session.begin_batch(number)
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

    async def _count(self, counting: Counting) -> None:
        await self._save([], counting=counting)

    async def _save(self, entries: list[Entry], **words: msgspec.Struct) -> None:
        """On disk when it returns, whoever goes away meanwhile.

        Raises:
            NotNowError: it cannot be, and is not.
        """
        with trio.CancelScope(shield=True):
            async with self._writing:
                try:
                    await trio.to_thread.run_sync(self._file.put, entries, words)
                except sqlite3.Error as error:
                    _LOG.error("a seat's day", terminal=self.terminal_id, why=str(error))
                    raise NotNowError("unkept") from error
        self.entries |= {one.name: one for one in entries}

    def _with_original(self, entry: Entry) -> list[Entry]:
        """It, and what it has taken or given back, or paid out of; what that had held is free."""
        original = self.entries.get(entry.of)
        if original is None or entry.state not in IN_FORCE:
            return [entry]
        if entry.kind is REPEATED:
            given = original.refunded_minor + entry.taken
            return [entry, replace(original, refunded_minor=given)]
        if entry.kind is Kind.COMPLETION:
            return [entry, replace(original, completed_by=entry.name)]
        held = self.entries.get(original.of)
        held_again = [replace(held, completed_by="")] if held is not None else []
        return [entry, replace(original, undone_by=entry.name), *held_again]


def _after_kill(entry: Entry) -> Entry:
    is_unknown = entry.state is State.SENT
    state = State.DOUBT if entry.kind_moves else State.DECLINED
    return replace(entry, state=state) if is_unknown else entry
