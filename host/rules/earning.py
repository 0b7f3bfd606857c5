"""What a sale earns, and by which rule: of the first that applies, else what all sales earn.

Where a programme has no rule nothing is looked for: most sales are such.
"""

import datetime as dt
from typing import Final, NamedTuple

import msgspec

from host.earn_rules import EarnRule, Sale
from host.ledger import Chart, Leg
from host.programmes import Programme
from host.rules.dossier import Dossier, NewLot, Posting
from host.rules.earn_caps import count_earned, room_under_caps
from host.rules.points import points_earned

_POINTS_ISSUED: Final = Chart.POINTS_ISSUED


class EarnedBy(msgspec.Struct, frozen=True, gc=False):
    """Kept beside a sale that earned otherwise than all do: in which unit, by which row."""

    unit: str
    rule: str
    since: dt.date
    points: int
    """What it gave; none may be a rule's will, too."""


class Ruled(NamedTuple):
    """What a sale earns by a rule of a programme."""

    points: int
    rule: EarnRule
    asked: int
    """Before what the rule caps of a time."""


def earned_by(programme: Programme, dossier: Dossier) -> int:
    """Points, by the first of its rules that applies, else by what it gives for all."""
    ruled = _ruled(programme, dossier) if programme.rules else None
    return points_earned(programme, dossier.amount) if ruled is None else ruled.points


def _ruled(programme: Programme, dossier: Dossier) -> Ruled | None:
    """By the first of its rules that applies; None: as all sales do."""
    sale = None
    for rule in programme.rules_at(dossier.merchant_id, dossier.today):
        sale = sale or _sale(dossier)
        if rule.is_of(sale):
            asked = rule.points(dossier.amount, programme.earn_points, programme.earn_per_minor)
            points = room_under_caps(dossier, programme.unit, rule, asked)
            return Ruled(points, rule, asked)
    return None


def _sale(dossier: Dossier) -> Sale:
    terminal, card, clock = dossier.item.terminal, dossier.present_card, dossier.state.local_time
    terms = dossier.book.terms_of(card.part) if card.part else None
    return Sale(
        merchant=terminal.merchant.id,
        store=terminal.store_id,
        category=terminal.merchant.category,
        goods=dossier.request.goods or "",
        product=terms.product_id if terms is not None else 0,
        amount_minor=dossier.amount,
        day=dossier.today,
        weekday=dt.date(int(clock[:4]), int(clock[4:6]), int(clock[6:8])).isoweekday(),
        clock=clock[8:12],
    )


def add_earned(dossier: Dossier, programme: Programme, posting: Posting) -> int:
    """Put what is earned in a programme into a lot of its own: leg, lot, and whose rule it was."""
    card, unit = posting.card, programme.unit
    ruled = _ruled(programme, dossier) if programme.rules else None
    if ruled is None:
        points = points_earned(programme, dossier.amount)
    else:
        points, rule, asked = ruled
        dossier.keep(EarnedBy(unit, rule.code, rule.since, max(points, 0)))
        count_earned(dossier, unit, rule, asked, points)
    if points <= 0:
        return 0
    issued = dossier.book.account(_POINTS_ISSUED, unit, card.issuer_id)
    account = dossier.account_of(card.purse_in(unit))
    posting.legs.append(Leg(issued, account, points, unit))
    posting.new_lots.append(NewLot(account, points, *programme.days_of_lot(dossier.today)))
    return points
