"""What a seat remembers, on disk before it matters: its traces, its entries, its words. SQLite.

Every value is sealed (AES-GCM) and bound to the seat and to its own name, so that no card number
lies there in clear and none can be put in another's place. What is older than a refund may be is
forgotten with the batch.
"""

import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from host.model.secrets import Secret
from switch.memory.sqlite_file import made_private
from terminals.seat.entry import Entry

NONCE_BYTES: Final = 12

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS entry (
    name TEXT PRIMARY KEY,
    at REAL NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS word (
    name TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;
"""
_PUT: Final = (
    "INSERT INTO entry (name, at, sealed) VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed"
)
_SAY: Final = (
    "INSERT INTO word (name, sealed) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed"
)
_ENTRIES: Final = "SELECT name, sealed FROM entry ORDER BY at, name"
_WORDS: Final = "SELECT name, sealed FROM word ORDER BY name"
_FORGET: Final = "DELETE FROM entry WHERE at < ?"

Word = TypeVar("Word", bound=msgspec.Struct)


class SeatFileError(Exception):
    """The file cannot be used; the text says what to do."""


class SeatFile:
    """One seat's. Used by one thread at a time."""

    def __init__(self, path: Path, terminal_id: str, key: Secret) -> None:
        """Open or make the file, readable by its owner alone.

        Raises:
            SeatFileError: it cannot be opened, or is another front's.
        """
        self._terminal_id = terminal_id
        self._cipher = AESGCM(key.reveal())
        try:
            made_private(path)
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)
            self.entries = [
                msgspec.json.decode(self._opened(f"entry/{name}", sealed), type=Entry)
                for name, sealed in self._db.execute(_ENTRIES)
            ]
            self._words = {
                name: self._opened(f"word/{name}", sealed)
                for name, sealed in self._db.execute(_WORDS)
            }
        except (OSError, sqlite3.Error, InvalidTag, msgspec.MsgspecError) as error:
            raise SeatFileError(
                f"{path} cannot be read as the day of seat {terminal_id}: "
                f"{str(error) or 'it is sealed under another key'}. Next: bring back {path.name} "
                "and front.key from one backup"
            ) from None

    def put(self, entries: Iterable[Entry], words: Mapping[str, msgspec.Struct]) -> None:
        """All of these in one transaction, on disk when it returns.

        Raises:
            sqlite3.Error: none of it was done.
        """
        told = {name: msgspec.json.encode(value) for name, value in words.items()}
        with self._db:
            self._db.executemany(
                _PUT,
                [
                    (one.name, one.at, self._sealed(f"entry/{one.name}", msgspec.json.encode(one)))
                    for one in entries
                ],
            )
            self._db.executemany(
                _SAY, [(name, self._sealed(f"word/{name}", body)) for name, body in told.items()]
            )
        self._words |= told

    def word(self, name: str, kind: type[Word]) -> Word | None:
        """One that was put; None: never."""
        body = self._words.get(name)
        return msgspec.json.decode(body, type=kind) if body is not None else None

    def forget(self, before: float) -> None:
        """Entries from before that second of the epoch are no more."""
        with self._db:
            self._db.execute(_FORGET, (before,))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _sealed(self, name: str, body: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, body, self._bound(name))

    def _opened(self, name: str, sealed: bytes) -> bytes:
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        return self._cipher.decrypt(nonce, body, self._bound(name))

    def _bound(self, name: str) -> bytes:
        return f"{self._terminal_id}/{name}".encode()
