"""A key in parts: two or three components, each held by one person, whose XOR is the key.

No part tells anything of the key: all but one are random, and the last is what completes it.
Each part has a check value as if it were a key itself, by which its holder finds a slip of the pen.
"""

import hmac
import secrets
from functools import reduce
from typing import Final

from host.hsm.ciphers import xor
from host.hsm.purposes import check_value_of
from host.model.secrets import Secret

COUNTS: Final = (2, 3)
CHECK_CHARACTERS: Final[dict[str, tuple[int, ...]]] = {"T": (6, 8), "A": (6, 10)}
"""Key algorithm to how many characters of a check value people write: 3 bytes, or all."""


def split(key: Secret, count: int) -> list[Secret]:
    """Parts of the key, each as long as the key.

    Raises:
        ValueError: the count is not two or three.
    """
    if count not in COUNTS:
        msg = f"a key has two or three components, {count} were asked"
        raise ValueError(msg)
    parts = [secrets.token_bytes(len(key)) for _ in range(count - 1)]
    return [*map(Secret, parts), Secret(reduce(xor, parts, key.reveal()))]


def combine(parts: list[Secret]) -> Secret:
    """The key.

    Raises:
        ValueError: the parts are not of one length.
    """
    if len({len(part) for part in parts}) != 1:
        raise ValueError("the components of a key are all as long as the key")
    return Secret(reduce(xor, (part.reveal() for part in parts)))


def is_check_value(told: str, key: Secret, algorithm: str) -> bool:
    """Whether what a person wrote down is this key's check value, whole or its first 3 bytes."""
    text = told.replace(" ", "").upper()
    if len(text) not in CHECK_CHARACTERS[algorithm] or not text.isascii():
        return False
    return hmac.compare_digest(check_value_of(key, algorithm)[: len(text)], text)
