"""Store and forward: the reversals the switch owes the host.

When the switch cannot know whether the host posted, it writes down the reversal before it sends
it, and sends it until the host has answered, through lost links and restarts. A reversal holds
no card number and no secret: its encoder refuses both. SQLite with a synchronous write-ahead
log keeps the file; the disk is only ever waited for in a thread, many reversals at a time.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import structlog
import trio

from host.link.client import NOT_TAKEN
from host.link.frames import Ticket
from host.model.requests import Request, Response
from host.model.responses import Reason
from switch.hostlink import Link
from switch.settings import SwitchSettings

NOT_YET: Final = frozenset(
    {
        Reason.HOST_UNREACHABLE,
        Reason.IN_PROGRESS,
        Reason.CUT_OFF_IN_PROGRESS,
        Reason.MALFUNCTION,
    }
)
"""Answers that leave the reversal owed; every other ends it."""
RETRY_SECONDS_MIN: Final = 0.5
STORE_RETRY_SECONDS: Final = 1.0
SEND_MAX: Final = 256
"""Reversals sent in one turn, so that a backlog leaves the link to the living."""
DAY_SECONDS: Final = 86_400

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS reversal (
    key_text TEXT PRIMARY KEY,
    stored_at REAL NOT NULL,
    request BLOB NOT NULL,
    given_up_at REAL
) STRICT;
"""
# A reversal is stored once, however often its exchange is found in doubt.
_STORE: Final = (
    "INSERT INTO reversal (key_text, stored_at, request) VALUES (?, ?, ?)"
    " ON CONFLICT (key_text) DO UPDATE SET given_up_at = NULL"
)
# The host has answered it.
_REMOVE: Final = "DELETE FROM reversal WHERE key_text = ?"
# Too old to be sent by a machine: kept for people.
_GIVE_UP: Final = "UPDATE reversal SET given_up_at = ? WHERE key_text = ?"
# What is still owed after a restart, oldest first.
_OWED: Final = (
    "SELECT stored_at, request FROM reversal WHERE given_up_at IS NULL ORDER BY stored_at, key_text"
)

_LOG = structlog.get_logger(__name__)
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Request)


class SafError(Exception):
    """The store-and-forward file cannot be used; the text says what to do."""


class SafFile:
    """The reversals on disk. Used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its owner alone.

        Raises:
            SafError: it cannot be opened, or is not ours.
        """
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise SafError(
                f"store-and-forward file {path}: {error}; give the switch a writable `saf` path"
            ) from None

    def change(
        self,
        stored: Sequence[tuple[str, float, bytes]],
        removed: Sequence[str],
        given_up: Sequence[tuple[float, str]],
    ) -> None:
        """All of these in one transaction, on disk when it returns.

        Raises:
            sqlite3.Error: none of it was done.
        """
        with self._db:
            self._db.executemany(_REMOVE, [(key,) for key in removed])
            self._db.executemany(_GIVE_UP, given_up)
            self._db.executemany(_STORE, stored)

    def owed(self) -> list[tuple[float, Request]]:
        """When each was stored, and the reversal."""
        return [(at, _DECODER.decode(body)) for at, body in self._db.execute(_OWED)]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


