"""The office's room in the host: what people ask for is done by a few clerks, beside trade.

Each clerk has a thread and a connection of its own, and so have jobs, those that ask the poster
apart from long work; how much may wait, and how often one place may ask, has limits, so that
whoever asks too much is told so and holds up nobody else. What is only looked at is asked of
another process, where there is one. Nothing here raises: whatever is met is a refusal.
"""

import functools
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Final, NoReturn

import psycopg
import structlog
import trio

from host.metrics import count_fault
from host.model.catalogue import Look
from host.model.office import NOBODY, Asked, Do, Refused, Show, ShowAll, Told
from host.office.apart import ReadsApart
from host.office.catalogue import read_catalogue
from host.office.doing import run_action
from host.office.jobs import Clerk, Step
from host.office.looking import read_view, read_views
from host.office.office import Office
from host.office.refusals import AWAY, FAULT, IN_DOUBT, TOO_MANY, Refusal, RefusalKind, told_of
from host.office.tables import POSTINGS, WORKS
from host.office.timers import TIMERS
from host.steady import kept_going
from host.store.connecting import Connection
from host.store.held import Connect, Held

CLERKS: Final = 2
JOB_CLERKS: Final = 2
WAITING_MAX: Final = 64
"""Beyond that nobody waits."""
ASKS_A_SECOND_MAX: Final = 20
"""Of one place, of who is not signed in."""
SESSION_ASKS_A_SECOND_MAX: Final = 40
"""Of who is, from wherever; a page asks a few at once, and a script that is faster waits."""
PLACE_ASKS_A_SECOND_MAX: Final = 200
"""Of all who are signed in at one place, so that none gets more by making sessions up."""
QUESTIONS_MAX: Final = 300
"""So many stay planned: each view by the filters and grants it is asked with."""
SOURCES_MAX: Final = 10_000
"""Places that are counted apart; beyond that all new ones count as one."""
UNDONE: Final = (
    psycopg.errors.IntegrityError,
    psycopg.errors.DataError,
    psycopg.errors.ProgrammingError,
)
"""What PostgreSQL says no with: the transaction is undone, and to ask again is no use."""
JOB_LOOK_SECONDS: Final = 10.0
"""How often it is looked beside being told: what somebody left is found so."""

_LOG = structlog.get_logger(__name__)


