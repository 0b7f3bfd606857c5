"""Earn rules: where, when and on what a programme gives more, or less, than what it gives for all.

Rules are dated rows, many for a programme. Of those that apply to a sale the first in their order
decides, and no other: so a sale is explained by one rule, or by none. It multiplies what all sales
earn, adds a bonus, and caps what comes of it: of a sale, and of all that a card earns by it in a
day and in a month. Facets that a rule does not name are all there are.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from host.house_rules.rule import Period

ANYTHING: Final[frozenset[int]] = frozenset()
ANY_WORD: Final[frozenset[str]] = frozenset()


class Sale(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What rules are held against."""

    merchant: int
    store: int = 0
    category: str = ""
    """The merchant's trade."""
    goods: str = ""
    """As the till says them."""
    product: int = 0
    """Of the card: its tier is its product."""
    amount_minor: int = 0
    day: dt.date
    """The business date."""
    weekday: int = 1
    """1 is Monday, by the host's clock in the acquirer's zone."""
    clock: str = "0000"
    """HHMM of the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarnRule:
    """A rule as it is from a day on."""

    code: str
    since: dt.date
    until: dt.date | None = None
    """Its last day."""
    priority: int = 100
    """The least comes first; of one priority the codes are sorted."""
    merchants: frozenset[int] = ANYTHING
    stores: frozenset[int] = ANYTHING
    categories: frozenset[str] = ANY_WORD
    goods: frozenset[str] = ANY_WORD
    products: frozenset[int] = ANYTHING
    weekdays: frozenset[int] = ANYTHING
    time_from: str = ""
    time_until: str = ""
    """HHMM; the last minute included. A time that ends before it begins goes over midnight."""
    amount_min_minor: int = 0
    amount_max_minor: int | None = None
    times: int = 1
    per: int = 1
    """What all earn, times this fraction, rounded down."""
    bonus: int = 0
    points_max: int | None = None
    """Of one sale."""
    points_max_day: int | None = None
    """Of a card on one business date."""
    points_max_month: int | None = None

    @property
    def caps(self) -> tuple[tuple[Period, int], ...]:
        """How many points a card earns by it at most, in which time."""
        caps = ((Period.DAY, self.points_max_day), (Period.MONTH, self.points_max_month))
        return tuple([(period, most) for period, most in caps if most is not None])

    def points(self, amount_minor: int, earn_points: int, earn_per_minor: int) -> int:
        """What a sale earns by it: whole points, never rounded up."""
        whole = amount_minor * earn_points * self.times // (earn_per_minor * self.per)
        points = whole + self.bonus
        return points if self.points_max is None else min(points, self.points_max)

    def is_of(self, sale: Sale) -> bool:
        """Whether it applies."""
        return (
            self._is_there(sale)
            and self.amount_min_minor <= sale.amount_minor
            and (self.amount_max_minor is None or sale.amount_minor <= self.amount_max_minor)
            and (not self.weekdays or sale.weekday in self.weekdays)
            and self._is_then(sale.clock)
        )

    def _is_there(self, sale: Sale) -> bool:
        return all(
            not named or one in named
            for named, one in (
                (self.merchants, sale.merchant),
                (self.stores, sale.store),
                (self.categories, sale.category),
                (self.goods, sale.goods),
                (self.products, sale.product),
            )
        )

    def _is_then(self, clock: str) -> bool:
        first, last = self.time_from or "0000", self.time_until or "2359"
        if first <= last:
            return first <= clock <= last
        return clock >= first or clock <= last


def in_force(rules: Iterable[EarnRule], day: dt.date) -> tuple[EarnRule, ...]:
    """Of each rule the row that is in force, in the order in which they are asked."""
    newest: dict[str, EarnRule] = {}
    for rule in rules:
        known = newest.get(rule.code)
        if rule.since <= day and (known is None or known.since < rule.since):
            newest[rule.code] = rule
    standing = [one for one in newest.values() if one.until is None or day <= one.until]
    return tuple(sorted(standing, key=lambda one: (one.priority, one.code)))
