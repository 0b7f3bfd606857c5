"""Voucher codes: what is printed on a voucher, read out over a telephone and typed at a counter.

A code has 24 signs: 23 that nobody can guess, and one that checks them. The signs are 23, so that
of what looks alike only one is ever printed, and whatever a person takes it for is read as it:

    O Q D are 0    I L are 1    Z is 2    A is 4    S is 5    G is 6    B is 8
    E is F    N is M    U is V

So every letter and digit that can be typed means one sign, in either case, and there is no vowel
by which chance spells a word. 23 random signs are 104 bits.

The check is ISO 7064's pure system over the prime 23 with the radix 5: the signs' values, each
times a power of 5, add up to a multiple of 23. 5 has the order 22 there, so two neighbours never
have weights that are the same or opposite. So it finds every single wrong sign, every two
neighbours in the wrong order, every pair that was taken for another (XX for YY), and every two up
to 21 apart that stand in each other's place.
"""

import hmac
import unicodedata
from typing import Final, NoReturn

ALPHABET: Final = "0123456789CFHJKMPRTVWXY"
LETTERS: Final = 24
RANDOM_LETTERS: Final = LETTERS - 1
GROUP_LETTERS: Final = 4
SHOWN_LETTERS: Final = 4
TYPED_CHARS_MAX: Final = 100
"""What is longer was not meant as a code, however it is grouped."""
LOOKS_LIKE: Final = {
    **dict.fromkeys("OQD", "0"),
    **dict.fromkeys("IL", "1"),
    **dict(zip("ZASGBENU", "24568FMV", strict=True)),
}
"""Signs that are never printed, and which one each is taken for."""
_RADIX: Final = 5
_VALUES: Final = {sign: value for value, sign in enumerate(ALPHABET)}
_SEPARATORS: Final = frozenset({"Zs", "Pd", "Pc", "Cc", "Cf"})
"""Unicode's spaces, dashes, underscores, ends of lines, and marks that nobody sees."""


class VoucherCode:
    """The code of one voucher: who has it has what it is worth. People see its last four signs.

    Raises:
        ValueError: not 24 signs of the alphabet that check; the message never quotes them.
    """

    __slots__ = ("_signs",)

    def __init__(self, signs: str) -> None:
        if len(signs) != LETTERS or not _VALUES.keys() >= set(signs) or _sum_of(signs):
            msg = f"a voucher code is {LETTERS} signs of its alphabet, the last of which checks"
            raise ValueError(msg)
        self._signs = signs

    def reveal(self) -> str:
        """The signs themselves, without groups: the only way out."""
        return self._signs

    @property
    def masked(self) -> str:
        """Stars and the last four signs: what a person may see."""
        return f"{'*' * GROUP_LETTERS}-{self._signs[-SHOWN_LETTERS:]}"

    def __repr__(self) -> str:
        return f"<VoucherCode {self.masked}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VoucherCode) and hmac.compare_digest(self._signs, other._signs)

    def __hash__(self) -> int:
        return hash((VoucherCode, self._signs))

    def __reduce__(self) -> NoReturn:
        msg = "a VoucherCode is never pickled or copied"
        raise TypeError(msg)


def read_code(text: str) -> VoucherCode | None:
    """What somebody typed, in any case, in groups or not, with whatever they took a sign for.

    None where it is no code: a sign is wrong, missing, or in its neighbour's place.
    """
    if len(text) > TYPED_CHARS_MAX:
        return None
    typed = unicodedata.normalize("NFKC", text).upper()
    signs = "".join(
        LOOKS_LIKE.get(char, char)
        for char in typed
        if unicodedata.category(char) not in _SEPARATORS
    )
    try:
        return VoucherCode(signs)
    except ValueError:
        return None


def grouped(signs: str) -> str:
    """As people read it: groups of four, hyphens between them. `signs` were revealed."""
    starts = range(0, len(signs), GROUP_LETTERS)
    return "-".join(signs[at : at + GROUP_LETTERS] for at in starts)


def check_letter(payload: str) -> str:
    """The sign that completes 23 of the alphabet."""
    return ALPHABET[-_sum_of(payload) % len(ALPHABET)]


def _sum_of(signs: str) -> int:
    """Nought of a code that checks. The last sign has the weight 5, each before it 5 times more."""
    total = 0
    for sign in signs:
        total = (total + _VALUES[sign]) * _RADIX % len(ALPHABET)
    return total
