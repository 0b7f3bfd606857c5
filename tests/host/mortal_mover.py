"""A host that a test lets die while it drives on what is to move from card to card.

Run by `tests/faulty.py` in a process of its own, with the connection strings of owner and host as
arguments.
"""

import sys

import trio

from config.run.database import Dsns
from tests.host.conftest import trading
from tests.host.test_moves import drive


async def main(owner: str, host: str) -> None:
    """Move until killed."""
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await drive(till)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2])
