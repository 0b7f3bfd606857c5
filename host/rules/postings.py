"""What each kind writes once it is approved: legs, lots, and facts about an original.

Pure: a posting function reads the dossier and returns a `Posting`, a `Reason` to decline after
all, or None when it is approved and nothing is left to post. Purses and lots inside the dossier
are changed by the parts that spend from them, so the next request of the batch sees it.
"""

from typing import Final

from host.book import Issuer
from host.cases import CaseKind
from host.ledger import Chart, Leg
from host.model.money import Money
from host.model.numbers import business_date_of
from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.checklists import KNOWN_CARD, MONEY, RELOADABLE, ROOM, first_refusal
from host.rules.checks import amount_is_within_limit, batch_is_behind
from host.rules.dossier import Dossier, Moot, NewLot, Posting
from host.rules.points import (
    expiry_of_lot,
    give_back,
    points_earned,
    points_to_take_back,
    put_back_written_off,
    spend,
    take_again,
    take_back,
    take_from_written_off,
    write_off,
    written_off_of,
)
from host.rules.standing import why_not
from host.rules.state import Card, Fact, Known, LotUse, Original, Purse
from host.rules.states import Use

Result = Posting | Moot | Reason | None
REVERSAL_DAYS_MAX: Final = 60
"""How long after a transaction its reversal is taken, in a batch that was never settled."""


def post_nothing(_case: Dossier) -> Result:
    """An inquiry: approved, nothing moves."""
    return None


def post_purchase(dossier: Dossier) -> Result:
    """Card value to the merchant, and the points the programme gives for it."""
    card, issuer, amount = dossier.present_card, dossier.issuer, dossier.amount
    payable = dossier.book.account(
        Chart.MERCHANT_PAYABLE, issuer.currency, issuer.id, dossier.merchant_id
    )
    legs = [Leg(card.value.account, payable, amount, issuer.currency)]
    posting = _posting(dossier, card, issuer.currency, legs)
    _earn(dossier, issuer, posting)
    return posting


def post_load(dossier: Dossier) -> Posting:
    """Cash the merchant took in becomes value on the card."""
    card, issuer = dossier.present_card, dossier.issuer
    receivable = dossier.book.account(
        Chart.LOAD_AGENT_RECEIVABLE, issuer.currency, issuer.id, dossier.merchant_id
    )
    legs = [Leg(receivable, dossier.account_of(card.value), dossier.amount, issuer.currency)]
    return _posting(dossier, card, issuer.currency, legs)


def post_redemption(dossier: Dossier) -> Result:
    """Points to the merchant, out of the lots that expire first."""
    card, issuer, points = dossier.present_card, dossier.issuer, dossier.amount
    unit = card.points.unit
    accepted = dossier.book.account(Chart.MERCHANT_POINTS, unit, issuer.id, dossier.merchant_id)
    posting = _posting(dossier, card, unit, [Leg(card.points.account, accepted, points, unit)])
    posting.lot_uses = spend(card.points, points, dossier.today)
    posting.points_used = points
    return posting


def post_expiry(dossier: Dossier) -> Result:
    """Points that have expired, to what their programme keeps. No merchant has a part in it."""
    card, issuer = dossier.present_card, dossier.issuer
    points, uses = write_off(card.points, dossier.today)
    if not points:
        return None
    unit = card.points.unit
    breakage = dossier.book.account(Chart.BREAKAGE, unit, issuer.id)
    leg = Leg(card.points.account, breakage, points, unit)
    return Posting(card, dossier.merchant_id, points, unit, [leg], uses)


def post_earning(dossier: Dossier) -> Result:
    """Points for what was paid elsewhere, in a lot of their own."""
    card, programme = dossier.present_card, dossier.programme
    assert programme is not None
    points = points_earned(programme, dossier.amount)
    posting = Posting(
        card, dossier.merchant_id, points, programme.unit, [], paid_minor=dossier.amount
    )
    _earn(dossier, dossier.issuer, posting)
    return posting