class StoreAndForward:
    """Reversals on their way; `owe` never waits.

    `wall_clock` gives seconds since 1970: age must survive a restart.
    """

    def __init__(
        self, file: SafFile, link: Link, limits: SwitchSettings, wall_clock: Callable[[], float]
    ) -> None:
        self._file = file
        self._link = link
        self._limits = limits
        self._wall_clock = wall_clock
        self._new: list[_Owed] = []
        self._owed: dict[str, _Owed] = {}
        self._settled: list[str] = []
        self._given_up: list[tuple[float, str]] = []
        self._woken = trio.Event()
        for stored_at, request in file.owed():
            self._owed[request.key.text] = _Owed(self, request, stored_at)

    @property
    def waiting(self) -> int:
        """How many are owed."""
        return len(self._owed) + len(self._new)

    def owe(self, request: Request) -> None:
        """Store this reversal, then send it until it is answered."""
        self._new.append(_Owed(self, request, self._wall_clock()))
        self._woken.set()

    async def run(self) -> NoReturn:
        """Store, send, and strike off, for ever."""
        while True:
            self._woken = trio.Event()
            await self._write()
            pause = self._send_due(trio.current_time())
            with trio.move_on_after(pause):
                await self._woken.wait()

    def close(self) -> None:
        """At the very end, when `run` is over: store what came last."""
        try:
            self._file.change([owed.row for owed in self._new], self._settled, self._given_up)
        except sqlite3.Error as error:
            _LOG.critical("reversals lost at the end", count=len(self._new), why=str(error))
        self._file.close()

    def settle(self, owed: "_Owed", reason: Reason) -> None:
        """The host has answered one."""
        if reason in NOT_YET:
            self.put_off(owed)
            return
        if self._owed.pop(owed.key_text, None) is not None:
            self._settled.append(owed.key_text)
            self._woken.set()
            _LOG.info("switch reversal answered", key=owed.key_text, reason=reason.value)

    def put_off(self, owed: "_Owed") -> None:
        """Try again after a pause that grows."""
        owed.ticket = NOT_TAKEN
        owed.pause = min(owed.pause * 2, self._limits.saf_retry_seconds_max)
        owed.due_at = trio.current_time() + owed.pause
        self._woken.set()

    async def _write(self) -> None:
        """Bring the file up to date; when the disk refuses, go on and try again."""
        new, settled, given_up = list(self._new), list(self._settled), list(self._given_up)
        if not (new or settled or given_up):
            return
        rows = [owed.row for owed in new]
        try:
            await trio.to_thread.run_sync(self._file.change, rows, settled, given_up)
        except sqlite3.Error as error:
            _LOG.critical("reversals cannot be stored", count=len(new), why=str(error))
            await trio.sleep(STORE_RETRY_SECONDS)
            self._woken.set()
            return
        del self._new[: len(new)], self._settled[: len(settled)], self._given_up[: len(given_up)]
        for owed in new:
            self._owed.setdefault(owed.key_text, owed)

    def _send_due(self, now: float) -> float:
        """Send what is due; returns for how long nothing will be."""
        sent, wake_at = 0, now + self._limits.saf_retry_seconds_max
        for owed in list(self._owed.values()):
            if owed.due_at <= now and sent < SEND_MAX:
                sent += 1
                self._send(owed, now)
            wake_at = min(wake_at, owed.due_at)
        return max(wake_at - now, 0.0)

    def _send(self, owed: "_Owed", now: float) -> None:
        wall_now = self._wall_clock()
        if wall_now - owed.stored_at > self._limits.saf_days_max * DAY_SECONDS:
            del self._owed[owed.key_text]
            self._given_up.append((wall_now, owed.key_text))
            self._woken.set()
            _LOG.critical("reversal given up: settle it by hand", key=owed.key_text)
            return
        if owed.ticket != NOT_TAKEN:
            self._link.forget(owed.ticket)
        owed.ticket = self._link.ask(owed.request, owed)
        if owed.ticket == NOT_TAKEN:
            self.put_off(owed)
        else:
            owed.due_at = now + self._limits.host_seconds_max


class _Owed:
    """One reversal: the link's `Waiter` for its request."""

    __slots__ = ("_saf", "due_at", "key_text", "pause", "request", "stored_at", "ticket")

    def __init__(self, saf: StoreAndForward, request: Request, stored_at: float) -> None:
        self._saf = saf
        self.request = request
        self.stored_at = stored_at
        self.key_text = request.key.text
        self.ticket: Ticket = NOT_TAKEN
        self.pause = RETRY_SECONDS_MIN / 2
        self.due_at = 0.0

    @property
    def row(self) -> tuple[str, float, bytes]:
        """As the file has it."""
        return self.key_text, self.stored_at, _ENCODER.encode(self.request)

    def answered(self, response: Response) -> None:
        """As a `Waiter` of the link."""
        self._saf.settle(self, response.reason)

    def unsent(self) -> None:
        """As a `Waiter` of the link."""
        self._saf.put_off(self)

    def in_doubt(self) -> None:
        """As a `Waiter` of the link: sent again, for the host takes it once."""
        self._saf.put_off(self)
