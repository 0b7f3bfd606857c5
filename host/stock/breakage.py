"""What becomes of value that is left on expired cards: so many days after it is their issuer's.

The product that a card was made under says after how many days; where it says nothing, what is left
is kept for ever. That a card's value is due is said in its row, by the clock or by people, and the
money follows by the clock (`host.moves`): one posting for each card. Such a card is not extended
any more. What comes back onto it later stays, until people say the same again of its month.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from host.model.origins import Origin
from host.stock.batches import By
from host.stock.ends import Left, Stretch, left_of
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.moves import BREAKAGE
from host.store.queries import load_queries
from host.store.trace import open_date

SQL: Final = load_queries("host.stock", "breakage.sql")


class OfMonth(NamedTuple):
    """A product, and the first day of the month in which the last days of its cards were."""

    product: int
    month: dt.date


class Waiting(NamedTuple):
    """What cards of a month have that may go now, and how many wait until which day at the latest.

    Minor units.
    """

    cards: int
    value_minor: int
    early: int
    from_day: dt.date | None


def break_due(connection: Connection, now: dt.datetime, limit: int) -> int:
    """Some cards whose value is due, no more than `limit`; gives how many."""
    told = {"today": open_date(connection), "limit": limit}
    due = [card for (card,) in connection.execute(SQL["break_due"], told)]
    if due:
        _take_value(connection, due, Origin.CLOCK, By(BREAKAGE, now))
    return len(due)


def waiting_of(connection: Connection, of: OfMonth) -> Waiting:
    """What of a month is due now.

    Raises:
        StockRefusal: nothing is, as its cards have not been kept long enough, or for ever.
    """
    if connection.execute(SQL["has_a_rule"], {"product": of.product}).fetchone() == (False,):
        raise StockRefusal(Why.KEPT_FOR_EVER)
    row = connection.execute(SQL["waiting_of_month"], _told(connection, of)).fetchone()
    assert row is not None, "a count always has a row"
    waiting = Waiting(*row)
    if not waiting.cards and waiting.early:
        raise StockRefusal(Why.EARLY, from_day=waiting.from_day)
    return waiting


def parts_of(connection: Connection, of: OfMonth) -> list[tuple[int, int]]:
    """Parts that have cards of it, and how many each has made: what a job goes through."""
    return [(part, made) for part, made in connection.execute(SQL["parts_of_month"], of._asdict())]


def break_stretch(connection: Connection, of: OfMonth, stretch: Stretch, by: By) -> Left:
    """Have what is left on these cards leave them, where it is due; gives what is not done yet.

    Also of those of which it was said before, where something has come back onto them. To be asked
    again until nothing is left.
    """
    told = {**_told(connection, of), "first": stretch.first, "last": stretch.last}
    cards = [card for (card,) in connection.execute(SQL["cards_of_month"], told)]
    if cards:
        connection.execute(SQL["mark"], {"today": told["today"], "cards": cards})
        _take_value(connection, cards, Origin.OFFICE, by)
    return left_of(connection, stretch, BREAKAGE)


def _take_value(connection: Connection, cards: Sequence[int], origin: Origin, by: By) -> None:
    told = {"cards": list(cards), "origin": origin, "by": by.who, "now": by.at}
    connection.execute(SQL["take_value"], told)


def _told(connection: Connection, of: OfMonth) -> dict[str, object]:
    return {**of._asdict(), "today": open_date(connection)}
