"""HMAC-DRBG with SHA-256 (NIST SP 800-90A, section 10.1.2), for what anybody is to repeat.

Nothing is ever reseeded here: an instance lives for one question, and whoever knows its three
inputs gets the same bytes again. Where bytes must be new to everybody, `secrets` is asked.
"""

import hashlib
import hmac
from typing import Final

SEED_BYTES_MIN: Final = 32
"""Of entropy, for 256 bits of strength."""
DRAWN_BYTES: Final = 8
"""What one number is made of."""


class HmacDrbg:
    """One instance. `nonce` has 16 bytes at least, `personalization` may be anything."""

    def __init__(self, entropy: bytes, nonce: bytes, personalization: bytes = b"") -> None:
        assert len(entropy) >= SEED_BYTES_MIN, "an instance without entropy is a table"
        self._key, self._value = bytes(32), b"\x01" * 32
        self._update(entropy + nonce + personalization)

    def generate(self, size: int) -> bytes:
        """The next so many bytes."""
        made = b""
        while len(made) < size:
            self._value = _hmac(self._key, self._value)
            made += self._value
        self._update(b"")
        return made[:size]

    def below(self, bound: int) -> int:
        """A number from 0 up to, not including, `bound`; each as likely as any other.

        Numbers of the last, incomplete run of `bound` are thrown away, so that none of the first
        has more ways to be drawn than the others.
        """
        numbers = 1 << 8 * DRAWN_BYTES
        fair = numbers - numbers % bound
        while (number := int.from_bytes(self.generate(DRAWN_BYTES))) >= fair:
            pass
        return number % bound

    def _update(self, data: bytes) -> None:
        for mark in (b"\x00", b"\x01") if data else (b"\x00",):
            self._key = _hmac(self._key, self._value + mark + data)
            self._value = _hmac(self._key, self._value)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
