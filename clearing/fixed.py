"""The night's files in fixed width: the same rows and values as the CSV, each at its place.

A layout is a row: its columns in order, each with its width, the side its values stand at and what
fills the rest. Positions follow from widths. Every record is equally long and ends in CR LF. A
value that does not fit is refused, never cut, and so is one that could not be read back: a reader
takes a column's characters, strips what fills it, and has what the CSV says.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from clearing.layout import DETAIL
from clearing.night import ClearingError

LEFT, RIGHT = "left", "right"
BLANK, ZERO = " ", "0"
END_OF_RECORD: Final = b"\r\n"


class Width(msgspec.Struct, frozen=True, kw_only=True):
    """One column: `characters` of printable ASCII. An empty value is blanks, whatever fills it."""

    name: str
    characters: int
    side: str = LEFT
    filler: str = BLANK

    def text(self, value: str) -> str:
        """The value at its place.

        Raises:
            ValueError: says why it cannot stand there.
        """
        if not value:
            return BLANK * self.characters
        if len(value) > self.characters:
            message = f"{value!r} is longer than {self.characters} characters"
            raise ValueError(message)
        if not (value.isascii() and value.isprintable()):
            message = f"{value!r} is not printable ASCII"
            raise ValueError(message)
        if self.filler == ZERO:
            if not value.isdecimal():
                message = f"{value!r} has more than digits"
                raise ValueError(message)
        elif value.strip(BLANK) != value:
            message = f"{value!r} begins or ends with a blank"
            raise ValueError(message)
        fill = value.ljust if self.side == LEFT else value.rjust
        return fill(self.characters, self.filler)


class FixedLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of file: which records of the CSV it has, and their columns."""

    name: str
    meaning: str
    has_details: bool
    columns: tuple[Width, ...]

    @property
    def record_characters(self) -> int:
        """How long each record is, without its end."""
        return sum(column.characters for column in self.columns)

    def positions(self) -> Iterator[tuple[Width, int, int]]:
        """Each column with its first and its last position, counted from 1."""
        first = 1
        for column in self.columns:
            yield column, first, first + column.characters - 1
            first += column.characters

    def records(self, rows: Iterator[Mapping[str, str]]) -> Iterator[bytes]:
        """Each row of a CSV as a record; one that the CSV does not have a column for is blank.

        Raises:
            ClearingError: a value does not fit; says in which row and column.
        """
        for number, row in enumerate(rows, 2):  # below the heads
            if self.has_details or row["record"] != DETAIL:
                yield self._record(number, row)

    def _record(self, number: int, row: Mapping[str, str]) -> bytes:
        texts = []
        for column in self.columns:
            try:
                texts.append(column.text(row.get(column.name, "")))
            except ValueError as error:
                message = (
                    f"in fixed width ({self.name}) line {number} of the CSV has no place: "
                    f"{column.name} {error}. Nothing was cut, and nothing was written. Next: take "
                    "the file as csv or xlsx"
                )
                raise ClearingError(message) from error
        return "".join(texts).encode("ascii") + END_OF_RECORD


_RECORD: Final = Width(name="record", characters=6)
_SUMS: Final = (
    Width(name="unit", characters=34),
    Width(name="amount", characters=20, side=RIGHT),
    Width(name="points_earned", characters=19, side=RIGHT),
    Width(name="rows", characters=10, side=RIGHT, filler=ZERO),
    Width(name="fee", characters=20, side=RIGHT),
)
LAYOUTS: Final[Sequence[FixedLayout]] = (
    FixedLayout(
        name="detail",
        meaning="every record of the CSV",
        has_details=True,
        columns=(
            _RECORD,
            Width(name="business_date", characters=10),
            Width(name="rrn", characters=12),
            Width(name="kind", characters=24),
            Width(name="merchant_id", characters=15),
            Width(name="issuer_id", characters=11),
            Width(name="terminal_id", characters=8),
            Width(name="batch", characters=32),
            Width(name="trace", characters=40),
            Width(name="card", characters=19),
            Width(name="original_rrn", characters=12),
            *_SUMS,
            Width(name="fee_unit", characters=3),
        ),
    ),
    FixedLayout(
        name="summary",
        meaning="TOTAL and END alone",
        has_details=False,
        columns=(_RECORD, *_SUMS),
    ),
)
BY_NAME: Final = {layout.name: layout for layout in LAYOUTS}
