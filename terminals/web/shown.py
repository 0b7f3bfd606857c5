"""A page of a view made ready for a template: heads, cells and their links, what may be done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from host.model.catalogue import ActionTold, OthersTold, ViewTold
from host.model.office import Page, Refused
from terminals.web import cells, links
from terminals.web.reader import Reader

SENTENCES: Final = frozenset({"detail", "error", "what_is_known"})
"""Columns of what a program has said in English, and is kept as it said it."""


class Cell(NamedTuple):
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
    """What is shown of them, by their columns in the view's order."""
    actions: Sequence[Doing]
    """What this reader may do to it, in its view's order."""
    by_others: Sequence[OthersTold] = ()
    """What others may do to it as it stands."""

    def text(self, name: str) -> str:
        """What a column shows; empty where this reader has none of that name."""
        cell = self.cells.get(name)
        return cell.text if cell is not None else ""

    def of(self, names: Sequence[str]) -> list[Cell]:
        """What these columns show."""
        return [self.cells[name] for name in names]

    def opening(self, name: str, link: str) -> "Row":
        """The same, with a cell that opens this."""
        cell = self.cells.get(name)
        if cell is None:
            return self
        return replace(self, cells={**self.cells, name: cell._replace(link=link)})


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
    def parquet(self) -> str:
        """Where they are as one for programs."""
        return links.to_parquet(self.export)

    @property
    def first(self) -> Row | None:
        """The one row there is, of a view that was asked for one thing."""
        return self.rows[0] if self.rows else None


class _Column(NamedTuple):
    """What is the same in every row."""

    name: str
    label: str
    is_number: bool
    opens: links.Opener


class _Cells(Mapping[str, Cell]):
    """Of one row, each made when it is looked at: a screen shows few columns of a view."""

    def __init__(
        self, reader: Reader, columns: Mapping[str, _Column], values: Mapping[str, Any]
    ) -> None:
        self._reader = reader
        self._columns = columns
        self._values = values
        self._made: dict[str, Cell] = {}

    def __getitem__(self, name: str) -> Cell:
        made = self._made.get(name)
        if made is None:
            _, label, is_number, opens = self._columns[name]
            value = self._values[name]
            text = _text(self._reader, name, value, self._values.get("unit"))
            made = self._made[name] = Cell(label, text, opens(value, self._values), is_number)
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def shown(reader: Reader, view: ViewTold, told: Page | Refused, export: str = "") -> Shown:
    """In the reader's words."""
    if isinstance(told, Refused):
        return Shown(view=view, heads=(), rows=(), refused=told)
    columns = _columns(reader, view, told)
    return Shown(
        view=view,
        heads=[(one.label, one.is_number) for one in columns.values()],
        rows=_rows(reader, view, told, columns),
        next=told.next,
        export=export,
    )


def _columns(reader: Reader, view: ViewTold, page: Page) -> dict[str, _Column]:
    known = {one.name: one for one in view.columns}
    return {
        name: _Column(
            name,
            reader.named(known[name]),
            known[name].is_number,
            links.opener(known[name], reader.views),
        )
        for name in page.columns
        if name in known
    }


def _rows(reader: Reader, view: ViewTold, page: Page, columns: Mapping[str, _Column]) -> list[Row]:
    actions = reader.actions
    offered = [actions[each] for each in view.actions if each in actions]
    back = "" if reader.here == "/" else reader.here
    found = []
    for values in page.rows:
        row = dict(zip(page.columns, values, strict=True))
        told = _Cells(reader, columns, row)
        state = told[view.state] if offered and view.state in columns else None
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
    """What is done goes by its name, whoever may do it."""
    if name in {"action", "event"} and value in reader.done:
        return reader.done[value]
    if name in SENTENCES and reader.language == "zh" and isinstance(value, str):
        return reader.chinese(value)
    return cells.shown(name, value, reader.language, unit)
