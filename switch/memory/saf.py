"""Store and forward: what the switch owes, to our own host and to issuers.

When the switch cannot know whether something was posted, it writes down the reversal before it
sends it, and sends it until somebody has decided, through lost links and restarts. What an issuer
has approved is owed to our own host as an advice in the same way, and so is every reversal that
is owed to an issuer. Nothing here holds a card number or a secret: the encoder refuses both.
SQLite with a synchronous write-ahead log keeps the file; the disk is only ever waited for in a
thread, many messages at a time.

Nothing is kept for ever. A message that grows too old, or is refused again and again, is given
up: it stays in the file for people, and a case report takes its place, which the host is sent in
the same way until it has it in its list of exceptions.
"""

import heapq
import itertools
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

import structlog
import trio

from host.model.requests import ExchangeKey, Family, Kind, Request, Response
from host.model.responses import Reason
from switch.faults import guarded, note
from switch.hostlink import Destination
from switch.memory.board import Boards
from switch.memory.owed import Owed, case_of, storable, what_of
from switch.memory.route_words import HOST
from switch.memory.saf_answers import NOT_YET, SAYS_MORE, answers_to
from switch.memory.saf_file import Name, SafFile, is_undoing
from switch.settings import SwitchSettings

STORE_RETRY_SECONDS: Final = 1.0
SEND_MAX: Final = 256
"""Messages sent in one turn, so that a backlog leaves the link to the living."""
DAY_SECONDS: Final = 86_400

_LOG = structlog.get_logger(__name__)


def _nobody(_owed: Request, _route: str) -> None:
    """Nobody needs to know what is stored."""


