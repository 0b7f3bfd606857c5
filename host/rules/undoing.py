"""Legs the other way: what an original gave is taken back, what it took is given back, lots too.

Pure, as `postings`. What was spent or written off since is told apart leg by leg.
"""

from typing import Final

from host.cases import CaseKind
from host.ledger import Chart, Leg
from host.model.money import POINTS_PREFIX, Money
from host.model.requests import OF_VOUCHERS, Kind
from host.model.responses import Reason
from host.rules.dossier import Dossier, Moot, Posting
from host.rules.earn_caps import free_earned
from host.rules.endings import note_late
from host.rules.lives import redo_activation, undo_activation
from host.rules.lotteries import note_undone_draw, why_not_undone
from host.rules.points import (
    give_back,
    put_back_written_off,
    take_again,
    take_back,
    take_from_written_off,
    within_reach,
    written_off_of,
)
from host.rules.state import Card, Fact, LotUse, Original, Purse
from host.rules.voucher_lives import can_be_used_again, put_back

SOLD: Final = frozenset(
    {Kind.PURCHASE, Kind.COMBINED_PURCHASE, Kind.COMPLETION, Kind.COMPLETION_ADVICE}
)
"""By what goods were paid out of the card's money."""
Result = Posting | Moot | Reason | None


def undo_whole(dossier: Dossier, kind: Kind) -> Result:
    """The original's own legs the other way, and the points lots it took from or filled."""
    original = dossier.present_original
    card = original.card
    posting = Posting(card, original.merchant, original.amount_minor, original.unit, [])
    if original.kind is Kind.VOUCHER_VOID and not can_be_used_again(dossier, original):
        return Reason.INSUFFICIENT_FUNDS
    if (why := why_not_undone(dossier)) is not None:
        return why
    backs = [leg.swapped() for leg in original.legs]
    if kind is not Kind.REVERSAL and any(_is_short(dossier, card, back) for back in backs):
        return Reason.INSUFFICIENT_FUNDS
    for back in backs:
        if not _give_leg_back(dossier, back, kind, posting):
            return Reason.INSUFFICIENT_FUNDS
    for purse in card.purses:
        taken = tuple(use for use in original.uses_of(purse.account) if use.points > 0)
        posting.lot_uses += give_back(purse, taken)
    if original.kind in OF_VOUCHERS:
        put_back(dossier, original)
    if original.kind is Kind.CARD_ACTIVATION:
        undo_activation(card, original.amount_minor, dossier)
    if original.kind is Kind.VOID and any(leg.debit == card.value.account for leg in original.legs):
        redo_activation(card, dossier)
    note_undone_draw(dossier)
    free_earned(dossier)
    note_undone(posting, original, kind)
    note_late(card, dossier)
    return posting


def _is_short(dossier: Dossier, card: Card, back: Leg) -> bool:
    """Whether the card pays this leg, has spent it, and may not owe it. Nothing is taken yet."""
    purse = card.purse_of(back.debit)
    if purse is None or (purse.is_points and debt_is_allowed(dossier, purse)):
        return False
    original, points = dossier.present_original, back.amount_minor
    if _fills_what_it_earned(purse, original):
        points -= written_off_of(purse, original.number, points)
    return points > max(within_reach(purse, original.number), 0)


def _give_leg_back(dossier: Dossier, back: Leg, kind: Kind, posting: Posting) -> bool:
    """Add the swapped leg. Where the card pays and has spent it: False, or its merchant pays."""
    card, original = posting.card, dossier.present_original
    purse = card.purse_of(back.debit)
    if purse is None:
        posting.legs.append(back)
        _put_back_what_expired(dossier, card, back)
        return True
    lost = _take_written_off(purse, original, back.amount_minor)
    if lost:
        posting.legs.append(leg_of_written_off(dossier, purse, lost))
        back = Leg(back.debit, back.credit, back.amount_minor - lost, back.unit)
    may_owe = purse.is_points and debt_is_allowed(dossier, purse)
    reach = max(within_reach(purse, original.number), 0)
    part = back.amount_minor if may_owe else min(back.amount_minor, reach)
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
    if purse.is_points and part:
        posting.lot_uses += _points_back(purse, original, part, may_owe=may_owe)
    return True


