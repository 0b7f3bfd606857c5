"""The routes file: exchanges that went to an issuer, or are in flight.

Every change is a row of the log (`switch.memory.record_log`): one frame, one synchronous write, for
all that change at that moment. The rows of the log are in memory too; when it has grown long they
are put on the shelf (`switch.memory.route_shelf`), where an exchange is found for as long as its
batch can live. A look-up asks memory first and the shelf then, and never waits for a write.

All switch processes of a machine write here: whoever has the lock has read what the others wrote.
STANs are given by the file, with the row that notes a message: no two processes, and no two lives
of one, ever share them.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from host.model.requests import Request, Response
from switch.memory.record_log import LogError, LogLockedError, Place, RecordLog, framed
from switch.memory.route_shelf import RouteShelf
from switch.memory.route_words import HOST, TRACE_MAX, Noted, State

LOG_BYTES_MAX: Final = 2 * 1024 * 1024
"""Beyond it the log's rows are put on the shelf: some 3,000 exchanges, a few hundredths of a
second."""
ABSENT_MAX: Final = 20_000
"""Keys remembered as being nowhere, so that a new one is looked for on the shelf once."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_ROWS: Final = msgspec.msgpack.Decoder(list[Noted])

Work = Callable[[], object]
"""Something that waits for the disk."""
Steps = Generator[Work, None, None]


class RouteError(Exception):
    """The file cannot be used; the text says what to do."""


class PendingWrite(msgspec.Struct, kw_only=True):
    """One thing to write; `done` is told the row that now stands, or None when it did not."""

    write: Callable[["RouteFile", "PendingWrite"], Noted | None]
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


