"""What each kind writes once it is approved: legs, lots, and facts about an original.

Pure: a posting function reads the dossier and returns a `Posting`, a `Reason` to decline after
all, or None when it is approved and nothing is left to post. Purses and lots inside the dossier
are changed by the parts that spend from them, so the next request of the batch sees it.
"""

from typing import Final

from host.book import Issuer
from host.cases import CaseKind
from host.ledger import Chart, Leg
from host.model.money import POINTS_PREFIX, Money
from host.model.numbers import business_date_of
from host.model.requests import Kind
from host.model.responses import Reason
from host.programmes import Programme
from host.rules.checklists import KNOWN_CARD, MONEY, RELOADABLE, ROOM, first_refusal
from host.rules.checks import amount_is_within_limit, batch_is_behind
from host.rules.dossier import Dossier, Moot, NewLot, Posting
from host.rules.endings import note_late
from host.rules.lives import redo_activation, undo_activation
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
_MERCHANT_PAYABLE: Final = Chart.MERCHANT_PAYABLE
_POINTS_ISSUED: Final = Chart.POINTS_ISSUED
REVERSAL_DAYS_MAX: Final = 60
"""How long after a transaction its reversal is taken, in a batch that was never settled."""


def post_nothing(_case: Dossier) -> Result:
    """An inquiry: approved, nothing moves."""
    return None


