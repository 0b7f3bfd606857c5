"""A counter that asks the host for all a terminal can, and keeps what it was told as claims."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from host.estate.demo import (
    CITY,
    DRAW_POINTS,
    FIRST_VOUCHER,
    GIFT_FACE_MINOR,
    LOTTERY,
    VOUCHER_FACE_MINOR,
    VOUCHERS,
    card_pan,
    voucher_code,
)
from host.model.claims import Claim
from host.model.money import POINTS_PREFIX
from host.model.requests import REPEATED, Besides, Kind, Original, Request, Response
from host.model.responses import RESPONSE_CODES
from host.model.secrets import Secret
from simulators.trades import SALES, VOID_OF
from tests.host.conftest import TERMINALS, Till
from tests.host.test_loads_by_phone import somebody

CARDS: Final = [*range(1, 40), 701, 702]
GIFT_CARDS: Final = range(1101, 1111)
"""Of a batch that is opened: some are asked for twice."""
CARDS_OF_MEMBERS: Final = [*range(1, 8), 701]
"""Each has a member of its own, whose phone loads it."""
NOBODYS_PHONE: Final = "13700000000"
HOLDS_IN_MIND: Final = 4
"""So many pre-authorisations a counter still thinks of, ended ones too."""
SOLD: Final = SALES - {Kind.PREAUTH}
NOT_REFUNDED: Final = frozenset(
    {
        Kind.CARD_ACTIVATION,
        Kind.VOUCHER_REDEMPTION,
        Kind.LOAD_BY_CODE,
        Kind.LOAD_BY_PHONE,
        Kind.LOTTERY_DRAW,
    }
)
"""What is voided and never given back in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What was approved, as far as a void or a refund of it has to know."""

    kind: Kind
    request: Request
    answer: Response
    card: int | None
    amount_minor: int
    unit: str

    @property
    def worth_minor(self) -> int:
        """What of it points have paid."""
        besides = self.answer.besides
        return besides.points_worth_minor if besides is not None else 0


@dataclass(slots=True)
class Hold:
    """A pre-authorisation, and what the counter believes to be held by it."""

    sale: Sale
    held_minor: int

    @property
    def slip(self) -> Original:
        """What its slip says: its code and its date."""
        answer = self.sale.answer
        return Original(auth_code=answer.auth_code, local_date=answer.local_time[4:8])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A message, and what its claim says where the message does not."""

    request: Request
    card: int | None
    amount_minor: int
    worth_minor: int = 0
    original: Sale | None = None

    @property
    def unit(self) -> str:
        """A load by a code names no amount: what it is of, the voucher says."""
        return self.request.amount.unit if self.request.amount is not None else "CNY"


