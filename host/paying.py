"""Who pays by a code: the cards are found, and what several are to pay comes onto one.

What others are to pay comes onto the card that does (`host.payers`) by moves, of money (`gather`)
and of points (`gather_points`), each step of two postings, under keys of their own; then the
payment is one posting of one card, as any, and whatever undoes it is as well. A payment waits here
at the head of its terminal's line, so its reversal is behind it. Nothing is promised by what is
found here: the posting asks again. A host that is killed in between has moved what a member has
from one of their cards to another, and the clock brings it there (`host.moves`).
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import psycopg
import structlog
import trio

from host.book import Book
from host.clock import WallClock
from host.metrics import count_fault
from host.model.money import Money
from host.model.origins import Origin
from host.model.pay_codes import Pays
from host.model.requests import Drawn, Kind
from host.payers import LOTS_MAX, Lot, Owned, PaidByPoints, Plan, Worth, no_points, plan_of
from host.programmes import price_on
from host.rules.dossier import Item
from host.rules.tenders import points_that_pay, worth_of
from host.stock.days import today_of
from host.store import arrays
from host.store.connecting import Connection
from host.store.held import Held
from host.store.loading import SQL as POSTING
from host.store.moves import GATHER, GATHER_POINTS, OpenMove
from host.store.pay_codes import SQL
from host.waiting import Pending

CARDS_MAX: Final = 64
"""Of a member: so many of the cards in use are looked at."""
AT_A_TIME: Final = 16
"""Payments that are looked after."""
WAITING_MAX: Final = 1_000
GATHER_SECONDS_MAX: Final = 10.0
"""Then the payment goes on with what is there; the clock brings the rest."""

Drive = Callable[[OpenMove], Awaitable[None]]
_LOG = structlog.get_logger(__name__)


class Found(NamedTuple):
    """What was found, with the moves that were begun."""

    plan: Plan | None
    moves: tuple[OpenMove, ...] = ()


class Paying:
    """Looks after payments by code, before they go to a writer. `pass_on` is told when one may."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        book: Book,
        clock: WallClock,
        pass_on: Callable[[Pending], None],
    ) -> None:
        self._held = Held(connect)
        self._book = book
        self._clock = clock
        self._pass_on = pass_on
        self._send, self._receive = trio.open_memory_channel[Pending](WAITING_MAX)
        self.drive: Drive | None = None
        """How a move goes on at once; without it none is begun."""

    def put(self, pending: Pending) -> None:
        """Look after one. Where too many wait it goes on as it is, and is declined."""
        try:
            self._send.send_nowait(pending)
        except trio.WouldBlock:
            self._pass_on(ready(pending, None))

    def shut(self) -> None:
        """Let go of its connection."""
        self._held.shut()

    async def run(self) -> None:
        """Until cancelled."""
        async with trio.open_nursery() as nursery:
            for _ in range(AT_A_TIME):
                nursery.start_soon(self._work)

    async def _work(self) -> None:
        async for pending in self._receive:
            try:
                self._pass_on(ready(pending, await self._looked_after(pending.item), self._book))
            except Exception:  # noqa: BLE001 - one payment must never take the others with it
                _LOG.exception("a payment by code failed", key=pending.item.request.key.text)
                count_fault("paying")

    async def _looked_after(self, item: Item) -> Plan | None:
        """Who pays, once what others have is on that card, or has had its time."""
        try:
            found = await self._found(item)
            with trio.move_on_after(GATHER_SECONDS_MAX):
                for move in found.moves:
                    assert self.drive is not None, "without it none is begun"
                    await self.drive(move)
        except Exception:  # noqa: BLE001 - it is declined, and its terminal hears that
            _LOG.exception("a payment by code is not looked after", key=item.request.key.text)
            count_fault("paying")
            return None
        return found.plan

    async def _found(self, item: Item) -> Found:
        """Asked once more on another connection where the one that was kept has gone."""
        try:
            return await trio.to_thread.run_sync(self._find, item)
        except psycopg.Error as error:
            _LOG.warning("who pays is asked again", why=type(error).__name__)
            return await trio.to_thread.run_sync(self._find, item)

    def _find(self, item: Item) -> Found:
        """In a thread, on the one connection: who pays, with which cards; moves are begun."""
        pays, money, now = item.pays, item.request.amount, self._clock()
        assert pays is not None, "whoever names a card is not looked after"
        with self._held.use() as connection:
            if money is None or _is_repeated(connection, item):
                return Found(None)
            member = pays.member or _member_of(connection, pays, now)
            if not member:
                return Found(None)
            plan = self._plan_for(connection, item, member, now)
            if plan is None or self.drive is None or self._is_too_much(plan, item):
                return Found(Plan(plan.payer) if plan is not None else None)
            if not (plan.emptied or plan.points):
                return Found(plan)
            with connection.transaction():
                moves = [
                    _begin(connection, card, plan.payer, member, now, self._points(card, points))
                    for card, points in (*((card, 0) for card in plan.emptied), *plan.points)
                ]
            return Found(plan, tuple(move for move in moves if move is not None))

    def _plan_for(
        self, connection: Connection, item: Item, member: int, now: dt.datetime
    ) -> Plan | None:
        request = item.request
        assert request.amount is not None, "it was asked before"
        today = today_of(connection, now)
        cards = self._cards_of(connection, item, member, today)
        paid_by: PaidByPoints = no_points
        if request.kind is Kind.COMBINED_PURCHASE:
            cards = self._with_points(connection, cards, today)
            paid_by = self._paid_by_points(item, today)
        takes_part = request.besides is not None and request.besides.takes_part
        return plan_of(cards, request.amount.amount_minor, takes_part=takes_part, paid_by=paid_by)

    def _points(self, card: Owned, points: int) -> Money | None:
        """So many of its issuer's primary programme."""
        programme = self._book.issuers[card.issuer].programme
        return Money(points, programme.unit) if points and programme is not None else None

    def _with_points(
        self, connection: Connection, cards: Sequence[Owned], today: dt.date
    ) -> list[Owned]:
        """Each with what may be spent of its issuer's primary programme."""
        programmes = [(card, self._book.issuers[card.issuer].programme) for card in cards]
        units = [(card, programme.unit) for card, programme in programmes if programme is not None]
        told = {
            "shards": arrays.smallints([card.shard for card, _ in units]),
            "cards": arrays.bigints([card.id for card, _ in units]),
            "units": [unit for _, unit in units],
            "today": today,
            "limit": LOTS_MAX,
        }
        points: dict[int, int] = {}
        lots: dict[int, tuple[Lot, ...]] = {}
        for card, free, *lot in connection.execute(SQL["points_of_payer"], told, prepare=True):
            points[card] = free
            lots[card] = lots.get(card, ()) + ((Lot(*lot),) if lot[1] else ())
        return [
            card._replace(points=points.get(card.id, 0), lots=lots.get(card.id, ()))
            for card in cards
        ]

    def _paid_by_points(self, item: Item, today: dt.date) -> PaidByPoints:
        """As its posting will say it of what is there then."""
        money, besides = item.request.amount, item.request.besides
        assert money is not None, "it was asked before"
        most = besides.points_max if besides is not None else None

        def paid(issuer: int, there: int) -> Worth:
            programme = self._book.issuers[issuer].programme
            price = price_on(self._book.prices, programme, today) if programme else None
            if programme is None or price is None:
                return Worth()
            points = points_that_pay(there, money.amount_minor, price, programme, most)
            return Worth(points, worth_of(points, price))

        return paid

    def _cards_of(
        self, connection: Connection, item: Item, member: int, today: dt.date
    ) -> list[Owned]:
        """Those that its merchant takes."""
        told = {"member": member, "limit": CARDS_MAX, "today": today}
        rows = connection.execute(SQL["cards_of_payer"], told, prepare=True).fetchall()
        accepts = item.terminal.merchant.accepts
        return [card for card in (Owned(*row) for row in rows) if self._is_taken(card, accepts)]

    def _is_taken(self, card: Owned, accepts: frozenset[int]) -> bool:
        issuer = self._book.issuers.get(card.issuer)
        return issuer is not None and issuer.is_active and issuer.id in accepts

    def _is_too_much(self, plan: Plan, item: Item) -> bool:
        """For one transaction: it will be declined, so nothing is to move for it."""
        money, issuer = item.request.amount, self._book.issuers[plan.payer.issuer]
        terms = self._book.terms_of(plan.payer.part) if plan.payer.part else None
        most = issuer.amount_minor_max
        if terms is not None and terms.amount_minor_max is not None:
            most = min(most, terms.amount_minor_max)
        return money is None or money.unit != issuer.currency or money.amount_minor > most


