"""A terminal's batch as it settles it: what its lines add up to, and F48 of totals and records.

A sale that was reversed is out of it; a voided one stays, and its void stands on the other side.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from host.model.requests import Kind, Totals
from host.model.secrets import Pan
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


class Line(Protocol):
    """One line of a terminal's log."""

    @property
    def kind(self) -> Kind:
        """What it was."""

    @property
    def in_points(self) -> bool:
        """Whether its amount counts points."""

    @property
    def trace(self) -> str:
        """Of its message."""

    @property
    def pan(self) -> Pan:
        """What was presented."""

    @property
    def amount_minor(self) -> int:
        """As it counts in the totals: of points earned, the points."""


def totals_of(lines: Iterable[Line]) -> Halves:
    """What F48 of a settlement says."""
    lines = list(lines)
    money = (one for one in lines if not one.in_points)
    points = (one for one in lines if one.in_points)
    return _half(money), _half(points)


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


def compact_uploads(lines: Sequence[Line]) -> list[str]:
    """F48 of as many uploads as it takes: a count, then up to eight records."""
    return [
        f"{len(part):02d}" + "".join(_record(line) for line in part)
        for part in (
            lines[at : at + UPLOAD_RECORDS_MAX] for at in range(0, len(lines), UPLOAD_RECORDS_MAX)
        )
    ]


def _record(line: Line) -> str:
    numbers = {
        "card": 0,
        "trace": int(line.trace),
        "pan": int(line.pan.reveal()),
        "amount": line.amount_minor,
    }
    return digits_of(UPLOAD_RECORD, numbers)


def _half(lines: Iterable[Line]) -> Totals:
    sums = {side: [0, 0] for side in TotalsSide}
    for line in lines:
        row = SIDES[line.kind]
        side = row.points if line.in_points else row.money
        if side is not None:
            sums[side][0] += line.amount_minor
            sums[side][1] += 1
    return Totals(*sums[TotalsSide.DEBIT], *sums[TotalsSide.CREDIT])
