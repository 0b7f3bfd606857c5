"""One purchase by several tenders: points first, in whole steps of what they pay, then money.

What points pay, the programme's issuer pays its merchant in money: so a merchant is owed the whole
of what was bought, its terminal's totals count that, and the points are where they came from. What
is undone is undone in reverse: a refund gives money back first, then points, whole ones and to the
lots that they came from.
"""

import datetime as dt
from typing import NamedTuple

from host.book import Book
from host.ledger import Chart, Leg
from host.model.requests import Drawn, Kind, ToldBesides
from host.model.responses import Reason
from host.programmes import Price, Programme, price_on
from host.rules import postings
from host.rules.dossier import Dossier, Posting
from host.rules.endings import note_late
from host.rules.points import give_back, spend, told
from host.rules.state import Card, LotUse, Original, Purse
from host.rules.undoing import Result, note_undone


class Split(NamedTuple):
    """What pays an amount."""

    points: int
    worth_minor: int
    """What they pay."""
    value_minor: int
    """And what money on the card does."""

    @property
    def minor(self) -> int:
        """All of it."""
        return self.worth_minor + self.value_minor


def points_at_most(amount_minor: int, price: Price) -> int:
    """How many points an amount takes, in whole steps."""
    return amount_minor // price.worth_minor * price.points


def worth_of(points: int, price: Price) -> int:
    """What so many points pay, in whole steps."""
    return points // price.points * price.worth_minor