def ready(pending: Pending, plan: Plan | None, book: Book | None = None) -> Pending:
    """It with the card that pays; without one, as there is none it may know of."""
    item = pending.item
    assert item.pays is not None, "it pays by a code"
    pays = msgspec.structs.replace(item.pays, is_ready=True)
    request = msgspec.structs.replace(item.request, pan=None, expiry=None, pin=None)
    item = msgspec.structs.replace(item, pays=pays, request=request, pan_hash=None)
    if plan is not None and book is not None:
        gathered = tuple(Drawn(card.masked, card.free_minor) for card in plan.emptied)
        item = msgspec.structs.replace(
            item,
            pays=msgspec.structs.replace(pays, gathered=gathered, masked=plan.payer.masked),
            pan_hash=bytes(plan.payer.pan_hash),
            shard=plan.payer.shard,
            issuer=book.issuers.get(plan.payer.issuer),
        )
    pending.item = item
    return pending


def _is_repeated(connection: Connection, item: Item) -> bool:
    """Whether it was answered before: that is what it hears again, so nothing is to move for it."""
    asked = (arrays.smallints([item.home]), arrays.words([item.slot]))
    known = connection.execute(POSTING["known"], asked, prepare=True, binary=True)
    return known.fetchone() is not None


def _member_of(connection: Connection, pays: Pays, now: dt.datetime) -> int:
    row = connection.execute(SQL["who_pays"], {"code": pays.code, "now": now}).fetchone()
    return int(row[0]) if row is not None else 0


def _begin(
    connection: Connection,
    card: Owned,
    payer: Owned,
    member: int,
    now: dt.datetime,
    points: Money | None,
) -> OpenMove | None:
    """The row of a move of its money, or of so many points.

    None where one of this card is under way, for another payment.
    """
    name = GATHER if points is None else GATHER_POINTS
    told = {
        "shard": card.shard,
        "card": card.id,
        "issuer": card.issuer,
        "name": name,
        "points": points.amount_minor if points is not None else 0,
        "unit": points.unit if points is not None else "",
        "to_shard": payer.shard,
        "to_card": payer.id,
        "by": str(member),
        "now": now,
    }
    row = connection.execute(SQL["gather"], told).fetchone()
    if row is None:
        return None
    step, wanted = row
    return OpenMove(
        shard=card.shard,
        card=card.id,
        name=name,
        origin=Origin.MEMBER,
        made_by=str(member),
        step=step,
        wanted=wanted,
        giver=card.at,
        receiver=payer.at,
        points=points,
    )
