"""Card numbers: random within an issuer's range, or chosen and checked line by line.

A number is the issuer's prefix, digits that nobody can guess, and the check digit. Whose a number
is the longest prefix says, so a range that another issuer has within this one is left out.
"""

import enum
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from host.model.secrets import PAN_DIGITS_MAX, Pan, luhn_digit

DIGITS: Final = 16
LONG_PREFIX_DIGITS: Final = 8
"""An issuer whose prefix is longer has numbers of 19 digits."""
GUESSES_MIN: Final = 100
"""So many numbers of a range are for each card that is made in one go."""
_RANDOM_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Range:
    """Where an issuer's numbers are."""

    prefix: str
    others: tuple[str, ...]
    """Prefixes of other issuers, of which longer ones are ranges of theirs within this one."""

    @property
    def digits(self) -> int:
        """Of a number, its check digit too."""
        return DIGITS if len(self.prefix) <= LONG_PREFIX_DIGITS else PAN_DIGITS_MAX

    @property
    def free_digits(self) -> int:
        """Those that are random."""
        return self.digits - len(self.prefix) - 1

    @property
    def is_within_another(self) -> tuple[str, ...]:
        """Ranges of others within this one."""
        return tuple(
            one for one in self.others if one.startswith(self.prefix) and one != self.prefix
        )

    def has(self, number: str) -> bool:
        """Whether the number is this issuer's: by the longest prefix."""
        if number.startswith(self.is_within_another):
            return False
        return number.startswith(self.prefix)

    @property
    def numbers(self) -> int:
        """How many there are, those of ranges within this one left out."""
        within = self.is_within_another
        theirs = (
            10 ** (self.digits - len(one) - 1)
            for one in set(within)
            if len(one) < self.digits
            and not any(one != other and one.startswith(other) for other in within)
        )
        count: int = 10**self.free_digits - sum(theirs)
        return count

    def holds(self, cards: int) -> bool:
        """Whether there is room for so many in all, with enough numbers around each."""
        return self.numbers >= cards * GUESSES_MIN


def random_numbers(of: Range, count: int) -> list[Pan]:
    """Numbers out of the operating system's randomness. Two may be the same, if rarely.

    Eight bytes over at most 10^14 values: no digit is likelier than another by 10^-5.
    """
    digits, end, foreign = of.free_digits, 10**of.free_digits, of.is_within_another
    numbers: list[Pan] = []
    while len(numbers) < count:
        wanted = count - len(numbers)
        drawn = struct.unpack(f">{wanted}Q", os.urandom(_RANDOM_BYTES * wanted))
        texts = [f"{of.prefix}{value % end:0{digits}d}" for value in drawn]
        if foreign:
            texts = [text for text in texts if not text.startswith(foreign)]
        numbers += [Pan(text + luhn_digit(text)) for text in texts]
    return numbers


@enum.unique
class Fault(enum.StrEnum):
    """What is wrong with a line of a file of numbers."""

    NOT_A_NUMBER = "not a number"
    WRONG_LENGTH = "wrong length"
    WRONG_CHECK_DIGIT = "wrong check digit"
    ANOTHERS_RANGE = "another issuer's range"
    TWICE = "twice in the file"
    IN_USE = "in use"


class LineFault(NamedTuple):
    """A line that cannot be taken; lines are counted from 1."""

    line: int
    fault: Fault


class Chosen(NamedTuple):
    """What a file of numbers says: the numbers by their lines, and the lines that are wrong."""

    numbers: dict[int, Pan]
    faults: list[LineFault]


def read_chosen(lines: Sequence[str], of: Range) -> Chosen:
    """Numbers that somebody chose, one a line; blanks within and around them do not count."""
    numbers: dict[int, Pan] = {}
    faults: list[LineFault] = []
    seen: set[Pan] = set()
    for line, text in _texts(lines):
        fault = _fault_of(text, of)
        if fault is None and Pan(text) in seen:
            fault = Fault.TWICE
        if fault is not None:
            faults.append(LineFault(line, fault))
            continue
        numbers[line] = Pan(text)
        seen.add(numbers[line])
    return Chosen(numbers, faults)


def _texts(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for line, text in enumerate(lines, 1):
        number = "".join(text.split())
        if number:
            yield line, number


def _fault_of(text: str, of: Range) -> Fault | None:
    if not (text.isascii() and text.isdigit()):
        return Fault.NOT_A_NUMBER
    if len(text) != of.digits:
        return Fault.WRONG_LENGTH
    if luhn_digit(text[:-1]) != text[-1]:
        return Fault.WRONG_CHECK_DIGIT
    if not of.has(text):
        return Fault.ANOTHERS_RANGE
    return None
