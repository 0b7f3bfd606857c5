"""What the host asks of PostgreSQL before it takes money, as a table of settings and reasons.

A server that may lose a commit it has confirmed, a standby, or a schema of another age is refused
with every reason at once and the command that mends each. With standbys named, a commit is safe
when a standby has it: what waits for our own disk alone is lost when another takes over.
"""

from collections.abc import Callable, Mapping
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


COMMITS, STANDBYS = "synchronous_commit", "synchronous_standby_names"
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
    server = _server(connection)
    problems = [
        *_unsafe_settings(server),
        *_unsafe_standbys(server),
        *_wrong_place(connection, server),
    ]
    if problems:
        raise UnsafeDatabaseError(problems)
    _keep_commits_safe(connection, server)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """What it said of itself, asked once: the host makes many connections."""

    settings: Mapping[str, str]
    is_standby: bool

    @property
    def commits(self) -> str:
        return self.settings[COMMITS]


def _server(connection: psycopg.Connection) -> _Server:
    names = list(dict.fromkeys([*(demand.setting for demand in DEMANDS), COMMITS, STANDBYS]))
    row = connection.execute(
        "SELECT pg_is_in_recovery(), array("
        "SELECT current_setting(asked.name) FROM unnest(%s::text[]) WITH ORDINALITY"
        " AS asked (name, turn) ORDER BY asked.turn)",
        [names],
    ).fetchone()
    assert row is not None, "one row without a table"
    return _Server(settings=dict(zip(names, row[1], strict=True)), is_standby=row[0])


def _unsafe_settings(server: _Server) -> list[str]:
    return [
        f"{demand.setting} is {server.settings[demand.setting]}: {demand.why}. Next: {demand.cure}"
        for demand in DEMANDS
        if not demand.is_safe(server.settings[demand.setting])
    ]


def _unsafe_standbys(server: _Server) -> list[str]:
    standbys, commits = server.settings[STANDBYS], server.commits
    if not standbys.strip() or commits in WAITS_FOR_A_STANDBY or not _waits_for_disk(commits):
        return []
    problem = (
        f"synchronous_commit is {commits} while synchronous_standby_names is {standbys!r}: an"
        " approval could be answered and be unknown to the standby that takes over."
        " Next: ALTER ROLE CURRENT_USER SET synchronous_commit = on"
    )
    return [problem]


def _keep_commits_safe(connection: psycopg.Connection, server: _Server) -> None:
    """Whatever is altered later, this session waits for disk and standbys.

    Where no standby is named, each value that was let through means what `on` means.
    """
    kept = server.commits if server.commits in WAITS_FOR_A_STANDBY else "on"
    connection.execute("SELECT set_config('synchronous_commit', %s, false)", [kept])


def _wrong_place(connection: psycopg.Connection, server: _Server) -> list[str]:
    if server.is_standby:
        return ["this server is a standby in recovery. Next: name the primary in [database]"]
    found, needed = applied_version(connection), schema_version()
    if found == needed:
        return []
    cure = "posswitch db migrate" if found < needed else "run the posswitch that made it"
    return [f"its schema is version {found} and we need {needed}. Next: {cure}"]
