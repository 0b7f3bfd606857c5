"""Codes of new vouchers, out of the operating system's randomness.

What a code is, how one is read and how it is shown is `host.model.voucher_codes`: every floor may
have to read one. Making them is the stock's.
"""

import os
from typing import Final

from host.model.voucher_codes import ALPHABET, RANDOM_LETTERS, VoucherCode, check_letter

_FAIR_END: Final = 256 - 256 % len(ALPHABET)
_SIGN_OF: Final = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_UNFAIR: Final = bytes(range(_FAIR_END, 256))
"""Bytes that are left out, so that each sign is as likely as any."""
_SPARE: Final = 2
"""A byte in a hundred is left out, so twice as many hardly ever fall short."""


def new_voucher_codes(count: int) -> list[VoucherCode]:
    """So many, each as likely as any. Two are the same once in 10^31 pairs: the database says."""
    return [_completed(_random_signs()) for _ in range(count)]


def _random_signs() -> str:
    signs = b""
    while len(signs) < RANDOM_LETTERS:
        drawn = os.urandom(RANDOM_LETTERS * _SPARE)
        signs += drawn.translate(_SIGN_OF, _UNFAIR)
    return signs[:RANDOM_LETTERS].decode("ascii")


def _completed(payload: str) -> VoucherCode:
    return VoucherCode(payload + check_letter(payload))
