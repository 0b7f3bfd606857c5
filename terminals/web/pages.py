"""PAGES: one template a kind of page, filled from the catalogue.

A new row of the office's tables is a new page without a line here. Everything that is put into a
template is escaped; a page has no script of its own in it and no style, so that the policy sent
with it may allow files of this house alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jinja2

from host.model.catalogue import ActionTold, Catalogue, GrantTold, ViewTold
from host.model.office import Done, Page, Refused, Waiting
from terminals.web import cells, links, menu
from terminals.web.forms import Typed
from terminals.web.texts import LANGUAGES, Language, said

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom a page is made."""

    language: Language
    form_token: str = ""
    """Stands in each form, and says that the form is one of theirs."""
    catalogue: Catalogue | None = None
    here: str = "/"
    """The address of the page, to come back to."""

    @property
    def views(self) -> dict[str, ViewTold]:
        """By their ids."""
        return {one.id: one for one in self.catalogue.views} if self.catalogue else {}

    @property
    def actions(self) -> dict[str, ActionTold]:
        """By their ids."""
        return {one.id: one for one in self.catalogue.actions} if self.catalogue else {}

    def named(self, row: Any) -> str:
        """What a row of the catalogue is called."""
        return str(row.zh if self.language == "zh" else row.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it stands."""

    action: ActionTold
    typed: Typed = field(default_factory=dict)
    once_key: str
    refused: Refused | None = None
    asks_code: bool = False


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

    cells: Sequence[Cell]
    actions: Sequence[tuple[str, str]]
    """What may be done, and where."""


def _made() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


TEMPLATES: Final = _made()


def home(reader: Reader) -> str:
    """What the grant may look at and do."""
    assert reader.catalogue is not None, "who sees it is signed in"
    return _page("home.html", reader, areas=menu.listed(reader.catalogue))


def sign_in(reader: Reader, refused: Refused | None = None, *, said_first: str = "") -> str:
    """The door."""
    return _page("sign_in.html", reader, refused=refused, said_first=said_first)


def accept(reader: Reader, refused: Refused | None = None, *, token: str = "") -> str:
    """Where an invitation is taken up."""
    return _page("accept.html", reader, refused=refused, token=token)


def listed(
    reader: Reader, view: ViewTold, filters: Mapping[str, str], told: Page | Refused | None
) -> str:
    """A list as it is filtered; None: a filter is needed first."""
    page = told if isinstance(told, Page) else None
    secret = {one.name for one in view.filters if one.input == "secret"}
    open_filters = {name: value for name, value in filters.items() if name not in secret}
    return _page(
        "list.html",
        reader,
        view=view,
        filters=open_filters,
        has_secret=bool(secret & filters.keys()),
        page=page,
        refused=told if isinstance(told, Refused) else None,
        heads=_heads(reader, view, page),
        rows=_rows(reader, view, page) if page else [],
        next=links.to_view(view.id, open_filters, page.next) if page and page.next else "",
        export=f"/export/{links.to_view(view.id, open_filters).removeprefix('/show/')}",
        needs=[one for one in view.filters if one.name in view.needs],
    )


def form(reader: Reader, filled: Filled) -> str:
    """What is typed for an action."""
    return _page("form.html", reader, form=filled, action=filled.action, refused=filled.refused)


def outcome(
    reader: Reader, action: ActionTold, told: Done | Waiting, *, is_dry_run: bool = False
) -> str:
    """What came of it."""
    done = told if isinstance(told, Done) else None
    subject = action.id.split(".")[0]
    language = reader.language
    names = dict.fromkeys([*done.before, *done.after]) if done else {}
    unit = {**done.before, **done.after}.get("unit") if done else None
    return _page(
        "outcome.html",
        reader,
        action=action,
        done=done,
        waiting=told if isinstance(told, Waiting) else None,
        is_dry_run=is_dry_run,
        changes=[
            (
                cells.label(name, subject, language),
                cells.shown(name, done.before.get(name), language, unit),
                cells.shown(name, done.after.get(name), language, unit),
            )
            for name in names
        ]
        if done
        else [],
        told=[
            (cells.label(name, subject, language), cells.shown(name, value, language))
            for name, value in (done.told if done else {}).items()
        ],
        once=[
            (cells.label(name, subject, language), value)
            for name, value in (done.shown_once if done else {}).items()
        ],
        job=done.told.get("job") if done else None,
    )


def trouble(reader: Reader, text: str, refused: Refused | None = None) -> str:
    """What cannot be shown or done, and why."""
    return _page("trouble.html", reader, text=said(text, reader.language), refused=refused)


def sentence(reader: Reader, refused: Refused) -> str:
    """A refusal, as the reader reads it."""
    return refused.zh if reader.language == "zh" else refused.en


def _heads(reader: Reader, view: ViewTold, page: Page | None) -> list[tuple[str, bool]]:
    if page is None:
        return []
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
        shown = [
            Cell(
                label=reader.named(known[name]),
                text=cells.shown(name, value, reader.language, unit),
                link=links.of_cell(known[name], value, reader.views, row),
                is_number=known[name].is_number,
            )
            for name, value in row.items()
            if name in known
        ]
        doing = [(reader.named(each), links.of_row(each, row)) for each in offered]
        found.append(Row(cells=shown, actions=doing))
    return found


def _page(template: str, reader: Reader, **told: Any) -> str:
    def text(name: str) -> str:
        return said(name, reader.language)

    def sentence_of(refused: Refused) -> str:
        return sentence(reader, refused)

    def grant_words(grant: GrantTold) -> str:
        return f"{reader.named(grant)} · {grant.at or text('platform')}"

    other: Language = LANGUAGES[1 - LANGUAGES.index(reader.language)]
    return TEMPLATES.get_template(template).render(
        reader=reader,
        catalogue=reader.catalogue,
        t=text,
        named=reader.named,
        sentence=sentence_of,
        grant_words=grant_words,
        other_language=other,
        **told,
    )
