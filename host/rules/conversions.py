"""Points of one programme become points of another on the same card, and points by hand.

A conversion is two legs through the conversion account of each unit, so that each unit balances by
itself; the rate that was shown ties them, and stands beside them. Rounding never makes points: of
what is asked as much is taken as makes whole points, and what would make a part of one stays.
"""

from typing import Final

import msgspec

from host.ledger import Chart, Leg
from host.model.money import POINTS_PREFIX
from host.model.own import AtRate, Direction
from host.rules.dossier import Dossier, NewLot, Posting
from host.rules.points import spend, spendable
from host.rules.undoing import Result

_CONVERSION: Final = Chart.CONVERSION


class Converted(msgspec.Struct, frozen=True, gc=False):
    """Kept beside a conversion: the row of the rate that tied its legs."""

    rate: int


def made_of(points: int, times: int, per: int) -> tuple[int, int]:
    """How many are taken of so many points, and how many they make."""
    made = points * times // per
    return -(-made * per // times), made


def programmes_are_the_cards(dossier: Dossier) -> bool:
    """Its issuer's, or of an alliance that it is in: both, and they are two."""
    money, rate = dossier.request.amount, _rate(dossier)
    if money is None or money.unit in {rate.unit, POINTS_PREFIX}:
        return False
    return all(dossier.programme_in(unit) is not None for unit in (money.unit, rate.unit))


def amount_makes_points(dossier: Dossier) -> bool:
    """At least one."""
    rate = _rate(dossier)
    return made_of(dossier.amount, rate.times, rate.per)[1] > 0


def post_conversion(dossier: Dossier) -> Result:
    """Out of the lots that expire first, into a lot of today."""
    card, rate, purse = dossier.present_card, _rate(dossier), dossier.points
    programme = dossier.programme_in(rate.unit)
    assert programme is not None, "a check before has looked"
    taken, made = made_of(dossier.amount, rate.times, rate.per)
    account = dossier.account_of(card.purse_in(rate.unit))
    legs = [
        Leg(purse.account, _through(dossier, purse.unit), taken, purse.unit),
        Leg(_through(dossier, rate.unit), account, made, rate.unit),
    ]
    posting = Posting(card, dossier.merchant_id, taken, purse.unit, legs)
    posting.lot_uses = spend(purse, taken, dossier.today)
    posting.points_used, posting.points_earned = taken, made
    last_day, _ = programme.days_of_lot(dossier.today)
    posting.new_lots = [NewLot(account, made, last_day)]
    dossier.keep(Converted(rate.rate))
    return posting


def programme_is_the_cards(dossier: Dossier) -> bool:
    """What is adjusted are points that its cards may have."""
    money = dossier.request.amount
    return money is not None and dossier.programme_in(money.unit) is not None


def adjusted_points_are_there(dossier: Dossier) -> bool:
    """What is taken can be spent."""
    is_debit = dossier.adjustment.direction is Direction.DEBIT
    return not is_debit or dossier.amount <= spendable(dossier.points, dossier.today)


def post_points_adjustment(dossier: Dossier) -> Result:
    """Points that a person gives, in a lot of their own, or takes from those that expire first."""
    card, purse, own = dossier.present_card, dossier.points, dossier.item.own
    programme = dossier.programme_in(purse.unit)
    assert programme is not None, "a check before has looked"
    assert own is not None, "no terminal asks for it"
    issued = dossier.book.account(Chart.POINTS_ISSUED, purse.unit, dossier.issuer.id)
    leg = Leg(issued, dossier.account_of(purse), dossier.amount, purse.unit)
    if dossier.adjustment.direction is Direction.DEBIT:
        posting = Posting(card, dossier.merchant_id, dossier.amount, purse.unit, [leg.swapped()])
        posting.lot_uses = spend(purse, dossier.amount, dossier.today)
        return posting
    last_day = own.expires_on or programme.days_of_lot(dossier.today)[0]
    posting = Posting(card, dossier.merchant_id, dossier.amount, purse.unit, [leg])
    posting.new_lots = [NewLot(purse.account, dossier.amount, max(last_day, dossier.today))]
    return posting


def _rate(dossier: Dossier) -> AtRate:
    own = dossier.item.own
    assert own is not None, "no terminal asks for it"
    assert own.at_rate is not None, "whoever asks has looked it up"
    return own.at_rate


def _through(dossier: Dossier, unit: str) -> int:
    return dossier.book.account(_CONVERSION, unit, dossier.issuer.id)
