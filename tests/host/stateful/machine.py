"""Tills that do anything in any order with three cards: each answer, then all that is stored.

A kind of money is rules of its own beside these: what a till says, and what the model says of it.
"""

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from host.model.requests import Besides, Kind, Original, Request, Response
from host.model.responses import Reason
from tests.host.stateful.house import OTHER, House
from tests.host.stateful.model import Card, Deal, Model

WHICH = st.integers(0, 2)
ANY = st.integers(0, 9)
AMOUNT = st.one_of(st.integers(1, 60_000), st.sampled_from([100, 200_001, 450_000, 500_001]))
PART = st.sampled_from([False, False, True])
POINTS = st.one_of(st.integers(50, 1_500), st.sampled_from([500, 2_000]))
SOLD = st.sampled_from(
    ["purchase", "purchase", "combined", "redemption", "earning", "draw", "load"]
)
GIVEN_BACK = st.sampled_from(
    ["purchase", "combined", "completion", "redemption", "earning", "draw"]
)
TERMINALS = ("80010001", "80010002")
"""Of one store."""


class Said(msgspec.Struct):
    """One message, its answer, and what the model makes of both."""

    request: Request
    answer: Response
    deal: Deal


class Tills(RuleBasedStateMachine):
    """What all kinds share: cards, a model, what was said."""

    house: House

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(self.house.today)
        self.cards: list[Card] = []
        self.said: list[Said] = []

    @initialize()
    def cards_are_dealt(self) -> None:
        """Three nobody has used."""
        self.cards = self.house.deal_cards(self.model)

    def say(self, request: Request, deal: Deal) -> Said:
        """Ask, and hold the answer against the model's, which has decided already."""
        answer = self.house.ask(request)
        assert answer.reason is deal.answer, (request.kind, deal, answer)
        if answer.is_approved:
            self._look_at(answer, deal.card)
        said = Said(request, answer, deal)
        self.said.append(said)
        return said

    def _look_at(self, answer: Response, card: Card) -> None:
        if answer.points_balance is not None:
            assert answer.points_balance == max(card.spendable(self.model.today), 0)
        if answer.balance is not None:
            assert answer.balance.amount_minor == card.free

    def choose(self, number: int, *kinds: str) -> Said | None:
        """One of the last that were approved, of these kinds."""
        named = [one for one in self.said if one.deal.is_approved and one.deal.kind in kinds]
        return named[-1 - number % len(named)] if named else None

    @invariant()
    def what_is_stored_is_what_the_model_has(self) -> None:
        """Money, and each lot by its last day."""
        numbers = [card.number for card in self.cards]
        money, stored = self.house.money_of(numbers), self.house.lots_of(numbers)
        for card in self.cards:
            assert money[card.number] == (card.value, card.held), card
            for unit, lots in ((card.terms.unit, card.lots), (OTHER.unit, card.others)):
                there = sorted((lot.until, lot.place, lot.left) for lot in lots if lot.left)
                found = stored[card.number, unit]
                assert found == [(until, left) for until, _, left in there], unit


