"""The cards that lie beside a till: by a name, by a number, or by what is printed on them."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from host.estate.demo import (
    CARD_NAMES,
    CITY,
    EXPIRY,
    ISSUERS,
    ODD_CARDS,
    PIN,
    card_pan,
    external_cards,
)
from host.estate.plan import CardPlan, EstatePlan
from host.model.secrets import PAN_DIGITS_MIN, Pan, luhn_digit
from simulators.till.errors import TillError, quoted

EXPIRY_TYPED: Final = re.compile(r"[0-9]{2}(0[1-9]|1[0-2])")
TYPED_CARDS: Final = -1_000_000
"""Cards that no estate has are numbered from here downwards."""


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """A card that nobody has issued."""

    pan: Pan
    why: str
    f39: str


STRANGERS: Final[dict[str, Stranger]] = {
    "unknown": Stranger(pan=card_pan(CITY, 99_999), why="a number the issuer never gave", f39="14"),
    "foreign": Stranger(
        pan=Pan("400000000000000" + luhn_digit("400000000000000")),
        why="an issuer nobody knows",
        f39="15",
    ),
}
"""By name."""


class CardBox:
    """Finds a card by the word a person has for it."""

    def __init__(self, estate: EstatePlan) -> None:
        self.by_id: dict[int, CardPlan] = {
            card.id: card for card in (*estate.all_cards, *external_cards())
        }
        """Cards that were typed are added."""
        self._by_pan = {card.pan: card for card in self.by_id.values()}
        self._issuers = {issuer.id: issuer.name for issuer in (*ISSUERS, *estate.issuers)}
        self._prefixes = {issuer.pan_prefix: issuer.id for issuer in estate.issuers}

    def find(self, word: str) -> CardPlan:
        """The card of a name, a number of the estate, or a card number.

        Raises:
            TillError: there is none.
        """
        name = word.lower()
        if name in STRANGERS:
            return self._by_number(STRANGERS[name].pan)
        digits, _, expiry = word.partition("=")
        if len(digits) >= PAN_DIGITS_MIN and digits.isascii() and digits.isdigit():
            return self._by_number(_pan_of(digits), _expiry_of(expiry))
        number = CARD_NAMES.get(name) if name in CARD_NAMES else _number_of(word)
        card = self.by_id.get(number) if number is not None else None
        if card is None:
            raise TillError(f"there is no card {quoted(word)}. Next: cards lists them")
        return card

    def is_meant(self, word: str) -> bool:
        """Whether a word can only be meant as a card: its name, or what is printed on it."""
        digits = word.partition("=")[0]
        is_printed = digits.isascii() and digits.isdigit() and len(digits) >= PAN_DIGITS_MIN
        return is_printed or word.lower() in {*CARD_NAMES, *STRANGERS}

    def issuer_of(self, card: CardPlan) -> str:
        """Whose card it is."""
        return self._issuers.get(card.issuer_id, "no issuer of ours")

    def named(self) -> Iterator[tuple[str, CardPlan, str]]:
        """Every name, its card, and what is special about it."""
        for name, number in CARD_NAMES.items():
            if number in self.by_id:
                yield name, self.by_id[number], _special(number)
        for name, stranger in STRANGERS.items():
            yield name, self._by_number(stranger.pan), stranger.why

    def _issuer_by(self, pan: Pan) -> int:
        """Whose prefix it has; 0 where nobody's."""
        digits = pan.reveal()
        return next((own for prefix, own in self._prefixes.items() if digits.startswith(prefix)), 0)

    def _by_number(self, pan: Pan, expiry: str = "") -> CardPlan:
        card = self._by_pan.get(pan)
        if card is None:
            number = TYPED_CARDS - len(self._by_pan)
            issuer = self._issuer_by(pan)
            card = CardPlan(id=number, issuer_id=issuer, pan=pan, pin=PIN, expiry=EXPIRY)
        if expiry:
            card = msgspec.structs.replace(card, expiry=expiry)
        self._by_pan[pan] = self.by_id[card.id] = card
        return card


def _special(number: int) -> str:
    odd = ODD_CARDS.get(number)
    return odd.why if odd is not None else _IN_ORDER.get(number, "")


_IN_ORDER: Final = {
    CARD_NAMES["first"]: "money and points; the card of the worked messages",
    CARD_NAMES["points"]: "money and 2,000 points",
    CARD_NAMES["pear"]: "Pears; not taken at Lantern Books",
    CARD_NAMES["lake"]: "its own issuer decides (posswitch simulate issuer)",
}


def _number_of(word: str) -> int | None:
    digits = word.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) < PAN_DIGITS_MIN
    return int(word) if is_number else None


def _expiry_of(text: str) -> str:
    """YYMM, as it stands on the card; empty where it was not typed."""
    if text and (EXPIRY_TYPED.fullmatch(text) is None):
        raise TillError("an expiry is year and month, as =2912 behind the card number")
    return text


def _pan_of(word: str) -> Pan:
    try:
        pan = Pan(word)
    except ValueError as error:
        raise TillError(f"{error}. Next: cards lists them") from None
    if not pan.passes_luhn:
        raise TillError(
            f"{pan.masked} has a wrong check digit: it was mistyped. Next: type it again"
        )
    return pan
