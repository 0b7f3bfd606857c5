"""Jobs: long work as a row with its progress, done in steps that are each kept by themselves.

An action begins one in its own transaction. A runner takes the oldest that waits, or that nobody
has been at for a while, and does it step by step; each step is one transaction that does a part
and says how far the whole is. So a job that was killed anywhere goes on where it was, and a part is
never done twice. A step that finds its job stopped is undone, and ends it.

What moves money is a job too, of one step: it asks the poster under a key that is the job's own, so
whoever is killed in between asks again and is told the same.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import msgspec
import psycopg
import structlog
from psycopg.types.json import Jsonb

from host.asking import Ask
from host.hsm.interface import Hsm
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest, at_store
from host.model.requests import Response
from host.office.action import Acting
from host.office.nights import Nights
from host.office.office import Looks, Office
from host.office.people import Grant, Who
from host.office.places import PLATFORM, Place, place_of
from host.office.proofs import Proves
from host.office.records import Line, write_line
from host.office.refusals import Refusal
from host.office.subjects import Found, Ref
from host.office.timer import Timer, Timers
from host.store.connecting import Connection
from host.store.held import Held
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "jobs.sql")
LEFT_AFTER: Final = dt.timedelta(seconds=30)
"""Whoever has not told of a job for so long is not at it any more."""
ERROR_CHARACTERS_MAX: Final = 400

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One that is being done."""

    id: int
    action: str
    about: Ref
    plan: dict[str, Any]
    """What its action left for it."""
    done: int
    total: int
    asked_by: int
    place: Place = PLATFORM
    """Whose its subject is."""


