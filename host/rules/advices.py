"""What an external issuer approved, posted as it was approved.

The issuer has moved its card's money already, so nothing of the card is checked here and nothing
is declined in its place: a sale is posted as one leg, from what the issuer owes to what the
merchant is owed, or it is not taken and stays with the switch. A refund names no sale of ours,
for the issuer has matched the two; a void undoes the sale it names. Reversals come as any other.
"""

from collections.abc import Callable
from typing import Final

from host.book import Issuer, MissingAccountError
from host.cases import CaseKind
from host.ledger import Chart, Leg
from host.model.requests import IssuerDecision, Kind, Response
from host.model.responses import Reason
from host.rules.checks import batch_is_behind
from host.rules.dossier import Dossier, Posting
from host.rules.state import NO_CARD, State, card_of_nobody
from host.rules.undoing import Result, undo_whole


def post_advice(dossier: Dossier) -> Posting | Reason:
    """What to post, or why it cannot be taken: then nothing is stored, and it may come again.

    09 says that something it needs is still to come. 15 says that the estate lacks the issuer,
    or its accounts.
    """
    decision = dossier.request.decision
    assert decision is not None, "only an advice is posted so"
    issuer = dossier.book.institution(decision.issuer_id)
    post = POSTS.get(dossier.request.kind)
    if issuer is None:
        return Reason.ISSUER_UNKNOWN
    if post is None:
        return Reason.FUNCTION_NOT_SUPPORTED
    money = dossier.request.amount
    if money is None or money.unit != issuer.currency or money.amount_minor <= 0:
        return Reason.INVALID_AMOUNT
    if not dossier.item.terminal.epoch:
        return Reason.IN_PROGRESS
    try:
        result = post(dossier, issuer)
    except MissingAccountError:
        return Reason.ISSUER_UNKNOWN
    assert isinstance(result, Posting | Reason), "an advice always moves something"
    if isinstance(result, Posting) and batch_is_behind(dossier):
        detail, stan = f"{dossier.request.kind} of an issuer's card", dossier.request.key.stan
        dossier.open_case(
            CaseKind.ADVICE_AFTER_SETTLEMENT, detail, dossier.amount, issuer.currency, stan=stan
        )
    return result


def answer_to_advice(decision: IssuerDecision, state: State, acquirer_id: str) -> Response:
    """What is stored of it: the issuer's own words, under the seal of the batch."""
    return Response(
        reason=Reason.APPROVED,
        rrn=decision.rrn,
        auth_code=decision.auth_code,
        local_time=state.local_time,
        business_date=state.date_text,
        issuer_id=decision.issuer_id,
        acquirer_id=acquirer_id,
    )


def _post_sale(dossier: Dossier, issuer: Issuer) -> Result:
    owed, payable = _accounts(dossier, issuer)
    return _posting(dossier, issuer, Leg(owed, payable, dossier.amount, issuer.currency))


def _post_refund(dossier: Dossier, issuer: Issuer) -> Result:
    owed, payable = _accounts(dossier, issuer)
    return _posting(dossier, issuer, Leg(payable, owed, dossier.amount, issuer.currency))


def _post_void(dossier: Dossier, issuer: Issuer) -> Result:
    known, original = dossier.original_known, dossier.original
    if known is None:
        return Reason.IN_PROGRESS
    if known.is_tombstone:
        return Reason.ORIGINAL_VOIDED
    if original is None or original.card.id != NO_CARD or original.card.issuer_id != issuer.id:
        return Reason.ORIGINAL_NOT_FOUND
    if original.kind is not Kind.PURCHASE or original.amount_minor != dossier.amount:
        return Reason.ORIGINAL_MISMATCH
    return Reason.ORIGINAL_VOIDED if original.is_undone else undo_whole(dossier, Kind.VOID)


POSTS: Final[dict[Kind, Callable[[Dossier, Issuer], Result]]] = {
    Kind.PURCHASE: _post_sale,
    Kind.REFUND: _post_refund,
    Kind.VOID: _post_void,
}
"""Kinds an external issuer may approve that move value."""


def _accounts(dossier: Dossier, issuer: Issuer) -> tuple[int, int]:
    """What the issuer owes us, and what it owes the merchant."""
    unit = issuer.currency
    return (
        dossier.book.account(Chart.ISSUER_RECEIVABLE, unit, issuer.id),
        dossier.book.account(Chart.MERCHANT_PAYABLE, unit, issuer.id, dossier.merchant_id),
    )


def _posting(dossier: Dossier, issuer: Issuer, leg: Leg) -> Posting:
    card = card_of_nobody(dossier.item.home, issuer.id, issuer.currency)
    return Posting(card, dossier.merchant_id, dossier.amount, issuer.currency, [leg])
