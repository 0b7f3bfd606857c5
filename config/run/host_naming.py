"""The names that the host knows, for the completion of a command line."""

import heapq
from typing import Final

import trio

from config.run.asking import Names
from host.poster import Poster
from host.program import Logins
from host.store.connecting import Deadlines, connect
from host.store.names import KINDS, OFFICE_KINDS, list_names

TERMINALS: Final = "terminals"
NAMES_MAX: Final = 500
"""Nobody reads more from a shell."""
SECONDS_MAX: Final = 2.0


async def names_of_host(poster: Poster, logins: Logins, kind: str, beginning: str) -> Names:
    """Terminals out of memory; what only the database knows, from there. Both in a thread."""
    if kind == TERMINALS:
        return await trio.to_thread.run_sync(_terminals, poster, beginning)
    if kind in KINDS:
        return await trio.to_thread.run_sync(_in_database, logins.host, kind, beginning)
    if kind in OFFICE_KINDS and logins.office is not None:
        return await trio.to_thread.run_sync(_in_database, logins.office, kind, beginning)
    return []


def _terminals(poster: Poster, beginning: str) -> Names:
    """However many there are, a shell is given few."""
    terminals = poster.terminals
    begin_so = (name for name in list(terminals) if name.startswith(beginning))
    first = heapq.nsmallest(NAMES_MAX, begin_so)
    return [(name, terminals[name].merchant.merchant_id) for name in first]


def _in_database(dsn: str, kind: str, beginning: str) -> Names:
    told = Deadlines(connect_seconds=SECONDS_MAX, round_trip_seconds=SECONDS_MAX)
    with connect(dsn, told, autocommit=True) as connection:
        names = list_names(connection, kind, beginning)
    return [(name, words) for name, words in names if name.startswith(beginning)]
