"""One run at a time: whoever comes second is told who runs it, since when.

The lock is of the connection, so it is gone with whoever held it, however they ended.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

from psycopg import OperationalError

from clearing.night import ClearingError, Night
from host.store.locks import NIGHT_LOCK

NAMED: Final = "night/"
"""Before who runs it, in what the database calls the connection."""


class NightRunsError(ClearingError):
    """Another run is under way."""


@contextmanager
def own_turn(night: Night, who: str) -> Iterator[None]:
    """Hold the night, under a name that others are told.

    Raises:
        NightRunsError: somebody else holds it.
    """
    lock_class, lock = NIGHT_LOCK
    told = {"lock_class": lock_class, "lock": lock}
    with night.connection.transaction():
        row = night.row("take_turn", who=f"{NAMED}{who}", **told)
        if row is None or not row["is_ours"]:
            raise _runs(night)
    try:
        yield
    finally:
        # Where the connection is lost, the lock is.
        with suppress(OperationalError), night.connection.transaction():
            night.rows("end_turn", **told)


class Runner(NamedTuple):
    """Who runs the night, and when they connected."""

    who: str
    since: dt.datetime


def runner_of(night: Night) -> Runner | None:
    """Who runs it at this moment."""
    lock_class, lock = NIGHT_LOCK
    row = night.row("who_runs", lock_class=lock_class, lock=lock)
    return None if row is None else Runner(row["who"].removeprefix(NAMED), row["since"])


def _runs(night: Night) -> NightRunsError:
    runner = runner_of(night)
    if runner is None:
        return NightRunsError("another run of the night has just ended. Next: run it again")
    since = runner.since.astimezone(dt.UTC)
    return NightRunsError(
        f"the night is run by {runner.who}, on a connection since {since:%Y-%m-%d %H:%M:%S} UTC: "
        "one run at a time. Next: wait for its end; posswitch clearing status says how far dates "
        "are"
    )
