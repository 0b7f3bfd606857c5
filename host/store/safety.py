"""What the host asks of PostgreSQL before it takes money, as a table of settings and reasons.

A server that may lose a commit it has confirmed, a standby, or a schema of another age is refused
with every reason at once and the command that mends each. With standbys named, a commit is safe
when a standby has it: what waits for our own disk alone is lost when another takes over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psycopg

from host.store.connecting import DeadlineConnection, Deadlines, connect
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


WAITS_FOR_A_STANDBY: Final = frozenset({"on", "remote_apply"})


def connect_safely(dsn: str, told: Deadlines, *, autocommit: bool = True) -> DeadlineConnection:
    """A connection that money may be written on.

    What a server promises of a commit may be altered under a running host, for a role, a database
    or all of it: so it is asked for each connection, and kept for as long as that one lives.

    Raises:
        psycopg.OperationalError: there is none in time.
        UnsafeDatabaseError: the server may lose what it has confirmed, or is another one.
    """
    connection = connect(dsn, told, autocommit=True)
    try:
        refuse_unsafe(connection)
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_unsafe(connection: psycopg.Connection) -> None:
    """Return when the host may post here; what was demanded of commits then holds for the session.

    Raises:
        UnsafeDatabaseError: it may not; lists every reason.
    """
    problems = [
        *_unsafe_settings(connection),
        *_unsafe_standbys(connection),
        *_wrong_place(connection),
    ]
    if problems:
        raise UnsafeDatabaseError(problems)
    _keep_commits_safe(connection)


def _unsafe_settings(connection: psycopg.Connection) -> list[str]:
    found = []
    for demand in DEMANDS:
        value = _value(connection, demand.setting)
        if not demand.is_safe(value):
            found.append(f"{demand.setting} is {value}: {demand.why}. Next: {demand.cure}")
    return found


def _unsafe_standbys(connection: psycopg.Connection) -> list[str]:
    standbys, commits = _value(connection, "synchronous_standby_names"), _commits(connection)
    if not standbys.strip() or commits in WAITS_FOR_A_STANDBY or not _waits_for_disk(commits):
        return []
    problem = (
        f"synchronous_commit is {commits} while synchronous_standby_names is {standbys!r}: an"
        " approval could be answered and be unknown to the standby that takes over."
        " Next: ALTER ROLE CURRENT_USER SET synchronous_commit = on"
    )
    return [problem]


def _keep_commits_safe(connection: psycopg.Connection) -> None:
    """Whatever is altered later, this session waits for disk and standbys.

    Where no standby is named, each value that was let through means what `on` means.
    """
    commits = _commits(connection)
    kept = commits if commits in WAITS_FOR_A_STANDBY else "on"
    connection.execute("SELECT set_config('synchronous_commit', %s, false)", [kept])


def _commits(connection: psycopg.Connection) -> str:
    return _value(connection, "synchronous_commit")


def _value(connection: psycopg.Connection, setting: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
    return str(row[0]) if row else "unknown"


def _wrong_place(connection: psycopg.Connection) -> list[str]:
    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
    if row == (True,):
        return ["this server is a standby in recovery. Next: name the primary in [database]"]
    found, needed = applied_version(connection), schema_version()
    if found == needed:
        return []
    cure = "posswitch db migrate" if found < needed else "run the posswitch that made it"
    return [f"its schema is version {found} and we need {needed}. Next: {cure}"]
