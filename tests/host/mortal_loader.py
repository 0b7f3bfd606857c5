"""A host that a test lets die while vouchers are put onto a card, taken back, and redeemed.

Run by `tests/faulty.py` in a process of its own, with the connection strings of owner and host, the
card and the codes as arguments.
"""

import sys

import trio

from config.run.database import Dsns
from tests.host.conftest import trading
from tests.host.test_voucher_ends import live


async def main(owner: str, host: str, card: int, codes: list[str]) -> None:
    """Load until killed."""
    dsns = Dsns(owner=owner, host=host, night="", audit="", office="")
    async with trading(dsns) as till:
        await live(till, card, codes)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
