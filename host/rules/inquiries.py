"""All that a card has, in one answer: value and points, held, and to be spent until when."""

import calendar
import datetime as dt

from host.model.requests import AccountTold, ToldBesides
from host.programmes import NEVER
from host.rules.dossier import Dossier
from host.rules.points import told
from host.rules.state import Card, Purse


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


def _last_day_of(card: Card) -> dt.date:
    """Of one that has none of its own the last of the month that it says."""
    if card.valid_to is not None:
        return card.valid_to
    year, month = 2000 + int(card.expiry[:2]), int(card.expiry[2:])
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _next_lost(purse: Purse, today: dt.date) -> tuple[dt.date | None, int]:
    """The last day of those that expire first of what has not, and how many they are.

    The lots that expire first are those that were loaded.
    """
    fresh = [lot for lot in purse.lots if lot.left > 0 and today <= lot.expires_on < NEVER]
    if not fresh:
        return None, 0
    last_day = min(lot.expires_on for lot in fresh)
    return last_day, sum(lot.left for lot in fresh if lot.expires_on == last_day)
