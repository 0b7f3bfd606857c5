"""What a member paid over a payment port for a card: onto the card, and owed by the port.

Which payment it is stands in the request: its row is moved on in the transaction of the posting,
so what ports owe and what the ledger says of it are never two things.
"""

import msgspec

from host.ledger import Chart, Leg
from host.rules.dossier import Dossier, Posting


class PortLoaded(msgspec.Struct, frozen=True, gc=False):
    """Kept beside what put it onto the card: the number of the payment."""

    payment: int


def post_port_load(dossier: Dossier) -> Posting:
    """Money that a port has taken becomes value on the card; the port owes it to the issuer."""
    card, issuer, own = dossier.present_card, dossier.issuer, dossier.item.own
    assert own is not None, "no terminal asks for it"
    owed = dossier.book.account(Chart.PORT_RECEIVABLE, issuer.currency, issuer.id)
    leg = Leg(owed, dossier.account_of(card.value), dossier.amount, issuer.currency)
    dossier.keep(PortLoaded(own.payment))
    return Posting(card, dossier.merchant_id, leg.amount_minor, leg.unit, [leg])
