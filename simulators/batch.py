"""A terminal's own batch: what stands in its log, and what it adds up to by `SIDES`.

A cash load in doubt stays: the cash is in the drawer.
"""

from dataclasses import dataclass, field
from typing import Final

from host.estate.plan import CardPlan
from host.model.requests import Kind
from host.model.secrets import Pan
from host.model.totals import SIDES
from terminals.batches import WHOLE_UPLOADS, Halves, totals_of

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
    def pan(self) -> Pan:
        """The card's number."""
        return self.card.pan

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
        return totals_of(self.entries.values())

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
