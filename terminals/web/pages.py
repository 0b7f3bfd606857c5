"""PAGES: one template a kind of page, filled from the catalogue.

A new row of the office's tables is a new page without a line here. Everything that is put into a
template is escaped; a page has no script of its own in it and no style, so that the policy sent
with it may allow files of this house alone.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import jinja2

from host.model.catalogue import ActionTold, FieldTold, FilterTold, GrantTold, ViewTold
from host.model.office import Done, Page, Refused, Waiting
from host.office.words import is_amount
from terminals.web import cells, details, links, menu, starts
from terminals.web.forms import Typed
from terminals.web.home import ELSEWHERE
from terminals.web.kept import NOTHING
from terminals.web.qr import qr_of
from terminals.web.reader import Reader
from terminals.web.shown import shown
from terminals.web.texts import LANGUAGES, said

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


Named = FieldTold | FilterTold
AN_AMOUNT: Final = "an_amount"
A_WHOLE_NUMBER: Final = "it is a whole number"
"""What the office says to an amount that is none: it takes minor units."""
BOUND: Final = re.compile(r"it is (more than \d+|less than \d+|\d+ or (more|less))")
FIGURES: Final = re.compile(r"[0-9]{1,16}")


class Scanned(NamedTuple):
    """What is shown once as a code that a phone opens: what it is called, and where it leads."""

    name: str
    path: str = ""
    """Before it, at this front; empty: it is a whole address itself."""
    text: str = ""
    """What to do with it, of TEXTS: nothing is done yet before that."""


SCANNED: Final[Mapping[str, Scanned]] = {
    "pay.store_code": Scanned("code", "/pay/"),
    "totp.enrol": Scanned("link", text="scan_seed"),
}


BEGINS: Final[Mapping[str, str]] = {
    **ELSEWHERE,
    "store_clerk": "/clerk",
    "store_manager": "/seat",
}
"""Where a role's work is, if not at home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it stands."""

    action: ActionTold
    typed: Typed = field(default_factory=dict)
    once_key: str
    refused: Refused | None = None
    asks_code: bool = False
    back: str = "/"
    """Where the reader came from."""


def _made() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


TEMPLATES: Final = _made()
_ONCE_KEY: Final = secrets.token_hex(16)
"""Stands in what is live for the keys of its forms: those are no news."""
LEAVES: Final = "seconds"
"""So long a page shows what an action has shown once, where that says it."""


def everything(reader: Reader) -> str:
    """All that the grant may look at and do."""
    assert reader.catalogue is not None, "who sees it is signed in"
    return rendered("everything.html", reader, areas=menu.listed(reader.catalogue))


def sign_in(
    reader: Reader, refused: Refused | None = None, *, said_first: str = "", back: str = "/"
) -> str:
    """The door; `back` is the page that was asked for."""
    return rendered("sign_in.html", reader, refused=refused, said_first=said_first, back=back)


def visit(reader: Reader, told: Done) -> str:
    """Somebody came in by a link of the demo: who they are, and what they are asked for."""
    link = told.shown_once.get("link", "")
    return rendered(
        "visit.html",
        reader,
        acting_as=told.told["is"][reader.language],
        tries=told.told["tries"][reader.language],
        pay_pin=told.shown_once.get("pay_pin", ""),
        seed=told.shown_once.get("seed", ""),
        qr=qr_of(link) if link else None,
        begins=BEGINS.get(told.told["role"], "/"),
    )


def certificate(reader: Reader) -> str:
    """The grant in use comes only with a certificate, and none was shown."""
    return rendered("certificate.html", reader)


def accept(reader: Reader, refused: Refused | None = None, *, token: str = "") -> str:
    """Where an invitation is taken up."""
    return rendered("accept.html", reader, refused=refused, token=token)


def listed(
    reader: Reader, view: ViewTold, filters: Mapping[str, str], told: Page | Refused | None
) -> str:
    """A list as it is filtered; None: a filter is needed first."""
    page = told if isinstance(told, Page) else None
    secret = {one.name for one in view.filters if one.input == "secret"}
    open_filters = {name: value for name, value in filters.items() if name not in secret}
    export = "" if secret & filters.keys() else links.to_export(view.id, open_filters)
    return rendered(
        "list.html",
        reader,
        view=view,
        filters=open_filters,
        page=page,
        refused=told if isinstance(told, Refused) else None,
        shown=shown(reader, view, page, export) if page else None,
        next=links.to_list(view.id, open_filters, page.next) if page and page.next else "",
        needs=[one for one in view.filters if one.name in view.needs],
        starts=starts.offered(reader, view.id),
    )


def detailed(
    reader: Reader, view: ViewTold, key: tuple[str, str], told: Page, history: Page | None
) -> str:
    """One thing: its facts, what may be done to it, what hangs on it, what was done to it."""
    name, value = key
    filters = details.history_of(reader, view, value) or {}
    return rendered(
        "detail.html",
        reader,
        view=view,
        value_of_key=value,
        row=shown(reader, view, told).rows[0],
        beside=details.beside(reader, view, name, value),
        export=links.to_export(view.id, {name: value}),
        history=shown(reader, reader.views[details.HISTORY], history) if history else None,
        whole_history=links.to_view(details.HISTORY, filters),
    )


def form(reader: Reader, filled: Filled) -> str:
    """What is typed for an action."""
    return rendered(
        "form.html", reader, form=filled, action=filled.action, refused=filled.refused, done=None
    )


