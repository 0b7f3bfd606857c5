"""One purchase by points and money, and all that undoes it."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.requests import Besides, Kind
from host.model.responses import Reason
from tests.host.stateful.machine import AMOUNT, PART, WHICH, Sales
from tests.host.stateful.model import CITY, NO_MONEY, OK, Card, Deal, fresh, pin, take

STEP = 100
"""So many points of a city card pay as many fen, and no fewer."""
POINTS_MAX = st.sampled_from([None, None, 0, 150, 1_000])


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
        deal = Deal(card, amount, "combined")
        deal.worth, money = self._split(card, amount, points_max)
        deal.answer = (
            pin(card, is_right=is_right)
            or (Reason.AMOUNT_LIMIT if amount > card.terms.amount_max else None)
            or (OK if deal.worth + money == amount else card.too_little(amount - deal.worth))
        )
        if deal.answer in {NO_MONEY, Reason.VALUE_HELD} and part and deal.worth + money:
            deal.answer, deal.amount = Reason.PARTLY_APPROVED, deal.worth + money
        if deal.is_approved:
            self._pay(deal)
        said = self.say(asked, deal)
        besides = said.answer.besides
        if deal.is_approved:
            assert besides is not None
            assert besides.points_worth_minor == deal.worth

    def _split(self, card: Card, amount: int, points_max: int | None) -> tuple[int, int]:
        """What points pay of it, and what money does."""
        points = 0
        if card.terms is CITY:
            there = max(card.spendable(self.model.today), 0)
            there = there if points_max is None else min(there, points_max)
            points = min(there // STEP, amount // STEP) * STEP
        return points, min(amount - points, max(card.free, 0))

    def _pay(self, deal: Deal) -> None:
        card = deal.card
        if deal.worth:
            deal.taken = take(fresh(card.lots, self.model.today), deal.worth)
        money = deal.amount - deal.worth
        card.value -= money
        self.model.earned(deal, money)
