"""A hold as it is loaded, and the rows that say what becomes of it.

Pure values: `host.rules.holding` changes them, `host.store.holds` reads and keeps them.
"""

import datetime as dt
from typing import Final

import msgspec

from host.model.holds import EFFECTS, HoldFact, HoldOwner

ITS_OWN: Final = 0
"""Of a fact: the hold that is opened by the very exchange."""


class HoldNote(msgspec.Struct, frozen=True, gc=False):
    """A fact about a hold, numbered by its turn; the exchange that it came with is its row's."""

    hold: int
    """Its number, or ITS_OWN."""
    turn: int
    fact: HoldFact
    amount_minor: int


class HoldChange(msgspec.Struct, frozen=True, gc=False):
    """By how much a fact changed what a hold is for, and what it has left."""

    hold: int
    turn: int
    amount_minor: int
    held_minor: int
    ended_by: str
    """The kind of the exchange, where nothing is left; else empty."""


class NewHold(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hold that an exchange opens, and is numbered as."""

    card: int
    issuer: int
    account: int
    unit: str
    owner: HoldOwner
    merchant: int
    """0: no merchant asked for it."""
    terminal_id: str
    amount_minor: int
    opened_at: dt.datetime
    expires_at: dt.datetime


class PastFact(msgspec.Struct, frozen=True, gc=False):
    """What became of a hold before."""

    journal: int
    fact: HoldFact
    amount_minor: int


class Hold(msgspec.Struct, kw_only=True, gc=False):
    """A hold as it is now, with what this batch has done to it."""

    id: int
    shard: int
    card: int
    account: int
    unit: str
    owner: HoldOwner
    merchant: int
    amount: int
    """What it was opened for and increased by, in its unit."""
    held: int
    """What is left of it; 0 once it has ended."""
    opened_on: dt.date
    """By the clock, UTC."""
    expires_at: dt.datetime
    ended_by: str
    was_reversed: bool
    """The reversal of its opening was told that nothing of it stands: it never stands again."""
    facts: list[PastFact]
    """In their turns. This batch's own have journal 0."""

    @property
    def is_open(self) -> bool:
        """Whether something is kept by it."""
        return self.held > 0

    def facts_of(self, journal: int) -> list[PastFact]:
        """What a journal did to it."""
        return [fact for fact in self.facts if fact.journal == journal]

    def moved_by(self, journal: int, *facts: HoldFact) -> int:
        """How much of it a journal moved by these facts."""
        return sum(fact.amount_minor for fact in self.facts_of(journal) if fact.fact in facts)

    def take(self, fact: HoldFact, amount: int, by: str) -> tuple[HoldNote, HoldChange]:
        """Let a fact become true of it; gives the rows that say so."""
        effect, turn = EFFECTS[fact], len(self.facts)
        self.amount += effect.amount * amount
        self.held += effect.held * amount
        assert 0 <= self.held <= self.amount, "a hold has left what it was for, or less"
        self.ended_by = "" if self.held else by
        self.facts.append(PastFact(0, fact, amount))
        change = HoldChange(
            self.id, turn, effect.amount * amount, effect.held * amount, self.ended_by
        )
        return HoldNote(self.id, turn, fact, amount), change
