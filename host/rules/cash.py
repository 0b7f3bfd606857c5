"""Cash that a person takes at a counter for a card, and that is owed until it is handed in.

Taken, it is on the card, and with whoever took it (`cash_in_hand`); handed in, it is the issuer's.
Which load it is stands in the request: its row is moved on in the transaction of the posting, so
what people owe and what the ledger says of it are never two things.
"""

import msgspec

from host.ledger import Chart, Leg
from host.rules.checks import merchant_accepts_issuer
from host.rules.dossier import Dossier, Posting


class CashTaken(msgspec.Struct, frozen=True, gc=False):
    """Kept beside what put it onto the card: the number of the load."""

    load: int


class CashHandedIn(msgspec.Struct, frozen=True, gc=False):
    """The same of what was handed in."""

    load: int


def card_is_loaded_here(dossier: Dossier) -> bool:
    """Where it is taken at a merchant's counter, that one takes the issuer's cards."""
    own = dossier.item.own
    assert own is not None, "no terminal asks for it"
    return own.counter is None or merchant_accepts_issuer(dossier)


def post_cash_taken(dossier: Dossier) -> Posting:
    """Cash becomes value on the card; who took it owes it."""
    card = dossier.present_card
    leg = Leg(
        _in_hand(dossier), dossier.account_of(card.value), dossier.amount, dossier.issuer.currency
    )
    dossier.keep(CashTaken(_load(dossier)))
    return _posting(dossier, leg)


def post_cash_handed_in(dossier: Dossier) -> Posting:
    """It is with the issuer, and nobody owes it any more. The card has no part in it."""
    issuer = dossier.issuer
    funds = dossier.book.account(Chart.ISSUER_FUNDS, issuer.currency, issuer.id)
    leg = Leg(funds, _in_hand(dossier), dossier.amount, issuer.currency)
    dossier.keep(CashHandedIn(_load(dossier)))
    return _posting(dossier, leg)


def _posting(dossier: Dossier, leg: Leg) -> Posting:
    return Posting(dossier.present_card, dossier.merchant_id, leg.amount_minor, leg.unit, [leg])


def _in_hand(dossier: Dossier) -> int:
    issuer = dossier.issuer
    return dossier.book.account(Chart.CASH_IN_HAND, issuer.currency, issuer.id)


def _load(dossier: Dossier) -> int:
    own = dossier.item.own
    assert own is not None, "no terminal asks for it"
    return own.cash
