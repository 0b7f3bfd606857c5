"""What was used of a limit, counted while a batch is decided, and what is told of a rule.

A counter holds one period, the newest it was used in: what is given back of an older one is told
beside the exchange all the same, and lets nobody use more today. What each exchange counted stands
beside it, so a counter is the sum of what was told of its period, and the audit adds it up.
"""

import datetime as dt
import enum
from typing import NamedTuple

import msgspec


class UsageKey(NamedTuple):
    """What is counted together: for what (`rule/7`), in which time, by what, for whom."""

    counter: str
    period: str
    by: str
    subject: str


class Usage(msgspec.Struct, gc=False):
    """A counter in the period that is today's, with what this batch has counted."""

    key: UsageKey
    shard: int
    since: dt.date
    """The first business date of the period."""
    times: int = 0
    amount_minor: int = 0
    is_changed: bool = False

    def add(self, times: int, amount_minor: int) -> None:
        """Count so much more, or less: never less than nothing, whatever was done to it."""
        self.times = max(self.times + times, 0)
        self.amount_minor = max(self.amount_minor + amount_minor, 0)
        self.is_changed = True


@enum.unique
class Outcome(enum.StrEnum):
    """What a rule had to do with an exchange."""

    DENIED = "denied"
    COUNTED = "counted"
    GAVE_BACK = "gave_back"


class ToldRule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Kept beside an exchange: which rule decided, or counted, and by which figures."""

    rule: int
    version: int
    outcome: Outcome
    key: UsageKey
    since: dt.date
    """The first business date of the period in which it was counted."""
    times: int
    amount_minor: int
    """What was counted, or given back (negative)."""
    had_times: int
    had_minor: int
    """What was used before it."""
    asked_minor: int
    goods: str = ""

    def given_back(self, times: int, amount_minor: int) -> "ToldRule":
        """What stands beside the exchange that undoes it; where that gave back, it counts again."""
        return msgspec.structs.replace(
            self,
            outcome=Outcome.GAVE_BACK if amount_minor >= 0 else Outcome.COUNTED,
            times=-times,
            amount_minor=-amount_minor,
            had_times=0,
            had_minor=0,
        )


class EarnCounted(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Kept beside a journal: what it counted of a cap on what a card earns by a rule in a time."""

    unit: str
    period: str
    since: dt.date
    """The first business date of the period in which it was counted."""
    rule: str
    rule_since: dt.date
    """By which row of it."""
    points: int
    """Given, or given back (negative)."""
    had: int
    """What was counted before it."""
    asked: int
    """What it would have earned without caps of a time."""
