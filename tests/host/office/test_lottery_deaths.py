"""A host that is killed at any statement of a lottery's step: nothing of it is there, or all of it.

Whoever comes after it takes the step again, once.
"""

import datetime as dt
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from host.office.doing import run_action
from host.office.lottery_clock import LOTTERY_TIMERS
from host.office.timer import Timers
from tests.host.conftest import audit_ledger, close_the_date, open_the_next
from tests.host.office.conftest import Bureau
from tests.host.office.test_lotteries import WORDS, House

Run = Callable[[psycopg.Connection[Any]], object]
NAMED = {"lottery": "DW2026"}
NOTE = NAMED | {"note": "the day is over"}


class Dying(psycopg.Connection[Any]):
    """Its process is killed where it would say its n-th statement."""

    left = 0

    def execute(self, query: Any, *args: Any, **more: Any) -> Any:
        """As `psycopg.Connection.execute`."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(query, *args, **more)


def is_killed(dsn: str, at: int, run: Run) -> bool:
    """In a process of its own; no where it came to its end before that statement."""
    child = os.fork()
    if child == 0:
        try:
            with Dying.connect(dsn, autocommit=True) as connection:
                connection.left = at
                run(connection)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - it must not go on as a test
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def turn(bureau: Bureau, to: dt.date) -> None:
    with psycopg.connect(bureau.dsns.night) as night:
        close_the_date(night)
        open_the_next(night, to)


def _nothing(house: House) -> None:
    del house


def _draft(house: House) -> None:
    house.create()


def _frozen(house: House) -> None:
    house.create()
    house.freeze()


def _opened(house: House) -> None:
    house.opened()


def _over(house: House) -> None:
    house.opened(closes_on="2026-11-22")
    turn(house.bureau, dt.date(2026, 11, 23))


def _closed(house: House) -> None:
    house.opened()
    house.bureau.done(house.author, "lottery.close", **NOTE)


def _revealed(house: House) -> None:
    _closed(house)
    _by_clock(house, "lotteries that are told")(house.bureau.connection)


def _by_clock(house: House, name: str) -> Run:
    timers = tuple(one for one in LOTTERY_TIMERS if one.name == name)
    return lambda connection: Timers(timers, house.bureau.hsm).run(connection, house.bureau.now)


def _by_hand(house: House, action: str, **values: Any) -> Run:
    bureau = house.bureau
    who = house.freezer if action == "lottery.freeze" else house.author
    more = {}
    if action == "lottery.freeze":
        bureau.do(who, action, **values)
        more = {"code": bureau.code(who)}
    asked = bureau.asked(who, action, **values)(**more)
    return lambda connection: run_action(bureau.office, connection, asked)


STEPS: dict[str, tuple[Callable[[House], None], Callable[[House], Run], str, str]] = {
    "lottery.create": (
        _nothing, lambda house: _by_hand(house, "lottery.create", **house.values()), "", "draft",
    ),
    "lottery.freeze": (
        _draft,
        lambda house: _by_hand(
            house, "lottery.freeze", **NAMED, typed_name="Dragon boats", words=WORDS[1]
        ),
        "draft", "frozen",
    ),
    "lottery.open": (
        _frozen, lambda house: _by_clock(house, "lotteries that open"), "frozen", "open",
    ),
    "lottery.close": (
        _opened, lambda house: _by_hand(house, "lottery.close", **NOTE), "open", "closed",
    ),
    "lottery.close by the clock": (
        _over, lambda house: _by_clock(house, "lotteries that close"), "open", "closed",
    ),
    "lottery.reveal": (
        _closed, lambda house: _by_clock(house, "lotteries that are told"), "closed", "revealed",
    ),
    "lottery.post": (
        _revealed, lambda house: _by_clock(house, "lotteries that end"), "revealed", "posted",
    ),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_who_is_killed_at_a_step_of_a_lottery_leaves_none_of_it_and_it_is_taken_once(
    bureau: Bureau, step: str
) -> None:
    """S4-62."""
    prepare, running, before, after = STEPS[step]
    house = House(bureau)
    prepare(house)
    run, at = running(house), 1
    while is_killed(bureau.dsns.office, at, run):
        found = bureau.sql("SELECT state FROM lottery WHERE code = 'DW2026'")
        assert found == ([(before,)] if before else [])
        at += 1
    assert at > 3, "it is killed at each of its statements"
    assert house.state() == after
    action = step.partition(" ")[0]
    assert [what for _, what in house.told()].count(action) == 1
    audit_ledger(bureau.dsns)
