"""Reads which cards have points that expired, and keeps that they were written off."""

import datetime as dt
from typing import Any, Final, NamedTuple

import psycopg

from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "expiry.sql")
Connection = psycopg.Connection[Any]


class Expired(NamedTuple):
    """A card with points in a lot that has expired: the first of them."""

    shard: int
    account: int
    lot: int
    pan_hash: bytes
    unit: str
    """Of which points."""


def date_to_write_off(connection: Connection) -> dt.date | None:
    """The open date, where what had expired before it is not known to be written off."""
    row = connection.execute(SQL["open_date"]).fetchone()
    return None if row is None or row[1] else row[0]


def expired_after(
    connection: Connection, today: dt.date, last: tuple[int, int], limit: int
) -> list[Expired]:
    """The next cards by shard and account, behind the last one seen."""
    wanted = {"today": today, "shard": last[0], "account": last[1], "limit": limit}
    return [Expired(*row) for row in connection.execute(SQL["expired"], wanted)]


def finish(connection: Connection, today: dt.date, postings: int, now: dt.datetime) -> None:
    """Keep that all is done for this date."""
    connection.execute(SQL["finish"], {"today": today, "postings": postings, "now": now})
