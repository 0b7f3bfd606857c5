"""Cards that have ended: nothing that is on one can ever be spent again.

A card ends by its own status, or with its batch. What comes back onto one later, by a refund or a
reversal, is noted in the batch's state and stored with the posting: it goes on from there, to the
card that has its place or back to the issuer.
"""

from host.model.instruments import NO_PART, BatchState, CardStatus
from host.rules.dossier import Dossier
from host.rules.state import Card


def is_voided(card: Card, dossier: Dossier) -> bool:
    """It was voided, or its batch was."""
    if card.status == CardStatus.VOIDED:
        return True
    part = dossier.book.parts.get(card.part) if card.part != NO_PART else None
    return part is not None and dossier.book.batches[part.batch_id].state is BatchState.VOIDED


def is_replaced(card: Card) -> bool:
    """Another card has its place."""
    return card.status == CardStatus.REPLACED


def note_late(card: Card, dossier: Dossier) -> None:
    """Something has come onto the card: where that has ended it is to go on from there."""
    if is_replaced(card) or is_voided(card, dossier):
        dossier.state.late[card.id] = card