class Sales(Tills):
    """Value and points: sold, loaded, redeemed, earned, and undone."""

    @rule(which=WHICH, is_right=st.sampled_from([True] * 7 + [False]))
    def inquire(self, which: int, is_right: bool) -> None:
        """What is there."""
        card, pin = self.cards[which], "123456" if is_right else "1111"
        request = self.house.till.request(Kind.BALANCE_INQUIRY, card.number, pin=pin)
        self.say(request, self.model.inquire(card, pin_is_right=is_right))

    @rule(which=WHICH, amount=AMOUNT, is_right=st.sampled_from([True] * 7 + [False]), part=PART)
    def buy(self, which: int, amount: int, is_right: bool, part: bool) -> None:
        """Goods, at a till that may be told of a part."""
        card, pin = self.cards[which], "123456" if is_right else "1111"
        request = self._taking(
            part, self.house.till.request(Kind.PURCHASE, card.number, amount, pin=pin)
        )
        self.say(request, self.model.buy(card, amount, pin_is_right=is_right, takes_part=part))

    @rule(which=WHICH, amount=AMOUNT)
    def load(self, which: int, amount: int) -> None:
        """Cash."""
        card = self.cards[which]
        request = self.house.till.request(Kind.CASH_LOAD, card.number, amount)
        self.say(request, self.model.load(card, amount))

    @rule(which=WHICH, amount=AMOUNT)
    def earn(self, which: int, amount: int) -> None:
        """Points for what was paid elsewhere."""
        card = self.cards[which]
        request = self.house.till.request(Kind.POINTS_EARN, card.number, amount)
        self.say(request, self.model.earn(card, amount))

    @rule(which=WHICH, points=POINTS, part=PART)
    def redeem(self, which: int, points: int, part: bool) -> None:
        """Points for goods, or for some of them."""
        card = self.cards[which]
        request = self._taking(
            part, self.house.till.request(Kind.POINTS_REDEMPTION, card.number, points)
        )
        self.say(request, self.model.redeem(card, points, takes_part=part))

    @staticmethod
    def _taking(part: bool, request: Request) -> Request:
        return msgspec.structs.replace(request, besides=Besides(takes_part=True) if part else None)

    @rule(number=ANY, kind=SOLD, more=st.sampled_from([0, 0, 0, 0, 0, 1]))
    def void(self, number: int, kind: str, more: int) -> None:
        """All of it back, at its own till."""
        sale = self.choose(number, kind)
        if sale is None:
            return
        amount = sale.deal.amount + more
        request = self._undoing(Kind.VOID, sale, amount, TERMINALS[0])
        done = self.model.void(sale.deal, amount)
        if done.is_approved:
            self.voided(sale.deal, done)
        self.say(request, done)

    def voided(self, sale: Deal, done: Deal) -> None:
        """What a void that is approved does; kinds of their own do more."""
        sale.voids += 1
        done.taken = self.model.undo(sale)

    @rule(
        number=ANY,
        kind=GIVEN_BACK,
        terminal=st.sampled_from(TERMINALS),
        part=st.sampled_from([1, 2, 2, 3]),
    )
    def refund(self, number: int, kind: str, terminal: str, part: int) -> None:
        """Some of it back, at any till of the merchant."""
        sale = self.choose(number, kind)
        if sale is None or not sale.deal.amount // part:
            return
        amount = sale.deal.amount // part
        request = self._undoing(Kind.REFUND, sale, amount, terminal)
        self.say(request, self.model.refund(sale.deal, amount))

    def _undoing(self, kind: Kind, sale: Said, amount: int, terminal: str) -> Request:
        assert sale.request.amount is not None
        original = self.house.till.original(sale.request, sale.answer)
        if kind is Kind.REFUND:
            original = Original(rrn=sale.answer.rrn)
        return self.house.till.request(
            kind,
            sale.deal.card.number,
            amount,
            unit=sale.request.amount.unit,
            terminal_id=terminal,
            original=original,
        )

    def undone(self, deal: Deal) -> Reason:
        """What the reversal of a deal is to be answered; kinds of their own say it themselves."""
        return self.model.reverse(deal)

    @rule(number=ANY, names_part=st.booleans())
    def reverse(self, number: int, names_part: bool) -> None:
        """The answer did not come, whatever it was."""
        named = [one for one in self.said if one.deal.kind not in {"inquiry", "reversal"}]
        if not named:
            return
        said = named[-1 - number % len(named)]
        request = self.house.till.reversal(said.request)
        if said.deal.is_part and names_part:
            assert request.amount is not None
            part = msgspec.structs.replace(request.amount, amount_minor=said.deal.amount)
            request = msgspec.structs.replace(request, amount=part)
        if any(one.request.key == request.key for one in self.said):
            return
        deal = Deal(said.deal.card, said.deal.amount, "reversal", self.undone(said.deal))
        self.say(request, deal)

    @rule(number=ANY)
    def repeat(self, number: int) -> None:
        """The very same message: the very same answer, unless it was reversed since."""
        if not self.said:
            return
        said = self.said[-1 - number % len(self.said)]
        again = self.house.ask(said.request)
        if said.deal.is_reversed and said.deal.is_approved:
            assert again.reason is Reason.DUPLICATE
        else:
            assert again == said.answer

    @rule(turns=st.sampled_from([False] * 4 + [True]))
    def turn_the_date(self, turns: bool) -> None:
        """A new business date."""
        if turns:
            self.house.turn_the_date()
            self.model.today = self.house.today
