"""Hundreds of seeded trades of every kind, answer by answer and card by card against a model."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from config.run.database import Dsns
from host.model.requests import Kind, Original, Request, Response
from host.model.responses import Reason
from tests.host import reckoning
from tests.host.conftest import CardPool, Till, trading

TERMINALS = [f"{80_010_001 + place}" for place in range(12)]
TRADES = 600


@dataclass
class Done:
    """A deal that was approved, with how later messages name it."""

    deal: reckoning.Deal
    request: Request
    answer: Response


class Trader:
    """Makes up trades, and knows from the model what each is to be answered."""

    def __init__(self, seed: int, pool: CardPool) -> None:
        self.dice = random.Random(seed)
        self.cards = {pool.city(): reckoning.ModelCard("city", 100_000, 0) for _ in range(3)}
        self.cards |= {pool.with_points(): reckoning.ModelCard("city", 100_000, 2_000)}
        self.cards |= {pool.pear(): reckoning.ModelCard("pear", 100_000, 0) for _ in range(3)}
        self.cards |= {pool.pear_with_points(): reckoning.ModelCard("pear", 100_000, 2_000)}
        self.done: list[Done] = []
        self.asked: list[tuple[Request, Response]] = []
        self.reversed: set[str] = set()

    async def trade(self, till: Till) -> None:
        """A few requests at once on terminals of their own, or one undoing that names no card."""
        if self.done and self.dice.random() < 0.25:
            done = self.dice.choice(self.done)
            await self._ask(till, [self._reverse(till, done)])
            return
        terminals = self.dice.sample(TERMINALS, self.dice.randint(1, 6))
        await self._ask(till, [self._any(till, terminal) for terminal in terminals])

    def _any(self, till: Till, terminal: str) -> "Pending":
        make = self.dice.choice([self._buy, self._buy, self._load, self._redeem, self._undo])
        return make(till, terminal)

    def _buy(self, till: Till, terminal: str) -> "Pending":
        number, card = self.dice.choice(list(self.cards.items()))
        amount, is_right = self.dice.randint(1, 60_000), self.dice.random() < 0.9
        request = till.request(
            Kind.PURCHASE,
            number,
            amount,
            pin="123456" if is_right else "1111",
            terminal_id=terminal,
        )
        return Pending(request, lambda: reckoning.purchase(card, amount, pin_is_right=is_right))

    def _load(self, till: Till, terminal: str) -> "Pending":
        number, card = self.dice.choice(list(self.cards.items()))
        amount = self.dice.choice([self.dice.randint(1, 80_000), 450_000, 500_001])
        request = till.request(Kind.CASH_LOAD, number, amount, terminal_id=terminal)
        return Pending(request, lambda: reckoning.load(card, amount))

    def _redeem(self, till: Till, terminal: str) -> "Pending":
        number, card = self.dice.choice(list(self.cards.items()))
        points = self.dice.randint(50, 1_500)
        request = till.request(Kind.POINTS_REDEMPTION, number, points, terminal_id=terminal)
        return Pending(request, lambda: reckoning.redemption(card, points))

    def _undo(self, till: Till, terminal: str) -> "Pending":
        sales = [one for one in self.done if one.deal.of is None]
        if not sales:
            return self._buy(till, terminal)
        sale = self.dice.choice(sales)
        whole, rrn = sale.deal.amount, sale.answer.rrn
        part = self.dice.choice([whole, whole, self.dice.randint(1, whole)])
        unit = sale.request.amount.unit if sale.request.amount else "CNY"
        more = {"pan": sale.request.pan, "unit": unit, "terminal_id": terminal}
        if self.dice.random() < 0.5:
            refund = till.request(Kind.REFUND, None, part, original=Original(rrn=rrn), **more)
            return Pending(refund, lambda: reckoning.refund(sale.deal, part))
        more["terminal_id"] = sale.request.key.terminal_id
        original = till.original(sale.request, sale.answer)
        void = till.request(Kind.VOID, None, part, original=original, **more)
        return Pending(void, lambda: reckoning.void(sale.deal, part))

    def _reverse(self, till: Till, done: Done) -> "Pending":
        self.done.remove(done)

        def expect() -> reckoning.Deal:
            reason = reckoning.reversal(done.deal)
            if done.deal.reversed or done.deal.reversed_for_good:
                self.reversed.add(done.request.key.text)
            return reckoning.Deal(Kind.REVERSAL, done.deal.card, 0, reason=reason)

        return Pending(till.reversal(done.request), expect)

    async def ask_again(self, till: Till) -> None:
        """A repeat gets the answer it got before, unless its transaction was reversed since."""
        for request, answer in self.dice.sample(self.asked, 50):
            again = await till.ask(request)
            if request.key.text in self.reversed:
                assert again.reason is Reason.DUPLICATE
            else:
                assert again == answer

    async def _ask(self, till: Till, pending: list["Pending"]) -> None:
        terminals = {one.request.key.terminal_id for one in pending}
        if len(terminals) < len(pending):
            pending = pending[:1]
        answers = await till.ask_all([one.request for one in pending])
        for one, answer in zip(pending, answers, strict=True):
            deal = one.expect()
            assert answer.reason is deal.reason, (one.request.kind, deal)
            self.asked.append((one.request, answer))
            if not answer.is_approved:
                continue
            assert answer.points_balance == max(deal.card.points, 0)
            if answer.balance is not None:
                assert answer.balance.amount_minor == deal.card.value
            if one.request.kind not in {Kind.REVERSAL, Kind.REFUND}:
                self.done.append(Done(deal, one.request, answer))


@dataclass
class Pending:
    """A request about to be sent, and the model's decision of it when its turn comes."""

    request: Request
    expect: Callable[[], reckoning.Deal]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_host_does_what_the_model_says(
    audited_estate: Dsns, pool: CardPool, seed: int
) -> None:
    trader = Trader(seed, pool)
    for half in (1, 2):
        async with trading(audited_estate) as till:
            while len(trader.asked) < half * TRADES / 2:
                await trader.trade(till)
            await trader.ask_again(till)
            for number, card in trader.cards.items():
                assert till.balances(number) == (card.value, card.points), number
    assert {request.kind for request, answer in trader.asked if answer.is_approved} == {
        Kind.PURCHASE,
        Kind.CASH_LOAD,
        Kind.POINTS_REDEMPTION,
        Kind.VOID,
        Kind.REFUND,
        Kind.REVERSAL,
    }
