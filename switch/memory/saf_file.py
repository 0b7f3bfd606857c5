"""The store-and-forward file: what is owed, to whom, since when. SQLite, written in threads."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from host.faultpoints import reach
from host.model.requests import Kind, Request
from switch.faults import note
from switch.memory.route_words import HOST
from switch.memory.sqlite_file import made_private

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS owed (
    key_text TEXT NOT NULL,
    route TEXT NOT NULL,
    stored_at REAL NOT NULL,
    request BLOB NOT NULL,
    given_up_at REAL,
    PRIMARY KEY (key_text, route)
) STRICT;
"""
# Earlier files owed reversals alone, each to one destination; the first knew only our own host.
_EARLIER: Final = "SELECT name FROM pragma_table_info('reversal')"
_TAKE_OVER: Final = """
BEGIN;
INSERT OR IGNORE INTO owed (key_text, route, stored_at, request, given_up_at)
SELECT key_text, {route}, stored_at, request, given_up_at FROM reversal;
DROP TABLE reversal;
COMMIT;
"""
# A message is stored once for each destination, however often its exchange is found in doubt.
_STORE: Final = (
    "INSERT INTO owed (key_text, stored_at, request, route) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (key_text, route) DO UPDATE SET given_up_at = NULL"
)
# It has been decided.
_REMOVE: Final = "DELETE FROM owed WHERE key_text = ? AND route = ?"
# Not to be sent by a machine any more: kept for people.
_GIVE_UP: Final = "UPDATE owed SET given_up_at = ? WHERE key_text = ? AND route = ?"
# What is still owed after a restart, oldest first.
_OWED: Final = (
    "SELECT stored_at, request, route, key_text FROM owed"
    " WHERE given_up_at IS NULL ORDER BY stored_at, key_text"
)

_DECODER: Final = msgspec.msgpack.Decoder(Request)

Row = tuple[str, float, bytes, str]
Name = tuple[str, str]
"""Key and route: what is owed to two is owed twice."""


def is_undoing(request: Request, route: str) -> bool:
    """Whether this is a reversal that our own host has still to hear."""
    return route == HOST and request.kind is Kind.REVERSAL


class SafError(Exception):
    """The store-and-forward file cannot be used; the text says what to do."""


class SafFile:
    """What is owed, on disk. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its owner alone.

        Raises:
            SafError: it cannot be opened, or is not ours.
        """
        try:
            made_private(path)
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)
            if earlier := self._db.execute(_EARLIER).fetchall():
                route = "route" if ("route",) in earlier else "''"
                self._db.executescript(_TAKE_OVER.format(route=route))
        except (OSError, sqlite3.Error) as error:
            raise SafError(
                f"store-and-forward file {path}: {error}. Next: give the switch a writable "
                "`saf` path"
            ) from None

    def change(
        self,
        stored: Sequence[Row],
        removed: Sequence[Name],
        given_up: Sequence[tuple[float, str, str]],
    ) -> None:
        """All of these in one transaction, on disk when it returns.

        Raises:
            sqlite3.Error: none of it was done.
        """
        with self._db:
            self._db.executemany(_REMOVE, removed)
            self._db.executemany(_GIVE_UP, given_up)
            self._db.executemany(_STORE, stored)
        if stored:
            reach("saf_written")

    def owed(self) -> list[tuple[float, Request, str]]:
        """When each was stored, the message, and for whom. What cannot be read stays for people."""
        found = []
        for at, body, route, key_text in self._db.execute(_OWED):
            try:
                found.append((at, _DECODER.decode(body), route))
            except msgspec.MsgspecError:
                note("store-and-forward file", key=key_text, to=route)
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