@dataclass(slots=True)
class Trader:
    """Trades with a seed, all kinds, some answers forgotten and then made good as a till does."""

    till: Till
    seed: int
    claims: list[Claim] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    given_back: Counter[str] = field(default_factory=Counter)
    """By refunds, of each sale's slot."""
    card_of_phone: dict[str, int] = field(default_factory=dict)
    """What no terminal is told: whose card a load by phone is on."""
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def give_phones(self) -> None:
        """Make the members whose phones are loaded by: once, before anything is traded."""
        self.card_of_phone = {somebody(self.till, card): card for card in CARDS_OF_MEMBERS}

    async def trade(self, rounds: int) -> None:
        """So many transactions, each at one of ten terminals: all kinds in turn, shuffled."""
        trades: list[Callable[[], Awaitable[None]]] = [
            self.buy, self.buy, self.combine, self.load, self.redeem, self.redeem, self.earn,
            self.activate, self.draw, self.hand_in, self.load_by_code, self.load_by_phone,
            self.hold, self.hold, self.hold_more, self.free, self.complete, self.advise,
            self.undo, self.undo, self.undo,
        ]  # fmt: skip
        coming: list[Callable[[], Awaitable[None]]] = []
        for _ in range(rounds):
            coming = coming or self.dice.sample(trades, len(trades))
            self.till.terminal_id = self.dice.choice(list(TERMINALS)[:10])
            await coming.pop()()

    # What is sold. -------------------------------------------------------------------------------

    async def buy(self) -> None:
        """For money, now and then with a wrong PIN."""
        pin = self.dice.choice(["123456"] * 9 + ["000000"])
        await self.ask_for(Kind.PURCHASE, self.any_card(), 30_000, pin=pin)

    async def combine(self) -> None:
        """For points and money, now and then for more than there is of both."""
        takes_part = self.dice.random() < 0.5
        besides = Besides(takes_part=takes_part, points_max=self.dice.choice([None, 100]))
        most = 200_000 if takes_part else 30_000
        card = self.card_with_points()
        await self.ask_for(Kind.COMBINED_PURCHASE, card, most, pin="123456", besides=besides)

    async def load(self) -> None:
        """Cash."""
        await self.ask_for(Kind.CASH_LOAD, self.any_card(), 50_000)

    async def redeem(self) -> None:
        """For points."""
        await self.ask_for(Kind.POINTS_REDEMPTION, self.card_with_points(), 300, least=100)

    async def earn(self) -> None:
        """Points for what was paid elsewhere."""
        await self.ask_for(Kind.POINTS_EARN, self.any_card(), 50_000)

    async def activate(self) -> None:
        """A gift card."""
        card = self.dice.choice(GIFT_CARDS)
        kind, pan = Kind.CARD_ACTIVATION, card_pan(CITY, card)
        request = self.till.request(kind, None, GIFT_FACE_MINOR, pan=pan)
        await self.ask(Asked(request=request, card=card, amount_minor=GIFT_FACE_MINOR))

    async def draw(self) -> None:
        """In the lottery."""
        card, besides = self.card_with_points(), Besides(lottery=LOTTERY.content.code)
        request = self.till.request(
            Kind.LOTTERY_DRAW, card, DRAW_POINTS, unit=POINTS_PREFIX, besides=besides
        )
        await self.ask(Asked(request=request, card=card, amount_minor=DRAW_POINTS))

    async def hand_in(self) -> None:
        """A voucher, for a sale of less or more than it is worth."""
        amount = self.dice.randint(1, 2 * VOUCHER_FACE_MINOR)
        kind, besides = Kind.VOUCHER_REDEMPTION, self.any_voucher()
        request = self.till.request(kind, None, amount, besides=besides)
        await self.ask(Asked(request=request, card=None, amount_minor=VOUCHER_FACE_MINOR))

    async def load_by_code(self) -> None:
        """A voucher, onto a card."""
        card, besides = self.any_card(), self.any_voucher()
        request = self.till.request(Kind.LOAD_BY_CODE, card, None, besides=besides)
        await self.ask(Asked(request=request, card=card, amount_minor=VOUCHER_FACE_MINOR))

    async def load_by_phone(self) -> None:
        """Cash, now and then for a phone that nobody has; some are voided at once."""
        phones = list(self.card_of_phone)
        phone = NOBODYS_PHONE if self.dice.random() < 0.1 else self.dice.choice(phones)
        amount, besides = self.dice.randint(1, 50_000), Besides(phone=Secret(phone.encode()))
        request = self.till.request(Kind.LOAD_BY_PHONE, None, amount, besides=besides)
        card = self.card_of_phone.get(phone)
        sale = await self.ask(Asked(request=request, card=card, amount_minor=amount))
        if sale is not None and self.dice.random() < 0.4:
            await self.void(sale)

    # What is held. -------------------------------------------------------------------------------

    async def hold(self) -> None:
        """A pre-authorisation."""
        sale = await self.ask_for(Kind.PREAUTH, self.any_card(), 30_000, pin="123456")
        if sale is not None:
            self.holds.append(Hold(sale, sale.amount_minor))
            if self.dice.random() < 0.4:
                await self.hold_more()

    async def hold_more(self) -> None:
        """Of one that was held before."""
        if self.holds:
            hold, more = self.any_hold(), self.dice.randint(1, 10_000)
            if await self.ask_about(hold, Kind.PREAUTH_INCREMENT, more) is not None:
                hold.held_minor += more

    async def free(self) -> None:
        """All that is held."""
        if self.holds:
            hold = self.any_hold()
            await self.ask_about(hold, Kind.PREAUTH_VOID, hold.held_minor)

    async def complete(self, kind: Kind = Kind.COMPLETION) -> None:
        """Take what is held, or less of it, now and then more; some are voided at once."""
        if self.holds:
            hold = self.any_hold()
            most = hold.held_minor
            amount = self.dice.choice([most, most + 1, self.dice.randint(1, most)])
            sale = await self.ask_about(hold, kind, amount)
            if sale is not None and self.dice.random() < 0.4:
                await self.void(sale)

    async def advise(self) -> None:
        """As a completion, which a terminal repeats and never reverses."""
        await self.complete(Kind.COMPLETION_ADVICE)

    async def ask_about(self, hold: Hold, kind: Kind, amount: int) -> Sale | None:
        """What a slip's holder asks of it."""
        card = hold.sale.card
        request = self.till.request(kind, card, amount, original=hold.slip)
        asked = Asked(request=request, card=card, amount_minor=amount, original=hold.sale)
        return await self.ask(asked)

    # What is undone. -----------------------------------------------------------------------------

    async def undo(self) -> None:
        """Void a sale, or refund a part of it."""
        if not self.sales:
            return
        kind = self.dice.choice(sorted({one.kind for one in self.sales}))
        sale = self.dice.choice([one for one in self.sales if one.kind is kind])
        self.till.terminal_id = sale.request.key.terminal_id
        if sale.kind in NOT_REFUNDED or self.dice.random() < 0.5:
            await self.void(sale)
        else:
            await self.refund(sale)

    async def void(self, sale: Sale) -> None:
        """Whole."""
        original = self.till.original(sale.request, sale.answer)
        kind = VOID_OF.get(sale.kind, Kind.VOID)
        await self.ask(self.about(sale, kind, sale.amount_minor, original, sale.worth_minor))

    async def refund(self, sale: Sale) -> None:
        """In parts, each named by the RRN alone: money is given back first."""
        amount = self.dice.randint(1, sale.amount_minor)
        slot, money = sale.request.key.text, sale.amount_minor - sale.worth_minor
        before = self.given_back[slot]
        worth = max(before + amount - money, 0) - max(before - money, 0) if sale.worth_minor else 0
        original = Original(rrn=sale.answer.rrn)
        if await self.ask(self.about(sale, Kind.REFUND, amount, original, worth)) is not None:
            self.given_back[slot] += amount

    def about(self, sale: Sale, kind: Kind, amount: int, original: Original, worth: int) -> Asked:
        """What is asked of a sale: with its card, where one was presented."""
        pan = sale.request.pan
        request = self.till.request(kind, None, amount, unit=sale.unit, original=original, pan=pan)
        return Asked(
            request=request,
            card=sale.card,
            amount_minor=amount,
            worth_minor=worth,
            original=sale,
        )

    # How it is asked. ----------------------------------------------------------------------------

    async def ask_for(
        self, kind: Kind, card: int, most: int, least: int = 1, **more: Any
    ) -> Sale | None:
        """Something of any amount up to one."""
        amount = self.dice.randint(least, most)
        request = self.till.request(kind, card, amount, **more)
        return await self.ask(Asked(request=request, card=card, amount_minor=amount))

    async def ask(self, asked: Asked) -> Sale | None:
        """Ask, and keep the claim; nothing where it was declined or is undone."""
        request = asked.request
        answer = await self.till.ask(request)
        facts: dict[str, Any] = {"told": f39(answer), "rrn": answer.rrn}
        if self.dice.random() < 0.2:
            facts = await self.make_good(asked)
        part = answer.part_minor if facts.get("told") else 0
        sale = Sale(
            kind=request.kind,
            request=request,
            answer=answer,
            card=asked.card,
            amount_minor=part or asked.amount_minor,
            unit=asked.unit,
        )
        self.claims.append(
            Claim(
                slot=request.key.text,
                kind=request.kind,
                card_id=asked.card,
                amount_minor=sale.amount_minor,
                unit=asked.unit,
                original_slot=asked.original.request.key.text if asked.original else None,
                points_worth_minor=sale.worth_minor or asked.worth_minor,
                **facts,
            )
        )
        if not facts.get("told") or not answer.is_approved:
            return None
        if request.kind in SOLD:
            self.sales.append(sale)
        return sale

    async def make_good(self, asked: Asked) -> dict[str, Any]:
        """The answer was lost: the terminal repeats, confirms or reverses."""
        request = asked.request
        if request.kind in REPEATED:
            again = await self.till.ask(request)
            return {"told": f39(again), "rrn": again.rrn}
        if request.kind is Kind.CASH_LOAD:
            told = await self.till.ask(self.till.confirmation(request))
            return {"confirm_sent": True, "confirm_told": f39(told)}
        told = await self.till.ask(self.till.reversal(request))
        return {"reversal_sent": True, "reversal_told": f39(told)}

    # What is at hand. ----------------------------------------------------------------------------

    def any_card(self) -> int:
        return self.dice.choice(CARDS)

    def card_with_points(self) -> int:
        """One that something was bought with, else any."""
        buyers = [one.card for one in self.sales if one.card in CARDS]
        return self.dice.choice(buyers or CARDS) or 1

    def any_hold(self) -> Hold:
        return self.dice.choice(self.holds[-HOLDS_IN_MIND:])

    def any_voucher(self) -> Besides:
        number = self.dice.randrange(FIRST_VOUCHER, FIRST_VOUCHER + VOUCHERS)
        return Besides(voucher=Secret(voucher_code(number).reveal().encode()))


def f39(answer: Response) -> str:
    """What a terminal is told."""
    return RESPONSE_CODES[answer.reason].f39
