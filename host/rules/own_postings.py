"""What is written for those that no terminal makes: by hand, and by the clock.

OWN_LEGS says between which accounts each kind moves value; the audit holds every leg to it.
"""

import datetime as dt
from typing import Final

import msgspec

from host.ledger import Chart, Leg
from host.model.instruments import CardStatus
from host.model.own import Against, Direction
from host.model.requests import Kind
from host.rules import alliances
from host.rules.dossier import Dossier, NewLot, Posting
from host.rules.points import write_off
from host.rules.state import Purse
from host.rules.undoing import Result, breakage_of

OWN_LEGS: Final[dict[str, frozenset[tuple[Chart, Chart]]]] = {
    Kind.HOLD_EXPIRY: frozenset(),
    Kind.HOLD_RELEASE: frozenset(),
    Kind.POINTS_EXPIRY: frozenset({(Chart.CARD_POINTS, Chart.BREAKAGE)}),
    Kind.ADJUSTMENT: frozenset(
        pair
        for against in Against
        for pair in (
            (Chart(against), Chart.CARD_VALUE),
            (Chart.CARD_VALUE, Chart(against)),
        )
    ),
    Kind.CARD_BOUND_ACTIVATION: frozenset({(Chart.ISSUER_FUNDS, Chart.CARD_VALUE)}),
    Kind.CARD_OPENING: frozenset(
        {(Chart.ISSUER_FUNDS, Chart.CARD_VALUE), (Chart.POINTS_ISSUED, Chart.CARD_POINTS)}
    ),
    Kind.CARD_VOID: frozenset(
        {(Chart.CARD_VALUE, Chart.ISSUER_FUNDS), (Chart.CARD_POINTS, Chart.BREAKAGE)}
    ),
    Kind.PORT_LOAD: frozenset({(Chart.PORT_RECEIVABLE, Chart.CARD_VALUE)}),
    Kind.CASH_TAKEN: frozenset({(Chart.CASH_IN_HAND, Chart.CARD_VALUE)}),
    Kind.CASH_HANDED_IN: frozenset({(Chart.ISSUER_FUNDS, Chart.CASH_IN_HAND)}),
    Kind.BREAKAGE: frozenset({(Chart.CARD_VALUE, Chart.BREAKAGE)}),
    Kind.CARD_FEE: frozenset({(Chart.CARD_VALUE, Chart.FEE_INCOME)}),
    Kind.MOVE_OUT: frozenset(
        {
            (Chart.CARD_VALUE, Chart.IN_TRANSIT),
            (Chart.CARD_POINTS, Chart.IN_TRANSIT),
            (Chart.IN_TRANSIT, Chart.CARD_POINTS),
        }
    ),
    Kind.MOVE_IN: frozenset(
        {
            (Chart.IN_TRANSIT, Chart.CARD_VALUE),
            (Chart.IN_TRANSIT, Chart.CARD_POINTS),
            (Chart.CARD_POINTS, Chart.IN_TRANSIT),
        }
    ),
    Kind.GATHER_OUT: frozenset(
        {(Chart.CARD_VALUE, Chart.IN_TRANSIT), (Chart.CARD_POINTS, Chart.IN_TRANSIT)}
    ),
    Kind.MERGE_OUT: frozenset(
        {(Chart.CARD_VALUE, Chart.IN_TRANSIT), (Chart.CARD_POINTS, Chart.IN_TRANSIT)}
    ),
    Kind.MERGE_IN: frozenset(
        {(Chart.IN_TRANSIT, Chart.CARD_VALUE), (Chart.IN_TRANSIT, Chart.CARD_POINTS)}
    ),
    Kind.POINTS_CONVERSION: frozenset(
        {(Chart.CARD_POINTS, Chart.CONVERSION), (Chart.CONVERSION, Chart.CARD_POINTS)}
    ),
    Kind.POINTS_ADJUSTMENT: frozenset(
        {(Chart.POINTS_ISSUED, Chart.CARD_POINTS), (Chart.CARD_POINTS, Chart.POINTS_ISSUED)}
    ),
    Kind.GIFT_SEND: frozenset({(Chart.CARD_VALUE, Chart.IN_TRANSIT)}),
    Kind.GIFT_CLAIM: frozenset({(Chart.IN_TRANSIT, Chart.CARD_VALUE)}),
    Kind.GIFT_RETURN: frozenset({(Chart.IN_TRANSIT, Chart.CARD_VALUE)}),
    Kind.TRANSACTION_FEES: frozenset(
        pair
        for payer in (Chart.MERCHANT_FEES, Chart.ISSUER_FEES)
        for pair in ((payer, Chart.HOUSE_FEES), (Chart.HOUSE_FEES, payer))
    ),
    Kind.ALLIANCE_SETTLEMENT: alliances.pairs(),
    Kind.SETTLEMENT_CORRECTION: frozenset(
        {
            (Chart.MERCHANT_PAYABLE, Chart.SUSPENSE),
            (Chart.SUSPENSE, Chart.MERCHANT_PAYABLE),
            (Chart.HOUSE_FEES, Chart.MERCHANT_PAYABLE),
        }
    ),
    Kind.RESERVE_HELD: frozenset({(Chart.MERCHANT_PAYABLE, Chart.MERCHANT_RESERVE)}),
    Kind.RESERVE_RELEASED: frozenset({(Chart.MERCHANT_RESERVE, Chart.MERCHANT_PAYABLE)}),
    Kind.ADVERTISING: frozenset({(Chart.MERCHANT_PAYABLE, Chart.HOUSE_FEES)}),
}
"""Kind to debit and credit."""


