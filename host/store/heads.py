"""Signed heads: where every chain stands, under a signature that the database cannot make.

A chain shows what was changed inside it. That its end was cut off shows only against a note of
where it stood, which whoever owns the database must be unable to write: an Ed25519 signature whose
key is beside the host, and a copy of each head in a file there.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString, NamedTuple

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from host.store.changes import link_changes
from host.store.locks import HEAD_LOCK
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "heads.sql")
TITLE: Final = "posswitch head"

Connection = psycopg.Connection[Any]


class Head(NamedTuple):
    """One signed head: its number, the text that is signed, the signature of it."""

    number: int
    body: str
    signature: bytes

    def is_signed_by(self, keys: Sequence[Ed25519PublicKey]) -> bool:
        """Whether the owner of one of these keys has signed these very words."""
        return self.body.startswith(f"{TITLE} {self.number}\n") and any(
            _is_signed(self, key) for key in keys
        )

    @property
    def at(self) -> str:
        """When it was signed, as it says."""
        return next((one[3:] for one in self.body.splitlines() if one.startswith("at ")), "?")

    @property
    def date(self) -> str:
        """The business date that was open then."""
        return next((one[5:] for one in self.body.splitlines() if one.startswith("date ")), "?")

    @property
    def ends(self) -> Iterator[tuple[str, int, int, bytes]]:
        """Of each chain it names: `seal` or `link`, the shard (0 of links), where, and what."""
        for line in self.body.splitlines():
            name, *rest = line.split(" ")
            if name in {"seal", "link"}:
                shard, seq, digest = rest
                yield name, int(shard), int(seq), bytes.fromhex(digest)


def sign_head(connection: Connection, key: Ed25519PrivateKey, now: dt.datetime) -> Head:
    """Link what was noted, and sign where every chain stands. No transaction is open."""
    link_changes(connection)
    with connection.transaction():
        connection.execute(SQL["wait_for_turn"], HEAD_LOCK)
        number = 1 + int(_first(connection, SQL["last_number"]) or 0)
        lines = [f"{TITLE} {number}", f"at {now.isoformat()}"]
        lines += [line for (line,) in connection.execute(SQL["ends"])]
        body = "\n".join([*lines, ""])
        head = Head(number, body, key.sign(body.encode()))
        connection.execute(SQL["add_head"], head)
    return head


def heads_after(connection: Connection, number: int) -> Iterator[Head]:
    """Every head after the one of this number."""
    for found, body, signature in connection.execute(SQL["heads_after"], (number,)):
        yield Head(found, body, bytes(signature))


def _is_signed(head: Head, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(head.signature, head.body.encode())
    except InvalidSignature:
        return False
    return True


def _first(connection: Connection, statement: LiteralString) -> Any:
    row = connection.execute(statement).fetchone()
    return None if row is None else row[0]
