"""A writer: one connection that owns some shards and posts their batches.

The shards' advisory locks belong to the connection. So when a connection is lost with a COMMIT
in doubt, the next one gets the locks only after the old transaction has ended for good; posting
the batch again then finds what was committed as exchanges already answered, and posts the rest.
Nothing is answered from memory of what may have happened.

All of this is synchronous and runs in a thread, one batch at a time. Every wait is bounded: by
PostgreSQL's lock and statement time-outs, and by our own deadline where it does not answer at all.
"""

import time
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog
from psycopg import errors

from host.clock import WallClock
from host.faultpoints import reach
from host.ledger import ChainEnd
from host.metrics import ITEMS_REFUSED
from host.model.numbers import business_date_of, first_number_of
from host.model.requests import Response
from host.model.responses import Reason
from host.rules.decision import Court, Outcome, decide
from host.rules.dossier import Item, Numbers
from host.rules.state import Known, Original, State
from host.settings import HostSettings
from host.store.chains import ends_of_chains
from host.store.connecting import DeadlineConnection, Deadlines
from host.store.following import Following
from host.store.loading import SQL, NoOpenDayError, load
from host.store.locks import SHARD_LOCK_CLASS
from host.store.safety import UnsafeDatabaseError, connect_safely
from host.store.saving import save

SEAL_KEY: Final = "seal_once"
NUMBERS_PER_BLOCK: Final = 10_000
TRIES_MAX: Final = 5
"""How often a batch is posted again after a deadlock, a lock time-out or a lost connection."""
SHARD_WAIT_SECONDS_MAX: Final = 10.0
RETRY_SECONDS: Final = 0.2
IN_DOUBT_SECONDS_MAX: Final = 30.0

_LOG = structlog.get_logger(__name__)

_TRANSIENT: Final = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.InsufficientResources,
    errors.DiskFull,
    errors.OutOfMemory,
)
_NEVER_POSTABLE: Final = (
    errors.CheckViolation,
    errors.NotNullViolation,
    errors.ForeignKeyViolation,
    errors.ExclusionViolation,
    errors.DataError,
)
"""What a lone item is refused by whenever it comes. Not a unique key: somebody else has written it
meanwhile, and who looks again finds that."""
_LOST: Final = (psycopg.OperationalError, psycopg.InterfaceError)


class ShardTakenError(Exception):
    """Another host owns a shard that this one was told to write."""


@dataclass(slots=True, frozen=True)
class Moved:
    """Not posted: what it is about lives on this shard, which another writer owns."""

    shard: int


@dataclass(slots=True, frozen=True)
class Silence:
    """Not known whether it was posted: the switch must not be told anything."""


Result = Response | Moved | Silence


