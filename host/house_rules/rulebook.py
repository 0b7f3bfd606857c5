"""The rules that may be in force, by issuer, merchant and kind: those that may have a say.

What is found once is kept for as long as the book is: a change of rules is another book. Where
there is no rule at all there is no book, and a batch pays for looking whether there is one.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from host.house_rules.rule import Facts, HouseRule, Owner, Says
from host.model.requests import Kind

NO_CIRCLES: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackUse:
    """From when until when an issuer has a pack of rules. Business dates, the last one included."""

    pack: str
    issuer: int
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a kind does to a card, which says what rules that name no kinds are about."""

    spends: bool
    loads: bool


class RuleBook:
    """Rules of all sets. `has_counted`: usage was counted at some time, and is given back, too."""

    def __init__(
        self, rules: Iterable[HouseRule], uses: Iterable[PackUse] = (), *, has_counted: bool = False
    ) -> None:
        listed = list(rules)
        self.rules = (
            *(rule for rule in listed if not rule.owner.pack),
            *_of_packs([rule for rule in listed if rule.owner.pack], uses),
        )
        self.has_counted = has_counted or any(rule.counts for rule in self.rules)
        self.is_of_alliances = any(rule.owner.alliance for rule in self.rules)
        """Whether it has to be known who is in which."""
        self._found: dict[tuple[int, int, Kind, frozenset[int]], tuple[HouseRule, ...]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nobody could ever be told of a rule."""
        return not self.rules and not self.has_counted

    def asked(
        self, issuer: int, merchant: int, kind: Kind, aim: Aim, circles: frozenset[int] = NO_CIRCLES
    ) -> tuple[HouseRule, ...]:
        """Rules that a message may have to ask, whatever else it says.

        `circles` are the alliances whose partners its issuer and merchant both are that day.
        """
        key = (issuer, merchant, kind, circles)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = tuple(
                rule
                for rule in self.rules
                if rule.owner.issuer in {0, issuer}
                and rule.owner.merchant in {0, merchant}
                and (not rule.owner.alliance or rule.owner.alliance in circles)
                and _is_about(rule, kind, aim)
            )
        return found


def applying(rules: Iterable[HouseRule], facts: Facts, today: dt.date) -> tuple[HouseRule, ...]:
    """Of these rules those that have a say, in the order in which they are asked."""
    found = [rule for rule in rules if rule.is_in_force(today) and rule.applies(facts)]
    if len(found) > 1:
        highest: dict[tuple[object, ...], int] = {}
        for rule in found:
            highest[rule.group] = max(rule.priority, highest.get(rule.group, rule.priority))
        found = [rule for rule in found if rule.priority == highest[rule.group]]
    return tuple(found)


def _of_packs(rules: Iterable[HouseRule], uses: Iterable[PackUse]) -> Iterable[HouseRule]:
    """Each rule of a pack as the rule of each issuer that has it, while both are in force."""
    listed = list(uses)
    for rule in rules:
        for use in listed:
            if use.pack == rule.owner.pack:
                ends = [day for day in (rule.until, use.until) if day is not None]
                yield replace(
                    rule,
                    owner=Owner(use.pack, use.issuer),
                    since=max(rule.since, use.since),
                    until=min(ends, default=None),
                )


def _is_about(rule: HouseRule, kind: Kind, aim: Aim) -> bool:
    if rule.says is Says.BALANCE_MAX and not aim.loads:
        return False
    if rule.kinds:
        return kind in rule.kinds
    return aim.loads if rule.says is Says.BALANCE_MAX else aim.spends
