"""A tiny model of what cards, sales and their undoings come to: sums only, no lots, no legs.

It shares no code with the host. Each method says what the host is to answer, and changes the
model as that answer says.
"""

from dataclasses import dataclass

from host.model.requests import Kind
from host.model.responses import Reason

AMOUNT_MAX = {"city": 500_000, "pear": 200_000}
BALANCE_MAX = {"city": 1_000_000, "pear": 500_000}
POINTS_PER_YUAN = {"city": 1, "pear": 2}
POINTS_MIN = {"city": 100, "pear": 500}
MAY_OWE = {"city": True, "pear": False}
TRIES_MAX = 3


@dataclass
class ModelCard:
    """What is on a card."""

    issuer: str
    value: int
    points: int
    wrong_pins: int = 0
    merchant_owes: int = 0
    """Points that sales gave, that were spent, and whose sales were reversed."""

    def take_points(self, points: int) -> None:
        """What is missing is the card's debt, or its merchant's."""
        part = points if MAY_OWE[self.issuer] else min(points, max(self.points, 0))
        self.points -= part
        self.merchant_owes += points - part


@dataclass
class Deal:
    """A sale, load, redemption or void, and what has become of it."""

    kind: Kind
    card: ModelCard
    amount: int
    reason: Reason = Reason.APPROVED
    earned: int = 0
    refunded: int = 0
    voids: int = 0
    reversed: bool = False
    reversed_for_good: bool = False
    """By a reversal that found it voided."""
    of: "Deal | None" = None

    @property
    def is_undone(self) -> bool:
        """By a void that stands, or by a reversal."""
        return self.voids > 0 or self.reversed


def purchase(card: ModelCard, amount: int, *, pin_is_right: bool) -> Deal:
    """Value for goods, and points for it."""
    deal = Deal(Kind.PURCHASE, card, amount)
    deal.reason = _pin(card, pin_is_right=pin_is_right) or _spendable(card, amount)
    if deal.reason is Reason.APPROVED:
        deal.earned = amount * POINTS_PER_YUAN[card.issuer] // 100
        card.value -= amount
        card.points += deal.earned
    return deal


def load(card: ModelCard, amount: int) -> Deal:
    """Cash to value."""
    deal = Deal(Kind.CASH_LOAD, card, amount)
    if amount > AMOUNT_MAX[card.issuer] or card.value + amount > BALANCE_MAX[card.issuer]:
        deal.reason = Reason.AMOUNT_LIMIT
    else:
        card.value += amount
    return deal


def redemption(card: ModelCard, points: int) -> Deal:
    """Points for goods."""
    deal = Deal(Kind.POINTS_REDEMPTION, card, points)
    if card.wrong_pins >= TRIES_MAX:
        deal.reason = Reason.PIN_TRIES_EXCEEDED
    elif points < POINTS_MIN[card.issuer]:
        deal.reason = Reason.INVALID_AMOUNT
    elif points > card.points:
        deal.reason = Reason.INSUFFICIENT_FUNDS
    else:
        card.points -= points
    return deal


def void(deal: Deal, amount: int) -> Deal:
    """All of a sale or redemption back."""
    done = Deal(Kind.VOID, deal.card, amount, of=deal)
    if deal.kind is Kind.CASH_LOAD:
        done.reason = Reason.INVALID_TRANSACTION
    elif deal.is_undone or deal.refunded:
        done.reason = Reason.ORIGINAL_VOIDED
    elif amount != deal.amount:
        done.reason = Reason.ORIGINAL_MISMATCH
    elif deal.earned and not _can_take_points(deal.card, deal.earned):
        done.reason = Reason.INSUFFICIENT_FUNDS
    else:
        deal.voids += 1
        _give_back(deal)
    return done


def refund(deal: Deal, amount: int) -> Deal:
    """Some or all of a sale back, redemptions whole."""
    done = Deal(Kind.REFUND, deal.card, amount, of=deal)
    after = deal.refunded + amount
    back = deal.earned * after // deal.amount - deal.earned * deal.refunded // deal.amount
    if deal.kind is Kind.CASH_LOAD:
        done.reason = Reason.INVALID_TRANSACTION
    elif deal.is_undone:
        done.reason = Reason.ORIGINAL_VOIDED
    elif deal.kind is Kind.POINTS_REDEMPTION and amount != deal.amount:
        done.reason = Reason.ORIGINAL_MISMATCH
    elif after > deal.amount:
        done.reason = Reason.AMOUNT_LIMIT
    elif back and not _can_take_points(deal.card, back):
        done.reason = Reason.INSUFFICIENT_FUNDS
    else:
        deal.refunded = after
        if deal.kind is Kind.POINTS_REDEMPTION:
            deal.card.points += amount
        else:
            deal.card.value += amount
            deal.card.points -= back
    return done


def reversal(deal: Deal) -> Reason:
    """Never happened."""
    if deal.reason is not Reason.APPROVED:
        return Reason.APPROVED
    if deal.is_undone or (deal.of is not None and deal.of.reversed_for_good):
        deal.reversed_for_good = True
        return Reason.APPROVED
    if deal.refunded:
        return Reason.ORIGINAL_VOIDED
    if not _card_has_it(deal):
        return Reason.INSUFFICIENT_FUNDS
    deal.reversed = True
    if deal.of is None:
        _give_back(deal)
        return Reason.APPROVED
    sale = deal.of
    sale.voids -= 1
    if sale.kind is Kind.POINTS_REDEMPTION:
        sale.card.points -= sale.amount
    else:
        sale.card.value -= sale.amount
        sale.card.points += sale.earned
    return Reason.APPROVED


def _card_has_it(deal: Deal) -> bool:
    """What a load or a void gave to the card: who took the cash stays liable for it."""
    given = deal if deal.of is None else deal.of
    if deal.of is not None and given.kind is Kind.POINTS_REDEMPTION:
        return _can_take_points(given.card, given.amount)
    if deal.of is not None or deal.kind is Kind.CASH_LOAD:
        return given.card.value >= given.amount
    return True


def _pin(card: ModelCard, *, pin_is_right: bool) -> Reason | None:
    if card.wrong_pins >= TRIES_MAX:
        return Reason.PIN_TRIES_EXCEEDED
    if pin_is_right:
        card.wrong_pins = 0
        return None
    card.wrong_pins += 1
    return Reason.PIN_TRIES_EXCEEDED if card.wrong_pins == TRIES_MAX else Reason.WRONG_PIN


def _spendable(card: ModelCard, amount: int) -> Reason:
    if amount > AMOUNT_MAX[card.issuer]:
        return Reason.AMOUNT_LIMIT
    return Reason.APPROVED if amount <= card.value else Reason.INSUFFICIENT_FUNDS


def _can_take_points(card: ModelCard, points: int) -> bool:
    return MAY_OWE[card.issuer] or points <= card.points


def _give_back(deal: Deal) -> None:
    card = deal.card
    if deal.kind is Kind.POINTS_REDEMPTION:
        card.points += deal.amount
    elif deal.kind is Kind.CASH_LOAD:
        card.value -= deal.amount
    else:
        card.value += deal.amount
        card.take_points(deal.earned)
