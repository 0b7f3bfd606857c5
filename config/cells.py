"""Text by the cells that a terminal gives it: a Chinese character has two.

How wide a character is rich alone knows, which draws what is measured here.
"""

import re
from typing import Final

WORD: Final = re.compile(r"(?:[^\s\u2e80-\uffef]+|[\u2e80-\uffef][，。、；：）”！？]*)\s*|\s+")
"""What is not broken: a word, or a Chinese character with the mark behind it."""


GLUE: Final = "\0"
"""Stands for a blank at which nothing is broken while text is folded."""
AMOUNT: Final = re.compile(r"(?<=\d) (?=[A-Z]{3}\b|points\b)")
"""The blank between a number and what it is of."""


def cell_count(text: str) -> int:
    """How many cells a text has."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # not in English, where nothing needs it

    return cell_len(text)


def fold(text: str, width: int) -> list[str]:
    """Lines of a sentence, broken between its words, or beside a Chinese character.

    An amount stays beside its currency.
    """
    lines = [""]
    for word in WORD.findall(AMOUNT.sub(GLUE, text)):
        if cell_count(lines[-1] + word.rstrip()) <= width or not lines[-1]:
            lines[-1] += word
        else:
            lines.append(word)
    return [each.rstrip().replace(GLUE, " ") for each in lines]
