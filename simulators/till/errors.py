"""What a person at a till typed wrong."""

import re
from typing import Final

from host.model.secrets import PAN_DIGITS_MAX, PAN_DIGITS_MIN, Pan

_PRINTED: Final = re.compile(rf"[0-9]{{{PAN_DIGITS_MIN},{PAN_DIGITS_MAX}}}")


class TillError(Exception):
    """It cannot be done; says what, why, and what to type instead."""


def quoted(word: str) -> str:
    """A word as it was typed, cut where it is long; a card's number is covered."""
    most = 40
    word = _PRINTED.sub(lambda found: Pan(found[0]).masked, word)
    return repr(word if len(word) <= most else f"{word[:most]}…")
