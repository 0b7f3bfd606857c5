"""Keeps the highest DUKPT counter seen of each device; see `host.ksn`."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString

import psycopg

from host.ksn import Used
from host.rules.dossier import Item
from host.rules.state import State
from host.store import arrays
from host.store.queries import load_queries
from host.store.rounds import Reading

SQL: Final = load_queries("host.store", "counters.sql")
Connection = psycopg.Connection[Any]


def load_counters(items: Sequence[Item], state: State) -> Reading:
    """What the devices of this batch have used so far; asks nothing where there are none."""
    devices = {
        (item.terminal.terminal_id, item.used.key_id) for item in items if item.used is not None
    }
    if not devices:
        return
    asked = (
        arrays.words([terminal_id for terminal_id, _ in devices]),
        arrays.words([key_id for _, key_id in devices]),
    )
    [rows] = yield [(SQL["counters"], asked)]
    state.counters = {(terminal_id, key_id): counter for terminal_id, key_id, counter in rows}


def raised_counters(state: State) -> Iterable[tuple[LiteralString, Sequence[Any]]]:
    """The statement that stores what this batch used."""
    if state.raised:
        raised = list(state.raised)
        yield (
            SQL["raise_counters"],
            (
                arrays.words([terminal_id for terminal_id, _ in raised]),
                arrays.words([key_id for _, key_id in raised]),
                arrays.bigints([state.counters[device] for device in raised]),
            ),
        )


def use_counter(connection: Connection, terminal_id: str, used: Used, slot: str) -> bool:
    """Count keys as used by a message that is no exchange; False where another used one before."""
    row = {
        "terminal_id": terminal_id,
        "slot": slot,
        "key_id": used.key_id,
        "lowest": used.lowest,
        "highest": used.highest,
    }
    return connection.execute(SQL["use_counter"], row).fetchone() is not None
