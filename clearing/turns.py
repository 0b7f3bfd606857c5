"""One run at a time: whoever comes second is told who runs it, since when, and at which step it is.

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
    """Another run is under way: whose, since when; empty where it has just ended."""

    def __init__(self, told: str, who: str = "", since: dt.datetime | None = None) -> None:
        super().__init__(told)
        self.who, self.since = who, since


@contextmanager
def own_turn(night: Night, who: str) -> Iterator[None]:
    """Hold the night, under a name that others are told.

    Raises:
        NightRunsError: somebody else holds it.
    """
    lock_class, lock = NIGHT_LOCK
    told = {"lock_class": lock_class, "lock": lock}
    with night.connection.transaction():
        row = night.row("take_turn", who=_named(who, ""), **told)
        if row is None or not row["is_ours"]:
            raise _runs(night)
    try:
        yield
    finally:
        # Where the connection is lost, the lock is.
        with suppress(OperationalError), night.connection.transaction():
            night.rows("end_turn", **told)


def at_step(night: Night, step: str) -> None:
    """Tell others which step it is at. In the step's transaction."""
    night.rows("say_step", who=_named(night.who, step))


def _named(who: str, step: str) -> str:
    return f"{NAMED}{who}/{step}"


class Runner(NamedTuple):
    """Who runs the night, when they connected, and what they are at."""

    who: str
    since: dt.datetime
    step: str
    """Empty between two."""
    step_since: dt.datetime | None
    rows_done: int | None
    """Of those that it copies out; None where it does not."""


def runner_of(night: Night) -> Runner | None:
    """Who runs it at this moment."""
    lock_class, lock = NIGHT_LOCK
    row = night.row("who_runs", lock_class=lock_class, lock=lock)
    if row is None:
        return None
    who, _, step = row["who"].removeprefix(NAMED).rpartition("/")
    is_at_it = row["step_since"] is not None
    return Runner(who, row["since"], step if is_at_it else "", row["step_since"], row["rows_done"])


def _runs(night: Night) -> NightRunsError:
    runner = runner_of(night)
    if runner is None:
        return NightRunsError("another run of the night has just ended. Next: run it again")
    since = runner.since.astimezone(dt.UTC)
    return NightRunsError(
        f"the night is run by {runner.who}, on a connection since {since:%Y-%m-%d %H:%M:%S} UTC: "
        "one run at a time. Next: wait for its end; posswitch clearing status says how far dates "
        "are",
        runner.who,
        runner.since,
    )
