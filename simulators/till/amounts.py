"""Amounts as people write them: yuan and fen with a point between, and whole points."""

import re
from typing import Final

from host.model.money import HOUSE_CURRENCY, POINTS_PREFIX, Money
from simulators.till.errors import TillError, quoted

_MONEY: Final = re.compile(r"(?:¥|￥|CNY)?((?:\d{1,3}(?:,\d{3})+)|\d+)(?:\.(\d+))?", re.ASCII)
MINOR_DIGITS: Final = 2
AMOUNT_DIGITS_MAX: Final = 12
"""Of F4."""


def money_of(word: str) -> int:
    """Fen of an amount: 12.34, 12, 1,234.50, ¥12.

    Raises:
        TillError: it is no amount, or more than a message holds.
    """
    found = _MONEY.fullmatch(word)
    if found is None:
        raise TillError(f"{quoted(word)} is no amount. Next: yuan and fen, as 12.34 or 12")
    whole, part = found[1].replace(",", ""), found[2] or ""
    if len(part) > MINOR_DIGITS:
        raise TillError(f"{quoted(word)} has less than a fen. Next: two decimals, as 12.34")
    return _fitting(whole + part.ljust(MINOR_DIGITS, "0"), "CNY")


def points_of(word: str) -> int:
    """Points, which are whole.

    Raises:
        TillError: it is no such number, or more than a message holds.
    """
    if not (word.isascii() and word.isdigit()):
        raise TillError(f"{quoted(word)} are no points. Next: a whole number, as 500")
    return _fitting(word, "points")


def amount_text(amount_minor: int, *, in_points: bool) -> str:
    """As a receipt has it, and in what."""
    return str(Money(amount_minor, POINTS_PREFIX if in_points else HOUSE_CURRENCY))


def _fitting(digits: str, unit: str) -> int:
    if len(digits.lstrip("0")) > AMOUNT_DIGITS_MAX:
        raise TillError(
            f"so many {unit} do not go into a message, whose amount has twelve digits. "
            "Next: a smaller amount"
        )
    return int(digits)
