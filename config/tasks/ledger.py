"""The ledger as scenarios look at it: what messages posted, what cards have. Nothing is changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.errors import say_nothing
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from config.tasks.story import decided
from host.store.connecting import SHORT, Connection, connect
from host.store.queries import load_queries
from simulators.wanted import Leg

SQL: Final = load_queries("config.tasks", "story.sql")


class StoredLedger:
    """A `simulators.wanted.Ledger` on a connection that may read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def legs(self, slots: Sequence[str]) -> list[Leg]:
        """What these messages posted, in the order of the ledger."""
        with self._connection.transaction(force_rollback=True):
            found = decided(self._connection, slots)
        return [
            Leg(debit=leg.debit, credit=leg.credit, amount=leg.amount_minor, unit=leg.unit)
            for one in found.values()
            for leg in one.legs
        ]

    def reason(self, slot: str) -> str | None:
        """Why the message was decided as it was; None where nobody knows it."""
        with self._connection.transaction(force_rollback=True):
            found = decided(self._connection, [slot]).get(slot)
        return None if found is None else found.reason

    def balance(self, card: int, unit: str) -> int | None:
        """What the card has; None where it has no account in this unit."""
        with self._connection.transaction(force_rollback=True):
            named = {"card": card, "unit": unit}
            row = self._connection.execute(SQL["balance_of_card"], named).fetchone()
        return None if row is None else int(row[0])


@contextmanager
def opened_ledger(data: Path | None, settings: Path | None) -> Iterator[StoredLedger | None]:
    """The ledger of a data directory that is named; None without one.

    Raises:
        OperatorError: there is no such database, or the settings make no sense.
    """
    if data is None:
        yield None
        return
    places, told = house_and_settings(data, settings)
    with (
        opened_database(told.database, places, must_exist=True, say=say_nothing),
        connect(dsn_of("audit", told.database, places.cluster), SHORT) as connection,
    ):
        yield StoredLedger(connection)
