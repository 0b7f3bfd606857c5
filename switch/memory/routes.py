"""Where each exchange went and what became of it, on disk for as long as its batch can live.

Our own host remembers for itself, so nothing is kept of what goes there. For an external issuer
the switch is the book that answers three questions. Where did the original of this reversal go,
which names no card? Was this message answered before, and how? After a kill: what was sent of
which nobody has heard? So a message is noted before it is sent and its answer before it is told;
both are on disk when the call-back comes, many to a transaction, in a thread.

No card number is kept, only its first six and last four digits, to tell one card from another.
All switch processes of one machine share the file.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Final, NoReturn

import structlog
import trio

from host.model.requests import Request, Response
from switch.faults import guarded, note
from switch.memory.one_thread import OneThread
from switch.memory.route_file import PendingWrite, RouteError, RouteFile, Steps, done_here
from switch.memory.route_words import Noted, State

RETRY_SECONDS: Final = 1.0
PURGE_SECONDS: Final = 3600.0
DAY_SECONDS: Final = 86_400
CHANGES_MAX: Final = 4096
"""In one write: what comes meanwhile is in the next."""

_LOG = structlog.get_logger(__name__)


def without_secrets(request: Request) -> Request:
    """What may be written down of a request: enough to know it again, and to undo it."""
    return Request(
        kind=request.kind,
        key=request.key,
        merchant_id=request.merchant_id,
        amount=request.amount,
        entry_mode=request.entry_mode,
        original=request.original,
        issued_by_switch=request.issued_by_switch,
    )


class RouteMemory:
    """The changes on their way to the file, and what they say meanwhile."""

    def __init__(
        self,
        file: RouteFile,
        wall_clock: Callable[[], float],
        *,
        days_max: float,
        on_turn: Callable[[], None] = lambda: None,
    ) -> None:
        self._file = file
        self._wall_clock = wall_clock
        self._days_max = days_max
        self._on_turn = on_turn
        self._thread = OneThread("routes")
        self._queue: list[PendingWrite] = []
        self._changing: dict[str, str] = {}
        """Keys with a change on its way, and the route each names."""
        self._woken = trio.Event()
        self._purge_at = 0.0
        self._changes_max = CHANGES_MAX

    @property
    def waiting(self) -> int:
        """Changes not yet on disk."""
        return len(self._queue)

    def is_changing(self, key_text: str) -> bool:
        """Whether what the file says of a key is about to be out of date."""
        return key_text in self._changing

    def find(self, key_text: str) -> Noted | None:
        """What the file says."""
        return self._file.find(key_text)

    def is_at_another(self, key_text: str) -> bool:
        """Whether another switch process has it in flight, or had when it was killed.

        It is told there or undone; whoever is asked for it here says nothing.
        """
        noted = self._file.find(key_text)
        return noted is not None and noted.state is State.OPEN and not self._file.is_ours(noted)

    def is_taken(self, key_text: str) -> bool:
        """Whether somebody has taken it already, whatever became of it."""
        noted = self._file.find(key_text)
        return noted is not None and noted.state is not State.UNSENT

    def route_of(self, key_text: str) -> str | None:
        """Where an exchange went; None when that is not known here: to our own host, then."""
        route = self._changing.get(key_text)
        if route is not None:
            return route
        noted = self._file.find(key_text)
        return noted.route if noted is not None else None

    def note(self, route: str, request: Request, done: Callable[[Noted | None], None]) -> None:
        """Remember a message before it is sent. `done` gets None when it must not be sent."""
        self._add(
            PendingWrite(
                write=RouteFile.note,
                key_text=request.key.text,
                route=route,
                noted_at=self._wall_clock(),
                card=request.pan.masked if request.pan is not None else "",
                request=without_secrets(request),
                done=done,
                may_fail=True,
            )
        )

    def answer(
        self, noted: Noted, response: Response, done: Callable[[Noted | None], None]
    ) -> None:
        """Remember an answer before it is told. `done` gets None when it must not be told."""
        self._add(
            PendingWrite(
                write=RouteFile.answer,
                key_text=noted.key_text,
                route=noted.route,
                answer=response,
                done=done,
            )
        )

    def drop(self, key_text: str, route: str) -> None:
        """It was noted and never sent."""
        self._add(PendingWrite(write=RouteFile.drop, key_text=key_text, route=route, done=_ignore))

    def undo(
        self, key_text: str, route: str, done: Callable[[Noted | None], None] | None = None
    ) -> None:
        """Its reversal has come: no answer counts, and an original still to come is too late."""
        self._add(
            PendingWrite(
                write=RouteFile.undo,
                key_text=key_text,
                route=route,
                noted_at=self._wall_clock(),
                done=done or _ignore,
            )
        )

    def open_before(self, wall_time: float) -> list[Noted]:
        """Exchanges without an end that were noted by then."""
        return self._file.open_before(wall_time)

    async def run(self) -> NoReturn:
        """Write what comes, and forget what is old, for ever."""
        while True:
            if not self._queue:
                self._woken = trio.Event()
                await self._woken.wait()
            await self._write()

    def close(self) -> None:
        """At the very end, when `run` is over: write what came last."""
        self._thread.close()
        try:
            done_here(self._file.writing(self._queue))
        except RouteError as error:
            _LOG.critical("routes lost at the end", count=len(self._queue), why=str(error))
        self._file.close()

    def _add(self, change: PendingWrite) -> None:
        self._queue.append(change)
        self._changing[change.key_text] = change.route
        self._woken.set()

    async def _write(self) -> None:
        changes = self._queue[: self._changes_max]
        try:
            await self._forget_the_old()
            await self._do(self._file.writing(changes))
        except RouteError as error:
            await self._refused(changes, error)
            return
        except Exception:  # noqa: BLE001 - one change cannot be written: which, is to be found
            self._part(changes)
            return
        self._changes_max = CHANGES_MAX
        del self._queue[: len(changes)]
        self._done(changes)

    async def _forget_the_old(self) -> None:
        now = self._wall_clock()
        if now >= self._purge_at:
            self._purge_at = now + PURGE_SECONDS
            await self._do(self._file.purging(now - self._days_max * DAY_SECONDS))

    async def _do(self, steps: Steps) -> None:
        """As `done_here`, waiting for the disk in a thread."""
        with closing(steps):
            for work in steps:
                try:
                    await self._thread.run(work)
                except Exception as error:  # noqa: BLE001 - what it is, is the file's to say
                    steps.throw(error)

    def _part(self, changes: list[PendingWrite]) -> None:
        """Try half of them, and so on; the one that cannot be written is told so and left out."""
        note("routes")
        self._changes_max = max(len(changes) // 2, 1)
        if len(changes) == 1:
            [change] = changes
            _LOG.critical("a route cannot be written, and is not", key=change.key_text)
            del self._queue[0]
            change.result = None
            self._done(changes)

    async def _refused(self, changes: list[PendingWrite], error: RouteError) -> None:
        """The disk will not: what need not be sent is not, everything else is tried again."""
        failed = [change for change in changes if change.may_fail]
        self._queue[: len(changes)] = [change for change in changes if not change.may_fail]
        self._done(failed)
        _LOG.critical("routes cannot be stored", count=len(changes), why=str(error))
        await trio.sleep(RETRY_SECONDS)

    def _done(self, changes: list[PendingWrite]) -> None:
        """Say so to those who wait."""
        later = {change.key_text for change in self._queue}
        for change in changes:
            if change.key_text not in later:
                self._changing.pop(change.key_text, None)
        for change in changes:
            guarded("route", change.done, change.result)
        self._on_turn()


def _ignore(_noted: Noted | None) -> None:
    """Nobody waits for it."""
