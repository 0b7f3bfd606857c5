"""MIX: what tills ask of a house that keeps every kind of money, in which parts of a hundred.

Each till has one message under way at a time, so what undoes names what it had before.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from host.estate.demo import DRAW_POINTS, VOUCHER_FACE_MINOR
from host.estate.plan import CardPlan, EstatePlan, TerminalPlan, VoucherPlan
from host.hsm.pin import make_pin_block
from host.model.money import POINTS_PREFIX, Money
from host.model.requests import (
    KINDS,
    Besides,
    ExchangeKey,
    Kind,
    Original,
    PinBlock,
    Request,
)
from host.model.secrets import Secret

AMOUNT_MINOR_MIN, AMOUNT_MINOR_MAX = 100, 9_999
REDEEMED_MIN, REDEEMED_MAX = 100, 500
PIN_FORMAT: Final = 0


class Till:
    """One terminal on its way through the mix."""

    def __init__(
        self,
        plan: TerminalPlan,
        estate: EstatePlan,
        vouchers: Iterator[VoucherPlan],
        seed: int,
    ) -> None:
        assert plan.working is not None
        self.plan, self.merchant_id = plan, estate.merchant_of(plan).merchant_id
        self._cards, self._lotteries = estate.cards, estate.lotteries
        self._pik = plan.working.pik
        self.dice = random.Random(f"{seed}/{plan.terminal_id}")  # noqa: S311 - a load, no secret
        self.trace = 0
        self.sales: list[Request] = []
        """Those that stand."""
        self.holds: list[Request] = []
        """Pre-authorisations that nobody has completed."""
        self._vouchers = vouchers

    def voucher(self) -> VoucherPlan | None:
        """One that no till has had; None where there is none left."""
        return next(self._vouchers, None)

    def lottery(self) -> str:
        """The code of what is drawn in."""
        return self._lotteries[0].content.code

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
        self,
        kind: Kind,
        card: CardPlan | None,
        amount: Money | None,
        *,
        with_pin: bool = False,
        besides: Besides | None = None,
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
            besides=besides,
        )

    def about(self, kind: Kind, sale: Request) -> Request:
        """A void, refund or reversal of what it sold, or the completion of what it has held."""
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
        return till.about(kind, till.sales.pop()) if till.sales else _buy(till)

    return make


def _hand_in(till: Till) -> Request:
    voucher = till.voucher()
    if voucher is None:
        return _buy(till)
    besides = Besides(voucher=Secret(voucher.code.reveal().encode()))
    amount = Money(till.dice.randint(VOUCHER_FACE_MINOR, 2 * VOUCHER_FACE_MINOR), "CNY")
    return till.ask(Kind.VOUCHER_REDEMPTION, None, amount, besides=besides)


def _hold(till: Till) -> Request:
    amount = Money(till.amount(), "CNY")
    held = till.ask(Kind.PREAUTH, till.card(), amount, with_pin=True)
    till.holds.append(held)
    return held


def _complete(till: Till) -> Request:
    return till.about(Kind.COMPLETION, till.holds.pop()) if till.holds else _hold(till)


def _draw(till: Till) -> Request:
    besides, points = Besides(lottery=till.lottery()), Money(DRAW_POINTS, POINTS_PREFIX)
    return till.ask(Kind.LOTTERY_DRAW, till.card(), points, besides=besides)


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
    Part("voucher", 2, _hand_in),
    Part("pre-authorisation", 1, _hold),
    Part("completion", 1, _complete),
    Part("lottery draw", 1, _draw),
)
"""A till that has nothing to undo, or no voucher, sells instead."""
DAY: Final = (
    Part("purchase", 75, _buy),
    Part("points redemption", 15, _redeem),
    Part("load", 4, _load),
    Part("void", 2, _undoing(Kind.VOID)),
    Part("refund", 3, _undoing(Kind.REFUND)),
    Part("reversal", 1, _undoing(Kind.REVERSAL)),
)
"""What a night has to clear: each of them moves something."""
VOUCHERS_IN_A_HUNDRED: Final = 4
"""No more of a turn's messages hand one in: each is taken once, and the next turn has its own."""


class Turn(NamedTuple):
    """What one turn has for itself."""

    trace: int
    """The first of each terminal."""
    voucher: int
    """How many of the estate's vouchers earlier turns had."""
    seed: int


def vouchers_of(messages: int) -> int:
    """How many vouchers a turn of so many messages has at most."""
    return messages * VOUCHERS_IN_A_HUNDRED // 100


def mixed_messages(
    estate: EstatePlan,
    terminals: tuple[TerminalPlan, ...],
    messages: int,
    *,
    turn: Turn,
    parts: Sequence[Part] = MIX,
) -> Iterator[Request]:
    """So many, a terminal after the other."""
    vouchers = itertools.islice(estate.vouchers, turn.voucher, turn.voucher + vouchers_of(messages))
    tills = [Till(one, estate, vouchers, turn.seed + turn.trace) for one in terminals]
    makers, shares = [part.make for part in parts], [part.share for part in parts]
    for number in range(messages):
        each, place = divmod(number, len(tills))
        till = tills[place]
        till.trace = turn.trace + each
        [make] = till.dice.choices(makers, shares)
        yield make(till)
