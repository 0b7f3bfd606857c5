"""Points that expired are written off: the house asks its own poster, card by card.

Soon after the business date turned, cards with points in lots that have expired are found, and
each is posted like any other request: under a key of its own (date, account and first such lot),
by the writer that owns the card, into the seal chain. So a host that is killed at any moment goes
on where it stopped, and nothing is written off twice. A card is posted as often as it takes, some
lots at a time; a few cards are under way at once, so that trade hardly notices.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
import structlog
import trio

from host.clock import WallClock
from host.model.money import Money
from host.model.origins import Origin
from host.model.own import CardAt, OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.store.expiry import Expired, date_to_write_off, expired_after, finish

TIMER: Final = "points_expiry"
"""Who asks: the clock, by this timer."""
AT_A_TIME: Final = 8
"""Cards under way."""
CARDS_PER_READ: Final = 500
PAUSE_SECONDS: Final = 5.0
"""How soon it is noticed that the date has turned."""
BEFORE_ALL: Final = (-1, -1)

Connect = Callable[[], psycopg.Connection[Any]]
Ask = Callable[[OwnRequest], Awaitable[Response]]
_LOG = structlog.get_logger(__name__)


class PointsExpiry:
    """Writes off what has expired, date after date."""

    def __init__(self, connect: Connect, ask: Ask, clock: WallClock) -> None:
        self._connect = connect
        self._ask = ask
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. Without a database it waits and tries again."""
        while True:
            try:
                await self.write_off()
            except psycopg.Error as error:
                _LOG.warning("expired points not written off", why=type(error).__name__)
            await trio.sleep(PAUSE_SECONDS)

    async def write_off(self) -> None:
        """All that has expired before the open date, unless that was done.

        Raises:
            psycopg.Error: not all of it; what was posted stays posted.
        """
        connection = await trio.to_thread.run_sync(self._connect)
        try:
            today = await trio.to_thread.run_sync(date_to_write_off, connection)
            if today is not None:
                await self._of_date(connection, today)
        finally:
            connection.close()

    async def _of_date(self, connection: psycopg.Connection[Any], today: dt.date) -> None:
        tried: set[tuple[int, int]] = set()
        postings, is_whole = 0, True
        while True:
            found = await self._find(connection, today, tried)
            if not found:
                break
            answers = await self._ask_all(today, found)
            postings += sum(answer.is_approved for answer in answers)
            is_whole &= all(answer.rrn for answer in answers)
        if is_whole:
            await trio.to_thread.run_sync(finish, connection, today, postings, self._clock())
            if postings:
                _LOG.info("expired points written off", date=str(today), postings=postings)

    async def _find(
        self, connection: psycopg.Connection[Any], today: dt.date, tried: set[tuple[int, int]]
    ) -> list[Expired]:
        """Cards not asked for the same lot before; `tried` grows by them."""
        last = BEFORE_ALL
        while True:
            found = await trio.to_thread.run_sync(
                expired_after, connection, today, last, CARDS_PER_READ
            )
            fresh = [one for one in found if (one.account, one.lot) not in tried]
            tried |= {(one.account, one.lot) for one in fresh}
            if fresh or not found:
                return fresh
            last = (found[-1].shard, found[-1].account)

    async def _ask_all(self, today: dt.date, found: list[Expired]) -> list[Response]:
        answers: list[Response] = []

        async def ask(cards: list[Expired]) -> None:
            answers.extend([await self._ask(_request(today, card)) for card in cards])

        async with trio.open_nursery() as nursery:
            for place in range(AT_A_TIME):
                nursery.start_soon(ask, found[place::AT_A_TIME])
        return answers


def _request(today: dt.date, card: Expired) -> OwnRequest:
    name = f"{card.account}-{card.lot}"
    key = OwnKey(Origin.CLOCK, TIMER, f"{today:%Y%m%d}", name)
    at = CardAt(card.shard, card.pan_hash)
    whose = Money(0, card.unit)
    return OwnRequest(kind=Kind.POINTS_EXPIRY, key=key, card=at, amount=whose)
