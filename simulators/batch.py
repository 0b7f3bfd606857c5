"""A terminal's own batch: what stands in its log, and what it adds up to by `SIDES`.

A sale that was reversed is out of it; a voided one stays, and its void stands on the other side.
A cash load in doubt stays: the cash is in the drawer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from host.estate.plan import CardPlan
from host.model.requests import Kind, Totals
from host.model.totals import SIDES, TotalsSide
from terminals.fields import (
    ASKED,
    TOTALS,
    TOTALS_HALF_DIGITS,
    UPLOAD_RECORD,
    UPLOAD_RECORDS_MAX,
    digits_of,
)

Halves = tuple[Totals, Totals]
"""Money and points."""
WHOLE_UPLOADS: Final = frozenset({Kind.REFUND})
"""Kinds that are uploaded whole, in their own fields."""
CHIP_DATA: Final = "55"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a terminal's log."""

    kind: Kind
    in_points: bool
    trace: str
    amount_minor: int
    """As it counts in the totals: of points earned, the points."""
    card: CardPlan
    asked: dict[str, str] = field(default_factory=dict)
    """The message, for an upload in its own fields; of POS terminals alone."""

    @property
    def is_by_chip(self) -> bool:
        """Whether the card was read by its chip."""
        return CHIP_DATA in self.asked


@dataclass(slots=True)
class Batch:
    """Entries by trace, in the order they were made."""

    entries: dict[str, Entry] = field(default_factory=dict)
    refused: list[Entry] = field(default_factory=list)
    """What was declined to a chip: told in an upload, counted nowhere."""

    def add(self, entry: Entry) -> None:
        """Write a line."""
        if entry.kind in SIDES:
            self.entries[entry.trace] = entry

    def refuse(self, entry: Entry) -> None:
        """Keep what was declined, where that is kept at all."""
        if entry.is_by_chip:
            self.refused.append(entry)

    def totals(self) -> Halves:
        """What F48 of a settlement says."""
        money = (one for one in self.entries.values() if not one.in_points)
        points = (one for one in self.entries.values() if one.in_points)
        return _half(money), _half(points)

    @property
    def compact(self) -> list[Entry]:
        """What is uploaded as records of 40 digits."""
        return [one for one in self._by_stripe if one.kind not in WHOLE_UPLOADS]

    @property
    def whole(self) -> list[Entry]:
        """What is uploaded in its own fields."""
        return [one for one in self._by_stripe if one.kind in WHOLE_UPLOADS]

    @property
    def by_chip(self) -> list[Entry]:
        """What is uploaded as a notice with its chip data."""
        return [one for one in self.entries.values() if one.is_by_chip]

    @property
    def _by_stripe(self) -> list[Entry]:
        return [one for one in self.entries.values() if not one.is_by_chip]


def totals_digits(halves: Halves) -> str:
    """F48 of a settlement: 62 digits, two halves with a flag behind each."""
    return "".join(
        digits_of(
            TOTALS,
            {
                "debit_minor": half.debit_minor,
                "debit_count": half.debit_count,
                "credit_minor": half.credit_minor,
                "credit_count": half.credit_count,
            },
        )
        + str(ASKED)
        for half in halves
    )


def flags_of(digits: str) -> tuple[int, int]:
    """What the host says of both halves: 1 agreed, 2 not, 3 not compared."""
    return int(digits[TOTALS_HALF_DIGITS - 1]), int(digits[-1])


def compact_uploads(entries: list[Entry]) -> list[str]:
    """F48 of as many uploads as it takes: a count, then up to eight records."""
    return [
        f"{len(part):02d}" + "".join(_record(entry) for entry in part)
        for part in (
            entries[at : at + UPLOAD_RECORDS_MAX]
            for at in range(0, len(entries), UPLOAD_RECORDS_MAX)
        )
    ]


def _record(entry: Entry) -> str:
    numbers = {
        "card": 0,
        "trace": int(entry.trace),
        "pan": int(entry.card.pan.reveal()),
        "amount": entry.amount_minor,
    }
    return digits_of(UPLOAD_RECORD, numbers)


def _half(entries: Iterable[Entry]) -> Totals:
    sums = {side: [0, 0] for side in TotalsSide}
    for entry in entries:
        row = SIDES[entry.kind]
        side = row.points if entry.in_points else row.money
        if side is not None:
            sums[side][0] += entry.amount_minor
            sums[side][1] += 1
    return Totals(*sums[TotalsSide.DEBIT], *sums[TotalsSide.CREDIT])