def post_void(dossier: Dossier) -> Result:
    """The original's own legs the other way, whole."""
    result, original = undo_whole(dossier, Kind.VOID), dossier.present_original
    if isinstance(result, Posting) and original.kind is Kind.POINTS_EARN:
        result.paid_minor = dossier.state.paid_minor(original.slot)
    return result


def post_refund(dossier: Dossier) -> Result:
    """Part or all of a sale back to the card; the points it earned go back in proportion."""
    original, amount = dossier.present_original, dossier.amount
    if original.kind is Kind.POINTS_REDEMPTION:
        return undo_whole(dossier, Kind.REFUND)
    card = original.card
    before = original.refunded_minor
    earned = original.points_moved(card.points.account)
    back = points_to_take_back(earned, original.amount_minor, before, before + amount)
    may_owe, purse = _debt_is_allowed(dossier, card), card.points
    lost = written_off_of(purse, original.number, back)
    if back - lost > purse.available and not may_owe:
        detail, stan = f"{Money(back, purse.unit)} had to come back", dossier.request.key.stan
        dossier.open_case(CaseKind.REFUND_REFUSED, detail, amount, original.unit, stan=stan)
        return Reason.INSUFFICIENT_FUNDS
    lost = take_from_written_off(purse, original.number, lost)
    back -= lost
    uses = take_back(purse, original.number, back, may_owe=may_owe) if back else []
    legs = [_part_of(leg, card, amount, back) for leg in original.legs]
    posting = _posting(dossier, card, original.unit, [leg for leg in legs if leg.amount_minor])
    if lost:
        posting.legs.append(_leg_of_written_off(dossier, card, lost))
    posting.lot_uses = uses
    _note(posting, original, Kind.REFUND)
    return posting


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
        or undo_whole(dossier, Kind.REVERSAL)
    )


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
    """A refund is repeated until it is answered, never reversed; nor is what one gave back.

    Of a sale that was refunded in part, what is left of it is in nobody's hands for certain.
    """
    if original.kind is Kind.REFUND:
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

    One whose codes could not be read names no kind: its key and amount say what is meant.
    """
    named = dossier.request.original
    is_its_kind = named is not None and named.kind in {None, original.kind}
    is_its_amount = dossier.amount_to_name == dossier.amount
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


def _posting(dossier: Dossier, card: Card, unit: str, legs: list[Leg]) -> Posting:
    return Posting(card, dossier.merchant_id, dossier.amount, unit, legs)


def _earn(dossier: Dossier, issuer: Issuer, posting: Posting) -> None:
    programme = issuer.programme
    if programme is None:
        return
    points = points_earned(programme, dossier.amount)
    if points <= 0:
        return
    card = posting.card
    issued = dossier.book.account(Chart.POINTS_ISSUED, programme.unit, issuer.id)
    account = dossier.account_of(card.points)
    posting.legs.append(Leg(issued, account, points, programme.unit))
    expires_on = expiry_of_lot(dossier.today, programme.lot_months)
    posting.new_lot = NewLot(account, points, expires_on)
    posting.points_earned = points


def undo_whole(dossier: Dossier, kind: Kind) -> Result:
    """The original's own legs the other way, and the points lots it took from or filled."""
    original = dossier.present_original
    card = original.card
    posting = Posting(card, original.merchant, original.amount_minor, original.unit, [])
    for leg in original.legs:
        if not _give_leg_back(dossier, leg.swapped(), kind, posting):
            return Reason.INSUFFICIENT_FUNDS
    taken = tuple(use for use in original.lot_uses if use.points > 0)
    posting.lot_uses += give_back(card.points, taken)
    _note(posting, original, kind)
    return posting


