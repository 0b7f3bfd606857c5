"""What a scenario expects to find behind its step, and how it differs; who is there to be asked.

A leg is one debit account, one credit account, one amount in one unit. The legs of a step are all
that its messages posted, reversals and confirmations among them, in the order of the ledger.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec
import trio

from host.model.money import Money
from host.model.requests import Family

CURRENCY: Final = "CNY"
FAMILIES: Final = (Family.FINANCIAL, Family.REVERSAL, Family.CONFIRM)
"""What a till may send under one trace."""
LOOKS: Final = 20
LOOK_SECONDS: Final = 0.25
"""What an issuer approved is posted a moment after its terminal is told, and a lost reversal by the
switch after its time-out."""


class Leg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One leg, by the kinds of its accounts."""

    debit: str
    credit: str
    amount: int
    """Fen, or points."""
    unit: str = CURRENCY

    def __str__(self) -> str:
        return f"debit {self.debit}, credit {self.credit}: {Money(self.amount, self.unit)}"


class Balance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a card has, in one unit."""

    card: int
    amount: int
    unit: str = CURRENCY

    def __str__(self) -> str:
        return f"card {self.card}: {Money(self.amount, self.unit)}"


class Ledger(Protocol):
    """Who can look: each is asked in a thread."""

    def legs(self, slots: Sequence[str]) -> list[Leg]:
        """What these messages posted, in order."""

    def balance(self, card: int, unit: str) -> int | None:
        """What a card has; None where it has no such account."""

    def reason(self, slot: str) -> str | None:
        """Why a message was decided as it was; None where it is not known."""


class Staff(Protocol):
    """People at the office, each known by their role; asked in a thread."""

    def act(self, by: str, action: str, values: Mapping[str, object], agreed_by: str = "") -> str:
        """Do it. Gives `done`, `waiting` where another person has to agree, or the code of why not.

        `by` is a role, with a word behind it where several of a role are told apart.
        """

    @property
    def shown(self) -> str:
        """What was shown once, when it was last done: a code."""

    def let_gifts_be_due(self) -> None:
        """The time of gifts that wait is over, and the clock gives them back."""


class Behind(NamedTuple):
    """What of a house is open to who plays a scenario beside its channels."""

    ledger: Ledger | None = None
    """Without it nobody looks at legs, balances and reasons."""
    staff: Staff | None = None
    """Without it nobody is at the office."""


CHANNELS_ALONE: Final = Behind()


Found = TypeVar("Found")


async def legs_unlike(ledger: Ledger, slots: Iterable[str], wanted: Sequence[Leg]) -> str:
    """A diff, where financial messages posted something else; empty where they did not."""
    every = [
        slot.removesuffix(Family.FINANCIAL.value) + family.value
        for slot in slots
        for family in FAMILIES
    ]
    found = await _settled(lambda: ledger.legs(every), list(wanted))
    return diff("legs", wanted, found)


async def balances_unlike(ledger: Ledger, wanted: Sequence[Balance]) -> str:
    """A diff, where cards have something else."""
    found = await _settled(lambda: [_found(ledger, each) for each in wanted], list(wanted))
    return diff("balances", wanted, found)


async def reason_unlike(ledger: Ledger, slots: Sequence[str], wanted: str) -> str:
    """A diff, where the last of these messages was decided for another reason."""
    found = await _settled(lambda: ledger.reason(slots[-1]) if slots else None, wanted)
    return diff("reasons", [wanted], [found])


def _found(ledger: Ledger, wanted: Balance) -> Balance | None:
    amount = ledger.balance(wanted.card, wanted.unit)
    return None if amount is None else Balance(card=wanted.card, unit=wanted.unit, amount=amount)


async def _settled(look: Callable[[], Found], wanted: Any) -> Found:
    """What is found, as soon as it is what is wanted, else after a while."""
    for _look in range(LOOKS):
        found = await trio.to_thread.run_sync(look)
        if found == wanted:
            break
        await trio.sleep(LOOK_SECONDS)
    return found


def diff(what: str, wanted: Iterable[object], found: Iterable[object]) -> str:
    """Lines with `-` as it is written, with `+` as it was; empty where they are the same."""
    before, after = ([f"{each}" for each in side] for side in (wanted, found))
    if before == after:
        return ""
    lines = difflib.ndiff(before, after)
    return "\n".join(
        [f"the {what} are not as written", *(line for line in lines if line[0] != "?")]
    )
