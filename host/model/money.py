"""Amounts: whole numbers of minor units, never floats, each with its unit.

A unit is a currency's ISO 4217 letters (`CNY`, minor unit fen) or a points programme
(`P:` and the programme's code, minor unit one point).
"""

from typing import Final, Self

import msgspec

from host.model.vouchers import UNIT_NAMES

POINTS_PREFIX: Final = "P:"
UNIT_MARK: Final = ":"
"""In the unit of what is counted and is no money."""
CURRENCY_BY_NUMBER: Final = {"156": "CNY"}
"""ISO 4217 numeric code, as F49 carries it, to the letters the ledger uses."""
HOUSE_CURRENCY: Final = "CNY"
"""What a message is in that names no currency."""
UNIT_UNKNOWN: Final = "minor units"
"""Fen or points: of what a terminal told without saying which."""
NUMBER_BY_CURRENCY: Final = {letters: number for number, letters in CURRENCY_BY_NUMBER.items()}


class Money(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An amount in minor units of one unit. May be negative only where a balance may."""

    amount_minor: int
    unit: str

    @property
    def is_points(self) -> bool:
        """Whether the unit is a points programme rather than a currency."""
        return self.unit.startswith(POINTS_PREFIX)

    @classmethod
    def points(cls, programme: str, amount: int) -> Self:
        """So many points of a programme."""
        return cls(amount, POINTS_PREFIX + programme)

    @property
    def is_counted(self) -> bool:
        """Whether it is pieces: points, goods, stamps, and no money."""
        return UNIT_MARK in self.unit

    @property
    def figures(self) -> str:
        """The amount as people write it, without its unit."""
        if self.is_counted or not self.unit:
            return f"{self.amount_minor:,}"
        sign = "-" if self.amount_minor < 0 else ""
        whole, part = divmod(abs(self.amount_minor), 100)
        return f"{sign}{whole:,}.{part:02d}"

    @property
    def unit_name(self) -> str:
        """The unit as people call it: the currency, or points and whose; nobody may know it."""
        if not self.unit:
            return UNIT_UNKNOWN
        if not self.is_points:
            return UNIT_NAMES.get(self.unit, self.unit)
        return f"points {self.unit.removeprefix(POINTS_PREFIX)}".strip()

    def __str__(self) -> str:
        return f"{self.figures} {self.unit_name}"
