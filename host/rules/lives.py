"""What changes a card with a posting: activation, the undoing of it, and the end of a card.

A card is changed in the batch's state, as purses and lots are, and stored with the posting. Each is
asked only after everything that can refuse it.
"""

import datetime as dt
from typing import Final

from host.ledger import Chart, Leg
from host.model.instruments import NO_PART, Activation, CardStatus, SaleState
from host.model.origins import Origin
from host.rules.card_states import IN_STOCK
from host.rules.dossier import Dossier, Posting
from host.rules.state import Card

_ENDED: Final = frozenset({CardStatus.VOIDED, CardStatus.REPLACED})


def may_be_activated_by(way: Activation, dossier: Dossier) -> bool:
    """Its product names this way of activation."""
    terms = dossier.terms
    return terms is not None and way in terms.activation


def product_is_activated_at_tills(dossier: Dossier) -> bool:
    """Its product lets a till activate it."""
    return may_be_activated_by(Activation.TILL, dossier)


def product_is_activated_so(dossier: Dossier) -> bool:
    """Its product lets the office activate it, or its holder: whoever asks."""
    own = dossier.item.own
    is_holders = own is not None and own.key.origin is Origin.MEMBER
    return may_be_activated_by(Activation.HOLDER if is_holders else Activation.OFFICE, dossier)


def amount_is_the_face_value(dossier: Dossier) -> bool:
    """What the card is worth; where its batch leaves that open, within the product's range."""
    face, terms = dossier.face_minor, dossier.terms
    if face or terms is None:
        return dossier.amount == face
    return max(terms.face_minor_min, 1) <= dossier.amount <= terms.face_minor_max


def card_is_not_bound(dossier: Dossier) -> bool:
    """It is nobody's yet, or the asker's own."""
    return dossier.present_card.member in {0, dossier.member}


def face_leaves_room(dossier: Dossier) -> bool:
    """Its face value is not more than it may hold; a till that sold it has put that on it."""
    card = dossier.present_card
    if card.status == CardStatus.ACTIVE:
        return True
    return card.value.available + dossier.face_minor <= dossier.balance_minor_max


def post_activation(dossier: Dossier) -> Posting:
    """A till sells a card: the merchant owes its face value, which is on the card from now on."""
    card, issuer, amount = dossier.present_card, dossier.issuer, dossier.amount
    receivable = dossier.book.account(
        Chart.LOAD_AGENT_RECEIVABLE, issuer.currency, issuer.id, dossier.merchant_id
    )
    leg = Leg(receivable, dossier.account_of(card.value), amount, issuer.currency)
    _activate(card, dossier)
    return Posting(card, dossier.merchant_id, amount, issuer.currency, [leg])


def post_bound_activation(dossier: Dossier) -> Posting | None:
    """A card becomes its holder's, with the face value that its issuer puts behind it.

    One that a till has sold has its value; it is bound, and nothing moves.
    """
    card, issuer, face = dossier.present_card, dossier.issuer, dossier.face_minor
    is_sold_at_a_till = card.status == CardStatus.ACTIVE
    card.begin_change()
    card.member, card.keeps_code = dossier.member, False
    if is_sold_at_a_till:
        return None
    _activate(card, dossier)
    if not face:
        return None
    funds = dossier.book.account(Chart.ISSUER_FUNDS, issuer.currency, issuer.id)
    leg = Leg(funds, dossier.account_of(card.value), face, issuer.currency)
    return Posting(card, dossier.merchant_id, face, issuer.currency, [leg])


def undo_activation(card: Card, amount_minor: int, dossier: Dossier) -> None:
    """As before it was sold. What somebody has done to the card meanwhile stays.

    One that has other money besides goes back into no stock. One that was sent to who sells it is
    stored as that again, for where it was sent stands in its row.
    """
    if card.value.available > amount_minor:
        return
    terms = dossier.book.terms_of(card.part) if card.part != NO_PART else None
    card.begin_change()
    if card.status == CardStatus.ACTIVE:
        card.status = CardStatus.INACTIVE
    card.sale, card.member = SaleState.UNSOLD, 0
    if terms is not None and terms.valid_days is not None:
        card.valid_from = card.valid_to = None


def redo_activation(card: Card, dossier: Dossier) -> None:
    """The void that took value from the card is reversed: where it put the card into stock, too.

    What somebody has done to the card meanwhile stays: it is stopped, or over, and sold.
    """
    if card.status in _ENDED or card.sale not in IN_STOCK or card.member:
        return
    status = card.status
    _activate(card, dossier)
    if status != CardStatus.INACTIVE:
        card.status = status


def _activate(card: Card, dossier: Dossier) -> None:
    """Whoever activates it, from now on it is somebody's, and in no stock."""
    terms = dossier.book.terms_of(card.part) if card.part != NO_PART else None
    card.begin_change()
    card.status = CardStatus.ACTIVE
    if card.sale in IN_STOCK:
        card.sale = SaleState.SOLD
    if terms is not None and terms.valid_days is not None:
        card.valid_from = dossier.today
        card.valid_to = dossier.today + dt.timedelta(days=terms.valid_days)
