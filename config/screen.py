"""What a person reads of figures: a screen to write on, and sheets whose numbers are never cut.

A sheet is a table where its screen is wide enough for it; where it is not, the first column becomes
headings of the rows that share it, and where that is too wide as well it is a list of its rows, a
line for each column. Only a column of prose may be folded. Into a file or a pipe nothing has a
limit: a row is a line. So is a sentence, which a terminal is given in lines that it has room for.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from config.cells import cell_count, fold
from config.language import speech
from host.model.money import Money

UNLIMITED: Final = 1_000_000
"""As wide as nothing is that we print."""
PROSE_COLUMNS_MIN: Final = 20
"""Prose is not folded into less."""
RULE_MAX: Final = 100
"""The line below the head, where prose runs on."""
GAP: Final = "  "
GROUPED_MIN: Final = 3
"""Columns that a table has at least before its first becomes headings."""


def screen() -> Console:
    """Standard output: as wide as the terminal is, and without one as wide as what is written.

    What is printed is what stands there: brackets are a part of the settings, and no markup.
    """
    width = None if sys.stdout.isatty() else UNLIMITED
    return Screen(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


class Screen(Console):
    """A console that says every sentence in the language of whoever reads it.

    What a program reads leaves by `out`, which changes nothing.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich does."""
        told = (self._told(each) if isinstance(each, str) else each for each in objects)
        super().print(*told, **options)

    def _told(self, text: str) -> str:
        """In the reader's language; what is too wide for a terminal goes on below, indented."""
        said = speech.said(text)
        if self.width >= UNLIMITED:
            return said
        return "\n".join(line for each in said.split("\n") for line in _fitted(each, self.width))


class Line:
    """A line of a screen that is drawn again and again, and goes on below where it is too wide."""

    def __init__(self, text: str) -> None:
        self._text = speech.said(text)

    def __str__(self) -> str:
        return self._text

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """As rich asks for it."""
        for each in _fitted(self._text, options.max_width):
            yield Text(each, no_wrap=True, overflow="ignore")


class Column(NamedTuple):
    """One column of a sheet."""

    name: str
    is_number: bool = False
    """Stands on the right."""
    is_prose: bool = False
    """May be folded; the last column of its sheet."""
    is_worded: bool = False
    """Its cells are words of ours, and none of the data's."""


def number(name: str) -> Column:
    """A column of numbers or amounts."""
    return Column(name, is_number=True)


def prose(name: str, *, is_worded: bool = False) -> Column:
    """A column of sentences, of the data's or of ours."""
    return Column(name, is_prose=True, is_worded=is_worded)


def words(name: str) -> Column:
    """A column of our own words, as kinds of transactions."""
    return Column(name, is_worded=True)


def amount(minor: int, unit: str) -> str:
    """The one way in which money and points are shown: figures, and in what."""
    return str(Money(minor, unit))


class Sheet:
    """Rows under columns, in the same number; rich shows it as wide as there is room."""

    def __init__(
        self, columns: Sequence[Column], rows: Iterable[Sequence[str]], title: str = ""
    ) -> None:
        self._columns = [column._replace(name=speech.said(column.name)) for column in columns]
        self._rows = [
            tuple(
                speech.said(cell) if column.is_worded else cell
                for column, cell in zip(columns, row, strict=True)
            )
            for row in rows
        ]
        self._title = speech.said(title)
        self._widths = [
            max(cell_count(cell) for cell in (column.name, *cells))
            for column, cells in zip(self._columns, self._cells(), strict=True)
        ]

    def _cells(self) -> Iterable[Iterable[str]]:
        return zip(*self._rows, strict=True) if self._rows else ((),) * len(self._columns)

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        """As rich asks for it."""
        room = options.max_width
        lines = self._table(room) or self._grouped(room) or self._list()
        title = [self._title] if self._title else []
        for line in (*title, *lines):
            yield Text(line, no_wrap=True, overflow="ignore")

    def _table(self, room: int) -> list[str] | None:
        """None where it needs more room."""
        widths = list(self._widths)
        left = room - sum(widths) - len(GAP) * (len(widths) - 1)
        if left < 0:
            if not self._columns[-1].is_prose or widths[-1] + left < PROSE_COLUMNS_MIN:
                return None
            widths[-1] += left
        head = self._line([column.name for column in self._columns], widths)
        rows = [line for row in self._rows for line in self._folded(row, widths)]
        rule = "─" * min(room, RULE_MAX, sum(widths) + len(GAP) * (len(widths) - 1))
        return [*head, rule, *rows]

    def _grouped(self, room: int) -> list[str] | None:
        """The rest of the columns as a table, below headings that are the first."""
        indent = len(GAP)
        rest = Sheet(self._columns[1:], [row[1:] for row in self._rows])
        lines = rest._table(room - indent) if len(self._columns) >= GROUPED_MIN else None
        if lines is None or len(lines) != len(self._rows) + 2:
            return None
        head, rule, *rows = (" " * indent + line for line in lines)
        told = [head, rule]
        for before, row, line in zip([None, *self._rows], self._rows, rows, strict=False):
            if before is None or before[0] != row[0]:
                told.append(f"{self._columns[0].name} {row[0]}")
            told.append(line)
        return told

    def _folded(self, row: Sequence[str], widths: Sequence[int]) -> list[str]:
        """A row's lines: one, and more where its prose goes on."""
        if not self._columns[-1].is_prose:
            return self._line(row, widths)
        first, *more = fold(row[-1], widths[-1])
        empty = [""] * (len(row) - 1)
        lines = self._line([*row[:-1], first], widths)
        return lines + [line for part in more for line in self._line([*empty, part], widths)]

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> list[str]:
        cells = (
            _padded(cell, width, to_the_right=column.is_number)
            for column, cell, width in zip(self._columns, row, widths, strict=True)
        )
        return [GAP.join(cells).rstrip()]

    def _list(self) -> list[str]:
        """Every row by itself, a line a column; a terminal breaks what is still too long."""
        width = max(cell_count(column.name) for column in self._columns)
        lines: list[str] = []
        for row in self._rows:
            first, *more = zip(self._columns, row, strict=True)
            lines.append(f"{first[0].name} {first[1]}")
            lines += [f"  {_padded(column.name, width)} {cell}" for column, cell in more if cell]
        return lines


def _fitted(text: str, width: int) -> list[str]:
    if cell_count(text) <= width:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    first, *more = fold(text.lstrip(), max(width - len(indent) - len(GAP), PROSE_COLUMNS_MIN))
    return [indent + first, *(indent + GAP + line for line in more)]


def _padded(text: str, width: int, *, to_the_right: bool = False) -> str:
    """By the cells that a terminal gives it: a Chinese character has two."""
    blank = " " * (width - cell_count(text))
    return blank + text if to_the_right else text + blank
