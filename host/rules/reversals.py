"""What undoes and what makes good: reversals, and confirmations of loads whose answer was lost.

Pure, as `postings`: whoever may not undo any more is told why, and a case is opened where a person
has to look.
"""

from typing import Final

from host.cases import CaseKind
from host.ledger import Chart, Leg
from host.model.money import Money
from host.model.numbers import business_date_of
from host.model.requests import REPEATED, Kind
from host.model.responses import Reason
from host.rules.checklists import KNOWN_CARD, MONEY, RELOADABLE, ROOM, first_refusal
from host.rules.checks import amount_is_within_limit, batch_is_behind
from host.rules.dossier import Dossier, Moot, Posting
from host.rules.postings import post_load
from host.rules.preauths import HELD_ALONE, redo_completion, reverse_held, undo_completion
from host.rules.ruling import refusal_by_rules
from host.rules.standing import why_not
from host.rules.state import Known, Original
from host.rules.states import Use
from host.rules.undoing import Result, undo_whole

REVERSAL_DAYS_MAX: Final = 60
"""How long after a transaction its reversal is taken, in a batch that was never settled."""


def post_reversal(dossier: Dossier) -> Result:
    """Undo what the original did, or find that nothing is left to undo.

    What was reversed stays so, whatever is reversed after it: where a void has undone it, that
    void is final from now on.
    """
    known, original = dossier.original_known, dossier.original
    if known is None or known.is_tombstone:
        return _of_no_original(dossier, known)
    if original is None:
        return None
    if not _is_the_one_named(dossier, original):
        _open_case(dossier, CaseKind.REVERSAL_DIFFERS, f"it named {_named(dossier, original)}")
        return Reason.ORIGINAL_NOT_FOUND
    if original.is_reversed:
        return None
    if original.is_undone or original.is_final:
        return Moot(original)
    return (
        _why_not_reversed(dossier, original)
        or _why_too_late(dossier, original)
        or _undo(dossier, original)
    )


def _undo(dossier: Dossier, original: Original) -> Result:
    """By what the original was; what had to do with a hold is undone with it."""
    if original.kind in HELD_ALONE:
        return reverse_held(dossier)
    if original.kind is Kind.COMPLETION:
        return undo_completion(dossier, Kind.REVERSAL)
    if original.kind is Kind.COMPLETION_VOID:
        return redo_completion(dossier)
    return undo_whole(dossier, Kind.REVERSAL)


def post_confirm(dossier: Dossier) -> Result:
    """A cash load whose answer was lost: it stands, was declined, or is posted now.

    Posted now, it is asked all that the load would have been asked. Once it was reversed it stays
    so: the cash went back over the counter. More than the issuer lets one message load is nothing
    that a message may charge a merchant with either: it is declined, and is a case.
    """
    known = dossier.original_known
    if known is None:
        return _why_not_loaded_now(dossier) or _load_or_hold(dossier)
    if known.is_tombstone:
        return Reason.ORIGINAL_VOIDED
    if known.kind != Kind.CASH_LOAD:
        return Reason.ORIGINAL_MISMATCH
    if known.reason is not Reason.APPROVED:
        return known.reason
    return _why_not_confirmed(dossier)


def _load_or_hold(dossier: Dossier) -> Posting | Reason:
    """The load, or, where the card cannot have it, the cash in the till: A6, posting pending.

    The merchant owes what it took in, an operator decides to whom.
    """
    if not amount_is_within_limit(dossier):
        return Reason.AMOUNT_LIMIT
    why = (
        first_refusal(KNOWN_CARD, dossier)
        or why_not(Use.LOAD, dossier)
        or first_refusal((*RELOADABLE, *MONEY, *ROOM), dossier)
        or refusal_by_rules(dossier)
    )
    posting = post_load(dossier)
    if why is None:
        return posting
    unit, stan = dossier.issuer.currency, dossier.request.key.stan
    suspense = dossier.book.account(Chart.SUSPENSE, unit, dossier.issuer.id)
    posting.legs = [Leg(leg.debit, suspense, leg.amount_minor, unit) for leg in posting.legs]
    posting.reason = Reason.POSTING_PENDING
    dossier.open_case(
        CaseKind.CASH_WITHOUT_LOAD, f"refused: {why}", dossier.amount, unit, stan=stan
    )
    return posting


def _of_no_original(dossier: Dossier, known: Known | None) -> Reason:
    """A load that never came but was confirmed is not reversed: its terminal has the cash."""
    if known is None or known.kind != Kind.CASH_LOAD_CONFIRM:
        return Reason.ORIGINAL_NOT_FOUND
    money, stan = dossier.request.amount, dossier.request.key.stan
    unit = money.unit if money is not None else ""
    detail = "cash_load: its confirmation was answered before"
    dossier.open_case(CaseKind.REVERSAL_REFUSED, detail, dossier.amount, unit, stan=stan)
    return Reason.FUNCTION_NOT_SUPPORTED


