"""A host takes over a changed estate and changed keys as it runs: on SIGHUP, or when asked."""

from typing import Final

import psycopg

from config.errors import SURROUNDINGS_WRONG, code_of
from config.run.asking import HOST
from config.run.control import Reread
from host.hsm.vault import VaultError
from host.link.credentials import Credentials, CredentialsError
from host.poster import Poster
from host.program import tell_of
from host.store.book import NoEstateError

NOTHING_CHANGED: Final = (psycopg.Error, VaultError, NoEstateError, CredentialsError)


async def reload_host(poster: Poster, credentials: Credentials | None = None) -> Reread:
    """Read the estate again, and what the link shows and believes, or change nothing."""
    try:
        held = credentials and credentials.read()
        book = await poster.reload()
    except NOTHING_CHANGED as error:
        return Reread(
            number=HOST,
            error=f"host: {error}".strip(),
            code=code_of(error),
            exit_status=SURROUNDINGS_WRONG,
        )
    tell_of(book)
    lines = [f"host: {len(book.merchants):,} merchants, {len(book.terminals):,} terminals"]
    if credentials and held:
        credentials.use(held)
        lines.append(f"host: {len(held.pins)} pins on the tls: link")
    lines += [f"host: a key cannot be used: {fault}" for fault in book.key_faults]
    return Reread(number=HOST, lines=tuple(lines))
