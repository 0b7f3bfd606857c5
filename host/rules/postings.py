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
from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.dossier import Dossier, Posting
from host.rules.earn_caps import free_earned
from host.rules.earning import add_earned, earned_by
from host.rules.endings import note_late
from host.rules.points import (
    points_to_take_back,
    spend,
    take_back,
    take_from_written_off,
    within_reach,
    write_off,
    written_off_of,
)
from host.rules.state import Card, Purse
from host.rules.undoing import (
    Result,
    breakage_of,
    debt_is_allowed,
    leg_of_written_off,
    note_undone,
    undo_whole,
)

_MERCHANT_PAYABLE: Final = Chart.MERCHANT_PAYABLE


def post_nothing(_case: Dossier) -> Result:
    """An inquiry: approved, nothing moves."""
    return None


def post_inquiry(dossier: Dossier) -> Result:
    """As `post_nothing`; what is held is told beside what may be spent."""
    held = dossier.present_card.value.held
    if held:
        dossier.tell(held_minor=held)
    return None


def post_purchase(dossier: Dossier) -> Result:
    """Card value to the merchant, and the points the programme gives for it."""
    card, issuer, amount = dossier.present_card, dossier.issuer, dossier.amount
    payable = dossier.book.account(
        _MERCHANT_PAYABLE, issuer.currency, issuer.id, dossier.merchant_id
    )
    legs = [Leg(card.value.account, payable, amount, issuer.currency)]
    posting = _posting(dossier, card, issuer.currency, legs)
    earn(dossier, issuer, posting)
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
    leg = Leg(purse.account, breakage_of(dossier, purse), points, purse.unit)
    return Posting(card, dossier.merchant_id, points, purse.unit, [leg], uses)


def post_earning(dossier: Dossier) -> Result:
    """Points for what was paid elsewhere, in a lot of their own."""
    card, programme = dossier.present_card, dossier.programme
    assert programme is not None
    points = earned_by(programme, dossier)
    posting = Posting(
        card, dossier.merchant_id, points, programme.unit, [], paid_minor=dossier.amount
    )
    posting.points_earned = add_earned(dossier, programme, posting)
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
    backs = points_back(dossier, original.amount_minor, before, before + amount)
    if backs is None:
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
    note_undone(posting, original, Kind.REFUND)
    note_late(card, dossier)
    return posting


def points_back(
    dossier: Dossier, of_minor: int, before: int, now: int
) -> "list[PointsBack] | None":
    """What was earned by so much money and goes back as refunds of it grow; None: it is spent.

    Then a case is open.
    """
    original = dossier.present_original
    backs = [
        PointsBack(dossier, purse, of_minor, before, now)
        for purse in original.card.purses
        if purse.is_points and original.points_moved(purse.account)
    ]
    for back in backs:
        if back.is_short:
            stan, detail = dossier.request.key.stan, f"{back.whole} had to come back"
            amount, unit = dossier.amount, original.unit
            dossier.open_case(CaseKind.REFUND_REFUSED, detail, amount, unit, stan=stan)
            return None
    return backs


class PointsBack:
    """What a refund takes back of the points that a sale earned in one programme."""

    def __init__(
        self, dossier: Dossier, purse: Purse, of_minor: int, before: int, now: int
    ) -> None:
        original = dossier.present_original
        earned = original.points_moved(purse.account)
        back = points_to_take_back(earned, of_minor, before, now)
        self.purse = purse
        self.whole = Money(back, purse.unit)
        self._dossier, self._source = dossier, original.number
        self._filled = original.lots_taken(purse.account)
        self._lost = written_off_of(purse, original.number, back)
        self.points = back - self._lost
        """Out of the purse; the rest was written off and is given back from there."""
        self._may_owe = debt_is_allowed(dossier, purse)

    @property
    def is_short(self) -> bool:
        """Whether the card has spent them, and may not owe them."""
        reach = within_reach(self.purse, self._source)
        return self.points > reach and not self._may_owe

    def take(self, posting: Posting) -> None:
        """Take them, and add what was written off to the legs; its rule may give them again."""
        free_earned(self._dossier, self.purse.unit, self.whole.amount_minor)
        if self._lost:
            take_from_written_off(self.purse, self._source, self._lost)
            posting.legs.append(leg_of_written_off(self._dossier, self.purse, self._lost))
        if self.points:
            posting.lot_uses += take_back(
                self.purse,
                self._source,
                self.points,
                may_owe=self._may_owe,
                filled=self._filled,
            )


def _posting(dossier: Dossier, card: Card, unit: str, legs: list[Leg]) -> Posting:
    return Posting(card, dossier.merchant_id, dossier.amount, unit, legs)


def earn(dossier: Dossier, issuer: Issuer, posting: Posting) -> None:
    """In the primary programme, of which the answer tells, and in all others that it earns in."""
    if issuer.programme is not None:
        posting.points_earned = add_earned(dossier, issuer.programme, posting)
    for programme in dossier.book.also_earns(issuer, dossier.merchant_id, dossier.today):
        add_earned(dossier, programme, posting)
