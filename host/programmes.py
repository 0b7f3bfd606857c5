"""Points programmes and alliances: whose points a card earns where, and where it spends them.

An issuer has any number of programmes; one of them is its primary, which is meant where a message
names none. A programme of an alliance is nobody's alone: a card earns and redeems in it where both
its issuer and the merchant who sells are members on that date, each with a row that lets it.
"""

import calendar
import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from host.earn_rules import EarnRule, in_force
from host.ledger import DEBT_FLOOR_POINTS

NEVER: Final = dt.date.max
"""The last day of what never expires: so it is sorted behind all else, and compared as any day."""


@enum.unique
class LotLife(enum.StrEnum):
    """How the last day of points is found, from the first on which they may be spent."""

    NEVER = "never"
    DAYS = "days"
    MONTHS = "months"
    MONTH_END = "month_end"
    YEAR_END = "year_end"


@dataclass(frozen=True, slots=True)
class Life:
    """How long points are good for that are earned on a day, or later until another row is."""

    since: dt.date
    life: LotLife
    count: int = 0
    """So many days, or months to the last day of which."""
    pending_days: int = 0
    """They may be spent so many days later; 0: at once."""

    def days_of(self, earned_on: dt.date) -> "LotDays":
        """The last day of points, and the first on which they may be spent."""
        first = earned_on + dt.timedelta(days=self.pending_days)
        return self._last_day(first), first if self.pending_days else None

    def _last_day(self, first: dt.date) -> dt.date:
        match self.life:
            case LotLife.NEVER:
                return NEVER
            case LotLife.DAYS:
                return first + dt.timedelta(days=self.count)
            case LotLife.MONTHS | LotLife.MONTH_END:
                return _end_of_month(first, self.count)
            case LotLife.YEAR_END:
                return dt.date(first.year, 12, 31)


LotDays = tuple[dt.date, dt.date | None]
"""The last day, and from when on; None: at once."""


def _end_of_month(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, calendar.monthrange(year, month + 1)[1])


LASTING: Final = Life(dt.date.min, LotLife.NEVER)
"""Of a programme that does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A points programme: how points are earned, spent and kept."""

    code: str
    unit: str
    earn_points: int
    earn_per_minor: int
    redemption_points_min: int
    lives: tuple[Life, ...]
    """By their first day, the newest first."""
    debt_is_allowed: bool
    rules: tuple[EarnRule, ...] = ()
    """All rows there are; none where every sale earns alike."""
    _of_merchants: dict[tuple[dt.date, int], tuple[EarnRule, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Found before: those that may apply at a merchant's on a day."""
    _days: dict[dt.date, LotDays] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Found before: every sale of a day asks for the same."""

    @property
    def is_capped(self) -> bool:
        """Whether what a card earns in a time is counted, or was."""
        return any(rule.caps for rule in self.rules)

    @property
    def floor(self) -> int:
        """How far below zero a purse in it may go."""
        return DEBT_FLOOR_POINTS if self.debt_is_allowed else 0

    def days_of_lot(self, earned_on: dt.date) -> LotDays:
        """The last day of points that are earned now, and from when on they may be spent."""
        days = self._days.get(earned_on)
        if days is None:
            days = self._days[earned_on] = self.life_on(earned_on).days_of(earned_on)
        return days

    def rules_at(self, merchant: int, day: dt.date) -> tuple[EarnRule, ...]:
        """Rules that may apply to its sales on that day, in their order."""
        found = self._of_merchants.get((day, merchant))
        if found is None:
            found = tuple(
                rule
                for rule in in_force(self.rules, day)
                if not rule.merchants or merchant in rule.merchants
            )
            self._of_merchants[day, merchant] = found
        return found

    def life_on(self, day: dt.date) -> Life:
        """The row in force; the first one there is of a day before all."""
        earliest = self.lives[-1] if self.lives else LASTING
        return next((one for one in self.lives if one.since <= day), earliest)


@dataclass(frozen=True, slots=True)
class Price:
    """What points pay from a day on, in whole steps of so many."""

    since: dt.date
    points: int
    worth_minor: int


Prices = Mapping[str, tuple[Price, ...]]
"""By the code of a programme, the newest first; one without buys nothing by its points."""


def price_on(prices: Prices, programme: Programme, day: dt.date) -> Price | None:
    """The one in force."""
    return next((one for one in prices.get(programme.code, ()) if one.since <= day), None)


@dataclass(frozen=True, slots=True)
class Member:
    """A time in which an issuer or a merchant, by its number, is one of an alliance."""

    number: int
    since: dt.date
    until: dt.date | None
    """Its last day; None while no end is known."""
    earns: bool
    redeems: bool

    def is_one(self, on: dt.date) -> bool:
        """Whether the day is one of its time."""
        return self.since <= on and (self.until is None or on <= self.until)


Members = Mapping[int, Sequence[Member]]
"""By their numbers: a sale asks for two of them, however many there are."""


def by_number(members: Iterable[Member]) -> Members:
    """Each with all the times in which it is one."""
    found: dict[int, list[Member]] = {}
    for one in members:
        found.setdefault(one.number, []).append(one)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Alliance:
    """Who shares programmes. An end of membership ends no purse: what it holds expires."""

    id: int
    programmes: tuple[Programme, ...]
    issuers: Members
    merchants: Members

    def has_both(self, issuer: int, merchant: int, on: dt.date) -> bool:
        """Whether a sale of theirs is one of partners."""
        sides = self._sides(issuer, merchant)
        return all(any(one.is_one(on) for one in side) for side in sides)

    def earns(self, issuer: int, merchant: int, on: dt.date) -> bool:
        """Whether a card of that issuer earns at that merchant."""
        sides = self._sides(issuer, merchant)
        return all(any(one.earns and one.is_one(on) for one in side) for side in sides)

    def redeems(self, issuer: int, merchant: int, on: dt.date) -> bool:
        """Whether a card of that issuer spends its points at that merchant."""
        sides = self._sides(issuer, merchant)
        return all(any(one.redeems and one.is_one(on) for one in side) for side in sides)

    def has_had(self, issuer: int) -> bool:
        """Whether that issuer's cards may have a purse in it."""
        return issuer in self.issuers

    def _sides(self, issuer: int, merchant: int) -> tuple[Sequence[Member], Sequence[Member]]:
        return self.issuers.get(issuer, ()), self.merchants.get(merchant, ())
