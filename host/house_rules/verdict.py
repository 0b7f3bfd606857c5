"""What rules say of one message: pure, over its facts, its amount and what was used before."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from host.house_rules.rule import LIMITS, ORDER, Facts, HouseRule, Period, Says


class Used(msgspec.Struct, gc=False):
    """How often, and of how much together, in a period."""

    times: int = 0
    amount_minor: int = 0


class Measured(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a message would do: minor units, in the unit that its facts name."""

    amount_minor: int
    balance_minor: int | None = None
    """What the card would have after it; None where nothing is loaded."""


NOTHING: Final = Used()


def denial(
    rules: Iterable[HouseRule],
    facts: Facts,
    measured: Measured,
    used_of: Callable[[HouseRule], Used],
) -> HouseRule | None:
    """The rule that says no, the first in the order in which they are asked; None: none does."""
    found = [rule for rule in rules if _says_no(rule, facts, measured, used_of)]
    return min(found, key=_place, default=None)


def _place(rule: HouseRule) -> tuple[int, int, int]:
    return ORDER[rule.says], -rule.priority, rule.id


def _says_no(
    rule: HouseRule, facts: Facts, measured: Measured, used_of: Callable[[HouseRule], Used]
) -> bool:
    if rule.says in LIMITS:
        used = NOTHING if rule.period is Period.TRANSACTION else used_of(rule)
        return _is_beyond(rule, measured, used)
    if rule.says is Says.ONLY:
        return not rule.is_here(facts)
    if rule.says is Says.AMOUNT_MIN:
        return measured.amount_minor < rule.amount_minor
    if rule.says is Says.BALANCE_MAX:
        balance = measured.balance_minor
        return balance is not None and balance > rule.amount_minor
    return rule.says is Says.DENY


def _is_beyond(rule: HouseRule, measured: Measured, used: Used) -> bool:
    if rule.says is Says.COUNT_MAX:
        return used.times >= rule.times
    return used.amount_minor + measured.amount_minor > rule.amount_minor