def post_purchase(dossier: Dossier) -> Result:
    """Card value to the merchant, and the points the programme gives for it."""
    card, issuer, amount = dossier.present_card, dossier.issuer, dossier.amount
    payable = dossier.book.account(
        _MERCHANT_PAYABLE, issuer.currency, issuer.id, dossier.merchant_id
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
    card, purse, points = dossier.present_card, dossier.points, dossier.amount
    unit, issuer = purse.unit, dossier.issuer.id
    accepted = dossier.book.account(Chart.MERCHANT_POINTS, unit, issuer, dossier.merchant_id)
    posting = _posting(dossier, card, unit, [Leg(purse.account, accepted, points, unit)])
    posting.lot_uses = spend(purse, points, dossier.today)
    posting.points_used = points
    return posting


def post_expiry(dossier: Dossier) -> Result:
    """Points that have expired, to what their programme keeps. No merchant has a part in it."""
    card, purse = dossier.present_card, dossier.points
    points, uses = write_off(purse, dossier.today)
    if not points:
        return None
    leg = Leg(purse.account, _breakage_of(dossier, purse), points, purse.unit)
    return Posting(card, dossier.merchant_id, points, purse.unit, [leg], uses)


def post_earning(dossier: Dossier) -> Result:
    """Points for what was paid elsewhere, in a lot of their own."""
    card, programme = dossier.present_card, dossier.programme
    assert programme is not None
    points = points_earned(programme, dossier.amount)
    posting = Posting(
        card, dossier.merchant_id, points, programme.unit, [], paid_minor=dossier.amount
    )
    posting.points_earned = _earn_in(dossier, programme, posting)
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
    backs = [
        _PointsBack(dossier, purse, original, before, before + amount)
        for purse in card.purses
        if purse.is_points and original.points_moved(purse.account)
    ]
    for back in backs:
        if back.is_short:
            stan, detail = dossier.request.key.stan, f"{back.whole} had to come back"
            dossier.open_case(CaseKind.REFUND_REFUSED, detail, amount, original.unit, stan=stan)
            return Reason.INSUFFICIENT_FUNDS
    by_account = {back.purse.account: back for back in backs}
    posting = _posting(dossier, card, original.unit, [])
    for leg in original.legs:
        found = by_account.get(leg.credit)
        part = amount if found is None else found.points
        if part:
            posting.legs.append(Leg(leg.credit, leg.debit, part, leg.unit))
    for back in backs:
        back.take(posting)
    _note(posting, original, Kind.REFUND)
    note_late(card, dossier)
    return posting


class _PointsBack:
    """What a refund takes back of the points that a sale earned in one programme."""

    def __init__(
        self, dossier: Dossier, purse: Purse, original: Original, before: int, now: int
    ) -> None:
        earned = original.points_moved(purse.account)
        back = points_to_take_back(earned, original.amount_minor, before, now)
        self.purse = purse
        self.whole = Money(back, purse.unit)
        self._dossier, self._source = dossier, original.number
        self._lost = written_off_of(purse, original.number, back)
        self.points = back - self._lost
        """Out of the purse; the rest was written off and is given back from there."""
        self._may_owe = _debt_is_allowed(dossier, purse)

    @property
    def is_short(self) -> bool:
        """Whether the card has spent them, and may not owe them."""
        return self.points > self.purse.available and not self._may_owe

    def take(self, posting: Posting) -> None:
        """Take them, and add what was written off to the legs."""
        if self._lost:
            take_from_written_off(self.purse, self._source, self._lost)
            posting.legs.append(_leg_of_written_off(self._dossier, self.purse, self._lost))
        if self.points:
            posting.lot_uses += take_back(
                self.purse, self._source, self.points, may_owe=self._may_owe
            )


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
    """In the primary programme, of which the answer tells, and in all others that it earns in."""
    if issuer.programme is not None:
        posting.points_earned = _earn_in(dossier, issuer.programme, posting)
    for programme in dossier.book.also_earns(issuer, dossier.merchant_id, dossier.today):
        _earn_in(dossier, programme, posting)


def _earn_in(dossier: Dossier, programme: Programme, posting: Posting) -> int:
    points = points_earned(programme, dossier.amount)
    if points <= 0:
        return 0
    card, unit = posting.card, programme.unit
    issued = dossier.book.account(_POINTS_ISSUED, unit, card.issuer_id)
    account = dossier.account_of(card.purse_in(unit))
    posting.legs.append(Leg(issued, account, points, unit))
    expires_on = expiry_of_lot(dossier.today, programme.lot_months)
    posting.new_lots.append(NewLot(account, points, expires_on))
    return points


def undo_whole(dossier: Dossier, kind: Kind) -> Result:
    """The original's own legs the other way, and the points lots it took from or filled."""
    original = dossier.present_original
    card = original.card
    posting = Posting(card, original.merchant, original.amount_minor, original.unit, [])
    backs = [leg.swapped() for leg in original.legs]
    if kind is not Kind.REVERSAL and any(_is_short(dossier, card, back) for back in backs):
        return Reason.INSUFFICIENT_FUNDS
    for back in backs:
        if not _give_leg_back(dossier, back, kind, posting):
            return Reason.INSUFFICIENT_FUNDS
    for purse in card.purses:
        taken = tuple(use for use in original.uses_of(purse.account) if use.points > 0)
        posting.lot_uses += give_back(purse, taken)
    if original.kind is Kind.CARD_ACTIVATION:
        undo_activation(card, original.amount_minor, dossier)
    if original.kind is Kind.VOID and any(leg.debit == card.value.account for leg in original.legs):
        redo_activation(card, dossier)
    _note(posting, original, kind)
    note_late(card, dossier)
    return posting


def _is_short(dossier: Dossier, card: Card, back: Leg) -> bool:
    """Whether the card pays this leg, has spent it, and may not owe it. Nothing is taken yet."""
    purse = card.purse_of(back.debit)
    if purse is None or (purse.is_points and _debt_is_allowed(dossier, purse)):
        return False
    original, points = dossier.present_original, back.amount_minor
    if _fills_what_it_earned(purse, original):
        points -= written_off_of(purse, original.number, points)
    return points > max(purse.available, 0)


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
        posting.legs.append(_leg_of_written_off(dossier, purse, lost))
        back = Leg(back.debit, back.credit, back.amount_minor - lost, back.unit)
    may_owe = purse.is_points and _debt_is_allowed(dossier, purse)
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
    if purse.is_points and part:
        posting.lot_uses += _points_back(purse, original, part, may_owe=may_owe)
    return True


def _put_back_what_expired(dossier: Dossier, card: Card, back: Leg) -> None:
    """The reversal of a void that took from breakage leaves written off what was."""
    undone = dossier.present_original.undoes
    if undone is None or not back.unit.startswith(POINTS_PREFIX):
        return
    purse = card.purse_in(back.unit)
    if back.credit == _breakage_of(dossier, purse):
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


def _leg_of_written_off(dossier: Dossier, purse: Purse, points: int) -> Leg:
    unit = purse.unit
    issued = dossier.book.account(Chart.POINTS_ISSUED, unit, dossier.issuer.id)
    return Leg(_breakage_of(dossier, purse), issued, points, unit)


def _breakage_of(dossier: Dossier, purse: Purse) -> int:
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
    is_done = original.kind is Kind.PURCHASE
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
    return take_back(purse, original.number, points, may_owe=may_owe)


def _debt_is_allowed(dossier: Dossier, purse: Purse) -> bool:
    programme = dossier.programme_in(purse.unit)
    return programme is not None and programme.debt_is_allowed


def _note(posting: Posting, original: Original, kind: Kind) -> None:
    posting.undoes = original
    posting.undo_kind = kind


def fact_of(posting: Posting, number: int) -> Fact | None:
    """What the posting says of its original, for the next request of the batch."""
    if posting.undoes is None or posting.undo_kind is None:
        return None
    return Fact(number, posting.undo_kind, posting.amount_minor)
