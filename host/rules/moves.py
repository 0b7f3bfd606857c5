"""Value that moves from one card to another: out of the first's shard, into the second's.

A step takes a purse of money, or a lot of points with its last day, to the in-transit account of
its unit, and another posting takes it from there to the other card. What a card owes in points goes
the same way by the reversed legs: in-transit pays it, and is paid by the other card. What the
second could be refused by, the first looks at; so what has left always arrives, whatever becomes of
either card.

Of a **merge** both cards stay in use, so the other may be stopped, or filled at a till, in between:
then what has left is refused there, and comes back.
"""

import datetime as dt

import msgspec

from host.ledger import Chart, Leg
from host.rules.checks import balance_stays_within_limit
from host.rules.dossier import Dossier, NewLot, Posting, Transit
from host.rules.endings import is_replaced, note_late
from host.rules.points import OfALot, debt_of, empty_a_lot, take_of_a_lot
from host.rules.standing import why_not
from host.rules.state import Purse
from host.rules.states import Use


def card_was_replaced(dossier: Dossier) -> bool:
    """Another card has its place, so that nothing of it can be spent meanwhile."""
    return is_replaced(dossier.present_card)


def receiver_is_known(dossier: Dossier) -> bool:
    """The other card is there. No row of a card is ever taken away."""
    return dossier.other_card is not None


def receiver_may_have_it(dossier: Dossier) -> bool:
    """It is another card, of the same issuer. One that has ended passes on what it gets."""
    card, other = dossier.present_card, dossier.other_card
    return other is not None and other.id != card.id and other.issuer_id == card.issuer_id


def cards_are_one_members(dossier: Dossier) -> bool:
    """Both are bound, and to the same member."""
    card, other = dossier.present_card, dossier.other_card
    return other is not None and card.member != 0 and card.member == other.member


def receiver_may_be_loaded(dossier: Dossier) -> bool:
    """As it stands, and as its product says."""
    other = _of_other(dossier)
    terms = other.terms
    return why_not(Use.LOAD, other) is None and (terms is None or terms.is_reloadable)


def receiver_has_room(dossier: Dossier) -> bool:
    """For all the money that may leave, as the other card is now."""
    other = _of_other(dossier)
    money = max(dossier.present_card.value.available, 0)
    return not money or money + other.present_card.value.available <= other.balance_minor_max


def money_leaves_room(dossier: Dossier) -> bool:
    """As the card is when it comes. Points have no limit."""
    money = dossier.request.amount
    return money is None or money.is_points or balance_stays_within_limit(dossier)


def _of_other(dossier: Dossier) -> Dossier:
    return msgspec.structs.replace(dossier, card=dossier.other_card)


def post_merge_out(dossier: Dossier) -> Posting | None:
    """The next of what may be spent of the card: a purse of money, else a lot of points.

    None: no more is left. What is held, has expired or is owed stays.
    """
    for purse in dossier.present_card.purses:
        if purse.is_points:
            posting = _points_out(dossier, purse)
            if posting is not None:
                return posting
        elif purse.available > 0:
            return _out(dossier, purse, purse.available)
    return None


def post_gather_out(dossier: Dossier) -> Posting | None:
    """What is to be spent from the other card at once; None: there is none any more.

    All its money. Where points are asked for, as many of them as the lot that is spent first has.
    """
    asked, card = dossier.request.amount, dossier.present_card
    if asked is not None:
        purse = card.points_named(asked)
        return _lot_out(dossier, purse, take_of_a_lot(purse, asked.amount_minor, dossier.today))
    purse = card.value
    return _out(dossier, purse, purse.available) if purse.available > 0 else None


def post_move_out(dossier: Dossier) -> Posting | None:
    """The next of what the card has: a purse of money, else a lot of points, or what it owes.

    None: no more is left. Points that have expired stay where they are.
    """
    for purse in dossier.present_card.purses:
        if purse.is_points:
            posting = _points_out(dossier, purse) or _debt_out(dossier, purse)
            if posting is not None:
                return posting
        elif purse.available > 0:
            return _out(dossier, purse, purse.available)
    return None


def post_move_in(dossier: Dossier) -> Posting:
    """What left another card is on this one. Points whose last day passed on the way have today."""
    card, money, own = dossier.present_card, dossier.request.amount, dossier.item.own
    assert money is not None, "what is on its way has an amount"
    assert own is not None, "no terminal asks for it"
    account = dossier.account_of(card.purse_in(money.unit))
    transit = dossier.book.account(Chart.IN_TRANSIT, money.unit)
    leg = Leg(transit, account, money.amount_minor, money.unit)
    leg = leg.swapped() if own.is_debt else leg
    posting = Posting(card, dossier.merchant_id, money.amount_minor, money.unit, [leg])
    if own.expires_on is not None:
        last_day = max(own.expires_on, dossier.today)
        points = -money.amount_minor if own.is_debt else money.amount_minor
        first = own.available_from
        first = first if first is not None and first > dossier.today else None
        posting.new_lots = [NewLot(account, points, last_day, first)]
    note_late(card, dossier)
    return posting


def _points_out(dossier: Dossier, purse: Purse) -> Posting | None:
    return _lot_out(dossier, purse, empty_a_lot(purse, dossier.today))


def _lot_out(dossier: Dossier, purse: Purse, taken: OfALot) -> Posting | None:
    points, lot, uses = taken
    if lot is None:
        return None
    posting = _out(dossier, purse, points, (lot.expires_on, lot.available_from))
    posting.lot_uses = uses
    return posting


def _debt_out(dossier: Dossier, purse: Purse) -> Posting | None:
    """What it owes is paid into a lot beside those in debt, which what comes back later fills."""
    points, last_day = debt_of(purse, dossier.today)
    if not points:
        return None
    posting = _out(dossier, purse, points, (last_day, None), is_debt=True)
    posting.new_lots = [NewLot(purse.account, points, last_day)]
    return posting


def _out(
    dossier: Dossier,
    purse: Purse,
    amount: int,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    *,
    is_debt: bool = False,
) -> Posting:
    receiver = dossier.other_card
    assert receiver is not None, "it was asked before"
    transit = dossier.book.account(Chart.IN_TRANSIT, purse.unit)
    leg = Leg(purse.account, transit, amount, purse.unit)
    leg = leg.swapped() if is_debt else leg
    posting = Posting(dossier.present_card, dossier.merchant_id, amount, purse.unit, [leg])
    posting.transit = Transit(receiver.shard, receiver.id, days[0], is_debt, days[1])
    return posting
