"""The life of one transaction, for who may see it: it is theirs by its card or by its terminal."""

from typing import Final

from host.office.life_rows import rows_of
from host.office.view import Walk, Walked
from host.store.connecting import Connection
from host.store.queries import load_queries
from host.store.trace import NotTracedError, traced
from host.store.trace_told import Trace

SQL: Final = load_queries("host.office", "lives.sql")


def life(connection: Connection, walk: Walk) -> Walked:
    """Its steps; none where nothing is known by that name, or it is none of who asks."""
    try:
        found = traced(connection, str(walk.asked["transaction"]).strip())
    except NotTracedError:
        return Walked(rows=[])
    whose = _whose(connection, found)
    if not walk.is_seen(whose):
        return Walked(rows=[])
    is_at_merchant = walk.own.merchant_id is not None or walk.own.store_id is not None
    party = found.place.merchant_id if is_at_merchant and found.place is not None else ""
    rows = rows_of(found, sees_deciding=not is_at_merchant, party=party)
    return Walked(rows=[{**whose, **row} for row in rows])


def _whose(connection: Connection, found: Trace) -> dict[str, int | None]:
    place, whose = found.place, found.whose
    told = {
        "issuer": whose.issuer_id if whose is not None else None,
        "merchant": place.merchant_id if place is not None else None,
        "terminal": place.terminal_id if place is not None else None,
    }
    row = connection.execute(SQL["whose"], told).fetchone()
    assert row is not None, "three values are a row"
    return dict(zip(("of_issuer", "of_merchant", "of_store"), row, strict=True))