class RouteFile:
    """The log, its rows in memory, and the shelf.

    What changes the file is a generator of `Work` that waits for the disk, each to be done before
    the next is asked for: here (`done_here`), or in a thread while others look up. They raise a
    RouteError when the disk refuses, and then nothing was done.
    """

    def __init__(self, path: Path, owner: str) -> None:
        """Open or make the shelf at `path` and the log beside it, readable by their user alone.

        Raises:
            RouteError: that cannot be done, they are not ours, or they are damaged.
        """
        self._path = path
        self._owner = owner
        self._rows: dict[str, Noted] = {}
        """What the log says, on disk."""
        self._traces: dict[str, int] = {}
        """The last of each route, where the log says one."""
        self._new: dict[str, Noted] = {}
        """What is on its way to the log."""
        self._absent: set[str] = set()
        """Keys that the shelf does not have: it changes with the log's generation only."""
        self._new_traces: dict[str, int] = {}
        try:
            self._shelf = RouteShelf(path)
            self._log = RecordLog(Path(f"{path}-log"))
            self._take_over(self._opened())
        except (OSError, sqlite3.Error, LogLockedError) as error:
            raise RouteError(
                f"routes file {path}: {error}. Next: give the switch a writable `routes` path"
            ) from None
        except (LogError, msgspec.MsgspecError) as error:
            raise self._damaged(error) from None

    def _opened(self) -> list[bytes]:
        """What the log says: as the living have it, or as the dead have left it."""
        generation = self._shelf.generation
        if not self._log.try_lock():
            mark = self._log.mark
            if mark is not None and mark.generation == generation:
                self._place = mark
                return self._log.read(0, mark)
            self._log.lock()
            generation = self._shelf.generation
        try:
            payloads, self._place = self._log.recover(generation)
        finally:
            self._log.unlock()
        return payloads

    def writing(self, changes: Iterable[PendingWrite]) -> Steps:
        """All of them at once, on disk at the end; each gets its `result`."""
        with self._alone() as steps:
            yield from steps
            if self._place.end > LOG_BYTES_MAX:
                yield from self._shelving()
            for change in changes:
                change.result = change.write(self, change)
            if self._new:
                yield from self._appending()

    def purging(self, before: float) -> Steps:
        """Forget what is older."""
        with self._alone() as steps:
            yield from steps
            yield from self._shelving()
            yield lambda: self._shelf.purge(before)

    def inheriting(self, owner: str) -> Steps:
        """Take over what a process of another name has: it is no longer started."""
        with self._alone() as steps:
            yield from steps
            yield from self._shelving()
            yield lambda: self._shelf.inherit(self._owner, owner)

    def is_ours(self, noted: Noted) -> bool:
        """Whether this process noted it, in this life or before."""
        return noted.owner == self._owner

    def find(self, key_text: str) -> Noted | None:
        """What is remembered under a key.

        Raises:
            RouteError: the log is damaged, or the disk does not say.
        """
        try:
            self._catch_up()
            return self._found(key_text)
        except (OSError, sqlite3.Error) as error:
            raise RouteError(f"routes file {self._path}: {error}") from None

    def open_before(self, wall_time: float) -> list[Noted]:
        """Exchanges without an end that were noted by then, oldest first.

        Raises:
            RouteError: as `find`.
        """
        try:
            self._catch_up()
            on_shelf = self._shelf.open_before(wall_time)
        except (OSError, sqlite3.Error) as error:
            raise RouteError(f"routes file {self._path}: {error}") from None
        newer = self._rows
        found = [row for row in on_shelf if row.key_text not in newer]
        found += [
            row for row in newer.values() if row.state is State.OPEN and row.noted_at <= wall_time
        ]
        return sorted(found, key=lambda row: row.noted_at)

    def close(self) -> None:
        """Let go of the files."""
        self._log.close()
        self._shelf.close()

    def note(self, change: PendingWrite) -> Noted | None:
        """As a `Change.write`: remember a message that is about to be sent."""
        standing = self._standing(change.key_text)
        if standing is not None and standing.state is not State.UNSENT:
            return None
        return self._add(
            Noted(
                key_text=change.key_text,
                route=change.route,
                owner=self._owner,
                state=State.OPEN,
                noted_at=change.noted_at,
                trace=self._next_trace(change.route) if change.route else 0,
                card=change.card,
                request=change.request,
            )
        )

    def answer(self, change: PendingWrite) -> Noted | None:
        """As a `Change.write`: remember the answer, unless the exchange has been undone."""
        standing = self._standing(change.key_text)
        if standing is None or standing.state is not State.OPEN:
            return None
        return self._add(replace(standing, state=State.ANSWERED, answer=change.answer))

    def drop(self, change: PendingWrite) -> Noted | None:
        """As a `Change.write`: it was never sent, and may be sent again under its old key."""
        standing = self._standing(change.key_text)
        if standing is not None and standing.state is State.OPEN:
            self._add(replace(standing, state=State.UNSENT))
        return None

    def undo(self, change: PendingWrite) -> Noted | None:
        """As a `Change.write`: no answer counts from now on.

        Where the exchange is not known, a tombstone stops an original that comes too late.
        """
        standing = self._standing(change.key_text)
        if standing is None:
            return self._add(
                Noted(
                    key_text=change.key_text,
                    route=change.route,
                    owner=self._owner,
                    state=State.UNDONE,
                    noted_at=change.noted_at,
                    trace=0,
                )
            )
        if standing.state is State.UNDONE:
            return standing
        return self._add(replace(standing, state=State.UNDONE))

    def _add(self, noted: Noted) -> Noted:
        self._new[noted.key_text] = noted
        return noted

    def _standing(self, key_text: str) -> Noted | None:
        """The newest row of a key, for whoever holds the lock."""
        return self._new.get(key_text) or self._found(key_text)

    def _found(self, key_text: str) -> Noted | None:
        noted = self._rows.get(key_text)
        if noted is None and key_text not in self._absent:
            noted = self._shelf.find(key_text)
            if noted is None:
                self._note_absent(key_text)
        return noted

    def _next_trace(self, route: str) -> int:
        last = self._new_traces.get(route) or self._traces.get(route)
        if last is None:
            last = self._shelf.last_trace(route)
        trace = self._new_traces[route] = last % TRACE_MAX + 1
        return trace

    @contextmanager
    def _alone(self) -> Iterator[Steps]:
        """Hold the lock, and know all that was written once these steps are done."""
        try:
            yield self._locking()
        except (OSError, sqlite3.Error, LogError, LogLockedError) as error:
            raise RouteError(f"routes file {self._path}: {error}") from None
        finally:
            self._log.unlock()
            self._new.clear()
            self._new_traces.clear()

    def _locking(self) -> Steps:
        if not self._log.try_lock():
            yield self._log.lock
        self._catch_up()
        if self._place.may_be_over and self._shelf.generation != self._place.generation:
            # Who put the log on the shelf was killed before it could begin it again.
            self._begin(self._shelf.generation)

    def _shelving(self) -> Steps:
        """Begin the log again; what it said is on the shelf, in one step with the new number."""
        generation, rows = self._place.generation + 1, list(self._rows.values())
        self._place = self._place._replace(may_be_over=True)
        self._log.say(self._place)
        yield lambda: self._shelf.put(rows, self._traces, generation)
        self._begin(generation)

    def _appending(self) -> Steps:
        rows, at = list(self._new.values()), self._place
        frame = framed(at.generation, _ENCODER.encode(rows))
        yield lambda: self._log.append(at, frame)
        place = Place(at.generation, at.end + len(frame))
        self._log.say(place)
        self._place = place
        self._take_rows(rows)

    def _begin(self, generation: int) -> None:
        self._place = Place(generation, 0)
        self._log.say(self._place)
        self._forget()

    def _catch_up(self) -> None:
        """Take over what other processes have written."""
        while (mark := self._log.mark) != self._place:
            try:
                self._read_to(mark)
            except (LogError, msgspec.MsgspecError) as error:
                if self._log.mark == mark:  # else it was begun again while we read
                    raise self._damaged(error) from None

    def _read_to(self, mark: Place | None) -> None:
        if mark is None:
            raise LogError(f"{self._log.path}-mark says nothing")
        is_begun_again = mark.generation != self._place.generation
        payloads = self._log.read(0 if is_begun_again else self._place.end, mark)
        if is_begun_again:
            self._forget()
        self._take_over(payloads)
        self._place = mark

    def _forget(self) -> None:
        """What the log said before is on the shelf."""
        self._rows, self._traces = {}, {}
        self._absent.clear()

    def _note_absent(self, key_text: str) -> None:
        if len(self._absent) >= ABSENT_MAX:
            self._absent.clear()
        self._absent.add(key_text)

    def _take_over(self, payloads: Iterable[bytes]) -> None:
        for payload in payloads:
            self._take_rows(_ROWS.decode(payload))

    def _take_rows(self, rows: Iterable[Noted]) -> None:
        for row in rows:
            self._rows[row.key_text] = row
            if row.state is State.OPEN and row.trace:
                self._traces[row.route] = row.trace

    def _damaged(self, error: Exception) -> RouteError:
        return RouteError(
            f"routes file {self._path}: {error}. Next: put the copy of a backup there; or move "
            f"{self._path}-log and {self._path}-log-mark away, start, and compare the last hours "
            "with the issuers by hand, for what was in flight then is not known"
        )


def done_here(steps: Steps) -> None:
    """Do all the work of one change of the file.

    Raises:
        RouteError: nothing was done.
    """
    with closing(steps):
        for work in steps:
            try:
                work()
            except (OSError, sqlite3.Error, LogError, LogLockedError) as error:
                steps.throw(error)
