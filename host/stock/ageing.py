"""What the clock does to cards: their last day is over, and so is their batch's.

A card is refused from the first moment by its date itself; here its state follows, some cards in
each transaction, so that lists and counts say the same. A batch has expired when its last day is
over and no card of it has a later one; it is closed once every card was voided or replaced.
"""

from typing import Final

from host.model.instruments import BatchState
from host.rules.batch_states import BATCH_STATES
from host.rules.card_states import CARD_STATES
from host.rules.states import after, from_which
from host.rules.voucher_states import VOUCHER_STATES
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.estate_versions import Followed, note_estate_change
from host.store.queries import load_queries
from host.store.trace import open_date

SQL: Final = load_queries("host.stock", "ageing.sql")
EXPIRING: Final = from_which((*CARD_STATES, *VOUCHER_STATES), "expire")
"""A card or a voucher that stands so keeps its batch from expiring, too."""


def expire_cards(connection: Connection, limit: int) -> int:
    """Some cards whose last day is over, no more than `limit`; gives how many."""
    told = {"today": open_date(connection), "stands": EXPIRING, "limit": limit}
    expired = connection.execute(SQL["expire_cards"], told).fetchall()
    for part, month in sorted({(part, day.replace(day=1)) for part, day in expired}):
        connection.execute(SQL["add_month"], {"part": part, "month": month})
    return len(expired)


def expire_batches(connection: Connection, limit: int) -> int:
    """Batches whose last day is over for every card that they have; gives how many."""
    return _move_on(connection, "batches_over", "expire", limit)


def close_batches(connection: Connection, limit: int) -> int:
    """Batches of which nothing is left; gives how many."""
    return _move_on(connection, "batches_left", "close", limit)


def reopen_batch_of(connection: Connection, part: int) -> None:
    """A card of it has a later last day: a batch that had expired stands as it did before.

    Raises:
        StockRefusal: it was voided or closed: none of its cards is ever used again.
    """
    row = connection.execute(SQL["batch_of_part"], (part,)).fetchone()
    if row is not None and row[1] in {BatchState.VOIDED, BatchState.CLOSED}:
        raise StockRefusal(Why.STATE, state=row[1])
    if row is None or row[1] != BatchState.EXPIRED:
        return
    batch, state, suspended_by = row
    action = "extend suspended" if suspended_by is not None else "card.extend"
    _set_state(connection, batch, after(BATCH_STATES, "card batch", state, action))


def _move_on(connection: Connection, which: str, action: str, limit: int) -> int:
    told = {
        "today": open_date(connection),
        "stands": from_which(BATCH_STATES, action),
        "living": EXPIRING,
        "limit": limit,
    }
    rows = connection.execute(SQL[which], told).fetchall()
    for batch, state in rows:
        _set_state(connection, batch, after(BATCH_STATES, "card batch", state, action))
    return len(rows)


def _set_state(connection: Connection, batch: int, state: str) -> None:
    connection.execute(SQL["set_batch"], (state, batch))
    note_estate_change(connection, Followed.CARD_BATCH, batch)
