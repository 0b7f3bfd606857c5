"""A line that was typed, word by word: which command, and what it is told.

A command says what it takes (`Takes`); the words are taken in that order. Behind them may stand
`pin 000000` and what goes wrong on the line, as `lose answer`.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from host.model.secrets import Secret
from simulators.faults import Fault
from simulators.till.amounts import money_of, points_of
from simulators.till.cards import CardBox
from simulators.till.errors import TillError, quoted
from simulators.till.misfortunes import FAULT_WORDS

TIMES_MAX: Final = 99
PIN_DIGITS: Final = range(4, 13)
OF_RECEIPT: Final = (
    "it is of a receipt and of no card: of the last, or of one that is named, as #2. Next: {}"
)


@enum.unique
class Takes(enum.Enum):
    """What a word of a command is. The value is how help writes it."""

    CARD = "CARD"
    AMOUNT = "AMOUNT"
    POINTS = "POINTS"
    RECEIPT = "[#N]"
    PART = "[AMOUNT]"
    TIMES = "[TIMES]"
    LAYOUT = "[LAYOUT]"
    SWITCHED = "[on|off]"
    CODE = "CODE"
    TEXT = "TEXT"
    COMMAND = "[COMMAND]"

    @property
    def is_optional(self) -> bool:
        """Whether it may be left away."""
        return self.value.startswith("[")


TAKES_REST: Final = frozenset({Takes.TEXT, Takes.COMMAND})
"""All words that are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a command is told."""

    card: int = 0
    amount: int | None = None
    """Fen, or points."""
    receipt: int | None = None
    times: int | None = None
    word: str = ""
    pin: Secret | None = None
    """Another PIN than the card's."""
    faults: tuple[Fault, ...] = field(default=())


def values_of(words: Iterable[str], takes: tuple[Takes, ...], cards: CardBox, usage: str) -> Values:
    """What a command's words say; `usage` is how it is typed.

    Raises:
        TillError: a word is missing, left over, or not what it should be.
    """
    left, values = _without_tail(list(words))
    is_of_receipt = Takes.RECEIPT in takes
    if is_of_receipt and any(map(cards.is_meant, left)):
        raise TillError(OF_RECEIPT.format(usage))
    for take in takes:
        if take in TAKES_REST and (left or take.is_optional):
            values = replace(values, word=" ".join(left))
            left = []
        elif left and take in _READERS and _READERS[take].may_be(left[0]):
            values = _READERS[take].read(values, left.pop(0), cards)
        elif not take.is_optional:
            raise TillError(f"there is no {take.value} in it. Next: {usage}")
    if left and is_of_receipt and Takes.PART in takes:
        raise TillError(OF_RECEIPT.format(usage))
    if left:
        raise TillError(f"{quoted(left[0])} is one word too many. Next: {usage}")
    return values


def faults_in(words: list[str]) -> tuple[Fault, ...]:
    """The misfortune that words name, empty where they name none: `lose answer`, `drop_answer`."""
    name = " ".join(words).lower()
    found = [fault for fault, row in FAULT_WORDS.items() if name in {row.name, fault.value}]
    return tuple(found)


def _without_tail(words: list[str]) -> tuple[list[str], Values]:
    """The words without a PIN and a misfortune behind them, and what those say."""
    values = Values()
    for size in (2, 1):
        if len(words) >= size and (faults := faults_in(words[-size:])):
            words, values = words[:-size], replace(values, faults=faults)
    if len(words) >= 2 and words[-2].lower() == "pin":
        pin = words[-1]
        if not (pin.isascii() and pin.isdigit() and len(pin) in PIN_DIGITS):
            raise TillError("a PIN is four to twelve digits. Next: pin 000000")
        words, values = words[:-2], replace(values, pin=Secret(pin.encode()))
    return words, values


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one word is read, and which words it may be at all where it may be missing."""

    read: Callable[[Values, str, CardBox], Values]
    may_be: Callable[[str], bool] = lambda _word: True


def _receipt(values: Values, word: str, _cards: CardBox) -> Values:
    number = word.removeprefix("#")
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise TillError(f"{quoted(word)} is no receipt. Next: history has their numbers, as #2")
    return replace(values, receipt=int(number))


def _times(values: Values, word: str, _cards: CardBox) -> Values:
    is_number = word.isascii() and word.isdigit() and len(word) <= len(str(TIMES_MAX))
    if not (is_number and 1 <= int(word) <= TIMES_MAX):
        raise TillError(f"{quoted(word)} is no such number. Next: 1 to {TIMES_MAX}")
    return replace(values, times=int(word))


def _switched(values: Values, word: str, _cards: CardBox) -> Values:
    if word.lower() not in {"on", "off"}:
        raise TillError(f"{quoted(word)} is neither on nor off. Next: wire on")
    return replace(values, word=word.lower())


_READERS: Final[dict[Takes, _Reader]] = {
    Takes.CARD: _Reader(lambda values, word, cards: replace(values, card=cards.find(word).id)),
    Takes.AMOUNT: _Reader(lambda values, word, _cards: replace(values, amount=money_of(word))),
    Takes.POINTS: _Reader(lambda values, word, _cards: replace(values, amount=points_of(word))),
    Takes.RECEIPT: _Reader(_receipt, lambda word: word.startswith("#")),
    Takes.PART: _Reader(lambda values, word, _cards: replace(values, amount=money_of(word))),
    Takes.TIMES: _Reader(_times),
    Takes.LAYOUT: _Reader(lambda values, word, _cards: replace(values, word=word)),
    Takes.SWITCHED: _Reader(_switched),
    Takes.CODE: _Reader(lambda values, word, _cards: replace(values, word=word)),
}
