"""Store and forward: the reversals the switch owes, to our own host and to issuers.

When the switch cannot know whether something was posted, it writes down the reversal before it
sends it, and sends it until somebody has decided, through lost links and restarts. A reversal
holds no card number and no secret: its encoder refuses both. SQLite with a synchronous
write-ahead log keeps the file; the disk is only ever waited for in a thread, many reversals at a
time.

Nothing is kept for ever. A reversal that grows too old, or is refused again and again, is given
up: it stays in the file for people, and a case report takes its place, which the host is sent in
the same way until it has it in its list of exceptions.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import structlog
import trio

from host.faultpoints import reach
from host.link.client import NOT_TAKEN
from host.link.frames import Ticket
from host.model.requests import Family, Kind, Original, Request, Response
from host.model.responses import Reason
from switch.hostlink import Destination
from switch.route_file import HOST
from switch.settings import SwitchSettings

NOT_YET: Final = frozenset(
    {
        Reason.HOST_UNREACHABLE,
        Reason.IN_PROGRESS,
        Reason.CUT_OFF_IN_PROGRESS,
        Reason.MALFUNCTION,
        Reason.TIMED_OUT,
    }
)
"""Answers that leave it owed: the other side cannot say now."""
DECIDED: Final = frozenset(
    {
        Reason.APPROVED,
        Reason.ORIGINAL_NOT_FOUND,
        Reason.ORIGINAL_VOIDED,
        Reason.DUPLICATE,
    }
)
"""Answers that end it: undone, or nothing to undo."""
HOPELESS: Final = frozenset({Reason.FORMAT_ERROR, Reason.FUNCTION_NOT_SUPPORTED})
"""Answers that no repetition will change. Every other answer is a refusal, and counted."""
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
# Files of the first release knew one destination, our own host.
_ADD_ROUTE: Final = "ALTER TABLE reversal ADD COLUMN route TEXT NOT NULL DEFAULT ''"
_COLUMNS: Final = "SELECT name FROM pragma_table_info('reversal')"
# A reversal is stored once, however often its exchange is found in doubt.
_STORE: Final = (
    "INSERT INTO reversal (key_text, stored_at, request, route) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (key_text) DO UPDATE SET given_up_at = NULL"
)
# It has been decided.
_REMOVE: Final = "DELETE FROM reversal WHERE key_text = ?"
# Not to be sent by a machine any more: kept for people.
_GIVE_UP: Final = "UPDATE reversal SET given_up_at = ? WHERE key_text = ?"
# What is still owed after a restart, oldest first.
_OWED: Final = (
    "SELECT stored_at, request, route FROM reversal"
    " WHERE given_up_at IS NULL ORDER BY stored_at, key_text"
)

_LOG = structlog.get_logger(__name__)
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Request)

Row = tuple[str, float, bytes, str]


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
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)
            if ("route",) not in self._db.execute(_COLUMNS).fetchall():
                self._db.execute(_ADD_ROUTE)
        except (OSError, sqlite3.Error) as error:
            raise SafError(
                f"store-and-forward file {path}: {error}; give the switch a writable `saf` path"
            ) from None

    def change(
        self,
        stored: Sequence[Row],
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
        if stored:
            reach("saf_written")

    def owed(self) -> list[tuple[float, Request, str]]:
        """When each was stored, the reversal, and for whom."""
        rows = self._db.execute(_OWED)
        return [(at, _DECODER.decode(body), route) for at, body, route in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _nobody(_owed: Request, _route: str) -> None:
    """Nobody needs to know what is stored."""


class StoreAndForward:
    """What is owed and on its way; `owe` never waits.

    `destinations` are by route; ours is `HOST`. `wall_clock` gives seconds since 1970: age must
    survive a restart. `on_stored` is told of every reversal that has come to the disk, and
    `on_turn` when all that one turn brought has been told.
    """

    def __init__(
        self,
        file: SafFile,
        destinations: Mapping[str, Destination],
        limits: SwitchSettings,
        wall_clock: Callable[[], float],
        *,
        on_stored: Callable[[Request, str], None] = _nobody,
        on_turn: Callable[[], None] = lambda: None,
    ) -> None:
        self._file = file
        self._destinations = destinations
        self._limits = limits
        self._wall_clock = wall_clock
        self._on_stored = on_stored
        self._on_turn = on_turn
        self._new: list[_Owed] = []
        self._owed: dict[str, _Owed] = {}
        self._settled: list[str] = []
        self._given_up: list[tuple[float, str]] = []
        self._woken = trio.Event()
        for stored_at, request, route in file.owed():
            self._owed[request.key.text] = _Owed(self, request, route, stored_at)

    @property
    def waiting(self) -> int:
        """How many are owed."""
        return len(self._owed) + len(self._new)

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest has been owed; 0 when none is."""
        oldest = min((each.stored_at for each in self._owed.values()), default=None)
        return 0.0 if oldest is None else max(self._wall_clock() - oldest, 0.0)

    def owe(
        self, request: Request, route: str = HOST, stored: Callable[[], None] | None = None
    ) -> None:
        """Store this, then send it until it is decided; `stored` is called once it is on disk."""
        self._new.append(_Owed(self, request, route, self._wall_clock(), stored))
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
        """It was answered."""
        if reason in DECIDED:
            if self._owed.pop(owed.key_text, None) is not None:
                self._settled.append(owed.key_text)
                self._woken.set()
                _LOG.info("switch reversal answered", key=owed.key_text, reason=reason.value)
            return
        owed.refusals += reason not in NOT_YET
        if reason in HOPELESS or owed.refusals >= self._limits.saf_refusals_max:
            self._give_up(owed, f"refused: {reason.value}")
        else:
            self.put_off(owed)

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
            self._on_stored(owed.request, owed.route)
            if owed.stored is not None:
                owed.stored()
        self._on_turn()

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
        days = (self._wall_clock() - owed.stored_at) / DAY_SECONDS
        if days > self._limits.saf_days_max:
            self._give_up(owed, f"not answered for {days:.1f} days")
            return
        destination = self._destinations.get(owed.route)
        if destination is None:
            _LOG.error("nobody is named so any more", route=owed.route, key=owed.key_text)
            self.put_off(owed)
            return
        if owed.ticket != NOT_TAKEN:
            destination.forget(owed.ticket)
        owed.attempts += 1
        taken = destination.ask(owed.request, owed)
        if isinstance(taken, Response):
            self.settle(owed, taken.reason)
        elif taken == NOT_TAKEN:
            self.put_off(owed)
        else:
            owed.ticket = taken
            owed.due_at = now + self._limits.host_seconds_max

    def _give_up(self, owed: "_Owed", why: str) -> None:
        """Leave it to people, and see to it that they hear of it."""
        if self._owed.pop(owed.key_text, None) is None:
            return
        self._given_up.append((self._wall_clock(), owed.key_text))
        self._woken.set()
        _LOG.critical("given up: settle it by hand", key=owed.key_text, to=owed.route, why=why)
        if owed.request.kind is not Kind.CASE_REPORT:
            self.owe(case_of(owed.request, owed.route, why, owed.attempts))