class Reception:
    """Clerks and who waits for them. Without a `connect` there is no database for people."""

    def __init__(
        self,
        office: Office,
        connect: Connect | None,
        works: Mapping[str, Step] = WORKS,
        look_seconds: float = JOB_LOOK_SECONDS,
        apart: ReadsApart | None = None,
    ) -> None:
        self._office = office
        self._apart = apart
        opened = functools.partial(_at_a_desk, connect) if connect else None
        self._idle = [Held(opened) for _ in range(CLERKS)] if opened else []
        self._all = list(self._idle)
        self._free = trio.Semaphore(max(len(self._idle), 1))
        self._threads = trio.CapacityLimiter(CLERKS + JOB_CLERKS)
        self._waiting = 0
        self._asked: Counter[Hashable] = Counter()
        self._second = 0.0
        self._job_clerks = _job_clerks(office, connect, works) if connect else []
        self._look_seconds = look_seconds

    @property
    def hears(self) -> bool:
        """Whether it would be told of a job that somebody begins."""
        return any(clerk.socket is not None for clerk in self._job_clerks)

    async def ask(self, asked: Asked) -> Told:
        """Do it or show it, when a clerk is free."""
        if not self._all:
            return told_of(Refusal(AWAY))
        if self._waiting >= WAITING_MAX or self._asks_too_often(asked):
            return told_of(Refusal(TOO_MANY))
        self._waiting += 1
        try:
            if self._apart is not None and not isinstance(asked, Do):
                told = await self._apart.ask(asked)
                if told is not None:
                    return told
            async with self._free:
                held = self._idle.pop()
                try:
                    return await trio.to_thread.run_sync(
                        self._serve, held, asked, limiter=self._threads
                    )
                finally:
                    self._idle.append(held)
        finally:
            self._waiting -= 1

    async def run(self) -> None:
        """Do jobs, until cancelled."""
        async with trio.open_nursery() as nursery:
            if self._apart is not None:
                nursery.start_soon(kept_going, "office reader", self._apart.run, count_fault)
            for clerk in self._job_clerks:
                do = functools.partial(self._do_jobs, clerk)
                nursery.start_soon(kept_going, "office jobs", do, count_fault)

    def shut(self) -> None:
        """Let go of every connection."""
        for held in self._all:
            held.shut()
        for clerk in self._job_clerks:
            clerk.shut()

    async def _do_jobs(self, clerk: Clerk) -> NoReturn:
        while True:
            is_more = await trio.to_thread.run_sync(
                clerk.do_next, limiter=self._threads, abandon_on_cancel=False
            )
            if not is_more:
                with trio.move_on_after(self._look_seconds):
                    await _until_readable(clerk.socket)

    def _serve(self, held: Held, asked: Asked) -> Told:
        is_begun = False
        try:
            with held.use() as connection:
                is_begun = True
                return self._answer(connection, asked)
        except UNDONE:
            if self._may_have_posted(asked):
                return told_of(Refusal(IN_DOUBT))
            return _faulty(asked)
        except psycopg.Error as error:
            _LOG.error("the office could not ask its database", why=type(error).__name__)
            return told_of(Refusal(_what_became(asked, is_begun=is_begun)))
        except Exception:  # noqa: BLE001 - one person's trouble is no other's
            return _faulty(asked)

    def _may_have_posted(self, asked: Asked) -> bool:
        """Whether something is kept outside of the one transaction that was undone."""
        action = self._office.actions.get(asked.action) if isinstance(asked, Do) else None
        return action is not None and action.whole is not None

    def _answer(self, connection: Connection, asked: Asked) -> Told:
        if isinstance(asked, Do):
            return run_action(self._office, connection, asked)
        if isinstance(asked, Look):
            return read_catalogue(self._office, connection, asked)
        if isinstance(asked, ShowAll):
            return read_views(self._office, connection, asked)
        return read_view(self._office, connection, asked)

    def _asks_too_often(self, asked: Asked) -> bool:
        source, session = asked.source, asked.session
        count = len(asked.shows) if isinstance(asked, ShowAll) else 1
        if session == NOBODY:
            return self._is_over(source, ASKS_A_SECOND_MAX, count)
        is_over = self._is_over((source,), PLACE_ASKS_A_SECOND_MAX, count)
        return is_over or self._is_over(session, SESSION_ASKS_A_SECOND_MAX, count)

    def _is_over(self, name: Hashable, most: int, count: int) -> bool:
        """So many more of that name in this second."""
        second = trio.current_time() // 1
        if second != self._second:
            self._second = second
            self._asked.clear()
        counted = name if name in self._asked or len(self._asked) < SOURCES_MAX else ""
        self._asked[counted] += count
        return self._asked[counted] > most


def _at_a_desk(connect: Connect) -> Connection:
    """A connection for what people wait for: the same questions again and again, each planned once.

    To plan the question of a list for its values costs several times what it costs to answer it.
    """
    connection = connect()
    connection.execute("SET plan_cache_mode = 'force_generic_plan'")
    connection.execute("SET jit = off")
    connection.commit()
    connection.prepare_threshold = 1
    connection.prepared_max = QUESTIONS_MAX
    return connection


def _job_clerks(office: Office, connect: Connect, works: Mapping[str, Step]) -> list[Clerk]:
    """One for long work and timers; one for what asks the poster, behind which nobody waits."""
    long_work = {action: step for action, step in works.items() if action not in POSTINGS}
    clerks = [Clerk(office, Held(connect), long_work, TIMERS)]
    if office.ask is not None:
        postings = {action: step for action, step in works.items() if action in POSTINGS}
        clerks.append(Clerk(office, Held(connect), postings))
    return clerks


async def _until_readable(socket: int | None) -> None:
    """Until somebody says on it that there is a job; for ever without one."""
    if socket is None:
        await trio.sleep_forever()
    await trio.lowlevel.wait_readable(socket)


def _faulty(asked: Asked) -> Refused:
    """A fault of ours, whose story is in the log."""
    _LOG.exception("the office could not answer", asked=_name_of(asked))
    count_fault("office")
    return told_of(Refusal(FAULT))


def _what_became(asked: Asked, *, is_begun: bool) -> RefusalKind:
    return IN_DOUBT if is_begun and isinstance(asked, Do) else AWAY


def _name_of(asked: Asked) -> str:
    match asked:
        case Do():
            return asked.action
        case Show():
            return asked.view
        case ShowAll():
            return ", ".join(one.view for one in asked.shows)
        case Look():
            return "catalogue"
