"""What a card's standing says to who wants to use it: its batch, its status, its days.

The tables are those of `host.rules.batch_states` and `host.rules.card_states`; here they are asked,
in their order. A card of an estate file is in no batch, and is asked as little as ever.
"""

from typing import Final

from host.model.instruments import BatchState, CardStatus
from host.model.responses import Reason
from host.rules.batch_states import BATCH_TOLD, told_of
from host.rules.card_states import (
    CARD_TOLD,
    MEMBER_STOPPED,
    NOT_YET_VALID,
    STATUS_TOLD,
    answers_of,
)
from host.rules.dossier import Dossier
from host.rules.states import Use


def why_not(use: Use, dossier: Dossier) -> Reason | None:
    """Why the card may not be used so; None where it may."""
    card = dossier.present_card
    if card.part:
        return _why_not_of_batch(use, dossier) or _why_not_whose(use, dossier)
    told = STATUS_TOLD.get(use)
    reason = told[card.status] if told is not None else _told(use, dossier)
    return reason or _why_not_that_month(dossier) or _why_not_whose(use, dossier)


def _why_not_of_batch(use: Use, dossier: Dossier) -> Reason | None:
    card = dossier.present_card
    if card.status == CardStatus.VOIDED:
        return _told(use, dossier)
    reason = _told_of_part(use, dossier) or _told(use, dossier)
    if reason is not None:
        return reason
    today = dossier.today
    if card.valid_from is not None and today < card.valid_from:
        early = NOT_YET_VALID.to(use)
        if early is not None:
            return early
    if card.valid_to is None:
        return _why_not_that_month(dossier)
    is_its_expiry = dossier.request.expiry in {None, card.expiry}
    return None if is_its_expiry and today <= card.valid_to else Reason.EXPIRED


def _told_of_part(use: Use, dossier: Dossier) -> Reason | None:
    """A part that the book has not heard of is being made."""
    book = dossier.book
    part = book.parts.get(dossier.present_card.part)
    if part is None:
        return BATCH_TOLD[BatchState.GENERATING].to(use)
    return told_of(book.batches[part.batch_id].state, part.state).to(use)


def _told(use: Use, dossier: Dossier) -> Reason | None:
    card, terms = dossier.present_card, dossier.terms
    form = terms.form if terms is not None else None
    return answers_of(card.status, card.sale, form).to(use)


def _why_not_whose(use: Use, dossier: Dossier) -> Reason | None:
    """Whose it is, or who is about to have it, is neither frozen nor leaving."""
    member = dossier.present_card.member
    if not member and use is Use.BIND:
        member = dossier.member
    if member and member in dossier.book.stopped_members:
        return MEMBER_STOPPED.to(use)
    return None


def _why_not_that_month(dossier: Dossier) -> Reason | None:
    """Today is not after the month the card is valid to, and the date sent is the card's."""
    expiry = dossier.present_card.expiry
    if expiry >= dossier.state.month and dossier.request.expiry in {None, expiry}:
        return None
    return Reason.EXPIRED


DECLINES: Final[dict[Use, tuple[Reason, ...]]] = {
    use: tuple(
        dict.fromkeys(
            reason
            for answers in (
                *(answers for answers in BATCH_TOLD.values()),
                *(row.answers for row in CARD_TOLD),
                NOT_YET_VALID,
                MEMBER_STOPPED,
            )
            if (reason := answers.to(use)) is not None
        )
    )
    for use in Use
}
"""Every reason a use can be refused with, by the tables."""
