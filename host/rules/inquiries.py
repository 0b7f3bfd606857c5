"""All that a card has, in one answer: value and points, held, and to be spent until when."""

import calendar
import datetime as dt
from itertools import groupby

from host.model.requests import AccountTold, ToldBesides
from host.programmes import NEVER
from host.rules.dossier import Dossier
from host.rules.points import told
from host.rules.state import Card, Lot, Purse


def post_account_inquiry(dossier: Dossier) -> None:
    """Nothing moves. A debt leaves nothing to spend, and is told as nothing."""
    card, today = dossier.present_card, dossier.today
    value, points = card.value, card.points
    last_day, lost = _next_lost(points, today)
    dossier.told = ToldBesides(
        account=AccountTold(
            value_minor=value.posted + value.change,
            held_minor=value.held,
            spendable_minor=max(value.available, 0),
            valid_to=f"{_last_day_of(card):%Y%m%d}",
            points=max(points.posted + points.change, 0),
            points_held=points.held,
            points_spendable=told(points, today),
            points_next=f"{last_day:%Y%m%d}" if last_day is not None else "",
            points_lost_next=lost,
        )
    )


def post_points_inquiry(dossier: Dossier) -> None:
    """Nothing moves; told beside what may be spent: how much of it is lost next, and when."""
    last_day, lost = _next_lost(dossier.points, dossier.today)
    if last_day is not None:
        dossier.tell(points_next=f"{last_day:%Y%m%d}", points_lost_next=lost)


def _last_day_of(card: Card) -> dt.date:
    """Of one that has none of its own the last of the month that it says."""
    if card.valid_to is not None:
        return card.valid_to
    year, month = 2000 + int(card.expiry[:2]), int(card.expiry[2:])
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _next_lost(purse: Purse, today: dt.date) -> tuple[dt.date | None, int]:
    """The next last day on which points are lost, and how many they are.

    What is owed is paid by those that expire first, and is not lost then. These are the lots that
    were loaded.
    """
    owed = sum(-lot.left for lot in purse.lots if lot.left < 0)
    kept = min(purse.expired - owed, 0)
    fresh = [lot for lot in purse.lots if lot.left > 0 and today <= lot.expires_on < NEVER]
    for day, same in groupby(sorted(fresh, key=_last_day_of_lot), key=_last_day_of_lot):
        kept += sum(lot.left for lot in same)
        if kept > 0:
            return day, kept
    return None, 0


def _last_day_of_lot(lot: Lot) -> dt.date:
    return lot.expires_on
