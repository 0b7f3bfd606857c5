"""Puts rules of the house into a test's database, as the office does once two people agreed."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from config.run.database import Dsns
from host.store.changes import note_what_differs
from host.store.estate_versions import Followed, note_estate_change

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def put_rule(dsns: Dsns, says: str, **columns: Any) -> int:
    """A rule that is in force from the next message on; gives its number."""
    with psycopg.connect(dsns.owner) as owner:
        row = owner.execute("SELECT coalesce(max(id), 0) + 1 FROM rule").fetchone()
        assert row is not None
        number = int(columns.pop("id", row[0]))
        told = {
            "id": number,
            "version": 1,
            "name": f"{says} of a test",
            "state": "active",
            "says": says,
            "made_by": "ma",
            "made_at": LONG_AGO,
            "activated_by": "li",
            "activated_at": LONG_AGO,
            **columns,
        }
        names, places = ", ".join(told), ", ".join(["%s"] * len(told))
        owner.execute(f"INSERT INTO rule ({names}) VALUES ({places})", list(told.values()))
        note_estate_change(owner, Followed.RULE, number)
        note_what_differs(owner, ["rule"])
    return number


@contextmanager
def for_a_while(dsns: Dsns, says: str, **columns: Any) -> Iterator[int]:
    """As `put_rule`; it is retired again, for those that share the database."""
    number = put_rule(dsns, says, **columns)
    try:
        yield number
    finally:
        with psycopg.connect(dsns.owner) as owner:
            owner.execute(
                "UPDATE rule SET state = 'retired', retired_by = 'li', retired_at = %s"
                " WHERE id = %s",
                (LONG_AGO, number),
            )
            note_estate_change(owner, Followed.RULE, number)
            note_what_differs(owner, ["rule"])


def switch_on(dsns: Dsns, pack: str, issuer: int, **days: dt.date) -> None:
    """An issuer has a pack of rules from the next message on."""
    with psycopg.connect(dsns.owner) as owner:
        since = days.get("since", LONG_AGO.date())
        told = (pack, issuer, since, days.get("until"))
        owner.execute("INSERT INTO rule_pack_use VALUES (%s, %s, %s, %s)", told)
        note_estate_change(owner, Followed.RULE, pack)
        note_what_differs(owner, ["rule_pack_use"])