def _give_leg_back(dossier: Dossier, back: Leg, kind: Kind, posting: Posting) -> bool:
    """Add the swapped leg. Where the card pays and has spent it: False, or its merchant pays."""
    card, original = posting.card, dossier.present_original
    purse = card.purse_of(back.debit)
    if purse is None:
        posting.legs.append(back)
        if original.undoes is not None and back.credit == _breakage_of(dossier, card):
            put_back_written_off(card.points, original.undoes, back.amount_minor)
        return True
    lost = _take_written_off(card, purse, original, back.amount_minor)
    if lost:
        posting.legs.append(_leg_of_written_off(dossier, card, lost))
        back = Leg(back.debit, back.credit, back.amount_minor - lost, back.unit)
    may_owe = purse is card.points and _debt_is_allowed(dossier, card)
    part = back.amount_minor if may_owe else min(back.amount_minor, max(purse.available, 0))
    short = back.amount_minor - part
    if short and not _merchant_pays(dossier, kind, back, short):
        return False
    if part:
        posting.legs.append(Leg(back.debit, back.credit, part, back.unit))
    if short:
        owes = dossier.book.account(
            Chart.MERCHANT_POINTS, back.unit, card.issuer_id, original.merchant
        )
        posting.legs.append(Leg(owes, back.credit, short, back.unit))
    if purse is card.points and part:
        posting.lot_uses += _points_back(card, original, part, may_owe=may_owe)
    return True


def _take_written_off(card: Card, purse: Purse, original: Original, points: int) -> int:
    """What a sale earned and was written off is given back from there."""
    if purse is not card.points or any(use.points < 0 for use in original.lot_uses):
        return 0
    return take_from_written_off(purse, original.number, points)


def _leg_of_written_off(dossier: Dossier, card: Card, points: int) -> Leg:
    unit = card.points.unit
    issued = dossier.book.account(Chart.POINTS_ISSUED, unit, card.issuer_id)
    return Leg(_breakage_of(dossier, card), issued, points, unit)


def _breakage_of(dossier: Dossier, card: Card) -> int:
    return dossier.book.accounts.get((Chart.BREAKAGE, card.points.unit, card.issuer_id, None), 0)


def _merchant_pays(dossier: Dossier, kind: Kind, back: Leg, short: int) -> bool:
    """Whether a reversal is done though the card has spent what the original gave it.

    Money that a load or a void gave to a card and that is gone again is nobody's to give twice:
    who took the cash, or voided the sale, stays liable. Of a sale the card gets its money back,
    and the points that the sale gave and that are spent are owed by who sold.
    """
    if kind is not Kind.REVERSAL:
        return False
    original, stan = dossier.present_original, dossier.request.key.stan
    is_done = original.kind is Kind.PURCHASE
    opened = CaseKind.REVERSAL_NOT_WHOLE if is_done else CaseKind.REVERSAL_OF_SPENT
    part, whole = Money(short, back.unit), Money(back.amount_minor, back.unit)
    detail = f"{original.kind}: {part} of {whole} was spent"
    dossier.open_case(opened, detail, short, back.unit, stan=stan)
    return is_done


def _points_back(card: Card, original: Original, points: int, *, may_owe: bool) -> list[LotUse]:
    """Out of the lots that the original filled, or out of the lot it earned."""
    filled = tuple(use for use in original.lot_uses if use.points < 0)
    if filled:
        return take_again(card.points, filled, points)
    return take_back(card.points, original.number, points, may_owe=may_owe)


def _debt_is_allowed(dossier: Dossier, card: Card) -> bool:
    programme = dossier.book.issuers[card.issuer_id].programme
    return programme is not None and programme.debt_is_allowed


def _note(posting: Posting, original: Original, kind: Kind) -> None:
    posting.undoes = original
    posting.undo_kind = kind


def _part_of(leg: Leg, card: Card, amount: int, points: int) -> Leg:
    is_points = card.points.account in {leg.debit, leg.credit}
    part = points if is_points else amount
    return Leg(leg.credit, leg.debit, part, leg.unit)


def fact_of(posting: Posting, number: int) -> Fact | None:
    """What the posting says of its original, for the next request of the batch."""
    if posting.undoes is None or posting.undo_kind is None:
        return None
    return Fact(number, posting.undo_kind, posting.amount_minor)
