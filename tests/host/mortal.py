"""A host that a test lets die while it is asked something.

`let_it_die` has it asked in a process of its own, which dies at the named point: a child of one
that has imported all of it (`tests.forking`). What is asked is a function of a test's module that
takes a till and what else it is told.
"""

import functools
import gc
import importlib
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import trio

from config.run.database import Dsns
from tests.faulty import FAULT
from tests.forking import Helper, end_with, take_orders
from tests.host.conftest import leave_to_others, trading

SECONDS_MAX = 120.0


def let_it_die(
    dsns: Dsns, point: str, asked: Callable[..., Awaitable[object]], *told: object
) -> subprocess.CompletedProcess[str]:
    """Ask a host of its own, with what JSON can say, until it is killed."""
    leave_to_others(dsns)
    order = {
        "point": point,
        "owner": dsns.owner,
        "host": dsns.host,
        "module": asked.__module__,
        "name": asked.__qualname__,
        "told": told,
    }
    return subprocess.CompletedProcess(
        asked.__qualname__, *_helper().carry_out(order, seconds_max=SECONDS_MAX)
    )


@functools.cache
def _helper() -> Helper:
    """It can die at a named point before it imports a program, and so can its children."""
    return Helper(
        "from tests import faulty; faulty.arm_later(); "
        "from tests.host.mortal import serve; serve()",
        lambda command, line: subprocess.Popen(command, stdin=line),
    )


def serve() -> None:
    """Take orders until there is nobody to give them; a child carries each out."""
    gc.freeze()  # a child that looks through all this for what is free would copy it
    take_orders(_die)


def _die(point: str, owner: str, host: str, module: str, name: str, told: list[Any]) -> NoReturn:
    """This process is the host, to its end."""
    FAULT.aim(point)
    asked = getattr(importlib.import_module(module), name)
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    end_with(lambda: trio.run(_ask, dsns, asked, told))


async def _ask(dsns: Dsns, asked: Callable[..., Awaitable[object]], told: list[Any]) -> None:
    async with trading(dsns) as till:
        await asked(till, *told)