def outcome(
    reader: Reader,
    action: ActionTold,
    told: Done | Waiting,
    *,
    back: str = "/",
    origin: str = "",
) -> str:
    """What came of it. `origin` is how this front is called, for what a code of ours leads to."""
    done = told if isinstance(told, Done) else None
    row = SCANNED.get(action.id)
    scanned = done.shown_once.get(row.name) if done and row else None
    address = f"{origin}{row.path}{scanned}" if row and row.path else scanned
    return rendered(
        "outcome.html",
        reader,
        action=action,
        done=done,
        waiting=told if isinstance(told, Waiting) else None,
        back=back,
        qr=qr_of(address) if scanned and address else None,
        scan=row.text if scanned and row else "",
        **_came_of(reader, action, done),
    )


def rehearsed(reader: Reader, filled: Filled, told: Done) -> str:
    """What would come of it, over the form that would do it."""
    action = filled.action
    return rendered(
        "form.html",
        reader,
        form=filled,
        action=action,
        refused=None,
        done=told,
        **_came_of(reader, action, told),
    )


def _came_of(reader: Reader, action: ActionTold, done: Done | None) -> dict[str, Any]:
    if done is None:
        return {}
    subject = action.id.split(".")[0]
    language = reader.language
    leaves = done.told.get(LEAVES) if done.shown_once else None
    unit = {**done.before, **done.after}.get("unit")
    return {
        "changes": [
            (
                cells.label(name, subject, language),
                cells.shown(name, done.before.get(name), language, unit),
                cells.shown(name, done.after.get(name), language, unit),
            )
            for name in dict.fromkeys([*done.before, *done.after])
        ],
        "told": [
            (
                cells.label(name, subject, language),
                reader.done.get(value, value)
                if name == "action"
                else cells.shown(name, value, language),
            )
            for name, value in done.told.items()
            if not (leaves and name == LEAVES)
        ],
        "leaves": leaves,
        "once": [
            (cells.label(name, subject, language), value) for name, value in done.shown_once.items()
        ],
        "job": done.told.get("job"),
    }


def found(reader: Reader, hits: Sequence[tuple[ViewTold, str]]) -> str:
    """Where what was looked for is."""
    return rendered("found.html", reader, hits=hits)


def trouble(reader: Reader, text: str, refused: Refused | None = None) -> str:
    """What cannot be shown or done, and why."""
    return rendered("trouble.html", reader, text=said(text, reader.language), refused=refused)


def sentence(reader: Reader, refused: Refused, fields: Sequence[Named] = ()) -> str:
    """A refusal, as the reader reads it: a field by its label, of which there may be `fields`."""
    said_of = refused.zh if reader.language == "zh" else refused.en
    head = f"{refused.field}: "
    if refused.field is None or not said_of.startswith(head):
        return said_of
    labels = {one.name: reader.named(one) for one in fields}
    label = labels.get(refused.field) or cells.word(refused.field, reader.language)
    problem = said_of.removeprefix(head)
    if is_amount(refused.field):
        problem = _of_amount(reader, refused.en.removeprefix(head), problem)
    return f"{label}: {problem}"


def _of_amount(reader: Reader, english: str, problem: str) -> str:
    """What is wrong with an amount: it is typed, and so it is told, in yuan."""
    if english == A_WHOLE_NUMBER:
        return said(AN_AMOUNT, reader.language)
    if not BOUND.fullmatch(english):
        return problem
    return FIGURES.sub(
        lambda found: cells.shown("amount_minor", int(found[0]), reader.language), problem
    )


def with_once_keys(block: str) -> str:
    """What is live, with a key of its own in each form."""
    first, *others = block.split(_ONCE_KEY)
    return first + "".join(f"{secrets.token_hex(16)}{other}" for other in others)


def later_once_key(_bytes: int) -> str:
    """What stands for one until `with_once_keys`."""
    return _ONCE_KEY


def rendered(template: str, reader: Reader, *, block: str = "", **told: Any) -> str:
    """A template filled; or one block of it, which wants `with_once_keys`."""

    def text(name: str) -> str:
        return said(name, reader.language)

    kept = told.get("kept", NOTHING)
    about = told.get("action") or told.get("view") or kept.action
    fields: Sequence[Named] = getattr(about, "fields", getattr(about, "filters", ()))

    def sentence_of(refused: Refused) -> str:
        return sentence(reader, refused, fields)

    def grant_words(grant: GrantTold) -> str:
        return f"{reader.named(grant)} · {grant.name or grant.at or text('platform')}"

    def doing(action: str, **values: Any) -> str:
        given = {name: str(value) for name, value in values.items()}
        return links.to_action(action, {**given, "back": reader.here})

    def word(code: str) -> str:
        return cells.word(code, reader.language)

    def value(name: str, told: object, unit: object = None) -> str:
        return cells.shown(name, told, reader.language, unit)

    found = TEMPLATES.get_template(template)
    names: dict[str, Any] = {
        "reader": reader,
        "catalogue": reader.catalogue,
        "t": text,
        "named": reader.named,
        "sentence": sentence_of,
        "grant_words": grant_words,
        "to_do": doing,
        "word": word,
        "value": value,
        "other_language": LANGUAGES[1 - LANGUAGES.index(reader.language)],
        "menu": menu.of_grant(reader),
        "once_key": secrets.token_hex if not block else later_once_key,
        "kept": kept,
        "refused": kept.refused,
        **told,
    }
    if not block:
        return found.render(names)
    return "".join(found.blocks[block](found.new_context(names)))
