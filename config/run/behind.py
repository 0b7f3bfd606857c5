"""Long work stands behind trade: the process that does it, and what works for it in the database.

Both have a lower priority than all that tills wait for. What cannot be had is done without: a
database of another machine, or of another user, is asked as it is.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import Final

from config.run.memory import may_be_told
from host.store.connecting import Connection

NICE: Final = 10
"""Of 19: what trade leaves of a processor, and about a tenth of one that trade wants whole."""
NICE_PAGES: Final = 5
"""The same of what a person waits for at a page: about a quarter."""
TRIES_MAX: Final = 5
PAUSE_SECONDS: Final = 0.12
ALONE: Final = "SET max_parallel_workers_per_gather = 0"
"""Workers that PostgreSQL would start beside have the priority of those who started it."""


def step_behind(nice: int = NICE) -> None:
    """This process, for as long as it lives; it never steps forward again."""
    with may_be_told():
        _put_behind(os.getpid(), max(nice, os.getpriority(os.PRIO_PROCESS, 0)))


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
            _put_behind(pid, nice)
    return connection


def _put_behind(process: int, nice: int) -> None:
    """And its session, where it has one to itself, as a child of ours and a backend of PostgreSQL.

    Where Linux groups processes by session (sched(7), autogroup), a priority counts among those of
    one session alone, and sessions have priorities of their own.

    Raises:
        OSError: it may not be told so, or is gone.
    """
    os.setpriority(os.PRIO_PROCESS, process, nice)
    group = Path(f"/proc/{process}/autogroup")
    if os.getsid(process) != process or not group.exists():
        return
    for _ in range(TRIES_MAX):
        try:
            group.write_text(f"{nice}")
        except BlockingIOError:  # a user may have it done ten times a second
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _is_postgres(pid: int) -> bool:
    """Beyond a socket that is shared with a container, the number may be somebody else's."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: ")
    return False
