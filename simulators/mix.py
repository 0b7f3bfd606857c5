"""MIX: what tills ask of a house that keeps every kind of money, in which parts of a hundred.

Each till has one message under way at a time, so what undoes names what it had before.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from host.estate.plan import CardPlan, EstatePlan, TerminalPlan
from host.hsm.pin import make_pin_block
from host.model.money import POINTS_PREFIX, Money
from host.model.requests import KINDS, ExchangeKey, Kind, Original, PinBlock, Request

AMOUNT_MINOR_MIN, AMOUNT_MINOR_MAX = 100, 9_999
REDEEMED_MIN, REDEEMED_MAX = 100, 500
PIN_FORMAT: Final = 0


class Till:
    """One terminal on its way through the mix."""

    def __init__(
        self, plan: TerminalPlan, merchant_id: str, cards: tuple[CardPlan, ...], seed: int
    ) -> None:
        assert plan.working is not None
        self.plan, self.merchant_id, self._cards = plan, merchant_id, cards
        self._pik = plan.working.pik
        self.dice = random.Random(f"{seed}/{plan.terminal_id}")  # noqa: S311 - a load, no secret
        self.trace = 0
        self.sales: list[Request] = []
        """Those that stand."""

    def card(self) -> CardPlan:
        """Any of them."""
        return self.dice.choice(self._cards)

    def amount(self) -> int:
        """Of a sale: some points come of it."""
        return self.dice.randint(AMOUNT_MINOR_MIN, AMOUNT_MINOR_MAX)

    def key(self, kind: Kind) -> ExchangeKey:
        """Of its next trace."""
        stan = f"{self.trace:06d}"
        return ExchangeKey("pos", self.plan.terminal_id, self.plan.epoch, stan, KINDS[kind].family)

    def pin(self, card: CardPlan) -> PinBlock:
        """As its pad encrypts it."""
        assert card.pin is not None
        return PinBlock(PIN_FORMAT, make_pin_block(self._pik, card.pin, card.pan, PIN_FORMAT))

    def ask(
        self, kind: Kind, card: CardPlan | None, amount: Money | None, *, with_pin: bool = False
    ) -> Request:
        """A message of this kind."""
        return Request(
            kind=kind,
            key=self.key(kind),
            merchant_id=self.merchant_id,
            pan=card.pan if card is not None else None,
            amount=amount,
            pin=self.pin(card) if with_pin and card is not None else None,
            entry_mode="021",
            key_generation=1,
        )

    def undo(self, kind: Kind, sale: Request) -> Request:
        """A void, refund or reversal of what it sold."""
        stan = sale.key.stan if kind is Kind.REVERSAL else f"{self.trace:06d}"
        key = ExchangeKey("pos", self.plan.terminal_id, self.plan.epoch, stan, KINDS[kind].family)
        return Request(
            kind=kind,
            key=key,
            merchant_id=self.merchant_id,
            pan=sale.pan,
            amount=sale.amount,
            entry_mode="021",
            original=Original(key=sale.key, kind=sale.kind),
            key_generation=1,
        )


def _buy(till: Till) -> Request:
    sale = till.ask(Kind.PURCHASE, till.card(), Money(till.amount(), "CNY"), with_pin=True)
    till.sales.append(sale)
    return sale


def _redeem(till: Till) -> Request:
    points = till.dice.randint(REDEEMED_MIN, REDEEMED_MAX)
    return till.ask(Kind.POINTS_REDEMPTION, till.card(), Money(points, POINTS_PREFIX))


def _inquire(till: Till) -> Request:
    return till.ask(Kind.BALANCE_INQUIRY, till.card(), None, with_pin=True)


def _load(till: Till) -> Request:
    return till.ask(Kind.CASH_LOAD, till.card(), Money(till.amount(), "CNY"))


def _undoing(kind: Kind) -> Callable[[Till], Request]:
    def make(till: Till) -> Request:
        return till.undo(kind, till.sales.pop()) if till.sales else _buy(till)

    return make


class Part(NamedTuple):
    """One kind of message, how many of a hundred, and how a till makes one."""

    name: str
    share: int
    make: Callable[[Till], Request]


MIX: Final = (
    Part("purchase", 60, _buy),
    Part("points redemption", 15, _redeem),
    Part("inquiry", 10, _inquire),
    Part("load", 5, _load),
    Part("void", 2, _undoing(Kind.VOID)),
    Part("refund", 2, _undoing(Kind.REFUND)),
    Part("reversal", 1, _undoing(Kind.REVERSAL)),
)
"""A till that has nothing to undo sells instead."""


def mixed_messages(
    estate: EstatePlan, terminals: tuple[TerminalPlan, ...], messages: int, *, trace: int, seed: int
) -> Iterator[Request]:
    """So many, a terminal after the other, the first of each with this trace."""
    tills = [
        Till(one, estate.merchant_of(one).merchant_id, estate.cards, seed + trace)
        for one in terminals
    ]
    makers, shares = [part.make for part in MIX], [part.share for part in MIX]
    for number in range(messages):
        each, place = divmod(number, len(tills))
        till = tills[place]
        till.trace = trace + each
        [make] = till.dice.choices(makers, shares)
        yield make(till)
