"""What the clock does with lotteries: it opens them, closes them, tells their seeds, ends them.

Each step is a row of LOTTERY_STATES, taken once, with its line of history as the system's. Where
one is killed nothing of the step is there, and it is due again; nobody draws while a list is held.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import structlog

from host.hsm.interface import Hsm
from host.hsm.vault import VaultError
from host.office.people import SYSTEM
from host.office.records import DONE, Line, write_line
from host.office.subjects import Found, Ref, changed, find
from host.office.timer import AT_A_TIME, Timer
from host.rules.lottery_states import LOTTERY_STATES
from host.rules.states import after
from host.store.connecting import Connection
from host.store.lotteries import place_of_seed
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "lotteries.sql")
OPEN, CLOSE, REVEAL, POST = "open", "lottery.close", "reveal", "post"
MINUTELY: Final = dt.timedelta(minutes=1)
SOON: Final = dt.timedelta(0)
Move = Callable[[dict[str, Any]], bool]
"""Writes the step of one; no where it cannot be taken now."""
_LOG = structlog.get_logger(__name__)


def open_lotteries(connection: Connection, now: dt.datetime) -> int:
    """Those whose first day has come."""
    return _each(connection, now, ("due_to_open", OPEN), _written(connection, "move"))


def close_lotteries(connection: Connection, now: dt.datetime) -> int:
    """Those whose last day is over: who draws at the moment is waited for."""

    def end(told: dict[str, Any]) -> bool:
        connection.execute(SQL["hold_list"], told)
        return _written(connection, "end")(told)

    return _each(connection, now, ("due_to_close", CLOSE), end)


def tell_seeds(connection: Connection, now: dt.datetime, hsm: Hsm) -> int:
    """Of those that are closed: from here on anybody verifies them."""

    def tell(told: dict[str, Any]) -> bool:
        connection.execute(SQL["hold_list"], told)
        row = connection.execute(SQL["seed_sealed"], told).fetchone()
        assert row is not None, "it was found"
        try:
            house = hsm.open_secret(bytes(row[0]), place_of_seed(told["id"]))
        except VaultError:
            _LOG.error("the seed of a lottery does not open, and is not told", lottery=told["code"])
            return False
        return _written(connection, "reveal")({**told, "house": house.reveal()})

    return _each(connection, now, ("due_to_be_told", REVEAL), tell)


def end_lotteries(connection: Connection, now: dt.datetime) -> int:
    """Those of which all that was won was posted or handed out."""
    return _each(connection, now, ("due_to_be_posted", POST), _written(connection, "move"))


def _written(connection: Connection, statement: str) -> Move:
    def write(told: dict[str, Any]) -> bool:
        connection.execute(SQL[statement], told)
        return True

    return write


def _each(connection: Connection, now: dt.datetime, due: tuple[str, str], move: Move) -> int:
    """Of all that are due, held already; gives how many there were."""
    statement, action = due
    codes = connection.execute(SQL[statement], {"limit": AT_A_TIME}).fetchall()
    for (code,) in codes:
        found = find(connection, Ref("lottery", code))
        assert found is not None, "it is held"
        state = after(LOTTERY_STATES, "lottery", found.content["state"], action)
        if move({"id": found.id, "code": code, "state": state, "now": now}):
            _tell(connection, now, action, found)
    return len(codes)


def _tell(connection: Connection, now: dt.datetime, action: str, was: Found) -> None:
    word = action if action == CLOSE else f"lottery.{action}"
    line = Line(at=now, action=word, source="clock", who=SYSTEM)
    line.of(was)
    line.before, line.after = changed(was, find(connection, was.ref))
    write_line(connection, line, DONE)


LOTTERY_TIMERS: Final = (
    Timer(name="lotteries that open", every=MINUTELY, do=open_lotteries),
    Timer(name="lotteries that close", every=MINUTELY, do=close_lotteries),
    Timer(name="lotteries that are told", every=SOON, unseal=tell_seeds),
    Timer(name="lotteries that end", every=MINUTELY, do=end_lotteries),
)
