"""Stores as they trade today, for a merchant's head office: sums, the last sale, who is silent.

What was paid is found as it is of any date (`host.office.usages`), of all terminals at once, and
summed where it lies: no posting pays an index for it. What a clerk redeems by hand is beside it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec

from host.model.requests import Kind
from host.office.places import VIEW_COLUMNS, Scope
from host.office.usages import BATCHES_BACK_MAX, DAYS_LATE_MAX, PAYS
from host.office.usages import SQL as USED
from host.office.view import Walk, Walked
from host.shards import home_of
from host.store.connecting import Connection
from host.store.queries import load_queries
from host.store.trace import shard_count_of

SQL: Final = load_queries("host.office", "live_stores.sql")
TERMINALS_MAX: Final = 200
"""A page is of so many, or of one store that has more."""
SILENT_AFTER: Final = dt.timedelta(hours=1)
STATES: Final = ("no_sales", "trading", "at_rest", "not_in_use")
"""`no_sales`: nothing for so long, while another store of the page sells; `at_rest`: none does."""


class Store(msgspec.Struct, frozen=True):
    """A row of `stores_of_merchant`."""

    id: int
    name: str
    region: str
    is_active: bool
    terminals: list[str]


class _Paid(NamedTuple):
    """A row of `paid_at`."""

    terminal: str
    shard: int
    number: int
    kind: str
    at: dt.datetime


class Sold(msgspec.Struct):
    """What a store has sold today."""

    sales: int = 0
    net_minor: int = 0
    redeemed: int = 0
    last_at: dt.datetime | None = None

    def add(
        self, sales: int, net_minor: int, redeemed: int, last_at: dt.datetime | None = None
    ) -> None:
        """More of it."""
        self.sales += sales
        self.net_minor += net_minor
        self.redeemed += redeemed
        self.last_at = max(filter(None, (self.last_at, last_at)), default=None)


def live_stores(connection: Connection, walk: Walk) -> Walked:
    """A page of stores in their order, each with what it has sold on the open business date.

    Raises:
        ValueError: the place to go on from is none.
    """
    (after,) = map(int, walk.after or ("0",))
    told = {"merchant": walk.own.merchant_id, "after": after, "limit": walk.rows_max + 1}
    found = [Store(*row) for row in connection.execute(SQL["stores_of_merchant"], told)]
    counts = accumulate(len(one.terminals) for one in found)
    stores = [
        one
        for place, (one, count) in enumerate(zip(found, counts, strict=True))
        if place < walk.rows_max and (place == 0 or count <= TERMINALS_MAX)
    ]
    sold = _sold(connection, stores, told["merchant"])
    is_any_selling = any(_is_selling(one, walk.now) for one in sold.values())
    rows: list[Mapping[str, Any]] = [
        {
            "store": one.id,
            "name": one.name,
            "region": one.region,
            "store_state": _state(one, sold[one.id], walk.now, is_any_selling=is_any_selling),
            **msgspec.structs.asdict(sold[one.id]),
            "terminals": len(one.terminals),
            VIEW_COLUMNS[Scope.MERCHANT]: walk.own.merchant_id,
        }
        for one in stores
    ]
    return Walked(rows=rows, next=(f"{stores[-1].id}",) if len(stores) < len(found) else ())


def _state(store: Store, sold: Sold, now: dt.datetime, *, is_any_selling: bool) -> str:
    if not store.is_active:
        return "not_in_use"
    if _is_selling(sold, now):
        return "trading"
    return "no_sales" if is_any_selling else "at_rest"


def _is_selling(sold: Sold, now: dt.datetime) -> bool:
    return sold.last_at is not None and sold.last_at > now - SILENT_AFTER


def _sold(
    connection: Connection, stores: Sequence[Store], merchant: int | None
) -> Mapping[int, Sold]:
    """On the business date that is open; nothing where none is."""
    sold = {one.id: Sold() for one in stores}
    day = connection.execute(SQL["open_day"]).fetchone()
    if day is not None:
        date, opened_at = day
        told: dict[str, Any] = {"stores": list(sold), "since": opened_at}
        for store, redeemed, last_at in connection.execute(SQL["redeemed_by_hand"], told):
            sold[store].add(0, 0, redeemed, last_at)
        at = {terminal: sold[one.id] for one in stores for terminal in one.terminals}
        _add_of_terminals(connection, at, merchant, date)
    return sold


def _add_of_terminals(
    connection: Connection, at: Mapping[str, Sold], merchant: int | None, date: dt.date
) -> None:
    """To what each terminal's store has sold, all of them at once."""
    shards = shard_count_of(connection)
    told = {
        "terminals": list(at),
        "homes": [home_of(terminal, shards) for terminal in at],
        "date": date,
        "days": DAYS_LATE_MAX,
        "batches_max": BATCHES_BACK_MAX,
        "kinds": [kind.value for kind in (*PAYS, Kind.VOUCHER_REDEMPTION)],
    }
    paid = [_Paid(*row) for row in connection.execute(USED["paid_at"], told)]
    for one in paid:
        at[one.terminal].add(0, 0, 0, one.at)
    asked = {
        "terminals": [one.terminal for one in paid],
        "shards": [one.shard for one in paid],
        "numbers": [one.number for one in paid],
        "kinds": [one.kind for one in paid],
        "pays": [kind.value for kind in PAYS],
        "redeems": Kind.VOUCHER_REDEMPTION.value,
        "merchant": merchant,
    }
    for terminal, sales, net_minor, redeemed in connection.execute(SQL["sums"], asked):
        at[terminal].add(sales, net_minor, redeemed)
