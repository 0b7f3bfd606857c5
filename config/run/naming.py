"""The names that a running program knows, for the completion of a command line."""

import heapq
from typing import Final

import trio

from host.poster import Poster
from host.program import Logins
from host.store.connecting import Deadlines, connect
from host.store.names import KINDS, OFFICE_KINDS, list_names
from switch.program import Switch

Names = list[tuple[str, str]]
"""A name, and a few words about it."""
TERMINALS: Final = "terminals"
CHANNELS: Final = "channels"
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


def names_of_switch(switch: Switch, kind: str, beginning: str) -> Names:
    """Channels, by what they speak."""
    if kind != CHANNELS:
        return []
    rows = (each.settings for each in switch.channels)
    return [(row.name, row.dialect) for row in rows if row.name.startswith(beginning)]


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
