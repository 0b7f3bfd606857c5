"""Moves payments of ports on with the postings that put them onto cards."""

from typing import Any, Final

from host.rules.port_loads import PortLoaded
from host.store import arrays
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "port_payments.sql")
COLUMNS: Final = (arrays.smallints, arrays.bigints, arrays.bigints)


def row_of(shard: int, number: int, kept: PortLoaded) -> tuple[Any, ...]:
    """The posting, and which payment it is of."""
    return shard, number, kept.payment