class Planned(Protocol):
    """Who has asked for a job, as its plan keeps it."""

    @property
    def login(self) -> str:
        """Whose they are."""

    @property
    def grant(self) -> Grant:
        """As what they asked."""

    @property
    def approval(self) -> int | None:
        """By which another person agreed; None: nobody had to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """What a step is given: its transaction is open, and ends with it."""

    connection: Connection
    hsm: Hsm
    now: dt.datetime
    job: Job
    asks: Ask | None = None
    looks: Looks | None = None
    proves: Proves | None = None
    nights: Nights | None = None

    def ask(self, own: OwnRequest) -> Response:
        """The poster's answer. Hold no row of a card meanwhile: the poster writes them.

        Raises:
            NotKnownError: it is not known, or nobody is there to ask; the job is tried again.
        """
        answer = self.asks(own) if self.asks is not None else None
        if answer is None or not answer.rrn:
            raise NotKnownError
        return answer

    def key(self, plan: Planned, store: int = 0) -> OwnKey:
        """Of what is asked of the poster: the same however often the step is taken."""
        name = f"job-{self.job.id}"
        at = at_store(name, store) if store else name
        return OwnKey(Origin.OFFICE, plan.login, self.job.action, at)

    def line(self, plan: Planned, note: str = "") -> Line:
        """Of history, for who asked: what became of it is to be said."""
        job = self.job
        return Line(
            at=self.now,
            action=job.action,
            source=f"job/{job.id}",
            who=Who(person=job.asked_by, login=plan.login, grant=plan.grant),
            about=job.about,
            place=job.place,
            note=note,
            approval=plan.approval,
        )


Step = Callable[[AtWork], int]
"""Does one part; gives how far the whole is now. The job is done once that is its total."""


class JobStoppedError(Exception):
    """Somebody has stopped it: what this step did is undone."""


class NotKnownError(Exception):
    """What came of it is not known yet: the step is undone, and its job tried again in a while."""


class JobRefusedError(Exception):
    """It cannot be done: the step is undone, its job has failed, and history has the line.

    `kept` writes what is to be known of it all the same.
    """

    def __init__(
        self, refusal: Refusal, line: Line, kept: Callable[[Connection], None] | None = None
    ) -> None:
        super().__init__(str(refusal))
        self.refusal, self.line, self.kept = refusal, line, kept


class Clerk:
    """Does jobs one after another on a connection of its own, and what timers ask for.

    To be used by one thread at a time.
    """

    def __init__(
        self, office: Office, held: Held, works: Mapping[str, Step], timers: Iterable[Timer] = ()
    ) -> None:
        self._office = office
        self._held = held
        self._works = works
        self._timers = Timers(tuple(timers), office.hsm, office.nights, office.sms)
        self._heard: Connection | None = None
        self._is_woken = False

    @property
    def socket(self) -> int | None:
        """What becomes readable when somebody begins a job; None without a connection."""
        heard = self._heard
        return None if heard is None or heard.closed else heard.fileno()

    def do_next(self) -> bool:
        """Do one, if any waits; gives whether there may be more. No where its database is away."""
        self._is_woken = False
        try:
            with self._held.use() as connection:
                self._hear(connection)
                is_more = self._timers.run(connection, self._office.clock())
                is_more |= self._do_one(connection)
        except psycopg.Error as error:
            _LOG.warning("jobs wait for the database", why=type(error).__name__)
            return False
        return is_more or self._is_woken

    def _do_one(self, connection: Connection) -> bool:
        job = take_job(connection, self._works, self._office.clock())
        if job is None:
            return False
        step = self._works[job.action]
        do_job(connection, self._office, job, step)
        return True

    def _hear(self, connection: Connection) -> None:
        """Be told of jobs from here on, once for each connection."""
        if connection is self._heard:
            return
        with connection.transaction():
            connection.execute(SQL["hear"])
        connection.add_notify_handler(self._wake)
        self._heard = connection

    def _wake(self, _told: object) -> None:
        self._is_woken = True

    def shut(self) -> None:
        """Let go of the connection; a job that is under way goes on elsewhere, or later."""
        self._held.drop()


def begin_job(acting: Acting, action: str, about: Found, *, total: int, plan: object) -> int:
    """Ask for long work as a part of an action; gives its number. `plan` is kept as JSON."""
    row = acting.connection.execute(
        SQL["add_job"],
        {
            "action": action,
            "kind": about.ref.kind,
            "key": about.ref.key,
            **msgspec.structs.asdict(about.place),
            "plan": Jsonb(msgspec.to_builtins(plan)),
            "total": total,
            "asked_by": acting.who.person,
            "asked_at": acting.now,
        },
    ).fetchone()
    assert row is not None, "RETURNING"
    wake(acting.connection)
    number: int = row[0]
    return number


def wake(connection: Connection) -> None:
    """Whoever runs jobs looks at once when this transaction is committed."""
    connection.execute(SQL["wake"])


def take_job(connection: Connection, works: Mapping[str, Step], now: dt.datetime) -> Job | None:
    """The next that somebody should be at; it is ours from here on."""
    told = {"actions": sorted(works), "now": now, "left_at": now - LEFT_AFTER}
    with connection.transaction():
        row = connection.execute(SQL["take_job"], told).fetchone()
    if row is None:
        return None
    number, action, kind, key, plan, done, total, asked_by, *place = row
    return Job(
        id=number,
        action=action,
        about=Ref(kind, key),
        place=place_of(place),
        plan=plan,
        done=done,
        total=total,
        asked_by=asked_by,
    )


def do_job(connection: Connection, office: Office, job: Job, step: Step) -> str:
    """Do it to its end; gives the state that it ended in, or is in where that is not known.

    Raises:
        psycopg.OperationalError: the database is away; the job goes on by itself once it is there.
    """
    try:
        while job.done < job.total:
            job = _do_step(connection, office, job, step)
    except JobStoppedError:
        return _end(connection, job, office.clock(), "stopped", "")
    except NotKnownError:
        _LOG.warning("a job waits to know what came of it", job=job.id, action=job.action)
        return "running"
    except JobRefusedError as error:
        return _end_refused(connection, job, office.clock(), error)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever one job met, others go on
        _LOG.exception("a job has failed", job=job.id, action=job.action)
        why = f"{type(error).__name__}: {error}"[:ERROR_CHARACTERS_MAX]
        return _end(connection, job, office.clock(), "failed", why)
    return _end(connection, job, office.clock(), "done", "")


def _do_step(connection: Connection, office: Office, job: Job, step: Step) -> Job:
    with connection.transaction():
        at_work = AtWork(
            connection=connection,
            hsm=office.hsm,
            now=office.clock(),
            job=job,
            asks=office.ask,
            looks=office.looks,
            proves=office.proves,
            nights=office.nights,
        )
        done = step(at_work)
        told = {"id": job.id, "done": done, "now": office.clock()}
        if connection.execute(SQL["beat"], told).rowcount != 1:
            raise JobStoppedError
    return replace(job, done=done)


def _end_refused(connection: Connection, job: Job, now: dt.datetime, error: JobRefusedError) -> str:
    refusal = error.refusal
    with connection.transaction():
        write_line(connection, error.line, refusal.code)
        if error.kept is not None:
            error.kept(connection)
        why = f"{refusal.code}: {refusal}", f"{refusal.code}: {refusal.zh}"
        return _end(connection, job, now, "failed", *why)


def _end(
    connection: Connection,
    job: Job,
    now: dt.datetime,
    state: str,
    error: str,
    error_zh: str = "",
) -> str:
    with connection.transaction():
        told = {"id": job.id, "state": state, "now": now, "error": error, "error_zh": error_zh}
        connection.execute(SQL["end_job"], told)
    return state