class StoreAndForward:
    """What is owed and on its way; `owe` never waits.

    `destinations` are by route; ours is `HOST`. `wall_clock` gives seconds since 1970: age must
    survive a restart. `on_stored` is told of everything that has come to the disk, and `on_turn`
    when all that one turn brought has been told.
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
        self._boards: Boards | None = None
        self._new: list[Owed] = []
        self._owed: dict[Name, Owed] = {}
        self._undoing: set[str] = set()
        """Reversals that our own host has still to hear, by their keys' text."""
        self._due: list[tuple[float, int, Owed]] = []
        """When to look at each again, the soonest first; a row may be out of date."""
        self._count = itertools.count()
        self._settled: list[Name] = []
        self._given_up: list[tuple[float, str, str]] = []
        self._clear: dict[str, list[Callable[[], None]]] = {}
        """By terminal: who waits until our host is owed nothing of it."""
        self._woken = trio.Event()
        for stored_at, request, route in file.owed():
            owed = Owed(self, request, route, stored_at)
            self._owed[owed.name] = owed
            self._note_undoing(owed)
            self._look_at(owed)

    def show_on(self, boards: Boards) -> None:
        """From now on the other switch processes see what is being undone, and we see theirs."""
        self._boards = boards
        for key_text in self._undoing:
            boards.add(key_text)

    @property
    def waiting(self) -> int:
        """How many are owed."""
        return len(self._owed) + len(self._new)

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest has been owed, on a disk that takes it or not; 0 when none is."""
        oldest = min((each.stored_at for each in (*self._owed.values(), *self._new)), default=None)
        return 0.0 if oldest is None else max(self._wall_clock() - oldest, 0.0)

    @property
    def is_full(self) -> bool:
        """Whether so much is owed that nothing new should be begun that will be owed too."""
        return self.waiting >= self._limits.saf_waiting_max

    def owe(
        self, request: Request, route: str = HOST, stored: Callable[[], None] | None = None
    ) -> None:
        """Store this, then send it until it is decided; `stored` is called once it is on disk.

        What an issuer is to undo our own host undoes too, if it has heard of it or ever will:
        both stand in the file, or neither.
        """
        now = self._wall_clock()
        found = storable(request)
        if found is None:
            _LOG.critical("not to be stored: settle it by hand", key=request.key.text, to=route)
            return
        request, body = found
        fresh = [Owed(self, request, route, now, stored)]
        if route != HOST:
            fresh.append(Owed(self, request, HOST, now, is_copy=True))
        for owed in fresh:
            owed.body = body
            self._note_undoing(owed)
        self._new += fresh
        self._woken.set()

    def undoes(self, key: ExchangeKey) -> bool:
        """Whether a reversal of what was asked under this key is still on its way.

        Whoever owes it: what a sibling owes undoes what we would tell.
        """
        boards = self._boards
        siblings_do = boards is not None and boards.is_any_shown
        if not self._undoing and not siblings_do:
            return False
        text = key.of_family(Family.REVERSAL).text
        return text in self._undoing or (boards is not None and boards.is_shown(text))

    def owes(self, terminal_id: str) -> bool:
        """Whether our own host is still to hear anything of this terminal."""
        return any(each.is_of(terminal_id) for each in (*self._new, *self._owed.values()))

    def hasten(self, terminal_id: str) -> bool:
        """Send what our own host is owed of a terminal now; False where it cannot be reached."""
        found = [each for each in self._owed.values() if each.is_of(terminal_id)]
        for each in found:
            if each.ticket is None:
                self._try_to_send(each, trio.current_time())
        return all(each.ticket is not None or each.name not in self._owed for each in found)

    def when_clear(self, terminal_id: str, then: Callable[[], None]) -> None:
        """Call this once our own host has decided all that it is owed of a terminal."""
        self._clear.setdefault(terminal_id, []).append(then)

    def no_longer_when_clear(self, terminal_id: str, then: Callable[[], None]) -> None:
        """Who waited so waits no more: his time is over, and what is kept for him goes."""
        waiting = self._clear.get(terminal_id, [])
        if then in waiting:
            waiting.remove(then)
        if not waiting:
            self._clear.pop(terminal_id, None)

    async def run(self) -> NoReturn:
        """Store, send, and strike off, for ever."""
        while True:
            self._woken = trio.Event()
            await self._write()
            now = trio.current_time()
            if self._boards is not None:
                self._boards.sweep(now)
            pause = self._send_due(now)
            with trio.move_on_after(pause):
                await self._woken.wait()

    def close(self) -> None:
        """At the very end, when `run` is over: store what came last."""
        try:
            self._file.change([owed.row for owed in self._new], self._settled, self._given_up)
        except (OSError, sqlite3.Error) as error:
            _LOG.critical("owed messages lost at the end", count=len(self._new), why=str(error))
        self._file.close()
        if self._boards is not None:
            self._boards.close()

    def settle(self, owed: Owed, reason: Reason) -> None:
        """It was answered."""
        answers = answers_to(owed.request, owed.route)
        if reason in answers.decided:
            if self._owed.pop(owed.name, None) is not None:
                self._forget_undoing(owed)
                self._settled.append(owed.name)
                self._woken.set()
                what = what_of(owed.request)
                _LOG.info("owed message answered", what=what, key=owed.name[0], reason=reason.value)
                self._say_if_clear(owed)
            return
        owed.refusals += reason not in answers.not_yet
        if reason not in NOT_YET:
            _LOG.warning("owed message not taken", key=owed.name[0], reason=reason.value)
        if reason in answers.hopeless or owed.refusals >= self._limits.saf_refusals_max:
            self._give_up(owed, f"refused: {reason.value}{SAYS_MORE.get(reason, '')}")
        else:
            self.put_off(owed)

    def put_off(self, owed: Owed) -> None:
        """Try again after a pause that grows."""
        owed.ticket = None
        owed.pause = min(owed.pause * 2, self._limits.saf_retry_seconds_max)
        owed.due_at = trio.current_time() + owed.pause
        self._look_at(owed)
        self._woken.set()

    def _note_undoing(self, owed: Owed) -> None:
        if not is_undoing(owed.request, owed.route):
            return
        self._undoing.add(owed.name[0])
        if self._boards is not None:
            self._boards.add(owed.name[0])

    def _forget_undoing(self, owed: Owed) -> None:
        if owed.route != HOST:
            return
        self._undoing.discard(owed.name[0])
        if self._boards is not None:
            self._boards.remove(owed.name[0], trio.current_time())

    def _look_at(self, owed: Owed) -> None:
        heapq.heappush(self._due, (owed.due_at, next(self._count), owed))

    async def _write(self) -> None:
        """Bring the file up to date; when the disk refuses, go on and try again."""
        new, settled, given_up = list(self._new), list(self._settled), list(self._given_up)
        if not (new or settled or given_up):
            return
        rows = [owed.row for owed in new]
        try:
            await trio.to_thread.run_sync(self._file.change, rows, settled, given_up)
        except (OSError, sqlite3.Error) as error:
            _LOG.critical("owed messages cannot be stored", count=len(new), why=str(error))
            await trio.sleep(STORE_RETRY_SECONDS)
            self._woken.set()
            return
        del self._new[: len(new)], self._settled[: len(settled)], self._given_up[: len(given_up)]
        for owed in new:
            if self._owed.setdefault(owed.name, owed) is owed:
                self._look_at(owed)
            if not owed.is_copy:
                guarded("store and forward", self._on_stored, owed.request, owed.route)
            if owed.stored is not None:
                guarded("store and forward", owed.stored)
        guarded("turn", self._on_turn)

    def _send_due(self, now: float) -> float:
        """Send what is due; returns for how long nothing will be."""
        due, sent = self._due, 0
        while due and due[0][0] <= now and sent < SEND_MAX:
            due_at, _, owed = heapq.heappop(due)
            if owed.due_at == due_at and self._owed.get(owed.name) is owed:
                sent += 1
                self._try_to_send(owed, now)
        return max(due[0][0] - now, 0.0) if due else self._limits.saf_retry_seconds_max

    def _try_to_send(self, owed: Owed, now: float) -> None:
        """Whatever stands in its way (a disk, a bug of ours), it stays owed and is tried again."""
        try:
            self._send(owed, now)
        except Exception:  # noqa: BLE001 - the others are owed as well
            note("store and forward", key=owed.name[0])
            self.put_off(owed)

    def _send(self, owed: Owed, now: float) -> None:
        days = (self._wall_clock() - owed.stored_at) / DAY_SECONDS
        if days > self._limits.saf_days_max:
            self._give_up(owed, f"not answered for {days:.1f} days")
            return
        destination = self._destinations.get(owed.route)
        if destination is None:
            _LOG.error("nobody is named so any more", route=owed.route, key=owed.name[0])
            self.put_off(owed)
            return
        if owed.ticket is not None:
            destination.forget(owed.ticket)
        owed.attempts += 1
        taken = destination.ask(owed.request, owed)
        if isinstance(taken, Response):
            self.settle(owed, taken.reason)
        elif taken is None:
            self.put_off(owed)
        else:
            owed.ticket = taken
            owed.due_at = now + self._limits.host_seconds_max
            self._look_at(owed)

    def _give_up(self, owed: Owed, why: str) -> None:
        """Leave it to people, and see to it that they hear of it."""
        if self._owed.pop(owed.name, None) is None:
            return
        self._forget_undoing(owed)
        self._given_up.append((self._wall_clock(), *owed.name))
        self._woken.set()
        _LOG.critical("given up: settle it by hand", key=owed.name[0], to=owed.route, why=why)
        self._say_if_clear(owed)
        if owed.request.kind is not Kind.CASE_REPORT:
            self.owe(case_of(owed.request, owed.route, why, owed.attempts))

    def _say_if_clear(self, owed: Owed) -> None:
        """Whoever waits for the last that is owed of a terminal hears that this was it."""
        terminal_id = owed.request.key.terminal_id
        if terminal_id in self._clear and not self.owes(terminal_id):
            for then in self._clear.pop(terminal_id):
                guarded("store and forward", then)
