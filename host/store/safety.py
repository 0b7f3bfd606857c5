"""What the host asks of PostgreSQL before it takes money, as a table of settings and reasons.

A server that may lose a commit it has confirmed, a standby, or a schema of another age is refused
with every reason at once and the command that mends each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg

from host.store.migrate import applied_version, schema_version


class UnsafeDatabaseError(Exception):
    """The database cannot be trusted with the ledger: every reason, and the cure of each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "the host refuses this database:\n" + "\n".join(f"- {x}" for x in problems)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One setting of the server, the values we trust, and why no other."""

    setting: str
    is_safe: Callable[[str], bool]
    why: str
    cure: str


def _is_on(value: str) -> bool:
    return value == "on"


def _waits_for_disk(value: str) -> bool:
    return value in {"on", "local", "remote_write", "remote_apply"}


DEMANDS: Final = (
    Demand(
        setting="fsync",
        is_safe=_is_on,
        why="a power cut could destroy the database",
        cure="ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf()",
    ),
    Demand(
        setting="synchronous_commit",
        is_safe=_waits_for_disk,
        why="an approval could be answered and its posting lost",
        cure="ALTER ROLE CURRENT_USER SET synchronous_commit = on",
    ),
    Demand(
        setting="full_page_writes",
        is_safe=_is_on,
        why="a page half written in a power cut could not be mended",
        cure="ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()",
    ),
    Demand(
        setting="default_transaction_isolation",
        is_safe=lambda value: value == "read committed",
        why="a batch that waited for cut-off would still see the date before it",
        cure="ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'read committed'",
    ),
    Demand(
        setting="transaction_read_only",
        is_safe=lambda value: value == "off",
        why="nothing can be posted",
        cure="ALTER ROLE CURRENT_USER SET default_transaction_read_only = off",
    ),
)


def refuse_unsafe(connection: psycopg.Connection) -> None:
    """Return when the host may post here.

    Raises:
        UnsafeDatabaseError: it may not; lists every reason.
    """
    problems = [*_unsafe_settings(connection), *_wrong_place(connection)]
    if problems:
        raise UnsafeDatabaseError(problems)


def _unsafe_settings(connection: psycopg.Connection) -> list[str]:
    found = []
    for demand in DEMANDS:
        row = connection.execute("SELECT current_setting(%s)", [demand.setting]).fetchone()
        value = str(row[0]) if row else "unknown"
        if not demand.is_safe(value):
            found.append(f"{demand.setting} is {value}: {demand.why}. Next: {demand.cure}")
    return found


def _wrong_place(connection: psycopg.Connection) -> list[str]:
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    if row == (True,):
        return ["this server is a standby in recovery. Next: name the primary in [database]"]
    found, needed = applied_version(connection), schema_version()
    if found == needed:
        return []
    cure = "posswitch db migrate" if found < needed else "run the posswitch that made it"
    return [f"its schema is version {found} and we need {needed}. Next: {cure}"]
