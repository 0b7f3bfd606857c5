"""A host that a test lets die while a gift is sent, another is claimed, and one comes back.

Run by `tests/faulty.py` in a process of its own, with the connection strings of owner and host, the
gift that is claimed and the card that gives as arguments.
"""

import sys

import trio

from config.run.database import Dsns
from tests.host.conftest import trading
from tests.host.test_gifts import Gift, live


async def main(owner: str, host: str, gift: Gift, sender: int) -> None:
    """Give until killed."""
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await live(till, gift, sender)


if __name__ == "__main__":
    *numbers, giver = map(int, sys.argv[3:])
    trio.run(main, sys.argv[1], sys.argv[2], Gift(*numbers), giver)
