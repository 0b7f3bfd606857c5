"""A page of a view made ready for a template: heads, cells and their links, what may be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from host.model.catalogue import ActionTold, OthersTold, ViewTold
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


class Doing(NamedTuple):
    """What may be done to a row, and where."""

    action: str
    name: str
    link: str
    why_not: str = ""
    """How the row stands, where that forbids it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a list."""

    values: Mapping[str, Any]
    """As the office told them, by their columns."""
    cells: Mapping[str, Cell]
    """What is shown of them."""
    actions: Sequence[Doing]
    """What this reader may do to it, in its view's order."""
    by_others: Sequence[OthersTold] = ()
    """What others may do to it as it stands."""

    def text(self, name: str) -> str:
        """What a column shows; empty where this reader has none of that name."""
        cell = self.cells.get(name)
        return cell.text if cell is not None else ""

    def opening(self, name: str, link: str) -> "Row":
        """The same, with a cell that opens this."""
        cell = self.cells.get(name)
        if cell is None:
            return self
        return replace(self, cells={**self.cells, name: replace(cell, link=link)})


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
    link: str = ""
    """Where its rows are as a list of their own."""
    more: str = ""
    """Where the page of it is that comes next."""
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
    back = "" if reader.here == "/" else reader.here
    found = []
    for values in page.rows:
        row = dict(zip(page.columns, values, strict=True))
        unit = row.get("unit")
        told = {
            name: Cell(
                label=reader.named(known[name]),
                text=_text(reader, name, value, unit),
                link=links.of_cell(known[name], value, reader.views, row),
                is_number=known[name].is_number,
            )
            for name, value in row.items()
            if name in known
        }
        state = told.get(view.state)
        doing = [
            Doing(each.id, reader.named(each), links.of_row(each, row, view, back), why_not)
            for each in offered
            if links.is_named(each, row)
            for why_not in (_why_not(each, row.get(view.state), state),)
        ]
        others = [one for one in view.by_others if row.get(view.state) in one.states]
        found.append(Row(values=row, cells=told, actions=doing, by_others=others))
    return found


def _why_not(action: ActionTold, stands: Any, state: Cell | None) -> str:
    """How the row stands, where that forbids the action."""
    if state is None or not action.states or stands in action.states:
        return ""
    return f"{state.label}: {state.text}"


def _text(reader: Reader, name: str, value: Any, unit: object) -> str:
    """What is done goes by its name, where who reads may do it."""
    if name == "action" and value in reader.actions:
        return reader.named(reader.actions[value])
    return cells.shown(name, value, reader.language, unit)