def points_that_pay(
    there: int, amount_minor: int, price: Price, programme: Programme, most: int | None
) -> int:
    """Of so many: whole steps, or none where that is fewer than its programme redeems at least.

    `most` is how many may be used, as a till says; None: as many as there are.
    """
    there = max(there if most is None else min(there, most), 0)
    points = min(there // price.points * price.points, points_at_most(amount_minor, price))
    return points if points >= programme.redemption_points_min else 0


def points_wanted(book: Book, card: Card, amount_minor: int, today: dt.date) -> int:
    """How many points an amount may take of this card, whatever it has."""
    programme = book.issuers[card.issuer_id].programme
    price = price_on(book.prices, programme, today) if programme is not None else None
    return points_at_most(amount_minor, price) if price is not None else 0


def split(dossier: Dossier) -> Split:
    """Points first, as many steps as there are, as the amount takes and as may be; then money."""
    points, price = 0, _price(dossier)
    if price is not None:
        points = _points(dossier, price)
    worth = worth_of(points, price) if price is not None else 0
    value = min(dossier.amount - worth, max(dossier.present_card.value.available, 0))
    return Split(points, worth, value)


def tenders_cover_amount(dossier: Dossier) -> bool:
    """Points, as far as they pay whole steps, and money on the card are enough together."""
    return split(dossier).minor == dossier.amount


def what_there_is(dossier: Dossier) -> int:
    """Of an amount that is more."""
    return split(dossier).minor


def worth_of_points(dossier: Dossier) -> int:
    """What of an amount points pay."""
    return split(dossier).worth_minor


def post_combined(dossier: Dossier) -> Posting:
    """Money and what points are worth to the merchant; points go back to who issued them."""
    card, issuer, paid = dossier.present_card, dossier.issuer, split(dossier)
    unit, whole = issuer.currency, dossier.amount
    payable = dossier.book.account(Chart.MERCHANT_PAYABLE, unit, issuer.id, dossier.merchant_id)
    posting = Posting(card, dossier.merchant_id, whole, unit, [])
    if paid.points:
        funds = dossier.book.account(Chart.ISSUER_FUNDS, unit, issuer.id)
        issued = dossier.book.account(Chart.POINTS_ISSUED, card.points.unit, issuer.id)
        posting.legs = [
            Leg(card.points.account, issued, paid.points, card.points.unit),
            Leg(funds, payable, paid.worth_minor, unit),
        ]
        posting.lot_uses = spend(card.points, paid.points, dossier.today)
        posting.points_used = paid.points
    if paid.value_minor:
        posting.legs.append(Leg(card.value.account, payable, paid.value_minor, unit))
        dossier.amount = paid.value_minor
        postings.earn(dossier, issuer, posting)
        dossier.amount = whole
    dossier.told = _told(dossier, paid)
    return posting


def _told(dossier: Dossier, paid: Split) -> ToldBesides:
    """What each tender paid. What was asked with no card number in clear names none."""
    pan = dossier.request.pan
    mask = pan.masked if pan is not None else ""
    drawn = (Drawn(mask, paid.value_minor),) if paid.value_minor else ()
    return ToldBesides(points_worth_minor=paid.worth_minor, drawn=drawn)


def _price(dossier: Dossier) -> Price | None:
    programme = dossier.programme
    if programme is None:
        return None
    return price_on(dossier.book.prices, programme, dossier.today)


def _points(dossier: Dossier, price: Price) -> int:
    programme, besides = dossier.programme, dossier.request.besides
    assert programme is not None, "a price is a programme's"
    there = told(dossier.present_card.points, dossier.today)
    most = besides.points_max if besides is not None else None
    return points_that_pay(there, dossier.amount, price, programme, most)


# Back. ---------------------------------------------------------------------------------------


def refund_is_of_whole_points(dossier: Dossier) -> bool:
    """What is given back beyond the money of a combined purchase is worth whole points."""
    original = dossier.present_original
    if original.kind is not Kind.COMBINED_PURCHASE:
        return True
    paid = split_of(original)
    beyond = max(original.refunded_minor + dossier.amount - paid.value_minor, 0)
    return not paid.worth_minor or beyond * paid.points % paid.worth_minor == 0


def post_refund(dossier: Dossier) -> Result:
    """As `postings.post_refund`, of a combined purchase the last tender first."""
    original = dossier.present_original
    if original.kind is not Kind.COMBINED_PURCHASE:
        return postings.post_refund(dossier)
    paid, before = split_of(original), original.refunded_minor
    now = before + dossier.amount
    money = min(now, paid.value_minor) - min(before, paid.value_minor)
    earned = (
        postings.points_back(
            dossier, paid.value_minor, min(before, paid.value_minor), min(now, paid.value_minor)
        )
        if money
        else []
    )
    if earned is None:
        return Reason.INSUFFICIENT_FUNDS
    posting = Posting(original.card, dossier.merchant_id, dossier.amount, original.unit, [])
    _give_money_back(posting, original, money, {back.purse.account: back.points for back in earned})
    for back in earned:
        back.take(posting)
    _give_points_back(posting, original, paid, (before, now))
    note_undone(posting, original, Kind.REFUND)
    note_late(original.card, dossier)
    return posting


def split_of(original: Original) -> Split:
    """What paid it, from its legs."""
    card = original.card
    points = sum(leg.amount_minor for leg in original.legs if leg.debit == card.points.account)
    value = sum(leg.amount_minor for leg in original.legs if leg.debit == card.value.account)
    return Split(points, original.amount_minor - value, value)


def _give_money_back(
    posting: Posting, original: Original, money: int, earned: dict[int, int]
) -> None:
    """Its leg the other way, for so much, and those of what it earned."""
    for leg in original.legs:
        part = money if leg.debit == original.card.value.account else earned.get(leg.credit, 0)
        if part:
            posting.legs.append(Leg(leg.credit, leg.debit, part, leg.unit))


def _give_points_back(
    posting: Posting, original: Original, paid: Split, refunded: tuple[int, int]
) -> None:
    """What refunds have given back of the points' worth, before and now, in points and money."""
    before, now = (max(minor - paid.value_minor, 0) for minor in refunded)
    if now == before:
        return
    first, last = (minor * paid.points // paid.worth_minor for minor in (before, now))
    purse = original.card.points
    for leg in original.legs:
        if leg.debit == purse.account:
            posting.legs.append(Leg(leg.credit, leg.debit, last - first, leg.unit))
        elif leg.unit == original.unit and leg.debit != original.card.value.account:
            posting.legs.append(Leg(leg.credit, leg.debit, now - before, leg.unit))
    posting.lot_uses += give_back(purse, _uses_between(original, purse, first, last))


def _uses_between(original: Original, purse: Purse, first: int, last: int) -> tuple[LotUse, ...]:
    """Of what it took from lots, the last taken first, the points from `first` up to `last`."""
    found, start = [], 0
    last_day = {lot.id: lot.expires_on for lot in purse.lots}
    taken = [one for one in original.uses_of(purse.account) if one.points > 0]
    taken.sort(key=lambda use: (last_day[use.lot], use.lot), reverse=True)
    for use in taken:
        part = min(start + use.points, last) - max(start, first)
        if part > 0:
            found.append(LotUse(use.account, use.lot, part))
        start += use.points
    return tuple(found)
