"""Why something about cards is not done: by a code that stays what it is, and the facts.

Whoever asked puts the words to it (`host.office`), a limiter or a till the answer.
"""

import enum


@enum.unique
class Why(enum.StrEnum):
    """One row for each."""

    STATE = "E-STATE"
    """It stands so that this cannot be done."""
    SAME_PERSON = "E-SAME-PERSON"
    """Someone else must do this: who made or added it may not."""
    GENERATING = "E-GENERATING"
    """Its cards are still being made."""
    NUMBERS = "E-NUMBER"
    """Lines of a file of numbers are no numbers that may be given."""
    RANGE_FULL = "E-RANGE-FULL"
    """The issuer's range has too few numbers for so many cards to stay unguessable."""
    VENDOR = "E-VENDOR"
    """Physical cards are made by somebody, who must be named."""
    FACE = "E-FACE"
    """The face value is none that the product has."""
    DAYS = "E-DAYS"
    """The days are not within the product's."""
    STOCK_OUT = "E-STOCK-OUT"
    """There are fewer cards to be sold."""
    HELD = "E-HELD"
    """Value of it is held."""
    SPENT = "E-SPENT"
    """Something of it was spent."""
    BOUND = "E-BOUND"
    """It is another's."""
    NOT_OPENED = "E-NOT-OPENED"
    """Its batch, or its part of it, waits to be opened."""
    VOIDED_BIND = "E-VOIDED-BIND"
    """It has ended: it is never bound."""
    LIMIT_ANONYMOUS = "E-LIMIT-ANONYMOUS"
    """It is worth more than a card may be that is registered to nobody."""
    NOT_YOURS = "E-NOT-YOURS"
    """It was sold to somebody else, or to nobody who is known."""
    GIFT = "E-GIFT"
    """Its product is registered to nobody, so it has no other holder to be given."""
    NOBODYS = "E-NOBODYS"
    """It is bound to nobody: who holds it gives it away."""
    RELEASED = "E-RELEASED"
    """Nothing of it is held any more."""
    KEPT = "E-ORDERED"
    """Who keeps it ends it: a gift, or an order."""
    GIFT_GONE = "E-GIFT-GONE"
    """It was claimed, or has come back."""
    REGIFT = "E-REGIFT"
    """What is on it came as a gift, and was given on as often as it may be."""
    NOT_FOR = "E-NOT-FOR"
    """It was sent to somebody else."""
    ROOM = "E-ROOM"
    """It would hold more than it may."""
    SOONER = "E-EXPIRY"
    """What moves onto it ends sooner than it did."""
    CODE = "E-CODE"
    """The number or the activation password is wrong: told alike."""
    TRIES = "E-TRIES"
    """Too many tries."""
    NEW = "E-NEW"
    """That card cannot have the place of the other; `reason` says why."""
    FEE = "E-FEE"
    """It is more than the product allows for a card that replaces another."""
    FEE_NOT_COVERED = "E-FEE-NOT-COVERED"
    """The card has not so much."""
    CARD = "E-CARD"
    """The card's batch, status or days do not allow it; `reason` says which."""
    SOLD_IN_RANGE = "E-SOLD-IN-RANGE"
    """Cards among them are sold, or in use."""
    FORM = "E-FORM"
    """Only plastic cards are sent."""
    TAKEN = "E-TAKEN"
    """Another one has that number."""
    NOT_FOUND = "E-NOT-FOUND"


class StockRefusal(Exception):  # noqa: N818 - it is an answer, as a decline is one
    """It was not done. `facts` are for the words."""

    def __init__(self, why: Why, **facts: object) -> None:
        told = ", ".join(f"{name} {value}" for name, value in facts.items())
        super().__init__(f"{why.value}: {told}" if told else why.value)
        self.why = why
        self.facts = facts
