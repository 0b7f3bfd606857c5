"""Vouchers: handed in, put onto a card, and given back."""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from host.model.requests import Besides, Kind, Original, Request
from host.model.responses import Reason
from host.model.secrets import Secret
from tests.host.stateful.house import VOUCHER_MINOR, VOUCHERS_A_HAND
from tests.host.stateful.machine import ANY, TERMINALS, WHICH, Said, Sales
from tests.host.stateful.model import CITY, NO_MONEY, OK, Card, Deal

NOBODY = Card(0, CITY, 0)
"""A voucher is handed in without a card."""
USED = ("handed_in", "put_on")
EITHER = st.integers(0, VOUCHERS_A_HAND - 1)


@dataclass
class Paper:
    """One voucher."""

    code: str
    is_used: bool = False


@dataclass(kw_only=True)
class PaperDeal(Deal):
    """What was asked about one."""

    paper: Paper
    day: int = 0
    """By the business date it was asked on."""


class Vouchers(Sales):
    """Used once and whole."""

    def __init__(self) -> None:
        super().__init__()
        self.papers: list[Paper] = []

    @initialize()
    def vouchers_are_dealt(self) -> None:
        """That nobody has used."""
        self.papers = [Paper(code) for code in self.house.deal_vouchers()]

    @rule(which=EITHER, amount=st.sampled_from([1, VOUCHER_MINOR, 2 * VOUCHER_MINOR]))
    def hand_in(self, which: int, amount: int) -> None:
        """For goods of less or more than it is worth."""
        paper = self.papers[which]
        asked = self.house.till.request(
            Kind.VOUCHER_REDEMPTION, None, amount, besides=_besides(paper)
        )
        deal = self._deal(NOBODY, "handed_in", Reason.VOUCHER_USED if paper.is_used else OK, paper)
        paper.is_used = True
        self.say(asked, deal)

    @rule(which=EITHER, onto=WHICH)
    def put_on(self, which: int, onto: int) -> None:
        """A card of its issuer, or another."""
        paper, card = self.papers[which], self.cards[onto]
        asked = self.house.till.request(
            Kind.LOAD_BY_CODE, card.number, None, besides=_besides(paper)
        )
        deal = self._deal(card, "put_on", _why_not_put(paper, card), paper)
        if deal.is_approved:
            paper.is_used = True
            card.value += VOUCHER_MINOR
        self.say(asked, deal)

    @rule(number=ANY)
    def give_back(self, number: int) -> None:
        """The void of a use."""
        sale = self.choose(number, *USED)
        if sale is None:
            return
        deal = sale.deal
        assert isinstance(deal, PaperDeal)
        answer = self._why_not_given_back(deal)
        done = self._deal(deal.card, "voucher_void", answer, deal.paper)
        done.of = deal
        if answer is OK:
            deal.voids += 1
            _unuse(deal)
        self.say(self._voiding(sale), done)

    def undone(self, deal: Deal) -> Reason:
        """As of any other, but that the voucher goes with it."""
        if not isinstance(deal, PaperDeal) or not deal.is_approved or deal.is_reversed:
            return super().undone(deal)
        if deal.is_undone or (deal.of is not None and deal.of.is_final):
            deal.is_final = deal.is_reversed = True
            return OK
        if deal.kind == "voucher_void":
            return self._use_again(deal)
        if (short := _short_of(deal)) is not None:
            return short
        deal.is_reversed = True
        _unuse(deal)
        return OK

    def _use_again(self, void: PaperDeal) -> Reason:
        sale = void.of
        assert isinstance(sale, PaperDeal)
        if sale.paper.is_used:
            return NO_MONEY
        void.is_reversed = True
        sale.voids -= 1
        sale.paper.is_used = True
        if sale.kind == "put_on":
            sale.card.value += VOUCHER_MINOR
        return OK

    def _deal(self, card: Card, kind: str, answer: Reason, paper: Paper) -> PaperDeal:
        day = self.house.today.toordinal()
        return PaperDeal(card, VOUCHER_MINOR, kind, answer, paper=paper, day=day)

    def _why_not_given_back(self, deal: PaperDeal) -> Reason:
        if deal.day != self.house.today.toordinal():
            return Reason.OUTSIDE_WINDOW
        if deal.is_undone:
            return Reason.ORIGINAL_VOIDED
        return _short_of(deal) or OK

    def _voiding(self, sale: Said) -> Request:
        original: Original = self.house.till.original(sale.request, sale.answer)
        return self.house.till.request(
            Kind.VOUCHER_VOID,
            None,
            sale.request.amount.amount_minor if sale.request.amount is not None else None,
            pan=sale.request.pan,
            terminal_id=TERMINALS[0],
            original=original,
        )


def _besides(paper: Paper) -> Besides:
    return Besides(voucher=Secret(paper.code.encode()))


def _why_not_put(paper: Paper, card: Card) -> Reason:
    if paper.is_used:
        return Reason.VOUCHER_USED
    if card.terms is not CITY:
        return Reason.VOUCHER_NOT_PERMITTED
    return Reason.AMOUNT_LIMIT if card.free + VOUCHER_MINOR > card.terms.balance_max else OK


def _short_of(deal: PaperDeal) -> Reason | None:
    """Why what it put onto a card cannot be taken off again."""
    card = deal.card
    if deal.kind != "put_on" or card.free >= VOUCHER_MINOR:
        return None
    return card.short(VOUCHER_MINOR)


def _unuse(deal: PaperDeal) -> None:
    deal.paper.is_used = False
    if deal.kind == "put_on":
        deal.card.value -= VOUCHER_MINOR
