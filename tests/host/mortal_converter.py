"""A host that a test lets die while points are converted.

Run by `tests/faulty.py` in a process of its own, with the connection strings of owner and host, and
the card, as arguments.
"""

import sys

import trio

from config.run.database import Dsns
from tests.host.conftest import trading
from tests.host.office.test_conversions import converted


async def main(owner: str, host: str, card: int) -> None:
    """Convert until killed."""
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await converted(till, card)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]))
