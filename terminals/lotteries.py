"""Draws of a lottery as tills write and read them: which one is drawn, and what was won.

F62 of a request is the lottery's code. F62 of its answer is three places: what the draw is called,
32 characters, and the prize's code, 8, each filled with spaces, then the prize in GBK.
"""

import re
from typing import Final

from host.model.requests import Besides, DrawTold, Kind
from terminals.formats import TEXT

DRAW_CHARACTERS: Final = 32
PRIZE_CHARACTERS: Final = 8
CODE_CHARACTERS_MAX: Final = 12
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{1,11}")
DRAWS: Final = Kind.LOTTERY_DRAW


def besides_of(code: str) -> Besides:
    """What a draw says beside its card and its cost.

    Raises:
        ValueError: no lottery can be called that.
    """
    code = code.rstrip(" ")
    if not _CODE.fullmatch(code):
        raise ValueError("a lottery's code is 2 to 12 capital letters and digits, a letter first")
    return Besides(lottery=code)


def drawn_in(kind: Kind, goods: str | None) -> Besides | None:
    """Which lottery a till or an app draws in, in the word of what is bought; None of others.

    Raises:
        ValueError: as `besides_of`.
    """
    return besides_of(goods or "") if kind is DRAWS else None


def draw_text(told: DrawTold) -> str:
    """F62 of the answer, in hexadecimal."""
    head = f"{told.draw:<{DRAW_CHARACTERS}}{told.prize:<{PRIZE_CHARACTERS}}"
    return (head.encode() + told.text.encode(TEXT)).hex().upper()


def draw_in(hexadecimal: str) -> DrawTold:
    """As `draw_text` wrote it.

    Raises:
        ValueError: it is none.
    """
    text = bytes.fromhex(hexadecimal).decode(TEXT)
    draw, prize = text[:DRAW_CHARACTERS], text[DRAW_CHARACTERS:][:PRIZE_CHARACTERS]
    return DrawTold(draw.rstrip(" "), prize.rstrip(" "), text[DRAW_CHARACTERS + PRIZE_CHARACTERS :])
