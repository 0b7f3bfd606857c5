"""What a card has earned by a rule in a day or a month, where the rule caps that.

A cap is counted as usage of limits is, in a counter of the card (`earn/PROGRAMME/RULE`). What each
sale counted stands beside its journal, and what undoes it gives that back there: on the sale's own
day and month, or nowhere any more.
"""

from collections.abc import Iterator

import msgspec

from host.earn_rules import EarnRule
from host.house_rules.rule import By, Period, period_from
from host.model.money import POINTS_PREFIX
from host.rules.dossier import Dossier
from host.rules.state import Original
from host.rules.usage import EarnCounted, Usage, UsageKey


def earn_key(unit: str, rule: str, period: Period | str, card: int) -> UsageKey:
    """Under which what a card earns by a rule is counted."""
    counter = f"earn/{unit.removeprefix(POINTS_PREFIX)}/{rule}"
    return UsageKey(counter, period, By.CARD, str(card))


def room_under_caps(dossier: Dossier, unit: str, rule: EarnRule, points: int) -> int:
    """As many of these points as the rule lets the card earn today, and this month."""
    for _period, most, usage in _caps(dossier, unit, rule):
        points = min(points, max(most - usage.amount_minor, 0))
    return points


def count_earned(dossier: Dossier, unit: str, rule: EarnRule, asked: int, points: int) -> None:
    """Count what is given of so many that would be without caps of a time."""
    for period, _most, usage in _caps(dossier, unit, rule):
        told = EarnCounted(
            unit=unit,
            period=period,
            since=period_from(period, dossier.today),
            rule=rule.code,
            rule_since=rule.since,
            points=points,
            had=usage.amount_minor,
            asked=asked,
        )
        dossier.keep(told)
        usage.add(0, points)


def free_earned(dossier: Dossier, unit: str | None = None, points: int | None = None) -> None:
    """Give back what the original counted: so many points in a unit, or all of it in each.

    What it had given back itself it counts again.
    """
    original = dossier.present_original
    for told in dossier.state.earn_counted.get(original.number, ()):
        if unit is None or told.unit == unit:
            back = told.points if points is None else points
            if back:
                _give_back(dossier, original, told, -back)


def _give_back(dossier: Dossier, original: Original, told: EarnCounted, points: int) -> None:
    dossier.keep(msgspec.structs.replace(told, points=points, had=0, asked=0))
    usage = dossier.state.usage.get(earn_key(told.unit, told.rule, told.period, original.card.id))
    assert usage is not None, "what an original counted is read with its counters"
    usage.add(0, points if usage.since == told.since else 0)


def _caps(dossier: Dossier, unit: str, rule: EarnRule) -> Iterator[tuple[Period, int, Usage]]:
    card = dossier.present_card.id
    for period, most in rule.caps:
        yield period, most, dossier.state.usage[earn_key(unit, rule.code, period, card)]
