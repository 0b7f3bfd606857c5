"""The host's own postings, cleared while it trades, and audited against what it answered."""

import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from clearing.run import Summary, run_clearing
from clearing.verify import audit
from config.run.database import Dsns
from host.estate.demo import CITY, GIFT_FACE_MINOR, card_pan
from host.model.claims import CARD_SIGN, Claim
from host.model.requests import Kind, Original, Request, Response
from host.model.responses import RESPONSE_CODES
from tests.host.conftest import PLAN, TERMINALS, Till, opened, put_demo_estate

DAY = dt.date(2026, 11, 22)
CARDS = [*range(1, 40), 701, 702]
GIFT_CARDS = range(1101, 1111)
"""Of a batch that is opened: some are asked for twice."""


class Trader:
    """Trades with a seed, all kinds, some answers forgotten and then reversed or confirmed."""

    def __init__(self, till: Till, seed: int) -> None:
        self.till = till
        self.random = random.Random(seed)
        self.claims: list[Claim] = []
        self.sales: list[tuple[Request, Response, int]] = []

    async def trade(self, rounds: int) -> None:
        for _ in range(rounds):
            self.till.terminal_id = self.random.choice(list(TERMINALS)[:10])
            await self.random.choice(
                [self.buy, self.buy, self.load, self.redeem, self.earn, self.undo, self.activate]
            )()

    async def buy(self) -> None:
        card = self.random.choice(CARDS)
        pin = self.random.choice(["123456"] * 9 + ["000000"])
        amount = self.random.randint(1, 30_000)
        request = self.till.request(Kind.PURCHASE, card, amount, pin=pin)
        answer = await self.ask(request, card)
        if answer is not None and answer.is_approved:
            self.sales.append((request, answer, card))

    async def activate(self) -> None:
        card = self.random.choice(GIFT_CARDS)
        kind, pan = Kind.CARD_ACTIVATION, card_pan(CITY, card)
        await self.ask(self.till.request(kind, None, GIFT_FACE_MINOR, pan=pan), card)

    async def load(self) -> None:
        card = self.random.choice(CARDS)
        request = self.till.request(Kind.CASH_LOAD, card, self.random.randint(100, 50_000))
        await self.ask(request, card)

    async def redeem(self) -> None:
        card = self.random.choice(CARDS)
        request = self.till.request(Kind.POINTS_REDEMPTION, card, self.random.randint(100, 2_000))
        answer = await self.ask(request, card)
        if answer is not None and answer.is_approved:
            self.sales.append((request, answer, card))

    def slot_of_original(self, request: Request) -> str | None:
        """A refund names only its original's RRN."""
        named = request.original
        if named is None or named.key is not None:
            return named.key.text if named is not None and named.key is not None else None
        return next(sale.key.text for sale, answer, _ in self.sales if answer.rrn == named.rrn)

    async def earn(self) -> None:
        card = self.random.choice(CARDS)
        request = self.till.request(Kind.POINTS_EARN, card, self.random.randint(1_000, 50_000))
        answer = await self.ask(request, card)
        if answer is not None and answer.is_approved:
            self.sales.append((request, answer, card))

    async def undo(self) -> None:
        if not self.sales:
            return
        sale, answer, card = self.random.choice(self.sales)
        assert sale.amount is not None
        kind = self.random.choice([Kind.VOID, Kind.REFUND])
        whole = sale.amount.amount_minor
        amount = whole if kind is Kind.VOID else self.random.randint(1, whole)
        original = Original(key=sale.key, rrn=answer.rrn)
        if kind is Kind.REFUND:
            original = Original(rrn=answer.rrn)
        self.till.terminal_id = sale.key.terminal_id
        request = self.till.request(kind, card, amount, unit=sale.amount.unit, original=original)
        await self.ask(request, card)

    async def ask(self, request: Request, card: int) -> Response | None:
        """Ask; sometimes the answer is lost, and the terminal does what terminals do."""
        assert request.amount is not None
        answer = await self.till.ask(request)
        facts: dict[str, Any] = {}
        is_lost = self.random.random() < 0.2 and request.kind is not Kind.REFUND
        if is_lost and request.kind is Kind.CASH_LOAD:
            stan, amount = request.key.stan, request.amount.amount_minor
            confirm = self.till.request(
                Kind.CASH_LOAD_CONFIRM,
                card,
                amount,
                stan=stan,
                original=Original(key=request.key, kind=Kind.CASH_LOAD),
            )
            told = await self.till.ask(confirm)
            facts = {"confirm_sent": True, "confirm_told": f39(told)}
        elif is_lost:
            told = await self.till.ask(self.till.reversal(request))
            facts = {"reversal_sent": True, "reversal_told": f39(told)}
        else:
            facts = {"told": f39(answer), "rrn": answer.rrn}
        self.claims.append(
            Claim(
                slot=request.key.text,
                kind=request.kind,
                card_id=card,
                amount_minor=request.amount.amount_minor,
                unit=request.amount.unit,
                original_slot=self.slot_of_original(request),
                **facts,
            )
        )
        return None if is_lost else answer


def f39(answer: Response) -> str:
    return RESPONSE_CODES[answer.reason].f39


@pytest.fixture
def night(database: Dsns) -> Iterator[psycopg.Connection[Any]]:
    put_demo_estate(database)
    with psycopg.connect(database.night, autocommit=True) as connection:
        yield connection


def violations(database: Dsns, trader: Trader) -> list[str]:
    with psycopg.connect(database.audit) as auditor:
        return [str(one) for one in audit(auditor, trader.claims)]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_the_host_posts_clears_and_audits_without_a_violation(
    seed: int, database: Dsns, night: psycopg.Connection[Any], tmp_path: Path
) -> None:
    with opened(database) as poster:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(poster.run)
            trader = Trader(Till(poster, database), seed)
            await trader.trade(60)
            summaries: list[Summary] = []
            is_clear = trio.Event()

            async def clear() -> None:
                summaries.append(await trio.to_thread.run_sync(run_clearing, night, tmp_path))
                is_clear.set()

            nursery.start_soon(clear)
            await trader.trade(60)
            await is_clear.wait()
            await trader.trade(20)
            nursery.cancel_scope.cancel()
    assert summaries[0].business_date == DAY
    assert violations(database, trader) == []
    assert run_clearing(night, tmp_path).business_date == DAY + dt.timedelta(1)
    assert violations(database, trader) == []
    assert {claim.kind for claim in trader.claims} == set(CARD_SIGN)
    assert any(claim.told not in {None, "00"} for claim in trader.claims)
    assert len(PLAN.merchants) + len(PLAN.issuers) == len(summaries[0].files)
    dates = trader.till.sql("SELECT DISTINCT business_date FROM journal ORDER BY 1")
    assert dates == [(DAY,), (DAY + dt.timedelta(1),)]