class Writer:
    """Posts batches of the shards it owns. Not to be used by two threads at a time."""

    def __init__(
        self,
        dsn: str,
        shards: Sequence[int],
        court: Court,
        estate: Following,
        settings: HostSettings,
        clock: WallClock,
    ) -> None:
        self._dsn = dsn
        self._estate = estate
        self._shards = frozenset(shards)
        self._court = court
        self._settings = settings
        self._clock = clock
        self._zone = zoneinfo.ZoneInfo(settings.timezone)
        self._connection: DeadlineConnection | None = None
        self._numbers = Numbers(0, 0)
        self._chain: dict[int, ChainEnd] = {}
        self._is_saving = False
        """COMMIT may have been sent: if the connection is lost now, the batch is in doubt."""
        self._is_disk_full = False
        """The server had no room when it was last heard."""

    @property
    def refusal(self) -> Reason:
        """What is said while nothing can be posted."""
        return Reason.MALFUNCTION if self._is_disk_full else Reason.HOST_UNREACHABLE

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._connection is not None

    def open(self) -> None:
        """Connect, check that the database is safe, take the shards.

        Raises:
            psycopg.Error: no connection.
            UnsafeDatabaseError: the server's settings would lose money.
            ShardTakenError: another host writes one of these shards.
        """
        connection = connect_safely(self._dsn, self._deadlines())
        connection.prepare_threshold = 0
        try:
            self._take_shards(connection)
            self._chain = ends_of_chains(connection, self._shards)
        except BaseException:
            connection.close()
            raise
        connection.prepared_max = None
        self._numbers = Numbers(0, 0)
        self._connection = connection

    def reopen(self) -> bool:
        """Try once to have a connection again; True when there is one."""
        return self._reopen(0.0)

    def close(self) -> None:
        """Drop the connection; the shards become free."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def post(self, items: Sequence[Item]) -> list[Result]:
        """Post a batch; one result for each item, in order. Never raises for a database's fault."""
        give_up_at = time.monotonic() + IN_DOUBT_SECONDS_MAX
        is_in_doubt = False
        for _ in range(TRIES_MAX):
            if not self._reopen(give_up_at if is_in_doubt else 0.0):
                return _all(items, Silence() if is_in_doubt else _refusal(self.refusal))
            try:
                results = self._post_once(items)
            except _TRANSIENT as error:
                _LOG.warning("batch tried again", why=type(error).__name__, items=len(items))
                self._is_disk_full = isinstance(error, errors.DiskFull)
                self._roll_back()
                # A server that panicked for want of room at COMMIT may find it done when it is up.
                is_in_doubt |= self._is_saving and self._connection is None
            except _LOST as error:
                _LOG.error("connection lost", why=type(error).__name__, items=len(items))
                self.close()
                is_in_doubt |= self._is_saving
            except NoOpenDayError as error:
                _LOG.error("no business day", why=str(error), items=len(items))
                self._roll_back()
                return _all(items, _refusal(Reason.CUT_OFF_IN_PROGRESS))
            except Exception as error:  # noqa: BLE001 - whatever one item broke, its neighbours go on
                self._roll_back()
                if _is_fenced(error):
                    _LOG.error("a shard was written by another, batch tried again")
                    continue
                results = self._post_apart(items, error)
                return [_unless_refused(one) for one in results] if is_in_doubt else results
            else:
                self._is_disk_full = False
                return results
        return _all(items, Silence() if is_in_doubt else _refusal(Reason.MALFUNCTION))

    def _reopen(self, give_up_at: float) -> bool:
        """Have a connection; where a commit is in doubt, insist until `give_up_at`."""
        while self._connection is None:
            try:
                self.open()
            except (psycopg.Error, ShardTakenError, UnsafeDatabaseError) as error:
                _LOG.error("writer cannot connect", why=_first_line(error))
                if time.monotonic() >= give_up_at:
                    return False
                time.sleep(RETRY_SECONDS)
        return True

    def _post_once(self, items: Sequence[Item]) -> list[Result]:
        connection = self._connection
        assert connection is not None
        self._is_saving = False
        state = self._load(connection, items)
        results: list[Result | None] = [self._moved(item, state) for item in items]
        self._stock_numbers(connection, state, len(items))
        outcomes: list[Outcome] = []
        for place, item in enumerate(items):
            if results[place] is not None:
                continue
            outcome = decide(item, state, self._court, self._numbers)
            outcomes.append(outcome)
            results[place] = outcome.response
        reach("mid_batch")
        self._is_saving = True
        links = save(connection, outcomes, state, self._chain)
        reach("after_commit_before_reply")
        self._chain.update(links)
        return [result for result in results if result is not None]

    def _load(self, connection: DeadlineConnection, items: Sequence[Item]) -> State:
        now = self._clock()
        local_time = f"{now.astimezone(self._zone):%Y%m%d%H%M%S}"
        return load(connection, items, self._estate, now, local_time)

    def _moved(self, item: Item, state: State) -> Moved | None:
        """Where the original's card lives on a shard that is not ours."""
        named = item.request.original
        if item.pan_hash is not None:
            return None
        if named is None:
            card = state.by_phone.get(item.slot)
            if card is None or card.shard in self._shards:
                return None
            return Moved(card.shard)
        found: Known | Original | None
        if item.original_slot is not None:
            found = state.known.get(item.original_slot)
        else:
            found = state.by_rrn.get(named.rrn) if named.rrn is not None else None
        if found is None or found.shard in self._shards:
            return None
        return Moved(found.shard)

    def _stock_numbers(self, connection: DeadlineConnection, state: State, items: int) -> None:
        """Enough of the open date: an item's own, a tombstone's, and accounts of new purses."""
        needed = (2 + self._court.book.purses_max()) * items
        numbers = self._numbers
        date = state.business_date
        if numbers.next + needed <= numbers.end and business_date_of(numbers.next) == date:
            return
        block = max(NUMBERS_PER_BLOCK, needed)
        row = connection.execute(SQL["take_numbers"], (date, block)).fetchone()
        assert row is not None
        end = first_number_of(date) + row[0]
        self._numbers = Numbers(end - block, end)

    def _post_apart(self, items: Sequence[Item], error: Exception) -> list[Result]:
        """The batch was refused: post each half, and so on, until it is known whose fault it is.

        One that is refused costs its neighbours as many commits as the batch can be halved.
        """
        constraint = error.diag.constraint_name if isinstance(error, psycopg.Error) else None
        why = constraint or type(error).__name__
        if len(items) == 1:
            key = items[0].request.key.text
            _LOG.error("a request is refused by the ledger", key=key, why=why)
            ITEMS_REFUSED.labels(why).inc()
            is_for_good = isinstance(error, _NEVER_POSTABLE)
            return [_refusal(Reason.NOT_POSTABLE if is_for_good else Reason.MALFUNCTION)]
        _LOG.warning("batch refused, halved", why=why, items=len(items))
        half = len(items) // 2
        return [*self.post(items[:half]), *self.post(items[half:])]

    def _roll_back(self) -> None:
        """End the failed transaction, and forget what it had taken."""
        self._numbers = Numbers(0, 0)
        if self._connection is None:
            return
        try:
            self._connection.prepared.forget()
            self._connection.execute("ROLLBACK")
            self._chain = ends_of_chains(self._connection, self._shards)
        except psycopg.Error:
            self.close()

    def _take_shards(self, connection: DeadlineConnection) -> None:
        give_up_at = time.monotonic() + SHARD_WAIT_SECONDS_MAX
        for shard in sorted(self._shards):
            while not _got_shard(connection, shard):
                if time.monotonic() >= give_up_at:
                    raise ShardTakenError(
                        f"shard {shard} is written by another host: stop that one first, "
                        "two writers of one shard would not see each other's postings"
                    )
                time.sleep(RETRY_SECONDS)

    def _deadlines(self) -> Deadlines:
        """Time-outs, and plans that do not depend on how many rows there were at first."""
        options = {
            "lock_timeout": _milliseconds(self._settings.lock_seconds_max),
            "statement_timeout": _milliseconds(self._settings.statement_seconds_max),
            "idle_in_transaction_session_timeout": _milliseconds(IN_DOUBT_SECONDS_MAX),
            "plan_cache_mode": "force_generic_plan",
            "enable_seqscan": "off",
            "enable_hashjoin": "off",
            "enable_mergejoin": "off",
            "jit": "off",
            "application_name": "posswitch-writer",
        }
        return Deadlines(
            connect_seconds=self._settings.connect_seconds_max,
            round_trip_seconds=self._settings.round_trip_seconds,
            options=options,
        )


def _is_fenced(error: Exception) -> bool:
    """Whether somebody has sealed since we looked: what was decided may not be so any more.

    Locks keep others away on one server; on any, the key of the seals does.
    """
    constraint = error.diag.constraint_name if isinstance(error, errors.UniqueViolation) else None
    return constraint == SEAL_KEY


def _got_shard(connection: DeadlineConnection, shard: int) -> bool:
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, %s)", (SHARD_LOCK_CLASS, shard)
    ).fetchone()
    return row is not None and bool(row[0])


def _refusal(reason: Reason) -> Response:
    return Response(reason=reason)


def _unless_refused(result: Result) -> Result:
    """A refusal that was not stored says nothing of a batch in doubt."""
    return Silence() if isinstance(result, Response) and not result.rrn else result


def _all(items: Sequence[Item], result: Result) -> list[Result]:
    return [result for _ in items]


def _milliseconds(seconds: float) -> str:
    return f"{int(seconds * 1000)}ms"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
