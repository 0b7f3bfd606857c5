"""Reads the house's own rules into a `RuleBook`."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import psycopg

from host.house_rules.rule import FIRST_DAY, PLACE, WHO, By, HouseRule, Owner, Period, Says, plain
from host.house_rules.rulebook import PackUse, RuleBook
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "rulebook.sql")
Connection = psycopg.Connection[Any]


def read_rules(connection: Connection) -> RuleBook | None:
    """All that may be in force; None where there is none, and none has ever counted anything."""
    counted = connection.execute(SQL["has_counted"]).fetchone()
    book = RuleBook(
        rules_in_force(connection),
        pack_uses(connection),
        has_counted=counted is not None and bool(counted[0]),
    )
    return None if book.is_empty else book


def rules_in_force(connection: Connection) -> Iterator[HouseRule]:
    """Versions that were activated and are not over."""
    return map(rule_of, connection.execute(SQL["rules"]))


def pack_uses(connection: Connection) -> Iterator[PackUse]:
    """Who has which pack."""
    for pack, issuer, since, until in connection.execute(SQL["pack_uses"]):
        yield PackUse(pack=pack, issuer=issuer, since=since or FIRST_DAY, until=until)


def rule_of(row: Sequence[Any]) -> HouseRule:
    """From the columns of the view `rule_version`."""
    number, version, name, says, pack, issuer, merchant, alliance, priority, *rest = row
    amount, unit, times, period, by, kinds, *facets = rest
    *named, is_registered, weekdays, time_from, time_until, since, until, _state = facets
    sets = dict(zip((*WHO, *PLACE), map(_facet, named), strict=True))
    return HouseRule(
        id=number,
        version=version,
        name=name,
        says=Says(says),
        owner=Owner(pack or "", issuer or 0, merchant or 0, alliance or 0),
        priority=priority,
        amount_minor=amount,
        unit=unit,
        times=times,
        period=Period(period),
        by=By(by),
        kinds=frozenset(kinds),
        who=tuple((name, sets[name]) for name in WHO if sets[name]),
        place=tuple((name, sets[name]) for name in PLACE if sets[name]),
        is_registered=is_registered,
        weekdays=frozenset(weekdays),
        time_from=time_from,
        time_until=time_until,
        since=since or FIRST_DAY,
        until=until,
    )


def _facet(named: Sequence[Any]) -> frozenset[Any]:
    return frozenset(plain(one) if isinstance(one, str) else one for one in named)