def case_of(request: Request, route: str, why: str, attempts: int) -> Request:
    """What the host is told of something that nobody took.

    It is keyed by the exchange it is about, so that it is one case however often it is told.
    """
    to = f"issuer {route}" if route else "the host"
    return Request(
        kind=Kind.CASE_REPORT,
        key=request.key.of_family(Family.MANAGEMENT),
        merchant_id=request.merchant_id,
        amount=request.amount,
        original=request.original or Original(key=request.key, kind=request.kind),
        issued_by_switch=True,
        detail=f"{request.kind.value} {request.key.text} to {to}, {attempts} times sent: {why}",
    )


class _Owed:
    """One thing owed: the `Waiter` for its request."""

    __slots__ = (
        "_saf",
        "attempts",
        "due_at",
        "key_text",
        "pause",
        "refusals",
        "request",
        "route",
        "stored",
        "stored_at",
        "ticket",
    )

    def __init__(
        self,
        saf: StoreAndForward,
        request: Request,
        route: str,
        stored_at: float,
        stored: Callable[[], None] | None = None,
    ) -> None:
        self._saf = saf
        self.request = request
        self.route = route
        self.stored_at = stored_at
        self.stored = stored
        self.key_text = request.key.text
        self.ticket: Ticket = NOT_TAKEN
        self.attempts = 0
        self.refusals = 0
        self.pause = RETRY_SECONDS_MIN / 2
        self.due_at = 0.0

    @property
    def row(self) -> Row:
        """As the file has it."""
        return self.key_text, self.stored_at, _ENCODER.encode(self.request), self.route

    def answered(self, response: Response) -> None:
        """As a `Waiter`."""
        self._saf.settle(self, response.reason)

    def unsent(self) -> None:
        """As a `Waiter`."""
        self._saf.put_off(self)

    def in_doubt(self) -> None:
        """As a `Waiter`: sent again, for whoever took it takes it once."""
        self._saf.put_off(self)
