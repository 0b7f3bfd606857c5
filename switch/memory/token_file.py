"""The attestation tokens that apps have used, in SQLite: a filling of `terminals.attestation`'s.

Asked once for each token and written by every switch process of a machine, so a token serves one
message whichever of them it is brought to, after a reload, and after a restart. What is kept are
digests. A commit is not forced to the disk: what a killed process has written stays, and what a
power cut takes is older than any token by the time the machine is up again. Tidying up, which
does go to the disk, is a thread's.

A file that is new knows nothing of what was used before it, so tokens from before are refused.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import structlog
import trio

from switch.memory.sqlite_file import autocommitting, made_private
from terminals.attestation import TOKENS_MAX, AttestationError

BUSY_SECONDS_MAX: Final = 0.5
"""How long a message waits for another process's write."""
TIDY_SECONDS: Final = 10.0

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS used (
    token BLOB NOT NULL UNIQUE,
    message BLOB NOT NULL,
    passes_until REAL NOT NULL,
    kept_until REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS began (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    at INTEGER NOT NULL
) STRICT;
"""
# The first process that finds the file new says since when tokens are remembered.
_BEGIN: Final = "INSERT INTO began (only_row, at) VALUES (1, ?) ON CONFLICT (only_row) DO NOTHING"
_BEGAN: Final = "SELECT at FROM began"
_FIND: Final = "SELECT message FROM used WHERE token = ? AND kept_until >= ?"
_STANDING: Final = "SELECT message FROM used WHERE token = ?"
_ADD: Final = (
    "INSERT INTO used (token, message, passes_until, kept_until) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (token) DO NOTHING"
)
# Rows are numbered as they come, so the first and the last tell how many there can be.
_COUNT: Final = (
    "SELECT coalesce((SELECT max(rowid) FROM used) - (SELECT min(rowid) FROM used) + 1, 0)"
)
# Past being repeated.
_FORGET: Final = "DELETE FROM used WHERE kept_until < ?"
# Without room: what would not pass for its age, either.
_FORGET_AGED: Final = "DELETE FROM used WHERE passes_until < ?"

_LOG = structlog.get_logger(__name__)


class TokenFileError(ValueError):
    """The file cannot be used; the text says what to do."""


class TokenFile:
    """Opened when a channel first needs it."""

    def __init__(
        self, path: Path, wall_clock: Callable[[], float], tokens_max: int = TOKENS_MAX
    ) -> None:
        self._path = path
        self._wall_clock = wall_clock
        self._tokens_max = tokens_max
        self._db: sqlite3.Connection | None = None
        self.since = 0.0
        """As `UsedTokens`; in whole seconds, as tokens say when they were issued."""

    def opened(self) -> "TokenFile":
        """Itself, with the file open: made where it is not there, readable by its user alone.

        Raises:
            TokenFileError: it cannot be opened, or is not ours.
        """
        if self._db is None:
            try:
                made_private(self._path)
                db = autocommitting(self._path, BUSY_SECONDS_MAX)
                db.executescript(_SCHEMA)
                # The disk is the tidying thread's: no message waits for it.
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute("PRAGMA wal_autocheckpoint = 0")
                db.execute(_BEGIN, (int(self._wall_clock()),))
                self.since = db.execute(_BEGAN).fetchone()[0]
            except (OSError, sqlite3.Error) as error:
                raise TokenFileError(
                    f"attestations file {self._path}: {error}. Next: give the switch a writable "
                    "`attestations` path, or delete a broken file (attestations from before it is "
                    "made again are refused)"
                ) from None
            self._db = db
        return self

    def find(self, token: bytes) -> bytes | None:
        """As `UsedTokens`.

        Raises:
            AttestationError: that cannot be said now.
        """
        try:
            return self._message(_FIND, token, self._wall_clock())
        except sqlite3.Error as error:
            raise _cannot_say(error) from None

    def add(self, token: bytes, message: bytes, passes: float, kept: float) -> bytes | None:
        """As `UsedTokens`.

        Raises:
            AttestationError: it cannot be remembered now.
        """
        assert self._db is not None, "opened first"
        now = self._wall_clock()
        try:
            if not self._has_room():
                self._db.execute(_FORGET_AGED, (now,))
                if not self._has_room():
                    return None
            self._db.execute(_ADD, (token, message, now + passes, now + kept))
            return self._message(_STANDING, token)
        except sqlite3.Error as error:
            raise _cannot_say(error) from None

    async def run(self) -> NoReturn:
        """Forget what is over and bring the rest to the disk, for ever."""
        while True:
            await trio.sleep(TIDY_SECONDS)
            if self._db is not None:
                await trio.to_thread.run_sync(self.tidy)

    def tidy(self) -> None:
        """As `run`, once, on a connection of its own."""
        try:
            db = autocommitting(self._path, BUSY_SECONDS_MAX)
        except sqlite3.Error as error:
            _LOG.error("attestations file not tidied", why=str(error))
            return
        try:
            db.execute(_FORGET, (self._wall_clock(),))
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            _LOG.error("attestations file not tidied", why=str(error))
        finally:
            db.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _message(self, statement: str, *values: bytes | float) -> bytes | None:
        assert self._db is not None, "opened first"
        row = self._db.execute(statement, values).fetchone()
        return row[0] if row is not None else None

    def _has_room(self) -> bool:
        assert self._db is not None
        count: int = self._db.execute(_COUNT).fetchone()[0]
        return count < self._tokens_max


def _cannot_say(error: sqlite3.Error) -> AttestationError:
    _LOG.error("attestations file", why=str(error))
    return AttestationError("whether the attestation was used before cannot be said now")
