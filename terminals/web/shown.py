"""A page of a view made ready for a template: heads, cells and their links, what may be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from host.model.catalogue import ViewTold
from host.model.office import Page, Refused
from terminals.web import cells, links
from terminals.web.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of a row."""

    label: str
    text: str
    link: str
    is_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a list."""

    values: Mapping[str, Any]
    """As the office told them, by their columns."""
    cells: Mapping[str, Cell]
    """What is shown of them."""
    actions: Sequence[tuple[str, str]]
    """What may be done, and where."""

    def text(self, name: str) -> str:
        """What a column shows; empty where this reader has none of that name."""
        cell = self.cells.get(name)
        return cell.text if cell is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page of a view."""

    view: ViewTold
    heads: Sequence[tuple[str, bool]]
    """What each column is called, and whether it is a number."""
    rows: Sequence[Row]
    next: Sequence[str] = ()
    """Where it goes on; empty: that is all."""
    refused: Refused | None = None
    export: str = ""
    """Where the same rows are had as a file."""

    @property
    def first(self) -> Row | None:
        """The one row there is, of a view that was asked for one thing."""
        return self.rows[0] if self.rows else None


def shown(reader: Reader, view: ViewTold, told: Page | Refused, export: str = "") -> Shown:
    """In the reader's words."""
    if isinstance(told, Refused):
        return Shown(view=view, heads=(), rows=(), refused=told)
    return Shown(
        view=view,
        heads=_heads(reader, view, told),
        rows=_rows(reader, view, told),
        next=told.next,
        export=export,
    )


def _heads(reader: Reader, view: ViewTold, page: Page) -> list[tuple[str, bool]]:
    known = {one.name: one for one in view.columns}
    return [
        (reader.named(known[name]), known[name].is_number) for name in page.columns if name in known
    ]


def _rows(reader: Reader, view: ViewTold, page: Page) -> list[Row]:
    known = {one.name: one for one in view.columns}
    actions = reader.actions
    offered = [actions[each] for each in view.actions if each in actions]
    found = []
    for values in page.rows:
        row = dict(zip(page.columns, values, strict=True))
        unit = row.get("unit")
        told = {
            name: Cell(
                label=reader.named(known[name]),
                text=cells.shown(name, value, reader.language, unit),
                link=links.of_cell(known[name], value, reader.views, row),
                is_number=known[name].is_number,
            )
            for name, value in row.items()
            if name in known
        }
        doing = [(reader.named(each), links.of_row(each, row)) for each in offered]
        found.append(Row(values=row, cells=told, actions=doing))
    return found