def post_adjustment(dossier: Dossier) -> Posting:
    """Value that a person puts on a card or takes from it, at whose cost is said."""
    card, issuer, told = dossier.present_card, dossier.issuer, dossier.adjustment
    other = dossier.book.account(Chart(told.against), issuer.currency, issuer.id)
    leg = Leg(other, dossier.account_of(card.value), dossier.amount, issuer.currency)
    if told.direction is Direction.DEBIT:
        leg = leg.swapped()
    return Posting(card, dossier.merchant_id, dossier.amount, issuer.currency, [leg])


def post_card_fee(dossier: Dossier) -> Posting:
    """What its issuer takes for the card that has its place."""
    card, issuer, amount = dossier.present_card, dossier.issuer, dossier.amount
    fees = dossier.book.account(Chart.FEE_INCOME, issuer.currency, issuer.id)
    leg = Leg(card.value.account, fees, amount, issuer.currency)
    return Posting(card, dossier.merchant_id, amount, issuer.currency, [leg])


def post_card_void(dossier: Dossier) -> Result:
    """All that is left on a voided card: money to its issuer, points to what their programme keeps.

    A debt of points stays what it is. Nothing is posted where nothing is left.
    """
    card = dossier.present_card
    posting = Posting(card, dossier.merchant_id, 0, "", [])
    for purse in card.purses:
        if purse.is_points:
            points, uses = write_off(purse, None)
            posting.lot_uses = [*posting.lot_uses, *uses]
            _add(dossier, posting, purse, Chart.BREAKAGE, points)
        else:
            _add(dossier, posting, purse, Chart.ISSUER_FUNDS, purse.available)
    return posting if posting.legs else None


class Broken(msgspec.Struct, frozen=True, gc=False):
    """Kept beside the posting of what an expired card had: of which product and month, how much."""

    product: int
    month: dt.date
    """Its first day; the card's last day was in it."""
    amount_minor: int


def has_expired_for_good(dossier: Dossier) -> bool:
    """A card of a batch whose days are over: nobody has given it a later last day."""
    card = dossier.present_card
    return (
        card.status == CardStatus.EXPIRED
        and card.valid_to is not None
        and dossier.terms is not None
    )


def post_breakage(dossier: Dossier) -> Result:
    """Money that is left on an expired card, to its issuer; what is held of it stays."""
    card, terms = dossier.present_card, dossier.terms
    assert terms is not None, "it was asked"
    assert card.valid_to is not None, "it was asked"
    purse, amount = card.value, card.value.available
    if amount <= 0:
        return None
    dossier.keep(Broken(terms.product_id, card.valid_to.replace(day=1), amount))
    leg = Leg(purse.account, breakage_of(dossier, purse), amount, purse.unit)
    return Posting(card, dossier.merchant_id, amount, purse.unit, [leg])


def post_card_opening(dossier: Dossier) -> Posting:
    """What a card of another system had: its money out of its issuer's funds, its points as a lot.

    The lot is of today, for when they were earned the other system alone knew. Nothing is pending.
    """
    card, issuer = dossier.present_card, dossier.issuer
    posting = Posting(card, dossier.merchant_id, 0, "", [])
    funds = dossier.book.account(Chart.ISSUER_FUNDS, issuer.currency, issuer.id)
    value = dossier.account_of(card.value)
    _put_on(posting, Leg(funds, value, dossier.amount, issuer.currency))
    programme = issuer.programme
    if dossier.points_brought and programme is not None:
        issued = dossier.book.account(Chart.POINTS_ISSUED, programme.unit, issuer.id)
        account = dossier.account_of(card.purse_in(programme.unit))
        _put_on(posting, Leg(issued, account, dossier.points_brought, programme.unit))
        days = programme.days_of_lot(dossier.today)
        posting.new_lots.append(NewLot(account, dossier.points_brought, days[0]))
    return posting


def _put_on(posting: Posting, leg: Leg) -> None:
    if leg.amount_minor <= 0:
        return
    if not posting.legs:
        posting.amount_minor, posting.unit = leg.amount_minor, leg.unit
    posting.legs.append(leg)


def _add(dossier: Dossier, posting: Posting, purse: Purse, to: Chart, amount: int) -> None:
    """The first leg is what the journal is of."""
    if amount <= 0:
        return
    if not posting.legs:
        posting.amount_minor, posting.unit = amount, purse.unit
    account = dossier.book.account(to, purse.unit, dossier.issuer.id)
    posting.legs.append(Leg(purse.account, account, amount, purse.unit))