def _put_back_what_expired(dossier: Dossier, card: Card, back: Leg) -> None:
    """The reversal of a void that took from breakage leaves written off what was."""
    undone = dossier.present_original.undoes
    if undone is None or not back.unit.startswith(POINTS_PREFIX):
        return
    purse = card.purse_in(back.unit)
    if back.credit == breakage_of(dossier, purse):
        put_back_written_off(purse, undone, back.amount_minor)


def _fills_what_it_earned(purse: Purse, original: Original) -> bool:
    """Whether what it gave the purse is a lot of its own, not what it gave back to others."""
    uses = original.uses_of(purse.account)
    return purse.is_points and not any(use.points < 0 for use in uses)


def _take_written_off(purse: Purse, original: Original, points: int) -> int:
    """What a sale earned and was written off is given back from there."""
    if not _fills_what_it_earned(purse, original):
        return 0
    return take_from_written_off(purse, original.number, points)


def leg_of_written_off(dossier: Dossier, purse: Purse, points: int) -> Leg:
    """From where points are that have expired, back to what is issued."""
    unit = purse.unit
    issued = dossier.book.account(Chart.POINTS_ISSUED, unit, dossier.issuer.id)
    return Leg(breakage_of(dossier, purse), issued, points, unit)


def breakage_of(dossier: Dossier, purse: Purse) -> int:
    """The account of what its programme keeps of expired points; 0: none."""
    return dossier.book.accounts.get((Chart.BREAKAGE, purse.unit, dossier.issuer.id, None), 0)


def _merchant_pays(dossier: Dossier, kind: Kind, back: Leg, short: int) -> bool:
    """Whether a reversal is done though the card has spent what the original gave it.

    Money that a load or a void gave to a card and that is gone again is nobody's to give twice:
    who took the cash, or voided the sale, stays liable. Of a sale the card gets its money back,
    and the points that the sale gave and that are spent are owed by who sold.
    """
    if kind is not Kind.REVERSAL:
        return False
    original, stan = dossier.present_original, dossier.request.key.stan
    is_done = original.kind in SOLD
    opened = CaseKind.REVERSAL_NOT_WHOLE if is_done else CaseKind.REVERSAL_OF_SPENT
    part, whole = Money(short, back.unit), Money(back.amount_minor, back.unit)
    detail = f"{original.kind}: {part} of {whole} was spent"
    dossier.open_case(opened, detail, short, back.unit, stan=stan)
    return is_done


def _points_back(purse: Purse, original: Original, points: int, *, may_owe: bool) -> list[LotUse]:
    """Out of the lots that the original filled, or out of the lot it earned."""
    filled = tuple(use for use in original.uses_of(purse.account) if use.points < 0)
    if filled:
        return take_again(purse, filled, points)
    taken = original.lots_taken(purse.account)
    return take_back(purse, original.number, points, may_owe=may_owe, filled=taken)


def debt_is_allowed(dossier: Dossier, purse: Purse) -> bool:
    """Whether its programme lets a card owe points."""
    programme = dossier.programme_in(purse.unit)
    return programme is not None and programme.debt_is_allowed


def note_undone(posting: Posting, original: Original, kind: Kind) -> None:
    """What the posting undoes, and by which kind."""
    posting.undoes = original
    posting.undo_kind = kind


def fact_of(posting: Posting, number: int) -> Fact | None:
    """What the posting says of its original, for the next request of the batch."""
    if posting.undoes is None or posting.undo_kind is None:
        return None
    return Fact(number, posting.undo_kind, posting.amount_minor)
