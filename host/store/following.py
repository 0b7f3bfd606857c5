"""Brings a book that is in use up to date with what changed of the estate, row by row.

Of each thing that changed its row is read again, and nothing else: one suspended card batch costs
one row, however many terminals there are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import psycopg
import structlog

from host.book import Book
from host.hsm.interface import Hsm
from host.store import book as books
from host.store.estate_versions import SQL, Followed, estate_version
from host.store.rulebook import read_rules

_LOG = structlog.get_logger(__name__)
Connection = psycopg.Connection[Any]
Reread = Callable[["Following", Connection, Sequence[str]], None]


class Following:
    """A book, and how it is kept up to date. Any thread that has a connection may call."""

    def __init__(self, book: Book, hsm: Hsm) -> None:
        self.book = book
        self.hsm = hsm

    def follow(self, connection: Connection, version: int) -> None:
        """Have the book as it was at that version of the estate, or later.

        Raises:
            psycopg.Error: it is as far as it was, or a little further.
        """
        if version <= self.book.version:
            return
        with self.book.changing:
            if version > self.book.version:
                self._catch_up(connection)

    def catch_up(self, connection: Connection) -> None:
        """Have the book as the estate is now."""
        self.follow(connection, estate_version(connection))

    def _catch_up(self, connection: Connection) -> None:
        rows = connection.execute(SQL["changes_since"], (self.book.version,)).fetchall()
        keys: dict[Followed, list[str]] = {}
        for _, relation, key in rows:
            keys.setdefault(Followed(relation), []).append(key)
        for what in Followed:
            if what in keys:
                REREADS[what](self, connection, keys[what])
        self.book.version = rows[-1][0]
        _LOG.info("estate followed", version=self.book.version, changes=len(rows))


def _reread_issuers(self: Following, connection: Connection, keys: Sequence[str]) -> None:
    ids = [int(key) for key in keys]
    for issuer in books.read_issuers(connection, ids):
        self.book.put_issuer(issuer)
    self.book.accounts |= books.read_accounts(connection, issuers=ids)
    self.book.prices = books.read_prices(connection)


def _reread_merchants(self: Following, connection: Connection, keys: Sequence[str]) -> None:
    ids = [int(key) for key in keys]
    for merchant in books.read_merchants(connection, ids):
        self.book.put_merchant(merchant)
    self.book.accounts |= books.read_accounts(connection, merchants=ids)


def _reread_terminals(self: Following, connection: Connection, keys: Sequence[str]) -> None:
    for terminal in books.read_terminals(connection, keys, self.book, self.hsm):
        self.book.put_terminal(terminal)


def _reread_batches(self: Following, connection: Connection, keys: Sequence[str]) -> None:
    for batch in books.read_batches(connection, [int(key) for key in keys]):
        self.book.batches[batch.id] = batch


def _reread_parts(self: Following, connection: Connection, keys: Sequence[str]) -> None:
    for part in books.read_parts(connection, [int(key) for key in keys]):
        self.book.parts[part.id] = part


def _reread_alliances(self: Following, connection: Connection, _keys: Sequence[str]) -> None:
    self.book.alliances = books.read_alliances(connection)
    self.book.prices = books.read_prices(connection)


def _reread_members(self: Following, connection: Connection, keys: Sequence[str]) -> None:
    ids = [int(key) for key in keys]
    stopped = frozenset(books.read_stopped_members(connection, ids))
    self.book.stopped_members = self.book.stopped_members.difference(ids) | stopped


def _reread_rules(self: Following, connection: Connection, _keys: Sequence[str]) -> None:
    self.book.rules = read_rules(connection)


REREADS: Final[Mapping[Followed, Reread]] = {
    Followed.ISSUER: _reread_issuers,
    Followed.MERCHANT: _reread_merchants,
    Followed.TERMINAL: _reread_terminals,
    Followed.CARD_BATCH: _reread_batches,
    Followed.CARD_PART: _reread_parts,
    Followed.ALLIANCE: _reread_alliances,
    Followed.MEMBER: _reread_members,
    Followed.RULE: _reread_rules,
}
"""In the order of `Followed`: what others point at is read before them."""
