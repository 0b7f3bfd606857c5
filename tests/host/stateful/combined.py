"""One purchase by points and money, and all that undoes it."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.requests import Besides, Kind, Request
from host.model.responses import Reason
from tests.host.stateful.machine import AMOUNT, PART, WHICH, Sales
from tests.host.stateful.model import CITY, NO_MONEY, OK, Card, Deal, fresh, pin, take

STEP = 100
"""So many points of a city card pay as many fen, and no fewer."""
POINTS_MAX = st.sampled_from([None, None, 0, 150, 1_000])


def paying_points(card: Card, there: int, amount: int, points_max: int | None) -> int:
    """How many of so many pay such an amount, and how much: one is a fen."""
    if card.terms is not CITY:
        return 0
    there = max(there if points_max is None else min(there, points_max), 0)
    return min(there // STEP, amount // STEP) * STEP


class Combined(Sales):
    """Points first, in whole steps, then money."""

    @rule(
        which=WHICH,
        amount=AMOUNT,
        points_max=POINTS_MAX,
        part=PART,
        is_right=st.sampled_from([True] * 9 + [False]),
    )
    def combine(
        self, which: int, amount: int, points_max: int | None, part: bool, is_right: bool
    ) -> None:
        """Goods, at a till that may be told of a part."""
        card = self.cards[which]
        asked = self.house.till.request(
            Kind.COMBINED_PURCHASE,
            card.number,
            amount,
            pin="123456" if is_right else "1111",
            besides=Besides(takes_part=part, points_max=points_max),
        )
        refused = pin(card, is_right=is_right)
        self.tell(asked, self.decided(card, amount, points_max, part=part, refused=refused))

    def decided(
        self, card: Card, amount: int, points_max: int | None, *, part: bool, refused: Reason | None
    ) -> Deal:
        """What one card pays of it."""
        deal = Deal(card, amount, "combined")
        deal.worth, money = self._split(card, amount, points_max)
        deal.answer = (
            refused
            or (Reason.AMOUNT_LIMIT if amount > card.terms.amount_max else None)
            or (OK if deal.worth + money == amount else card.too_little(amount - deal.worth))
        )
        if deal.answer in {NO_MONEY, Reason.VALUE_HELD} and part and deal.worth + money:
            deal.answer, deal.amount = Reason.PARTLY_APPROVED, deal.worth + money
        if deal.is_approved:
            self._pay(deal)
        return deal

    def tell(self, asked: Request, deal: Deal) -> None:
        """It is asked, and what points have paid is told."""
        besides = self.say(asked, deal).answer.besides
        if deal.is_approved:
            assert besides is not None
            assert besides.points_worth_minor == deal.worth

    def _split(self, card: Card, amount: int, points_max: int | None) -> tuple[int, int]:
        """What points pay of it, and what money does."""
        points = paying_points(card, card.spendable(self.model.today), amount, points_max)
        return points, min(amount - points, max(card.free, 0))

    def _pay(self, deal: Deal) -> None:
        card = deal.card
        if deal.worth:
            deal.taken = take(fresh(card.lots, self.model.today), deal.worth)
        money = deal.amount - deal.worth
        card.value -= money
        self.model.earned(deal, money)
