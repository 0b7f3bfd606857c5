"""A member's code: what a counter that takes cash for a card types or scans in the card's place.

It is the card's own number in the house with a check digit, so it is no secret: nothing can be paid
by it, and of one digit that is wrong nothing comes.
"""

from host.model.secrets import luhn_digit


def code_of(card: int) -> str:
    """The code of a card, by its number in the house."""
    return f"{card}{luhn_digit(str(card))}"


def card_of(code: str) -> int:
    """The card of a code.

    Raises:
        ValueError: it is none, or was typed wrongly.
    """
    digits = "".join(code.split())
    is_whole = digits.isascii() and digits.isdecimal() and len(digits) > 1
    if not is_whole or luhn_digit(digits[:-1]) != digits[-1]:
        raise ValueError("no card has this code")
    return int(digits[:-1])
