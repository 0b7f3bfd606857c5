"""Points programmes and alliances: whose points a card earns where, and where it spends them.

An issuer has any number of programmes; one of them is its primary, which is meant where a message
names none. A programme of an alliance is nobody's alone: a card earns and redeems in it where both
its issuer and the merchant who sells are members on that date, each with a row that lets it.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from host.ledger import DEBT_FLOOR_POINTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A points programme: how points are earned, spent and kept."""

    code: str
    unit: str
    earn_points: int
    earn_per_minor: int
    redemption_points_min: int
    lot_months: int
    debt_is_allowed: bool

    @property
    def floor(self) -> int:
        """How far below zero a purse in it may go."""
        return DEBT_FLOOR_POINTS if self.debt_is_allowed else 0


@dataclass(frozen=True, slots=True)
class Member:
    """A time in which an issuer or a merchant, by its number, is one of an alliance."""

    number: int
    since: dt.date
    until: dt.date | None
    """Its last day; None while no end is known."""
    earns: bool
    redeems: bool

    def is_one(self, number: int, on: dt.date) -> bool:
        """Whether it is that one, and the day is one of its time."""
        return (
            self.number == number and self.since <= on and (self.until is None or on <= self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alliance:
    """Who shares programmes. An end of membership ends no purse: what it holds expires."""

    programmes: tuple[Programme, ...]
    issuers: tuple[Member, ...]
    merchants: tuple[Member, ...]

    def earns(self, issuer: int, merchant: int, on: dt.date) -> bool:
        """Whether a card of that issuer earns at that merchant."""
        return _lets(self.issuers, issuer, on, "earns") and _lets(
            self.merchants, merchant, on, "earns"
        )

    def redeems(self, issuer: int, merchant: int, on: dt.date) -> bool:
        """Whether a card of that issuer spends its points at that merchant."""
        return _lets(self.issuers, issuer, on, "redeems") and _lets(
            self.merchants, merchant, on, "redeems"
        )

    def has_had(self, issuer: int) -> bool:
        """Whether that issuer's cards may have a purse in it."""
        return any(member.number == issuer for member in self.issuers)


def _lets(members: Iterable[Member], number: int, on: dt.date, what: str) -> bool:
    return any(getattr(one, what) for one in members if one.is_one(number, on))
