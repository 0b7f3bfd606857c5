"""A host that a test lets die while it is asked something.

`let_it_die` runs this module by `tests/faulty.py` in a process of its own, which dies at the named
point. What is asked is a function of a test's module that takes a till and what else it is told.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable

import trio

from config.run.database import Dsns
from tests.faulty import faulty_command
from tests.host.conftest import trading

SECONDS_MAX = 120


def let_it_die(
    dsns: Dsns, point: str, asked: Callable[..., Awaitable[object]], *told: object
) -> subprocess.CompletedProcess[str]:
    """Ask a host of its own, with what JSON can say, until it is killed."""
    what = (asked.__module__, asked.__qualname__, json.dumps(told))
    return subprocess.run(
        faulty_command(point, "tests.host.mortal", dsns.owner, dsns.host, *what),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )


async def main(owner: str, host: str, module: str, name: str, told: str) -> None:
    """Ask it until killed."""
    asked = getattr(importlib.import_module(module), name)
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await asked(till, *json.loads(told))


if __name__ == "__main__":
    owner, host, module, name, told = sys.argv[1:]
    trio.run(main, owner, host, module, name, told)
