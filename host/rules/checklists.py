"""Checks that several kinds ask, each list in the order it is asked.

A check is its question and the reason its "no" gives; who asks which is told by
`host.rules.transactions`.
"""

from collections.abc import Callable, Iterable
from typing import Final

from host.model.responses import Reason
from host.rules import checks
from host.rules.dossier import Dossier

Check = tuple[Callable[[Dossier], bool], Reason]

BATCH: Final[tuple[Check, ...]] = ((checks.batch_is_current, Reason.BATCH_MISMATCH),)
AMOUNT: Final[tuple[Check, ...]] = ((checks.amount_is_positive, Reason.INVALID_AMOUNT),)
KNOWN_CARD: Final[tuple[Check, ...]] = (
    (checks.issuer_is_known, Reason.ISSUER_UNKNOWN),
    (checks.card_is_known, Reason.CARD_NOT_FOUND),
    (checks.merchant_accepts_issuer, Reason.NOT_PERMITTED_TO_CARD),
)
STANDING_CARD: Final[tuple[Check, ...]] = ((checks.card_is_known, Reason.CARD_NOT_FOUND),)
"""Of what no till asks: whoever does has found the card by its row."""
MONEY: Final[tuple[Check, ...]] = (
    (checks.currency_is_the_issuers, Reason.INVALID_AMOUNT),
    (checks.amount_is_within_limit, Reason.AMOUNT_LIMIT),
)
ORIGINAL: Final[tuple[Check, ...]] = (
    (checks.original_is_found, Reason.ORIGINAL_NOT_FOUND),
    (checks.original_is_this_merchants, Reason.ORIGINAL_NOT_FOUND),
    (checks.original_has_this_rrn, Reason.ORIGINAL_NOT_FOUND),
)
RELOADABLE: Final[tuple[Check, ...]] = ((checks.card_is_reloadable, Reason.FUNCTION_NOT_SUPPORTED),)
ROOM: Final[tuple[Check, ...]] = ((checks.balance_stays_within_limit, Reason.AMOUNT_LIMIT),)


def first_refusal(asked: Iterable[Check], dossier: Dossier) -> Reason | None:
    """The reason of the first check that says no; None where all is well."""
    for is_well, reason in asked:
        if not is_well(dossier):
            return reason
    return None
