"""Where each exchange went and what became of it, on disk for as long as its batch can live.

Our own host remembers for itself, so nothing is kept of what goes there. For an external issuer
the switch is the book that answers three questions. Where did the original of this reversal go,
which names no card? Was this message answered before, and how? After a kill: what was sent of
which nobody has heard? So a message is noted before it is sent and its answer before it is told;
both are on disk when the call-back comes, many to a transaction, in a thread.

No card number is kept, only its first six and last four digits, to tell one card from another.
All switch processes of one machine share the file.
"""

import enum
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import structlog
import trio

from host.model.requests import Request, Response

HOST: Final = ""
"""The route of what went to our own host."""
TRACE_MAX: Final = 999_999
BUSY_SECONDS_MAX: Final = 5.0
"""How long one process waits for another's transaction."""
RETRY_SECONDS: Final = 1.0
PURGE_SECONDS: Final = 3600.0
DAY_SECONDS: Final = 86_400

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS exchange (
    key_text TEXT PRIMARY KEY,
    route TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    noted_at REAL NOT NULL,
    trace INTEGER NOT NULL,
    card TEXT NOT NULL,
    request BLOB,
    answer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS exchange_by_age ON exchange (noted_at);
CREATE INDEX IF NOT EXISTS exchange_open ON exchange (noted_at) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS trace (route TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT;
"""
# What is about to be sent; what was never sent may be sent again under its old key.
_NOTE: Final = (
    "INSERT INTO exchange (key_text, route, owner, state, noted_at, trace, card, request)"
    " VALUES (?, ?, ?, 'open', ?, ?, ?, ?)"
    " ON CONFLICT (key_text) DO UPDATE SET route = excluded.route, owner = excluded.owner,"
    " state = excluded.state, noted_at = excluded.noted_at, trace = excluded.trace,"
    " card = excluded.card, request = excluded.request WHERE state = 'unsent'"
)
# The answer counts only while nobody has undone the exchange.
_ANSWER: Final = (
    "UPDATE exchange SET state = 'answered', answer = ? WHERE key_text = ? AND state = 'open'"
)
# It certainly did not leave.
_DROP: Final = "UPDATE exchange SET state = 'unsent' WHERE key_text = ? AND state = 'open'"
# Undone; where it is not known, a tombstone that stops an original which comes too late.
_UNDO: Final = (
    "INSERT INTO exchange (key_text, route, owner, state, noted_at, trace, card)"
    " VALUES (?, ?, ?, 'undone', ?, 0, '')"
    " ON CONFLICT (key_text) DO UPDATE SET state = 'undone' WHERE state <> 'undone'"
)
_LAST_TRACE: Final = "SELECT last FROM trace WHERE route = ?"
_KEEP_TRACE: Final = (
    "INSERT INTO trace (route, last) VALUES (?, ?)"
    " ON CONFLICT (route) DO UPDATE SET last = excluded.last"
)
_FIND: Final = (
    "SELECT key_text, route, owner, state, noted_at, trace, card, request, answer"
    " FROM exchange WHERE key_text = ?"
)
# Sent or about to be, and no end known: this process's own from before a kill, or anybody's of age.
_OPEN: Final = (
    "SELECT key_text, route, owner, state, noted_at, trace, card, request, answer"
    " FROM exchange WHERE state = 'open' AND noted_at <= ? ORDER BY noted_at"
)
# Its batch is over.
_PURGE: Final = "DELETE FROM exchange WHERE noted_at < ?"

_LOG = structlog.get_logger(__name__)
_ENCODER: Final = msgspec.msgpack.Encoder()
_REQUESTS: Final = msgspec.msgpack.Decoder(Request)
_ANSWERS: Final = msgspec.msgpack.Decoder(Response)


class RouteError(Exception):
    """The file cannot be used; the text says what to do."""


@enum.unique
class State(enum.StrEnum):
    """What is known of an exchange."""

    OPEN = "open"
    ANSWERED = "answered"
    UNSENT = "unsent"
    UNDONE = "undone"


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange as it is remembered."""

    key_text: str
    route: str
    owner: str
    state: State
    noted_at: float
    """Seconds since 1970, also what the issuer was told as the time of transmission."""
    trace: int
    """The STAN under which the issuer knows it."""
    card: str = ""
    request: Request | None = None
    """Without card, PIN and track; None in a tombstone."""
    answer: Response | None = None


class Change(msgspec.Struct, kw_only=True):
    """One thing to write; `done` is told the row that now stands, or None when it did not."""

    write: Callable[["RouteFile", "Change"], Noted | None]
    key_text: str
    route: str = HOST
    noted_at: float = 0.0
    card: str = ""
    request: Request | None = None
    answer: Response | None = None
    done: Callable[[Noted | None], None]
    may_fail: bool = False
    """When the disk refuses: give up at once rather than try again."""
    result: Noted | None = None


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


class RouteFile:
    """The file: written by one thread at a time, read on a connection of its own."""

    def __init__(self, path: Path, owner: str) -> None:
        """Open or make the file, readable by its user alone.

        Raises:
            RouteError: it cannot be opened, or is not ours.
        """
        self._owner = owner
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = _opened(path)
            self._db.executescript(_SCHEMA)
            self._reader = _opened(path)
            self._reader.execute("PRAGMA query_only = ON")
        except (OSError, sqlite3.Error) as error:
            raise RouteError(
                f"routes file {path}: {error}; give the switch a writable `routes` path"
            ) from None

    def write(self, changes: Iterable[Change]) -> None:
        """All of them in one transaction, on disk when it returns; each gets its `result`.

        Raises:
            sqlite3.Error: none of it was done.
        """
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            for change in changes:
                change.result = change.write(self, change)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def find(self, key_text: str) -> Noted | None:
        """What is remembered under a key."""
        return _row(self._reader.execute(_FIND, (key_text,)).fetchone())

    def open_before(self, wall_time: float) -> list[Noted]:
        """Exchanges without an end that were noted by then, oldest first."""
        rows = self._reader.execute(_OPEN, (wall_time,)).fetchall()
        return [noted for row in rows if (noted := _row(row)) is not None]

    def purge(self, before: float) -> int:
        """Forget what is older; returns how many."""
        return self._db.execute(_PURGE, (before,)).rowcount

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._db.close()

    def note(self, change: Change) -> Noted | None:
        """As a `Change.write`: remember a message that is about to be sent."""
        assert change.request is not None
        trace = self._next_trace(change.route) if change.route else 0
        blob = _ENCODER.encode(change.request)
        values = (change.key_text, change.route, self._owner, change.noted_at, trace)
        if not self._db.execute(_NOTE, (*values, change.card, blob)).rowcount:
            return None
        return Noted(
            key_text=change.key_text,
            route=change.route,
            owner=self._owner,
            state=State.OPEN,
            noted_at=change.noted_at,
            trace=trace,
            card=change.card,
            request=change.request,
        )

    def answer(self, change: Change) -> Noted | None:
        """As a `Change.write`: remember the answer, unless the exchange has been undone."""
        blob = _ENCODER.encode(change.answer)
        stands = self._db.execute(_ANSWER, (blob, change.key_text)).rowcount
        return self._standing(change.key_text) if stands else None

    def drop(self, change: Change) -> Noted | None:
        """As a `Change.write`: it was never sent."""
        self._db.execute(_DROP, (change.key_text,))
        return None

    def undo(self, change: Change) -> Noted | None:
        """As a `Change.write`: no answer counts from now on."""
        self._db.execute(_UNDO, (change.key_text, change.route, self._owner, change.noted_at))
        return self._standing(change.key_text)

    def _standing(self, key_text: str) -> Noted | None:
        return _row(self._db.execute(_FIND, (key_text,)).fetchone())

    def _next_trace(self, route: str) -> int:
        """STANs are given by the file: no two processes and no two lives of one share them."""
        last = self._db.execute(_LAST_TRACE, (route,)).fetchone()
        trace = (last[0] if last else 0) % TRACE_MAX + 1
        self._db.execute(_KEEP_TRACE, (route, trace))
        return trace


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
        self._queue: list[Change] = []
        self._changing: dict[str, str] = {}
        """Keys with a change on its way, and the route each names."""
        self._woken = trio.Event()
        self._purge_at = 0.0

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
            Change(
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
            Change(
                write=RouteFile.answer,
                key_text=noted.key_text,
                route=noted.route,
                answer=response,
                done=done,
            )
        )

    def drop(self, key_text: str, route: str) -> None:
        """It was noted and never sent."""
        self._add(Change(write=RouteFile.drop, key_text=key_text, route=route, done=_ignore))

    def undo(
        self, key_text: str, route: str, done: Callable[[Noted | None], None] | None = None
    ) -> None:
        """Its reversal has come: no answer counts, and an original still to come is too late."""
        self._add(
            Change(
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
        try:
            self._file.write(self._queue)
        except sqlite3.Error as error:
            _LOG.critical("routes lost at the end", count=len(self._queue), why=str(error))
        self._file.close()

    def _add(self, change: Change) -> None:
        self._queue.append(change)
        self._changing[change.key_text] = change.route
        self._woken.set()

    async def _write(self) -> None:
        changes = list(self._queue)
        try:
            await trio.to_thread.run_sync(self._write_in_thread, changes)
        except sqlite3.Error as error:
            await self._refused(changes, error)
            return
        del self._queue[: len(changes)]
        self._done(changes)

    def _write_in_thread(self, changes: list[Change]) -> None:
        now = self._wall_clock()
        if now >= self._purge_at:
            self._purge_at = now + PURGE_SECONDS
            self._file.purge(now - self._days_max * DAY_SECONDS)
        self._file.write(changes)

    async def _refused(self, changes: list[Change], error: sqlite3.Error) -> None:
        """The disk will not: what need not be sent is not, everything else is tried again."""
        failed = [change for change in changes if change.may_fail]
        self._queue[: len(changes)] = [change for change in changes if not change.may_fail]
        self._done(failed)
        _LOG.critical("routes cannot be stored", count=len(changes), why=str(error))
        await trio.sleep(RETRY_SECONDS)

    def _done(self, changes: list[Change]) -> None:
        """Say so to those who wait."""
        later = {change.key_text for change in self._queue}
        for change in changes:
            if change.key_text not in later:
                self._changing.pop(change.key_text, None)
        for change in changes:
            change.done(change.result)
        self._on_turn()


def _ignore(_noted: Noted | None) -> None:
    """Nobody waits for it."""


def _opened(path: Path) -> sqlite3.Connection:
    # Autocommit: transactions are begun and ended here, by their own words.
    return sqlite3.connect(
        path, check_same_thread=False, isolation_level=None, timeout=BUSY_SECONDS_MAX
    )


def _row(values: tuple[Any, ...] | None) -> Noted | None:
    if values is None:
        return None
    key_text, route, owner, state, noted_at, trace, card, request, answer = values
    return Noted(
        key_text=key_text,
        route=route,
        owner=owner,
        state=State(state),
        noted_at=noted_at,
        trace=trace,
        card=card,
        request=_REQUESTS.decode(request) if request is not None else None,
        answer=_ANSWERS.decode(answer) if answer is not None else None,
    )
