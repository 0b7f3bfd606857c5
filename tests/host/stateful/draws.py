"""Draws of a lottery whose first prize runs out, and whose second is nothing."""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.requests import Besides, Kind
from host.model.responses import Reason
from tests.host.stateful.house import COST, LOTTERY, PRIZE
from tests.host.stateful.machine import WHICH, Sales
from tests.host.stateful.model import CITY, NO_MONEY, OK, Card, Deal, fresh, take


@dataclass(kw_only=True)
class Draw(Deal):
    """One of them."""

    has_won: bool = False


class Draws(Sales):
    """Every draw wins while there is anything to win; each run draws from the same stock."""

    @rule(which=WHICH, cost=st.sampled_from([COST] * 5 + [COST + 1]))
    def draw(self, which: int, cost: int) -> None:
        """For what it costs, or for something else."""
        card = self.cards[which]
        asked = self.house.till.request(
            Kind.LOTTERY_DRAW, card.number, cost, unit="P:", besides=Besides(lottery=LOTTERY)
        )
        deal = Draw(card, cost, "draw", self._why_not_drawn(card, cost))
        if deal.is_approved:
            self._enter(deal)
        said = self.say(asked, deal)
        if deal.is_approved:
            assert said.answer.besides is not None
            assert said.answer.besides.draw is not None
            assert said.answer.besides.draw.prize == ("POINTS" if deal.has_won else "NONE")

    def undone(self, deal: Deal) -> Reason:
        """As of any other, but that its prize goes back, or comes again."""
        given = deal.of if deal.kind == "void" else deal
        if not isinstance(given, Draw) or not given.has_won:
            return super().undone(deal)
        is_moot = deal.is_undone or (deal.of is not None and deal.of.is_final)
        if not deal.is_approved or deal.is_reversed or is_moot:
            return super().undone(deal)
        if deal.kind == "void" and not self.house.prizes:
            return NO_MONEY
        answer = super().undone(deal)
        if answer is OK:
            self.house.prizes += -1 if deal.kind == "void" else 1
        return answer

    def voided(self, sale: Deal, done: Deal) -> None:
        """A prize that goes back may be won again."""
        super().voided(sale, done)
        if isinstance(sale, Draw) and sale.has_won:
            self.house.prizes += 1

    def _why_not_drawn(self, card: Card, cost: int) -> Reason:
        if card.wrong_pins >= card.terms.pin_tries:
            return Reason.PIN_TRIES_EXCEEDED
        if card.terms is not CITY:
            return Reason.NOT_PERMITTED_TO_CARD
        if cost != COST:
            return Reason.INVALID_AMOUNT
        return NO_MONEY if card.spendable(self.model.today) < COST else OK

    def _enter(self, deal: Draw) -> None:
        card = deal.card
        deal.worth = deal.amount
        deal.taken = take(fresh(card.lots, self.model.today), COST)
        if self.house.prizes:
            self.house.prizes -= 1
            deal.has_won, deal.points = True, PRIZE
            deal.earned = self.model.lot(card, PRIZE)
