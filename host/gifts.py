"""Gifts come back by the clock: what nobody has claimed in its time is its sender's again.

Each is one posting, under a key of its own, so it comes back once, whoever is killed meanwhile, and
not at all where somebody claims it in the same moment: the poster has the last word.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg
import structlog
import trio

from host.clock import WallClock
from host.due import ask_for_each
from host.model.gifts import GiftEnd, GiftNamed
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.store.connecting import Connection
from host.store.gifts import BEFORE_ALL, DueGift, due_gifts
from host.store.held import Held

TIMER: Final = "gifts"
"""Who asks: the clock, by this timer."""
GIFTS_PER_READ: Final = 200
PAUSE_SECONDS: Final = 1.0

Ask = Callable[[OwnRequest], Awaitable[Response]]
_LOG = structlog.get_logger(__name__)


class Gifts:
    """Gives back all that are due."""

    def __init__(self, connect: Callable[[], Connection], ask: Ask, clock: WallClock) -> None:
        self._held = Held(connect)
        self._ask = ask
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. Without a database it waits and tries again."""
        try:
            while True:
                try:
                    await self.give_back()
                except psycopg.Error as error:
                    _LOG.warning("gifts wait for the database", why=type(error).__name__)
                await trio.sleep(PAUSE_SECONDS)
        finally:
            self.shut()

    def shut(self) -> None:
        """Let go of its connection."""
        self._held.shut()

    async def give_back(self) -> None:
        """Each whose time is over now.

        Raises:
            psycopg.Error: not all of them; what was posted stays posted.
        """
        await ask_for_each(BEFORE_ALL, self._due, lambda gift: gift[:3], self._give)

    async def _give(self, gift: DueGift) -> None:
        answer = await self._ask(_returning(gift))
        if answer.rrn and not answer.is_approved and answer.reason is not Reason.GIFT_GONE:
            _LOG.error("a gift cannot come back", gift=gift.number, why=answer.reason)

    def _due(self, last: Any) -> list[DueGift]:
        with self._held.use() as connection:
            return due_gifts(connection, self._clock(), last, GIFTS_PER_READ)


def _returning(gift: DueGift) -> OwnRequest:
    return OwnRequest(
        kind=Kind.GIFT_RETURN,
        key=OwnKey(Origin.CLOCK, TIMER, "gift.return", str(gift.number)),
        card=gift.giver,
        ended_gift=GiftNamed(gift.shard, gift.number, GiftEnd.EXPIRED),
    )
