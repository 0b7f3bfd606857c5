"""Text by the cells that a terminal gives it: a Chinese character has two."""

import re
from typing import Final

WIDE: Final = frozenset("WF")
"""Of Unicode's widths of East Asia, those of two cells."""
WORD: Final = re.compile(r"(?:[^\s\u2e80-\uffef]+|[\u2e80-\uffef][，。、；：）”！？]*)\s*|\s+")
"""What is not broken: a word, or a Chinese character with the mark behind it."""


def cell_count(text: str) -> int:
    """How many cells a text has."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(letter) in WIDE else 1 for letter in text)


def fold(text: str, width: int) -> list[str]:
    """Lines of a sentence, broken between its words, or beside a Chinese character."""
    lines = [""]
    for word in WORD.findall(text):
        if cell_count(lines[-1] + word.rstrip()) <= width or not lines[-1]:
            lines[-1] += word
        else:
            lines.append(word)
    return [each.rstrip() for each in lines]
