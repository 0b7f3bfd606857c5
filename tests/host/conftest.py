"""A till that speaks to a real poster on a real PostgreSQL, without a wire between them."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import trio

from config.database import Dsns
from host.estate.demo import demo_estate
from host.hsm.pin import make_pin_block
from host.hsm.pvv import PinVerifier
from host.hsm.vault import Vault
from host.model.money import Money
from host.model.requests import KINDS, ExchangeKey, Kind, Original, PinBlock, Request, Response
from host.model.secrets import Secret
from host.poster import Poster
from host.program import opened_poster
from host.settings import HostSettings
from host.store.estates import load_estate

NOW = dt.datetime(2026, 11, 22, 1, 31, 2, tzinfo=dt.UTC)
LMK = Secret(bytes(range(32)))
PLAN = demo_estate()
CARDS = {card.id: card for card in PLAN.cards}
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


@dataclass
class Till:
    """Builds requests as a dialect would, and asks the poster."""

    poster: Poster
    dsns: Dsns
    terminal_id: str = FIRST
    stans: Iterator[int] = field(default_factory=lambda: itertools.count(101))

    def request(
        self, kind: Kind, card: int | None = None, amount: int | None = None, **more: Any
    ) -> Request:
        """A request of this terminal; keywords replace any field."""
        plan = TERMINALS[more.pop("terminal_id", self.terminal_id)]
        stan = more.pop("stan", None) or f"{next(self.stans):06d}"
        key = ExchangeKey("pos", plan.terminal_id, plan.epoch, stan, KINDS[kind].family)
        unit = more.pop("unit", "P:" if kind is Kind.POINTS_REDEMPTION else "CNY")
        pin = more.pop("pin", None)
        if pin is not None:
            block = make_pin_block(plan.working.pik, Secret(pin.encode()), CARDS[card].pan, 0)
            more["pin"] = PinBlock(0, block)
        fields = {
            "kind": kind,
            "key": key,
            "merchant_id": MERCHANT_OF[plan.terminal_id],
            "pan": CARDS[card].pan if card is not None else None,
            "amount": Money(amount, unit) if amount is not None else None,
            "key_generation": 1,
        }
        return Request(**{**fields, **more})

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

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows, as the owner."""
        with psycopg.connect(self.dsns.owner, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def balances(self, card: int) -> tuple[int, int]:
        """Value and points of a card."""
        rows = self.sql(
            "SELECT v.posted_minor, p.posted_minor FROM card AS c"
            " JOIN balance AS v ON v.account_id = c.value_account"
            " JOIN balance AS p ON p.account_id = c.points_account WHERE c.id = %s",
            card,
        )
        return rows[0][0], rows[0][1]


def put_demo_estate(dsns: Dsns) -> None:
    """Load the demo estate under the tests' LMK."""
    vault = Vault(LMK)
    with psycopg.connect(dsns.owner) as connection:
        load_estate(
            connection,
            PLAN,
            vault,
            now=NOW,
            business_date=dt.date(2026, 11, 22),
            pin_verifier=PinVerifier(vault.pvk),
        )


@contextmanager
def opened(dsns: Dsns, **settings: Any) -> Iterator[Poster]:
    """The poster of this database, at a fixed wall-clock time."""
    host = HostSettings(**settings)
    with opened_poster(host, dsn=dsns.host, lmk=LMK, clock=lambda: NOW) as poster:
        yield poster


@pytest.fixture
def estate_database(database: Dsns) -> Dsns:
    """A database with the demo estate in it."""
    put_demo_estate(database)
    return database


@pytest.fixture
async def till(estate_database: Dsns, nursery: trio.Nursery) -> Any:
    """The first demo terminal, on a running poster."""
    with opened(estate_database) as poster:
        nursery.start_soon(poster.run)
        yield Till(poster, estate_database)
        nursery.cancel_scope.cancel()
