"""Which shard keeps what. A terminal's exchanges have a home; a card has a shard.

A swiped reversal names no card, so exchanges are found by the terminal alone. What no terminal
asked is found by its key, whatever it is about.
"""

import zlib
from typing import Final

NIGHT_SHARD: Final = 32_767
"""Of what the night posts under a date that is closed: a chain of its own, which no writer has."""


def home_of(whose: str, shard_count: int) -> int:
    """The shard that keeps a terminal's exchanges, by its id; of no terminal, one by its key."""
    return zlib.crc32(whose.encode()) % shard_count


def shard_of(pan_hash: bytes, shard_count: int) -> int:
    """The shard that keeps a card, its balances and its journal."""
    return int.from_bytes(pan_hash[:2], "big") % shard_count
