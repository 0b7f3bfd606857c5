"""A till that speaks to a real poster on a real PostgreSQL, without a wire between them."""

import datetime as dt
import itertools
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
import pytest
import trio

from clearing.night import SQL as NIGHTLY
from clearing.verify import audit
from config.run.database import Dsns, embedded_dsns, make_database
from host.asking import Asking
from host.book import Terminal
from host.estate.demo import CITY, ODD_CARDS, PROGRAMMES, card_pan, demo_estate
from host.estate.plan import CardPlan, EstatePlan
from host.hsm.pin import make_pin_block
from host.hsm.pvv import PinVerifier
from host.hsm.vault import Vault
from host.model.money import Money
from host.model.own import CardAt
from host.model.requests import KINDS, ExchangeKey, Kind, Original, PinBlock, Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from host.poster import Poster
from host.program import opened_poster
from host.settings import HostSettings
from host.shards import shard_of
from host.store.changes import note_what_differs
from host.store.estates import load_estate
from host.store.locks import CUT_OFF_LOCK
from tests.conftest import Databases, copied
from tests.host.owner import OwnersHand, owners_hand

NOW = dt.datetime(2026, 11, 22, 1, 31, 2, tzinfo=dt.UTC)
LMK = Secret(bytes(range(32)))
PLAN = demo_estate()
PLAIN_ISSUER = msgspec.structs.replace(CITY, id=4, institution_id="48882966", pan_prefix="9966")
"""It has no points programme; the fifth is closed."""
CLOSED_ISSUER = msgspec.structs.replace(CITY, id=5, institution_id="48882944", pan_prefix="9944")
PLAIN_CARD, CLOSED_CARD, PINLESS_CARD = 1001, 1002, 1003


def _odd_card(number: int, issuer: Any, pin: Secret | None) -> CardPlan:
    pan = card_pan(issuer, number)
    return CardPlan(
        id=number, issuer_id=issuer.id, pan=pan, pin=pin, expiry="3012", balance_minor=100_000
    )


WIDE_PLAN: EstatePlan = msgspec.structs.replace(
    PLAN,
    issuers=(*PLAN.issuers, PLAIN_ISSUER, CLOSED_ISSUER),
    programmes=(
        *PLAN.programmes,
        msgspec.structs.replace(PROGRAMMES[0], code="NONE", issuer_id=4, price_points=0),
        msgspec.structs.replace(PROGRAMMES[0], code="SHUT", issuer_id=5, price_points=0),
    ),
    merchants=tuple(
        msgspec.structs.replace(one, issuer_ids=(*one.issuer_ids, 4, 5)) for one in PLAN.merchants
    ),
    cards=(
        *PLAN.cards,
        _odd_card(PLAIN_CARD, PLAIN_ISSUER, PLAN.cards[0].pin),
        _odd_card(CLOSED_CARD, CLOSED_ISSUER, PLAN.cards[0].pin),
        _odd_card(PINLESS_CARD, CITY, None),
    ),
    batches=(),
    lotteries=(),
)
"""The demo estate with an issuer that gives no points, a closed one, and a card without PIN; card
batches and lotteries are a test's own to make."""
CARDS = {card.id: card for card in WIDE_PLAN.cards}
FEW_CARDS = tuple(
    card for card in WIDE_PLAN.cards if card.id <= 200 or 700 < card.id <= 800 or card.id > 1000
)
"""Of either issuer those with the first numbers, and the odd ones: a test has no need of more, and
its audit reads every card."""
TERMINALS = {terminal.terminal_id: terminal for terminal in PLAN.terminals}
FIRST = "80010001"
MERCHANT_OF = {
    terminal.terminal_id: next(
        merchant.merchant_id
        for merchant in PLAN.merchants
        for store in PLAN.stores
        if store.merchant_id == merchant.id and store.id == terminal.store_id
    )
    for terminal in PLAN.terminals
}


STANS = itertools.count(101)
"""Of every till there is, so that tests may share a database."""


