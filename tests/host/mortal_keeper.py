"""A host that a test lets die while its clock ends what is held.

Run by `tests/faulty.py` in a process of its own, with the connection strings of owner and host.
"""

import sys

import trio

from config.run.database import Dsns
from tests.host.conftest import trading
from tests.host.test_preauths import end_all


async def main(owner: str, host: str) -> None:
    """End what is over until killed."""
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await end_all(till)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2])
