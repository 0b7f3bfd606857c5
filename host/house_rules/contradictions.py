"""Which rules of one set cannot both be meant: a table of pairs, and why.

Two rules contradict each other where both have a say and what they say cannot be told apart by
priority, or leaves nothing that could pass. Rules of different sets never do: each set is decided
by itself, and the strictest holds.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, NamedTuple

from host.house_rules.rule import ACCEPTANCE, Facets, HouseRule, Says

KindsOf = Callable[[HouseRule], frozenset[str]]
MINUTES: Final = 24 * 60


class Contradiction(NamedTuple):
    """One row: whether two rules that overlap cannot both be meant, and why not."""

    found: Callable[[HouseRule, HouseRule], bool]
    en: str
    zh: str


def _limit_differently(one: HouseRule, other: HouseRule) -> bool:
    return (
        one.says not in ACCEPTANCE
        and one.group == other.group
        and one.priority == other.priority
        and one.unit == other.unit
        and (one.amount_minor, one.times) != (other.amount_minor, other.times)
    )


def _leave_no_amount(one: HouseRule, other: HouseRule) -> bool:
    return (
        one.says is Says.AMOUNT_MIN
        and other.says is Says.AMOUNT_MAX
        and one.unit == other.unit
        and one.amount_minor > other.amount_minor
    )


def _deny_what_is_allowed(one: HouseRule, other: HouseRule) -> bool:
    return one.says is Says.DENY and other.says is Says.ALLOW and one.priority == other.priority


def _are_nowhere_together(one: HouseRule, other: HouseRule) -> bool:
    is_pair = one.says is other.says is Says.ONLY and one.priority == other.priority
    return is_pair and not _meet(one.place, other.place)


def _deny_all_that_is_left(one: HouseRule, other: HouseRule) -> bool:
    is_pair = one.says is Says.DENY and other.says is Says.ONLY
    if not is_pair or one.priority < other.priority:
        return False
    left = dict(other.place)
    return all(name in left and left[name] <= denied for name, denied in one.place)


CONTRADICTIONS: Final = (
    Contradiction(
        _limit_differently,
        "both limit the same, by different figures at the same priority",
        "两者以相同优先级对同一事项给出不同限额",
    ),
    Contradiction(
        _leave_no_amount,
        "no amount is neither below the one nor above the other",
        "下限高于上限, 没有金额可以通过",
    ),
    Contradiction(
        _deny_what_is_allowed,
        "one denies what the other allows, at the same priority",
        "一条拒绝、另一条允许同一事项, 且优先级相同",
    ),
    Contradiction(
        _are_nowhere_together,
        "nothing is where both let it be",
        "两条“仅限”范围没有交集",
    ),
    Contradiction(
        _deny_all_that_is_left,
        "one denies all that the other leaves",
        "一条拒绝了另一条所保留的全部范围",
    ),
)


def contradiction(one: HouseRule, other: HouseRule, kinds_of: KindsOf) -> Contradiction | None:
    """Why they cannot both be meant; None where they can. `kinds_of` are those a rule is about."""
    if one.owner != other.owner or not _overlap(one, other, kinds_of):
        return None
    for row in CONTRADICTIONS:
        if row.found(one, other) or row.found(other, one):
            return row
    return None


def _overlap(one: HouseRule, other: HouseRule, kinds_of: KindsOf) -> bool:
    """Whether a message could be about both."""
    places = (one.place, other.place) if Says.ONLY not in {one.says, other.says} else ((), ())
    return (
        not kinds_of(one).isdisjoint(kinds_of(other))
        and _meet(one.who, other.who)
        and _meet(*places)
        and (None in {one.is_registered, other.is_registered}
             or one.is_registered == other.is_registered)
        and (not one.weekdays or not other.weekdays
             or not one.weekdays.isdisjoint(other.weekdays))
        and not _minutes(one).isdisjoint(_minutes(other))
        and max(one.since, other.since) <= min(_last(one), _last(other))
    )  # fmt: skip


def _meet(some: Facets, others: Facets) -> bool:
    """Whether sets of the same facet have something in common; a facet that one lacks is any."""
    named = dict(others)
    return all(name not in named or not among.isdisjoint(named[name]) for name, among in some)


def _minutes(rule: HouseRule) -> frozenset[int]:
    """Of the day, in which it holds."""
    begin, end = _minute(rule.time_from, 0), _minute(rule.time_until, MINUTES)
    if begin < end:
        return frozenset(range(begin, end))
    return frozenset((*range(begin, MINUTES), *range(end)))


def _minute(clock: str, otherwise: int) -> int:
    return int(clock[:2]) * 60 + int(clock[2:]) if clock else otherwise


def _last(rule: HouseRule) -> dt.date:
    return rule.until or dt.date.max
