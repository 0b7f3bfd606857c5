"""What a sale earns, and by which rule: of the first that applies, else what all sales earn."""

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


class Earned(NamedTuple):
    """What a sale earns in a programme, and the rule that says so; None: as all sales do."""

    points: int
    rule: EarnRule | None
    asked: int = 0
    """By a rule: before what it caps of a time."""


def earned_by(programme: Programme, dossier: Dossier) -> Earned:
    """By the first of its rules that applies, else by what it gives for all."""
    amount = dossier.amount
    if programme.rules:
        sale = None
        for rule in programme.rules_at(dossier.merchant_id, dossier.today):
            sale = sale or _sale(dossier)
            if rule.is_of(sale):
                asked = rule.points(amount, programme.earn_points, programme.earn_per_minor)
                points = room_under_caps(dossier, programme.unit, rule, asked)
                return Earned(points, rule, asked)
    return Earned(points_earned(programme, amount), None)


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
    points, rule, asked = earned_by(programme, dossier)
    card, unit = posting.card, programme.unit
    if rule is not None:
        dossier.keep(EarnedBy(unit, rule.code, rule.since, max(points, 0)))
        count_earned(dossier, unit, rule, asked, points)
    if points <= 0:
        return 0
    issued = dossier.book.account(_POINTS_ISSUED, unit, card.issuer_id)
    account = dossier.account_of(card.purse_in(unit))
    posting.legs.append(Leg(issued, account, points, unit))
    posting.new_lots.append(NewLot(account, points, *programme.days_of_lot(dossier.today)))
    return points
