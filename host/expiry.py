"""Points that expired are written off: the house asks its own poster, card by card.

Soon after the business date turned, cards with points in lots that have expired are found, and
each is posted like any other request: under a key of its own (date, account and first such lot),
by the writer that owns the card, into the seal chain. So a host that is killed at any moment goes
on where it stopped, and nothing is written off twice. A card is posted as often as it takes, some
lots at a time; a few cards are under way at once, so that trade hardly notices.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog
import trio

from host.book import Merchant, Terminal
from host.clock import WallClock
from host.estate.openings import NO_MERCHANT
from host.fingerprint import fingerprint_of
from host.model.requests import KINDS, ExchangeKey, Kind, Request, Response
from host.model.responses import Reason
from host.model.terminal import MacAlgorithm
from host.rules.dossier import Item
from host.shards import home_of
from host.store.expiry import Expired, date_to_write_off, expired_after, finish

INSTITUTION: Final = "house"
LINES: Final = 8
"""Cards under way at a time."""
CARDS_PER_READ: Final = 500
PAUSE_SECONDS: Final = 5.0
"""How soon it is noticed that the date has turned."""
BEFORE_ALL: Final = (-1, -1)

Connect = Callable[[], psycopg.Connection[Any]]
Post = Callable[[Item, Callable[[Response], None]], None]
_LOG = structlog.get_logger(__name__)


class PointsExpiry:
    """Writes off what has expired, date after date."""

    def __init__(self, connect: Connect, post: Post, shard_count: int, clock: WallClock) -> None:
        self._connect = connect
        self._post = post
        self._clock = clock
        self._lines = [_line(number, shard_count) for number in range(LINES)]

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

        async def ask(line: Terminal, cards: list[Expired]) -> None:
            answers.extend([await self._ask(_item(today, card, line)) for card in cards])

        async with trio.open_nursery() as nursery:
            for number, line in enumerate(self._lines):
                cards = [card for card in found if card.account % LINES == number]
                nursery.start_soon(ask, line, cards)
        return answers

    async def _ask(self, item: Item) -> Response:
        """Its answer; one without a number where it is not known."""
        answered = trio.Event()
        answers: list[Response] = []

        def deliver(answer: Response) -> None:
            answers.append(answer)
            answered.set()

        self._post(item, deliver)
        with trio.move_on_after(ANSWER_SECONDS_MAX):
            await answered.wait()
        return answers[0] if answers else Response(reason=Reason.TIMED_OUT)


ANSWER_SECONDS_MAX: Final = 60.0
"""Then the card is left for the next turn: the poster keeps silent where it is in doubt."""


def _line(number: int, shard_count: int) -> Terminal:
    """Stands where a terminal does: the house's own requests come one by one in each."""
    name = f"EXPIRY{number:02d}"
    nobody = Merchant(id=NO_MERCHANT, merchant_id="", is_active=True, accepts=frozenset())
    return Terminal(
        terminal_id=name,
        merchant=nobody,
        is_active=True,
        epoch="",
        mac_algorithm=MacAlgorithm.UNIONPAY_ECB,
        home=home_of(name, shard_count),
    )


def _item(today: dt.date, card: Expired, line: Terminal) -> Item:
    family = KINDS[Kind.POINTS_EXPIRY].family
    stan = f"{card.account}-{card.lot}"
    key = ExchangeKey(INSTITUTION, line.terminal_id, f"{today:%Y%m%d}", stan, family)
    request = Request(kind=Kind.POINTS_EXPIRY, key=key, merchant_id="")
    return Item(
        request=request,
        slot=key.text,
        home=line.home,
        shard=card.shard,
        pan_hash=card.pan_hash,
        fingerprint=fingerprint_of(request, card.pan_hash),
        original_slot=None,
        terminal=line,
        issuer=None,
    )