@dataclass
class Till:
    """Builds requests as a dialect would, and asks the poster."""

    poster: Poster
    dsns: Dsns
    terminal_id: str = FIRST
    stans: Iterator[int] = field(default_factory=lambda: STANS)
    kept: ExitStack | None = None
    """Closes the owner's connection once nobody asks any more; without it each question has one."""
    _hand: OwnersHand | None = None

    @property
    def terminal(self) -> Terminal:
        """This terminal in the poster's own book."""
        return self.poster._book.terminals[self.terminal_id]

    def request(
        self, kind: Kind, card: int | None = None, amount: int | None = None, **more: Any
    ) -> Request:
        """A request of this terminal; keywords replace any field."""
        plan = TERMINALS[more.pop("terminal_id", self.terminal_id)]
        stan = more.pop("stan", None) or f"{next(self.stans):06d}"
        epoch = more.pop("epoch", plan.epoch)
        key = ExchangeKey("pos", plan.terminal_id, epoch, stan, KINDS[kind].family)
        unit = more.pop("unit", "P:" if kind is Kind.POINTS_REDEMPTION else "CNY")
        pin = more.pop("pin", None)
        if pin is not None:
            if not isinstance(pin, PinBlock):
                assert card is not None
                pin = self.pin_block(plan, card, pin)
            more["pin"] = pin
        fields = {
            "kind": kind,
            "key": key,
            "merchant_id": MERCHANT_OF[plan.terminal_id],
            "pan": CARDS[card].pan if card is not None else None,
            "amount": Money(amount, unit) if amount is not None else None,
            "key_generation": 1,
        }
        return Request(**{**fields, **more})

    def pin_block(self, terminal: Any, card: int, pin: str) -> PinBlock:
        """The PIN as this terminal's pad encrypts it."""
        pik = terminal.working.pik
        return PinBlock(0, make_pin_block(pik, Secret(pin.encode()), CARDS[card].pan, 0))

    async def ask(self, request: Request) -> Response:
        """Its answer; fails the test when none comes."""
        with trio.fail_after(20):
            return (await self.ask_all([request]))[0]

    async def ask_all(self, requests: list[Request]) -> list[Response]:
        """Their answers in the order of the requests, asked all at once."""
        answers: dict[int, Response] = {}
        done = trio.Event()

        def deliver(place: int) -> Callable[[Response], None]:
            def take(response: Response) -> None:
                assert place not in answers, "answered twice"
                answers[place] = response
                if len(answers) == len(requests):
                    done.set()

            return take

        for place, request in enumerate(requests):
            self.poster.submit(request, deliver(place))
        with trio.fail_after(60):
            await done.wait()
        return [answers[place] for place in range(len(requests))]

    async def ask_until_reached(self, requests: list[Request]) -> list[Response]:
        """Their answers, once nobody is told that the host cannot be reached."""
        for _ in range(600):
            answers = []
            for start in range(0, len(requests), 24):
                answers += await self.ask_all(requests[start : start + 24])
            if Reason.HOST_UNREACHABLE not in {answer.reason for answer in answers}:
                return answers
            await trio.sleep(0.05)
        raise AssertionError("the host did not come back")

    async def load(self, card: int, amount: int, **more: Any) -> Response:
        """Cash taken in."""
        return await self.ask(self.request(Kind.CASH_LOAD, card, amount, **more))

    async def buy(self, card: int, amount: int, **more: Any) -> Response:
        """A purchase with the right PIN."""
        return await self.ask(self.request(Kind.PURCHASE, card, amount, pin="123456", **more))

    def original(
        self, request: Request, answer: Response | None = None, kind: Kind | None = None
    ) -> Original:
        """How a later message names this one."""
        return Original(key=request.key, rrn=answer.rrn if answer else None, kind=kind)

    def reversal(self, request: Request) -> Request:
        """The terminal's own 0400 of a request."""
        return self.request(
            Kind.REVERSAL,
            amount=request.amount.amount_minor if request.amount else None,
            unit=request.amount.unit if request.amount else "CNY",
            stan=request.key.stan,
            terminal_id=request.key.terminal_id,
            original=Original(key=request.key, kind=request.kind),
        )

    def confirmation(self, load: Request) -> Request:
        """The terminal's 0220 of a cash load: the same STAN, card and amount."""
        assert load.amount is not None
        return self.request(
            Kind.CASH_LOAD_CONFIRM,
            amount=load.amount.amount_minor,
            stan=load.key.stan,
            terminal_id=load.key.terminal_id,
            pan=load.pan,
            original=Original(key=load.key),
        )

    async def sell(
        self, kind: Kind, card: int | None, amount: int, **more: Any
    ) -> tuple[Request, Response]:
        """Something approved: the request and its answer."""
        pin = "123456" if kind is Kind.PURCHASE else None
        sale = self.request(kind, card, amount, **{"pin": pin, **more})
        answer = await self.ask(sale)
        assert answer.is_approved, answer
        return sale, answer

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows, as the owner, whose changes are no findings: see `OwnersHand`."""
        with ExitStack() as asked:
            cursor = self._owners_hand(asked).execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def _owners_hand(self, asked: ExitStack) -> OwnersHand:
        if self.kept is None:
            return asked.enter_context(owners_hand(self.dsns))
        if self._hand is None or self._hand.closed:
            self._hand = self.kept.enter_context(owners_hand(self.dsns))
        return self._hand

    def turn_the_date(self, to: dt.date | None = None) -> None:
        """The next business date, or a later one, as the night turns it."""
        with psycopg.connect(self.dsns.night) as night:
            night.execute("SELECT pg_advisory_xact_lock(%s, %s)", CUT_OFF_LOCK)
            close_the_date(night)
            open_the_next(night, to)

    def journals(self, request: Request) -> int:
        """How often this request was posted."""
        rows = self.sql("SELECT count(*) FROM journal WHERE slot = %s", request.key.text)
        return int(rows[0][0])

    def balances(self, card: int) -> tuple[int, int]:
        """Value and points of a card."""
        rows = self.sql(
            "SELECT coalesce(sum(posted_minor) FILTER (WHERE unit = 'CNY'), 0)::bigint,"
            " coalesce(sum(posted_minor) FILTER (WHERE unit <> 'CNY'), 0)::bigint"
            " FROM purse WHERE card_id = %s",
            card,
        )
        return rows[0][0], rows[0][1]


def asking_of(till: Till) -> Asking:
    """Asks what no terminal does."""
    return Asking(till.poster.post_own, till.poster.shard_count)


def card_at(till: Till, card: int) -> CardAt:
    """Where a card lives, as who asks of the office knows it."""
    pan_hash = Vault(LMK).pan_hash(CARDS[card].pan)
    return CardAt(shard_of(pan_hash, till.poster.shard_count), pan_hash)


def close_the_date(night: psycopg.Connection[Any]) -> None:
    """By the night's own statement."""
    date = night.execute("SELECT business_date FROM business_day WHERE state = 'open'").fetchone()
    assert date is not None
    night.execute(NIGHTLY["close_day"], {"business_date": date[0]})


