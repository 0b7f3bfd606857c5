"""A host that a test lets die while somebody draws in a lottery.

Run by `tests/faulty.py` in a process of its own, with the connection strings of owner and host as
arguments.
"""

import sys

import trio

from config.run.database import Dsns
from tests.host.conftest import trading
from tests.host.test_lottery_deaths import live


async def main(owner: str, host: str) -> None:
    """Draw until killed."""
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await live(till)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2])
