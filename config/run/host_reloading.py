"""A host takes over a changed estate and changed keys as it runs: on SIGHUP, or when asked.

Its settings are read again as well, for what is wrong in them is better told now than at the next
start; none of them can change while it runs, so what differs is named as waiting for a restart.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg

from config.errors import OperatorError, code_of, exit_status_of
from config.places import Places
from config.run.asking import HOST
from config.run.control import Reread
from config.run.orders import Orders
from config.settings import Settings, load_settings, resolved
from host.hsm.vault import VaultError
from host.link.credentials import Credentials, CredentialsError
from host.poster import Poster
from host.program import tell_of
from host.store.book import NoEstateError

NOTHING_CHANGED: Final = (
    OperatorError,
    psycopg.Error,
    VaultError,
    NoEstateError,
    CredentialsError,
)
OURS: Final = ("host", "database", "log")
"""The tables of the settings that a host goes by."""


def waiting_for_restart(settings: Settings, places: Places, orders: Orders) -> list[str]:
    """What the file says otherwise than a host began with.

    Raises:
        OperatorError: something is wrong in it.
    """
    file = Path(orders.file) if orders.file else places.settings
    told = resolved(load_settings(file), places, port=orders.port)
    tables = ((name, getattr(told, name), getattr(settings, name)) for name in OURS)
    return [
        f"{table}.{name}"
        for table, ours, held in tables
        for name in ours.__struct_fields__
        if getattr(ours, name) != getattr(held, name)
    ]


async def reload_host(
    poster: Poster,
    credentials: Credentials | None = None,
    waiting: Callable[[], list[str]] = list,
) -> Reread:
    """Read the estate again, and what the link shows and believes, or change nothing."""
    try:
        waits = waiting()
        held = credentials and credentials.read()
        book = await poster.reload()
    except NOTHING_CHANGED as error:
        return Reread(
            number=HOST,
            error=str(error) if isinstance(error, OperatorError) else f"host: {error}".strip(),
            code=code_of(error),
            exit_status=exit_status_of(error),
        )
    tell_of(book)
    lines = [f"host: {len(book.merchants):,} merchants, {len(book.terminals):,} terminals"]
    if credentials and held:
        credentials.use(held)
        lines.append(f"host: {len(held.pins)} pins on the tls: link")
    lines += [f"host: a key cannot be used: {fault}" for fault in book.key_faults]
    if waits:
        lines.append(f"waiting for a restart: {', '.join(waits)}")
    return Reread(number=HOST, lines=tuple(lines))
