"""Who pays by a code: the cards are found, and what several are to pay comes onto one.

Cards pay in the order in which they end. Those before the last one that is needed are emptied onto
that by moves (`gather`), each of two postings, under keys of their own; then the payment is one
posting of one card, as any, and whatever undoes it is as well. A payment waits here at the head of
its terminal's line, so its reversal is behind it. Nothing is promised by what is found here: the
posting asks again. A host that is killed in between has moved a member's money from one of their
cards to another, and the clock brings it there (`host.moves`).
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
from host.model.origins import Origin
from host.model.own import CardAt
from host.model.pay_codes import Pays
from host.model.requests import Drawn
from host.rules.dossier import Item
from host.store.connecting import Connection
from host.store.held import Held
from host.store.moves import GATHER, OpenMove
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


class Owned(NamedTuple):
    """A card in use of who pays."""

    shard: int
    pan_hash: bytes
    id: int
    issuer: int
    part: int | None
    masked: str
    free_minor: int

    @property
    def at(self) -> CardAt:
        """Where it lives."""
        return CardAt(self.shard, bytes(self.pan_hash))


class Plan(NamedTuple):
    """The card that pays, and those that are emptied onto it before."""

    payer: Owned
    emptied: tuple[Owned, ...] = ()


class Found(NamedTuple):
    """What was found, with the moves that were begun."""

    plan: Plan | None
    moves: tuple[OpenMove, ...] = ()


def plan_of(cards: Sequence[Owned], amount_minor: int, *, takes_part: bool) -> Plan | None:
    """Those that end first, as many as it takes; None where there is no card.

    What is never enough is not gathered, but for who takes a part: it is declined as it is. Only
    cards of one issuer pay together, that of the card which ends first and has money.
    """
    if not cards:
        return None
    first = next((card for card in cards if card.free_minor > 0), cards[0])
    emptied: list[Owned] = []
    sum_minor = 0
    for card in cards:
        if card.issuer != first.issuer or card.free_minor <= 0:
            continue
        sum_minor += card.free_minor
        if sum_minor >= amount_minor:
            return Plan(card, tuple(emptied))
        emptied.append(card)
    if takes_part and emptied:
        return Plan(emptied[-1], tuple(emptied[:-1]))
    return _one_that_covers(cards, amount_minor) or Plan(first)


def _one_that_covers(cards: Sequence[Owned], amount_minor: int) -> Plan | None:
    """A single card of another issuer."""
    found = next((card for card in cards if card.free_minor >= amount_minor), None)
    return Plan(found) if found is not None else None


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
            member = pays.member or _member_of(connection, pays, now)
            if not member or money is None:
                return Found(None)
            cards = self._cards_of(connection, item, member, now)
            besides = item.request.besides
            takes_part = besides is not None and besides.takes_part
            plan = plan_of(cards, money.amount_minor, takes_part=takes_part)
            if (
                plan is None
                or not plan.emptied
                or self.drive is None
                or self._is_too_much(plan, item)
            ):
                return Found(plan._replace(emptied=()) if plan is not None else None)
            with connection.transaction():
                moves = tuple(
                    _begin(connection, card, plan.payer, member, now) for card in plan.emptied
                )
            return Found(plan, tuple(move for move in moves if move is not None))

    def _cards_of(
        self, connection: Connection, item: Item, member: int, now: dt.datetime
    ) -> list[Owned]:
        """Those that its merchant takes."""
        told = {"member": member, "limit": CARDS_MAX, "today": now.date()}
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


def _member_of(connection: Connection, pays: Pays, now: dt.datetime) -> int:
    row = connection.execute(SQL["who_pays"], {"code": pays.code, "now": now}).fetchone()
    return int(row[0]) if row is not None else 0


def _begin(
    connection: Connection, card: Owned, payer: Owned, member: int, now: dt.datetime
) -> OpenMove | None:
    """The row of a move; None where one of this card is under way, for another payment."""
    told = {
        "shard": card.shard,
        "card": card.id,
        "issuer": card.issuer,
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
        card.shard, card.id, GATHER, Origin.MEMBER, str(member), step, wanted, card.at, payer.at
    )