def open_the_next(night: psycopg.Connection[Any], to: dt.date | None = None) -> None:
    """By the night's own statement: the date after the last one, or another."""
    last = night.execute("SELECT max(business_date) FROM business_day").fetchone()
    assert last is not None
    before = last[0] if to is None else to - dt.timedelta(days=1)
    night.execute(NIGHTLY["open_next_day"], {"business_date": before})


def put_demo_estate(dsns: Dsns) -> None:
    """Load the demo estate under the tests' LMK."""
    put_estate(dsns, PLAN)


def put_estate(dsns: Dsns, plan: EstatePlan) -> None:
    """Load an estate under the tests' LMK."""
    vault = Vault(LMK)
    with psycopg.connect(dsns.owner) as connection:
        load_estate(
            connection,
            plan,
            vault,
            now=NOW,
            business_date=dt.date(2026, 11, 22),
            pin_verifier=PinVerifier(vault.pvk),
        )


@contextmanager
def opened(
    dsns: Dsns, clock: Callable[[], dt.datetime] = lambda: NOW, **settings: Any
) -> Iterator[Poster]:
    """The poster of this database, at a fixed wall-clock time unless it is given a clock."""
    leave_to_others(dsns)
    host = HostSettings(**settings)
    with opened_poster(host, dsn=dsns.host, hsm=Vault(LMK), clock=clock) as poster:
        yield poster


