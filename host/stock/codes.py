"""Activation passwords: 12 letters that nobody can guess, kept hashed and sealed, never clear.

60 bits out of the operating system's randomness, of an alphabet without look-alikes. The hash is
under a key of the LMK and bound to the card; the seal is for the export and for showing one.
"""

import hmac
import os
from typing import Final

from host.hsm.interface import Hsm
from host.model.secrets import Secret

ALPHABET: Final = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LETTERS: Final = 12
_LETTER_OF: Final = bytes(ALPHABET[byte % len(ALPHABET)] for byte in range(256))
_NOT_LETTERS: Final = str.maketrans("", "", " -_\t")


def new_codes(count: int) -> list[Secret]:
    """So many, each as likely as any."""
    letters = os.urandom(LETTERS * count).translate(_LETTER_OF)
    return [Secret(letters[at : at + LETTERS]) for at in range(0, len(letters), LETTERS)]


def typed(text: str) -> Secret:
    """What somebody typed: in any case, in groups or not."""
    return Secret(text.translate(_NOT_LETTERS).upper().encode())


def hash_of(hsm: Hsm, code: Secret, card: int) -> bytes:
    """What a card's password is verified by."""
    return hsm.hash_secret(code, place_of(card))


def is_right(hsm: Hsm, code: Secret, card: int, stored: bytes) -> bool:
    """Whether it is the card's, in constant time."""
    return hmac.compare_digest(hash_of(hsm, code, card), stored)


def place_of(card: int) -> str:
    """Where a card's password stands, and nowhere else opens."""
    return f"card-code/{card}"
