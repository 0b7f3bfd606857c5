"""Keeps by which rule a sale earned, at which rate points were converted, and what was breakage."""

from typing import Any, Final

from host.rules.conversions import Converted
from host.rules.earning import EarnedBy
from host.rules.own_postings import Broken
from host.store import arrays
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "earning.sql")
COLUMNS: Final = (
    arrays.smallints, arrays.bigints, arrays.names, arrays.names, arrays.dates, arrays.bigints,
)  # fmt: skip


CONVERTED: Final = (arrays.smallints, arrays.bigints, arrays.integers)
BROKEN: Final = (
    arrays.smallints, arrays.bigints, arrays.integers, arrays.dates, arrays.bigints,
)  # fmt: skip


def row_of(shard: int, number: int, kept: EarnedBy) -> tuple[Any, ...]:
    """As it is stored beside its journal."""
    return shard, number, kept.unit, kept.rule, kept.since, kept.points


def converted_row(shard: int, number: int, kept: Converted) -> tuple[Any, ...]:
    """The same of a conversion."""
    return shard, number, kept.rate


def broken_row(shard: int, number: int, kept: Broken) -> tuple[Any, ...]:
    """The same of what was left on an expired card."""
    return shard, number, kept.product, kept.month, kept.amount_minor
