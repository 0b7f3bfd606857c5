"""A member pays by a code: one card of theirs does, and what it needs of the others is on it."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from host.model.requests import Besides, Kind
from host.payers import LOTS_MAX
from tests.host.stateful.combined import POINTS_MAX, Combined, paying_points
from tests.host.stateful.machine import PART
from tests.host.stateful.model import Card, fresh

WHOSE = st.sampled_from([0, 0, 0, 2])
AMOUNT = st.one_of(
    st.integers(1, 300_000), st.sampled_from([100, 2_000, 101_000, 202_000, 450_000, 500_001])
)


class Codes(Combined):
    """Cards of one member and one issuer: two in the city, or another's one."""

    @rule(whose=WHOSE, amount=AMOUNT, points_max=POINTS_MAX, part=PART)
    def pay_by_code(self, whose: int, amount: int, points_max: int | None, part: bool) -> None:
        """Points of all cards pay, those first that are lost first, then money of all."""
        cards = self._cards_of(whose)
        if any(len(fresh(card.lots, self.model.today)) > LOTS_MAX for card in cards):
            return
        asked = self.house.till.request(
            Kind.COMBINED_PURCHASE,
            None,
            amount,
            pan=self.house.show_code(whose),
            entry_mode="032",
            besides=Besides(takes_part=part, points_max=points_max),
        )
        payer = self._gathered(cards, amount, points_max, part=part)
        self.tell(asked, self.decided(payer, amount, points_max, part=part, refused=None))

    def _cards_of(self, whose: int) -> list[Card]:
        members = self.house.members
        return [
            card
            for card, member in zip(self.cards, members, strict=True)
            if member == members[whose]
        ]

    def _gathered(
        self, cards: list[Card], amount: int, points_max: int | None, *, part: bool
    ) -> Card:
        """The card that pays, with what it needs of the others, if that is enough."""
        most = max(cards, key=lambda card: card.spendable(self.model.today))
        rich = [card for card in cards if card.free > 0]

        def pay(payer: Card) -> int:
            there = sum(self._points_for(payer, card) for card in cards)
            return paying_points(payer, there, amount, points_max)

        payer: Card | None = None
        givers: list[Card] = []
        if pay(most) == amount:
            payer = most
        for card in [] if payer else rich:
            if sum(one.free for one in [*givers, card]) + pay(card) >= amount:
                payer = card
                break
            givers.append(card)
        if payer is None and not part:
            return rich[0] if rich else cards[0]
        if payer is None:
            *givers, payer = rich or [most]
        if amount <= payer.terms.amount_max:
            self._points_come(cards, payer, pay(payer))
            for giver in givers:
                payer.value += giver.free
                giver.value -= giver.free
        return payer

    def _points_for(self, payer: Card, card: Card) -> int:
        """What one card has to pay with; what the payer owes others have to bring first."""
        there = card.spendable(self.model.today)
        return there if card is payer else max(there, 0)

    def _points_come(self, cards: list[Card], payer: Card, points: int) -> None:
        today = self.model.today
        owed = max(-payer.spendable(today), 0) if points else 0
        free = {card.number: max(card.spendable(today), 0) for card in cards}
        left = points + owed
        lots = [(lot, card) for card in cards for lot in fresh(card.lots, today)]
        lots.sort(key=lambda one: (one[0].until, one[1] is not payer, one[0].place))
        for lot, card in lots:
            taken = max(min(left, lot.left, free[card.number]), 0)
            free[card.number] -= taken
            left -= taken
            if taken and card is not payer:
                lot.left -= taken
                self.model.came(payer.lots, taken, lot.until)
