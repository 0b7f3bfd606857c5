"""A load by a phone number: cash that a till took goes onto a card that it never sees.

Which card, the host finds (`host.store.phones`). Whatever is wrong is one answer, so that nobody
learns from a till whose number is known here, what its card has, or that it is stopped; and who
asks about too many numbers that take no load is told nothing of any.
"""

from host.model.requests import Kind
from host.rules import checks
from host.rules.dossier import Dossier
from host.rules.guesses import count_wrong
from host.rules.standing import why_not
from host.rules.states import Use
from host.rules.undoing import Result, undo_whole


def phone_takes_load(dossier: Dossier) -> bool:
    """A member has this number, with a card that is taken here and may be loaded with so much."""
    is_taken = dossier.card is not None and _takes(dossier)
    if not is_taken:
        count_wrong(dossier)
    return is_taken


def _takes(dossier: Dossier) -> bool:
    return (
        why_not(Use.LOAD, dossier) is None
        and checks.currency_is_the_issuers(dossier)
        and checks.amount_is_within_limit(dossier)
        and checks.balance_stays_within_limit(dossier)
    )


def original_was_by_phone(dossier: Dossier) -> bool:
    """What is to be voided is such a load."""
    return dossier.present_original.kind is Kind.LOAD_BY_PHONE


def post_void(dossier: Dossier) -> Result:
    """The cash is given back, whole, while the card has it."""
    return undo_whole(dossier, Kind.PHONE_LOAD_VOID)
