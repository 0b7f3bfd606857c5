"""Signed heads, held against the chains: what stood at a head still stands, whatever came since."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from host.store.heads import Head
from host.store.queries import load_queries

SQL: Final = load_queries("clearing", "heads.sql")
HEADS_PER_FETCH: Final = 1_000

Connection = psycopg.Connection[Any]


def broken_heads(
    connection: Connection, keys: Sequence[Ed25519PublicKey], written: Iterable[Head]
) -> Iterator[str]:
    """What is wrong with the heads, in words. Needs an open transaction that is rolled back.

    `keys` are the public ones of the hosts: without any no signature is checked. `written` are
    the heads of the file beside the host, in order.
    """
    connection.execute(SQL["create_ends"])
    connection.execute(SQL["create_written"])
    yield from _stored(connection, keys)
    yield from _written(connection, keys, written)
    for (number,) in connection.execute(SQL["lost_heads"]):
        yield f"head {number}, of the file beside the host, is not in the database as it was signed"
    for number, name, shard, seq in connection.execute(SQL["missing_ends"]):
        where = f"shard {shard}: seal {seq}" if name == "seal" else f"link {seq} of changes"
        yield f"{where} is not what it was when head {number} was signed: its chain was cut back"


def _stored(connection: Connection, keys: Sequence[Ed25519PublicKey]) -> Iterator[str]:
    expected = 1
    with connection.cursor(name="heads", scrollable=False) as cursor:
        cursor.execute(SQL["stored_heads"])
        while rows := cursor.fetchmany(HEADS_PER_FETCH):
            heads = [Head(number, body, bytes(signature)) for number, body, signature in rows]
            yield from _copy_ends(connection, heads)
            for head in heads:
                if head.number != expected:
                    yield f"head {expected} is missing before head {head.number}"
                if keys and not head.is_signed_by(keys):
                    yield f"head {head.number} is not signed by a key of ours"
                expected = head.number + 1


def _written(
    connection: Connection, keys: Sequence[Ed25519PublicKey], written: Iterable[Head]
) -> Iterator[str]:
    more = iter(written)
    while heads := list(islice(more, HEADS_PER_FETCH)):
        yield from _copy_ends(connection, heads)
        with connection.cursor().copy(SQL["copy_written"]) as copy:
            for head in heads:
                copy.write_row(head)
        for head in heads:
            if keys and not head.is_signed_by(keys):
                yield f"head {head.number} of the file is not signed by a key of ours"


def _copy_ends(connection: Connection, heads: Iterable[Head]) -> Iterator[str]:
    """Put what the heads name into the database; a head that cannot be read is named."""
    with connection.cursor().copy(SQL["copy_ends"]) as copy:
        for head in heads:
            try:
                ends = list(head.ends)
            except ValueError:
                yield f"head {head.number} cannot be read"
                continue
            for end in ends:
                copy.write_row((head.number, *end))
