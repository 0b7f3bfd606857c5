"""Pre-authorisations whose days are over are released: the house asks its own poster, one by one.

Each is asked for under a key of its last day, its number and what had become of it by then, so a
host that is killed at any moment goes on where it stopped, and nothing is released twice; one that
came back since, with a completion that was voided, is asked for anew. The business date has no part
in it. A clock that jumps ahead while the host runs is not believed: a hold may end late, never
early. What others keep, a gift or an order, they end themselves.
"""

import datetime as dt
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
import structlog
import trio

from host.clock import WallClock
from host.due import ask_for_each
from host.model.origins import Origin
from host.model.own import CardAt, OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.store.connecting import Connection
from host.store.held import Held
from host.store.holds import BEFORE_ALL, Due, due_after

TIMER: Final = "hold_expiry"
"""Who asks: the clock, by this timer."""
HOLDS_PER_READ: Final = 200
PAUSE_SECONDS: Final = 5.0
"""How soon it is noticed that one is over."""

Ask = Callable[[OwnRequest], Awaitable[Response]]
_LOG = structlog.get_logger(__name__)


class SteadyClock:
    """The wall's time, as far as time has passed since it was first looked at."""

    def __init__(self, clock: WallClock, passed: Callable[[], float]) -> None:
        self._clock, self._passed = clock, passed
        self._first, self._began = clock(), passed()

    def __call__(self) -> dt.datetime:
        """The earlier of what the wall says and what has passed."""
        passed = dt.timedelta(seconds=self._passed() - self._began)
        return min(self._clock(), self._first + passed)


class HoldExpiry:
    """Releases what is over."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        ask: Ask,
        clock: WallClock,
        passed: Callable[[], float] = trio.current_time,
    ) -> None:
        self._held = Held(connect)
        self._ask = ask
        self._clock, self._passed = clock, passed
        self._steady: SteadyClock | None = None

    async def run(self) -> None:
        """Until cancelled. Without a database it waits and tries again."""
        try:
            while True:
                try:
                    await self.release()
                except psycopg.Error as error:
                    _LOG.warning("holds wait for the database", why=type(error).__name__)
                await trio.sleep(PAUSE_SECONDS)
        finally:
            self.shut()

    def shut(self) -> None:
        """Let go of its connection."""
        self._held.shut()

    async def release(self) -> None:
        """All that are over.

        Raises:
            psycopg.Error: not all of them; what was posted stays posted.
        """
        if self._steady is None:
            self._steady = SteadyClock(self._clock, self._passed)
        due = functools.partial(self._due, self._steady())
        await ask_for_each(BEFORE_ALL, due, lambda hold: hold.place, self._release)

    def _due(self, now: dt.datetime, last: Any) -> list[Due]:
        with self._held.use() as connection:
            return due_after(connection, now, last, HOLDS_PER_READ)

    async def _release(self, hold: Due) -> None:
        answer = await self._ask(_request(hold))
        if answer.rrn and not answer.is_approved:
            _LOG.error("a hold cannot be released", hold=hold.number, why=answer.reason)


def _request(hold: Due) -> OwnRequest:
    name = f"{hold.number}-{hold.turns}"
    key = OwnKey(Origin.CLOCK, TIMER, f"{hold.expires_at.astimezone(dt.UTC):%Y%m%d}", name)
    at = CardAt(hold.shard, hold.pan_hash)
    return OwnRequest(kind=Kind.HOLD_EXPIRY, key=key, card=at, hold=hold.number)