@asynccontextmanager
async def trading(dsns: Dsns, **settings: Any) -> AsyncIterator[Till]:
    """A till on a poster that runs until the block ends: leave and enter it for a restart."""
    with opened(dsns, **settings) as poster:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            with ExitStack() as kept:
                yield Till(poster, dsns, kept=kept)
            nursery.cancel_scope.cancel()


_AT_HOME: dict[str, tuple[ExitStack, Poster]] = {}
"""By their database the hosts that wait for the next test of a module: their writers have their
shards and have prepared what they ask."""


@asynccontextmanager
async def trading_at_home(dsns: Dsns) -> AsyncIterator[Till]:
    """As `trading`, on a database that several tests share, where the host is not begun anew: its
    connections and its book are the module's, its lines and its queues the test's own."""
    if dsns.host not in _AT_HOME:
        kept = ExitStack()
        _AT_HOME[dsns.host] = kept, kept.enter_context(opened(dsns))
    _, first = _AT_HOME[dsns.host]
    writers = first._batches._writers
    poster = Poster(first.book, writers, first._desk, first._hsm, HostSettings())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(poster.run)
        with ExitStack() as kept:
            yield Till(poster, dsns, kept=kept)
        nursery.cancel_scope.cancel()


def leave_to_others(dsns: Dsns) -> None:
    """Another is to be the host of this database: one that waits there for the next test goes."""
    kept, _ = _AT_HOME.pop(dsns.host, (None, None))
    if kept is not None:
        kept.close()


def audit_ledger(dsns: Dsns) -> None:
    """The questions, to the ledger alone: nobody is short of anything.

    What was found in order is not asked again while nothing has been written since.
    """
    with psycopg.connect(dsns.owner, autocommit=True) as connection:
        begun_at = _next_transaction(connection)
        if begun_at is not None and _IN_ORDER.get(dsns.owner) == begun_at:
            return
        assert [str(finding) for finding in audit(connection)] == []
        ended_at = _next_transaction(connection)
        if begun_at is not None and ended_at == begun_at + 1:
            _IN_ORDER[dsns.owner] = ended_at


_IN_ORDER: dict[str, int] = {}
"""Databases that were found in order, and the number that the server's next transaction was to have
once the audit, which takes one for what it lays out, was over; no others may write meanwhile."""


def _next_transaction(connection: psycopg.Connection[Any]) -> int | None:
    """The number that who writes next is given; None while somebody is writing."""
    row = connection.execute(
        "SELECT pg_snapshot_xmin(now), pg_snapshot_xmax(now)::text::bigint"
        " FROM pg_current_snapshot() AS now"
    ).fetchone()
    assert row is not None
    return int(row[1]) if int(row[0]) == row[1] else None


def estate_of(databases: Databases, name: str, template: str, plan: EstatePlan) -> str:
    """The name of a new database with an estate in it."""
    make_database(databases.owner, name, template)
    dsns = embedded_dsns(databases.server.cluster, name)
    put_estate(dsns, plan)
    with psycopg.connect(dsns.owner, autocommit=True) as connection:
        connection.execute("DELETE FROM purse WHERE unit = 'P:NONE'")
        connection.execute("DELETE FROM points_life WHERE programme = 'NONE'")
        connection.execute("DELETE FROM programme WHERE code = 'NONE'")
        connection.execute("UPDATE issuer SET is_active = false WHERE id = 5")
        note_what_differs(connection)
    return name


