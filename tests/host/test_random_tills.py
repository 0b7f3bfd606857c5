"""Tills that say anything in any order: none of it makes a question of the audit fail.

Of the pos and the mis kind, on one poster: sales, loads, confirmations, undoings of whatever came
before, advices of an external issuer, settlements with right, wrong and no totals, proved or not,
uploads, other dates and batches, repeats of it all, and the business date that turns meanwhile.
"""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from config.run.database import Dsns
from host.estate.demo import EXTERNAL
from host.model.requests import (
    KINDS,
    ExchangeKey,
    IssuerDecision,
    Kind,
    Original,
    Request,
    Totals,
    UploadRecord,
)
from tests.host.conftest import CardPool, Till, audit_ledger, trading

ACTIONS, AUDITED_EVERY = 240, 80
TILLS = [("pos", "80010020"), ("pos", "80010021"), ("mis", "80010022"), ("mis", "80010023")]
DATES = ("20261121", "20261122", "20261123")
UNDOES = {Kind.VOID, Kind.REFUND, Kind.REVERSAL, Kind.CASH_LOAD_CONFIRM}


class RandomTills:
    """Some tills, and all that they have said."""

    def __init__(self, till: Till, cards: list[int], seed: int) -> None:
        self.till, self.cards = till, cards
        self.dice = random.Random(seed)
        self.said: list[Request] = []
        self.actions: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (30, self.trade),
            (25, self.undo),
            (8, self.advise),
            (12, self.settle),
            (6, self.upload),
            (8, self.repeat),
            (1, self.turn_the_date),
        ]

    async def act(self) -> None:
        weights = [weight for weight, _ in self.actions]
        [(_, action)] = self.dice.choices(self.actions, weights)
        await action()

    async def trade(self) -> None:
        kind = self.dice.choice(
            [Kind.PURCHASE, Kind.PURCHASE, Kind.CASH_LOAD, Kind.POINTS_REDEMPTION, Kind.POINTS_EARN]
        )
        pin = {"pin": "123456"} if kind is Kind.PURCHASE else {}
        amount = self.dice.choice([100, 500, 5_000, 60_000])
        await self.say(self.request(kind, self.dice.choice(self.cards), amount, **pin))

    async def undo(self) -> None:
        named = [one for one in self.said if one.amount is not None and one.decision is None]
        if not named:
            return
        one = self.dice.choice(named[-12:])
        kind = self.dice.choice([Kind.VOID, Kind.REFUND, Kind.REVERSAL, Kind.REVERSAL])
        if one.kind is Kind.CASH_LOAD:
            kind = self.dice.choice([Kind.CASH_LOAD_CONFIRM, Kind.REVERSAL])
        if one.kind in {Kind.REVERSAL, Kind.CASH_LOAD_CONFIRM}:
            return
        key = one.key.of_family(KINDS[kind].family)
        if kind in {Kind.VOID, Kind.REFUND}:
            key = self.key(one.key.institution, one.key.terminal_id, kind)
        undoing = self.till.request(kind, terminal_id=key.terminal_id)
        changes = {"key": key, "amount": one.amount, "pan": one.pan}
        original = Original(key=one.key, kind=one.kind)
        await self.say(msgspec.structs.replace(undoing, original=original, **changes))

    async def confirm_what_never_came(self) -> None:
        load = self.request(Kind.CASH_LOAD, self.dice.choice([*self.cards, 101]), 500)
        confirm = msgspec.structs.replace(
            load,
            kind=Kind.CASH_LOAD_CONFIRM,
            key=load.key.of_family(KINDS[Kind.CASH_LOAD_CONFIRM].family),
            original=Original(key=load.key),
        )
        await self.say(confirm)
        self.said.append(load)

    async def advise(self) -> None:
        if self.dice.random() < 0.5:
            await self.confirm_what_never_came()
            return
        decision = IssuerDecision(issuer_id=EXTERNAL.institution_id, rrn="1122EX000007")
        sale = self.request(Kind.PURCHASE, None, 700, decision=decision)
        await self.say(sale)
        if self.dice.random() < 0.4:
            await self.say(
                msgspec.structs.replace(
                    self.till.reversal(sale), key=sale.key.of_family(KINDS[Kind.REVERSAL].family)
                )
            )

    async def settle(self) -> None:
        request = self.request(Kind.SETTLEMENT)
        zero = (Totals(), Totals())
        asked = msgspec.structs.replace(request, totals=zero, is_proved=self.dice.random() < 0.5)
        if self.dice.random() < 0.7:
            told = await self.till.ask(asked)
            asked = msgspec.structs.replace(
                asked,
                key=self.key(asked.key.institution, asked.key.terminal_id, Kind.SETTLEMENT),
                totals=told.totals or zero,
            )
        await self.say(asked)

    async def upload(self) -> None:
        records = [
            UploadRecord(one.key.stan, one.amount.amount_minor)
            for one in self.dice.sample(self.said, min(4, len(self.said)))
            if one.amount is not None
        ]
        request = self.request(Kind.BATCH_UPLOAD)
        await self.say(msgspec.structs.replace(request, records=tuple(records)))
        end = self.key(request.key.institution, request.key.terminal_id, Kind.UPLOAD_END)
        ending = msgspec.structs.replace(
            request,
            kind=Kind.UPLOAD_END,
            key=msgspec.structs.replace(end, epoch=request.key.epoch),
            upload_count=len(records),
            is_proved=self.dice.random() < 0.5,
        )
        await self.say(ending)

    async def repeat(self) -> None:
        if self.said:
            await self.till.ask(self.dice.choice(self.said[-20:]))

    async def turn_the_date(self) -> None:
        self.till.turn_the_date()

    async def say(self, request: Request) -> None:
        await self.till.ask(request)
        self.said.append(request)

    def request(
        self, kind: Kind, card: int | None = None, amount: int | None = None, **more: Any
    ) -> Request:
        institution, terminal_id = self.dice.choice(TILLS)
        request = self.till.request(kind, card, amount, terminal_id=terminal_id, **more)
        return msgspec.structs.replace(request, key=self.key(institution, terminal_id, kind))

    def key(self, institution: str, terminal_id: str, kind: Kind) -> ExchangeKey:
        """Now and then of a date or batch that is not the current one."""
        epoch = self.dice.choice([*DATES, *DATES[1:2] * 6])
        if institution == "pos":
            current = self.till.poster._book.terminals[terminal_id].epoch
            before = f"{max(int(current or 1) - 1, 1):06d}"
            epoch = self.dice.choice([current or before] * 6 + [before])
        stan = f"{next(self.till.stans):06d}"
        return ExchangeKey(institution, terminal_id, epoch, stan, KINDS[kind].family)


@pytest.mark.parametrize("seed", range(1, 4))
async def test_whatever_tills_say_the_audit_finds_nothing(
    estate_database: Dsns, pool: CardPool, seed: int
) -> None:
    cards = [pool.city(), pool.with_points(), pool.with_points()]
    async with trading(estate_database) as till:
        tills = RandomTills(till, cards, seed)
        for number in range(ACTIONS):
            await tills.act()
            if number % AUDITED_EVERY == 0:
                audit_ledger(estate_database)
    audit_ledger(estate_database)
    assert len({request.kind for request in tills.said}) >= len(UNDOES) + 5
