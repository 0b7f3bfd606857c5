"""Long work stands behind trade: the process that does it, and what works for it in the database.

Both have a lower priority than all that tills wait for. What cannot be had is done without: a
database of another machine, or of another user, is asked as it is.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

from host.store.connecting import Connection

NICE: Final = 10
"""Of 19: what trade leaves of a processor, and about a tenth of one that trade wants whole."""
NICE_PAGES: Final = 5
"""The same of what a person waits for at a page: about a quarter."""
ALONE: Final = "SET max_parallel_workers_per_gather = 0"
"""Workers that PostgreSQL would start beside have the priority of those who started it."""


def step_behind(nice: int = NICE) -> None:
    """This process, for as long as it lives; it never steps forward again."""
    os.nice(max(0, nice - os.nice(0)))


def have_step_behind(connection: Connection, nice: int = NICE) -> Connection:
    """What works for this connection, if it is a process of this machine and may be told so.

    In no transaction. Gives the connection.
    """
    connection.execute(ALONE)
    if not connection.autocommit:
        connection.commit()
    pid = connection.info.backend_pid
    if connection.info.host.startswith("/") and _is_postgres(pid):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, nice)
    return connection


def _is_postgres(pid: int) -> bool:
    """Beyond a socket that is shared with a container, the number may be somebody else's."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: ")
    return False
