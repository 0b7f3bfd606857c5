"""The routes file: exchanges that went to an issuer, or are in flight, in SQLite.

Written by one thread at a time and read on a connection of its own, so that a look-up never waits
for a commit. STANs are given by the file, in the transaction that notes a message: no two
processes, and no two lives of one, ever share them. All switch processes of a machine write here.
"""

import enum
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from host.model.requests import Request, Response

HOST: Final = ""
"""The route of what went to our own host."""
TRACE_MAX: Final = 999_999
BUSY_SECONDS_MAX: Final = 5.0
"""How long one process waits for another's transaction."""

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
    noted: Noted | None = None
    """Of an answer: what it answers."""
    done: Callable[[Noted | None], None]
    may_fail: bool = False
    """When the disk refuses: give up at once rather than try again."""
    result: Noted | None = None


class RouteFile:
    """The file: written by one thread at a time, read on a connection of its own."""

    def __init__(self, path: Path, owner: str) -> None:
        """Open or make the file, readable by its user alone.

        Raises:
            RouteError: it cannot be opened, or is not ours.
        """
        self._owner = owner
        self._last_traces: dict[str, int] = {}
        """Of the transaction under way, by route."""
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
            db.executemany(_KEEP_TRACE, self._last_traces.items())
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            self._last_traces.clear()

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
        assert change.noted is not None
        if not self._db.execute(_ANSWER, (blob, change.key_text)).rowcount:
            return None
        return msgspec.structs.replace(change.noted, state=State.ANSWERED, answer=change.answer)

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
        last = self._last_traces.get(route)
        if last is None:
            row = self._db.execute(_LAST_TRACE, (route,)).fetchone()
            last = row[0] if row else 0
        trace = self._last_traces[route] = last % TRACE_MAX + 1
        return trace


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