def _why_not_reversed(dossier: Dossier, original: Original) -> Reason | None:
    """What is repeated until it is answered is never reversed; nor is what a refund gave back.

    Of a sale that was refunded in part, what is left of it is in nobody's hands for certain.
    """
    if original.kind in REPEATED:
        _open_case(dossier, CaseKind.REVERSAL_REFUSED, "40 was answered and it stands")
        return Reason.FUNCTION_NOT_SUPPORTED
    if not original.refunded_minor:
        return None
    left = original.amount_minor - original.refunded_minor
    if left:
        unit, stan = original.unit, dossier.request.key.stan
        given = Money(original.refunded_minor, unit)
        detail = f"{original.kind}: {given} was refunded before; 22 was answered"
        dossier.open_case(CaseKind.REVERSAL_REFUSED, detail, left, unit, stan=stan)
    return Reason.ORIGINAL_VOIDED


def _why_too_late(dossier: Dossier, original: Original) -> Reason | None:
    """What is settled is never taken back by a message, nor what nobody can remember.

    A settlement that nobody proved is nobody's: anyone can send one in a terminal's name.
    """
    settled = dossier.settled
    if settled is not None and not settled.is_proved:
        _open_case(dossier, CaseKind.AFTER_UNPROVED_SETTLEMENT, "its reversal")
    elif settled is not None or batch_is_behind(dossier):
        _open_case(dossier, CaseKind.REVERSAL_OF_SETTLED, "25 was answered")
        return Reason.ORIGINAL_NOT_FOUND
    age_days = (dossier.today - business_date_of(original.number)).days
    if age_days > REVERSAL_DAYS_MAX:
        _open_case(dossier, CaseKind.REVERSAL_TOO_OLD, f"{age_days} days after it; 25 was answered")
        return Reason.ORIGINAL_NOT_FOUND
    return None


def _why_not_loaded_now(dossier: Dossier) -> Reason | None:
    """A settled batch takes no new load, not even by its confirmation; but see above."""
    if not batch_is_behind(dossier):
        return None
    stan, unit, settled = dossier.request.key.stan, dossier.issuer.currency, dossier.settled
    if settled is not None and not settled.is_proved:
        kind, detail, reason = (
            CaseKind.AFTER_UNPROVED_SETTLEMENT,
            "cash_load: its confirmation",
            None,
        )
    else:
        kind, detail = CaseKind.ADVICE_OF_SETTLED, "77 was answered"
        reason = Reason.BATCH_MISMATCH
    dossier.open_case(kind, detail, dossier.amount, unit, stan=stan)
    return reason


def _why_not_confirmed(dossier: Dossier) -> Reason | None:
    """A load that was approved is confirmed while it stands, by its own card and amount."""
    original = dossier.original
    if original is None or original.is_undone:
        return Reason.ORIGINAL_VOIDED
    is_the_same = original.card is dossier.card and original.amount_minor == dossier.amount
    return None if is_the_same else Reason.ORIGINAL_MISMATCH


def _is_the_one_named(dossier: Dossier, original: Original) -> bool:
    """A reversal names kind and amount, and the card unless it was swiped: all must be right.

    Of what was approved for a part the amount is the part, or what was asked. One whose codes could
    not be read names no kind: its key and amount say what is meant.
    """
    named = dossier.request.original
    is_its_kind = named is not None and named.kind in {None, original.kind}
    is_its_amount = dossier.amount in {dossier.amount_to_name, dossier.asked_minor}
    return _is_its_card(dossier, original) and is_its_kind and is_its_amount


def _is_its_card(dossier: Dossier, original: Original) -> bool:
    return dossier.item.pan_hash is None or original.card is dossier.card


def _named(dossier: Dossier, original: Original) -> str:
    """What a reversal says its original was."""
    named, money = dossier.request.original, dossier.request.amount
    kind = named.kind if named is not None and named.kind is not None else "no kind"
    whose = "" if _is_its_card(dossier, original) else ", another card"
    return f"{kind}, {money or 'no amount'}{whose}"


def _open_case(dossier: Dossier, kind: CaseKind, detail: str) -> None:
    """A case about a reversal's original, which shares its trace."""
    original = dossier.present_original
    amount, unit, stan = original.amount_minor, original.unit, dossier.request.key.stan
    dossier.open_case(kind, f"{original.kind}: {detail}", amount, unit, stan=stan)