@pytest.fixture(scope="session")
def estate_template(databases: Databases, database_template: str) -> str:
    """A database with the wide estate in it, from which tests get their own."""
    plan = msgspec.structs.replace(WIDE_PLAN, cards=FEW_CARDS)
    return estate_of(databases, "posswitch_estate_template", database_template, plan)


@pytest.fixture(scope="session")
def module_template(databases: Databases, database_template: str) -> str:
    """As `estate_template`, with cards enough for all tests of a module."""
    return estate_of(databases, "posswitch_module_template", database_template, WIDE_PLAN)


@pytest.fixture(scope="module")
def sharing() -> None:
    """For a module to use whose tests keep out of each other's way: they have one database, whose
    ledger is audited once for all, but for those that ask to be `alone`."""


@pytest.fixture
def alone() -> None:
    """For a test whose module is `sharing` a database, and that changes what others meet there."""


def is_sharing(request: pytest.FixtureRequest) -> bool:
    """Whether the test has the database of its module."""
    return "sharing" in request.fixturenames and "alone" not in request.fixturenames


@pytest.fixture
def estate_database(
    request: pytest.FixtureRequest, databases: Databases, estate_template: str
) -> Iterator[Dsns]:
    """A database with the wide estate in it, for one test or for all of a module."""
    if is_sharing(request):
        yield request.getfixturevalue("audited_estate")
    else:
        yield from copied(databases, estate_template)


@pytest.fixture(scope="module")
def module_estate(databases: Databases, module_template: str) -> Iterator[Dsns]:
    """As `estate_database`, for the tests of one module, which keep to cards of their own."""
    for dsns in copied(databases, module_template):
        yield dsns
        leave_to_others(dsns)


class CardPool:
    """Cards nobody has touched yet, by issuer."""

    def __init__(self, cards: Iterable[CardPlan] = WIDE_PLAN.cards) -> None:
        numbers = [card.id for card in cards if 1 < card.id <= 1000]
        usable = [number for number in numbers if number not in ODD_CARDS]
        self._left: dict[tuple[bool, bool], deque[int]] = defaultdict(deque)
        self.give_back(usable)

    def give_back(self, cards: Iterable[int]) -> None:
        """They were taken, and nobody has touched them all the same."""
        for card in cards:
            self._left[card <= 700, card % 5 == 0].append(card)

    def city(self) -> int:
        """1,000.00 CNY, no points; its programme allows a debt of points."""
        return self._left[True, False].popleft()

    def pear(self) -> int:
        """1,000.00 CNY, no points; its programme allows no debt."""
        return self._left[False, False].popleft()

    def with_points(self) -> int:
        """A city card with 2,000 points."""
        return self._left[True, True].popleft()

    def pear_with_points(self) -> int:
        """A pear card with 2,000 points."""
        return self._left[False, True].popleft()


@pytest.fixture(scope="module")
def module_pool() -> CardPool:
    """The cards of the module's database."""
    return CardPool()


@pytest.fixture
def pool(request: pytest.FixtureRequest, module_pool: CardPool) -> CardPool:
    """The cards of the database that the test has."""
    if "estate_database" not in request.fixturenames or is_sharing(request):
        return module_pool
    has_many = "module_template" in request.fixturenames
    return CardPool(WIDE_PLAN.cards if has_many else FEW_CARDS)


@pytest.fixture
async def till(request: pytest.FixtureRequest, estate_database: Dsns) -> Any:
    """The first demo terminal, on a running poster; the ledger is audited after the test, or after
    all that share it."""
    trades = trading_at_home if is_sharing(request) else trading
    async with trades(estate_database) as till:
        yield till
    if not is_sharing(request):
        audit_ledger(estate_database)


@pytest.fixture(scope="module")
def audited_estate(module_estate: Dsns) -> Iterator[Dsns]:
    """As `module_estate`; its ledger is audited after the last test of the module, once for all."""
    yield module_estate
    audit_ledger(module_estate)


@pytest.fixture
async def shared(audited_estate: Dsns) -> Any:
    """As `till`, on the module's database; what all left there is audited once."""
    async with trading_at_home(audited_estate) as till:
        yield till
