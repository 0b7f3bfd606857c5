"""Texts for people, counted in bytes: GB18030, which holds ASCII and GBK.

A Chinese character takes two bytes or four, so a text is cut between characters and filled with
spaces to the size its field gives it.
"""

from typing import Final

from terminals.fields import ORGANISATION_AND_TEXTS
from terminals.formats import TEXT

_TEXT_BYTES: Final = (
    ORGANISATION_AND_TEXTS["acquirer"].stop - ORGANISATION_AND_TEXTS["acquirer"].start
)


def fitted(text: str, size_bytes: int) -> str:
    """The text in exactly so many bytes: cut between characters, filled with spaces."""
    cut = text.encode(TEXT)[:size_bytes].decode(TEXT, errors="ignore")
    return cut + " " * (size_bytes - len(cut.encode(TEXT)))


def organisation_and_text(organisation: str, text: str) -> str:
    """F63 of an answer whose only text is the acquirer's."""
    return organisation + fitted("", 2 * _TEXT_BYTES) + fitted(text, _TEXT_BYTES)
