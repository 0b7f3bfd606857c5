"""What waits for a second person, carried over by each migration.

An approval keeps a digest of its subject as it was when it was asked (`approval.seen`), and whoever
decides later than somebody has changed it is refused. What a migration makes of a row nobody has
asked for or against: where the digest was that of the row before it, it is that of the row after.
"""

from collections.abc import Mapping
from typing import Any, Final, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from host.store.queries import load_queries
from host.store.rights_reader import UNSEEN

SQL: Final = load_queries("host.store", "awaited.sql")

Connection = psycopg.Connection[Any]


class Awaited(NamedTuple):
    """The rows of one kind of subject, as `host.office.subjects` finds and digests them."""

    table: LiteralString
    key: LiteralString
    beside: frozenset[str] = frozenset()
    """Columns of which the digest says nothing."""
    newest: LiteralString = ""
    """The column by which the last of several is the one."""
    is_more: bool = False
    """Whether more than the row is digested, by a statement of this kind's name."""


AWAITED: Final[Mapping[str, Awaited]] = {
    "person": Awaited("person", "login"),
    "api_client": Awaited("person", "login"),
    "issuer": Awaited("issuer", "institution_id"),
    "merchant": Awaited("merchant", "merchant_id", is_more=True),
    "store": Awaited("store", "id"),
    "terminal": Awaited(
        "terminal", "terminal_id", frozenset({"epoch", "serial", "key_generation"})
    ),
    "enterprise": Awaited("enterprise", "code"),
    "programme": Awaited("programme", "code"),
    "alliance": Awaited("alliance", "code"),
    "product": Awaited("product", "id", is_more=True),
    "rule": Awaited("rule", "id", newest="version"),
    "setting": Awaited("office_setting", "name"),
    "card_batch": Awaited("card_batch", "code"),
    "card": Awaited("card", "id", frozenset({"pin_failures", *UNSEEN.get("card", ())})),
    "member": Awaited("member", "id"),
    "hold": Awaited("hold", "id"),
    "recon_item": Awaited("recon_item", "id"),
    "exception_case": Awaited("exception_case", "id"),
}
"""By the kind of subject; what is of several tables or has no row yet is seen as it is."""


class Waiting(NamedTuple):
    """An approval that nobody has decided, of a row that is as it was when it was asked."""

    number: int
    kind: str
    key: str


def waiting_unchanged(connection: Connection) -> list[Waiting]:
    """Those of now, before a migration: what somebody has changed since stays refused."""
    return [
        one
        for one, seen in _waiting(connection)
        if seen and digest_of(connection, one.kind, one.key) == seen
    ]


def carry_over(connection: Connection, unchanged: list[Waiting]) -> None:
    """Of these, what is there after it is what was seen."""
    for one in unchanged:
        seen = digest_of(connection, one.kind, one.key)
        if seen is not None:
            connection.execute(SQL["see"], {"id": one.number, "seen": seen})


def _waiting(connection: Connection) -> list[tuple[Waiting, str]]:
    if connection.execute(SQL["is_kept"]).fetchone() != (True,):
        return []  # it comes before what approvals are
    if connection.execute(SQL["is_anything"]).fetchone() != (True,):
        return []
    columns = _columns(connection)
    kinds = [kind for kind, row in AWAITED.items() if (row.table, row.key) in columns]
    rows = connection.execute(SQL["waiting"], {"kinds": kinds}).fetchall()
    return [(Waiting(number, kind, key), seen) for number, kind, key, seen in rows]


def _columns(connection: Connection) -> set[tuple[str, str]]:
    """All that there are now: a migration may come before a table, or take a column away."""
    return {(table, column) for table, column in connection.execute(SQL["columns"])}


def digest_of(connection: Connection, kind: str, key: str) -> str | None:
    """Of the row as it is; None where there is none, or no longer a way to find it."""
    row = AWAITED[kind]
    if row.key == "id" and not (key.isascii() and key.isdecimal()):
        return None  # it is to be made, and has no number yet
    told = {"key": int(key) if row.key == "id" else key, "beside": sorted(row.beside)}
    statement = SQL[kind] if row.is_more else _of_row(row)
    found = connection.execute(statement, told).fetchone()
    return found[0] if found is not None else None


def _of_row(row: Awaited) -> sql.Composed:
    return _DIGEST.format(
        table=sql.Identifier(row.table),
        key=sql.Identifier(row.key),
        newest=sql.Identifier(row.newest or row.key),
    )


_DIGEST: Final = sql.SQL(
    "SELECT encode(sha256(convert_to(row_content(t, %(beside)s::text [])::text, 'UTF8')), 'hex')"
    " FROM {table} AS t WHERE t.{key} = %(key)s ORDER BY t.{newest} DESC LIMIT 1"
)
