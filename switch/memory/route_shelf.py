"""The routes that have left the log: in SQLite, many at a time, for as long as a batch can live.

A row put here is found again by its key, whenever its reversal or its repeat comes, and costs no
memory until then. The log's generation is kept in the same transaction as the rows of the one
before: either they are here and the log is empty, or they are still in the log.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from host.model.requests import Request, Response
from switch.faults import note
from switch.memory.route_words import Noted, State
from switch.memory.sqlite_file import autocommitting, made_private

BUSY_SECONDS_MAX: Final = 5.0

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
CREATE TABLE IF NOT EXISTS log (generation INTEGER NOT NULL) STRICT;
INSERT INTO log SELECT 1 WHERE NOT EXISTS (SELECT * FROM log);
"""
# The log's word is always the newer one.
_PUT: Final = (
    "INSERT INTO exchange"
    " (key_text, route, owner, state, noted_at, trace, card, request, answer)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (key_text) DO UPDATE SET route = excluded.route, owner = excluded.owner,"
    " state = excluded.state, noted_at = excluded.noted_at, trace = excluded.trace,"
    " card = excluded.card, request = excluded.request, answer = excluded.answer"
)
_KEEP_TRACE: Final = (
    "INSERT INTO trace (route, last) VALUES (?, ?)"
    " ON CONFLICT (route) DO UPDATE SET last = excluded.last"
)
_LAST_TRACE: Final = "SELECT last FROM trace WHERE route = ?"
_GENERATION: Final = "SELECT generation FROM log"
# What the log held is here now.
_NEXT_GENERATION: Final = "UPDATE log SET generation = ?"
_FIND: Final = (
    "SELECT key_text, route, owner, state, noted_at, trace, card, request, answer"
    " FROM exchange WHERE key_text = ?"
)
# Sent or about to be, and no end known.
_OPEN: Final = (
    "SELECT key_text, route, owner, state, noted_at, trace, card, request, answer"
    " FROM exchange WHERE state = 'open' AND noted_at <= ?"
)
# Its batch is over.
_PURGE: Final = "DELETE FROM exchange WHERE noted_at < ?"
# Whose process is no longer started.
_INHERIT: Final = "UPDATE exchange SET owner = ? WHERE owner = ?"

_ENCODER: Final = msgspec.msgpack.Encoder()
_REQUESTS: Final = msgspec.msgpack.Decoder(Request)
_ANSWERS: Final = msgspec.msgpack.Decoder(Response)


class RouteShelf:
    """The file. It is looked into by one thread and changed by one, which may be another."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its user alone.

        Raises:
            OSError, sqlite3.Error: that cannot be done.
        """
        made_private(path)
        self._db = autocommitting(path, BUSY_SECONDS_MAX)
        self._db.executescript(_SCHEMA)
        self._reader = autocommitting(path, BUSY_SECONDS_MAX)
        self._reader.execute("PRAGMA query_only = ON")

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()
        self._db.close()

    @property
    def generation(self) -> int:
        """Which of the log's is not yet here."""
        found: int = self._db.execute(_GENERATION).fetchone()[0]
        return found

    def last_trace(self, route: str) -> int:
        """The last STAN an issuer was sent; 0 for none."""
        row = self._reader.execute(_LAST_TRACE, (route,)).fetchone()
        return row[0] if row else 0

    def put(self, rows: Iterable[Noted], traces: Mapping[str, int], generation: int) -> None:
        """All that a generation of the log said, and the one that begins now.

        Raises:
            sqlite3.Error: none of it was done.
        """
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            # In the order of the keys, so that neighbours share a page.
            db.executemany(_PUT, sorted(map(_values, rows)))
            db.executemany(_KEEP_TRACE, traces.items())
            db.execute(_NEXT_GENERATION, (generation,))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def find(self, key_text: str) -> Noted | None:
        """What is remembered under a key."""
        return _row(self._reader.execute(_FIND, (key_text,)).fetchone())

    def open_before(self, wall_time: float) -> list[Noted]:
        """Exchanges without an end that were noted by then."""
        rows = self._reader.execute(_OPEN, (wall_time,)).fetchall()
        return [noted for row in rows if (noted := _readable(row)) is not None]

    def purge(self, before: float) -> int:
        """Forget what is older; returns how many."""
        return self._db.execute(_PURGE, (before,)).rowcount

    def inherit(self, heir: str, owner: str) -> None:
        """What one process has is another's now."""
        self._db.execute(_INHERIT, (heir, owner))


def _values(noted: Noted) -> tuple[Any, ...]:
    return (
        noted.key_text,
        noted.route,
        noted.owner,
        noted.state.value,
        noted.noted_at,
        noted.trace,
        noted.card,
        _ENCODER.encode(noted.request) if noted.request is not None else None,
        _ENCODER.encode(noted.answer) if noted.answer is not None else None,
    )


def _readable(values: tuple[Any, ...]) -> Noted | None:
    """One that cannot be read any more must not hide the others."""
    try:
        return _row(values)
    except ValueError:
        note("route on the shelf", key=str(values[0]))
        return None


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
