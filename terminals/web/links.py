"""Where a cell, a row or a search leads: the addresses of pages, out of the rows of the catalogue.

No address ever holds what is secret: what a filter finds by a card's number or a phone is sent in
the body of a form.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from host.model.catalogue import ActionTold, ColumnTold, FieldTold, ViewTold
from host.office.words import is_amount

HAS_PARQUET: Final = find_spec("pyarrow") is not None
"""Whether lists are had as Parquet, which is installed apart."""
KEYS: Final[Mapping[str, str]] = {
    "merchants": "merchant_id",
    "issuers": "institution_id",
    "terminals": "terminal_id",
    "people": "login",
    "transactions": "transaction",
    "card_faces": "face",
}
"""Filters by which a value of another view is found, where they are not called as its column."""
ABOUT: Final[Mapping[str, str]] = {
    "date": "business_date",
    "house_rule": "rule",
    "rule_pack": "pack",
}
"""Columns that name what an action is about, where the field is called otherwise."""


class Way(NamedTuple):
    """The screen about one row of a view."""

    filter: str
    """By which the row is found."""
    path: str


SCREENS_OF: Final[Mapping[str, Way]] = {
    "card_batches": Way("batch", "/card-batches/{}"),
    "transactions": Way("transaction", "/transactions/{}"),
    "settlements": Way("settlement", "/settlements/{}"),
    "business_days": Way("date", "/nights/{}"),
    "cards": Way("card", "/cards/{}"),
    "rules": Way("rule", "/rules/{}"),
    "sheets": Way("sheet", "/sheets/{}"),
    "card_faces": Way("face", "/card-faces/{}"),
    "merchant_profiles": Way("merchant_id", "/merchants/{}"),
}
"""By the view: where a link to one row of it leads, instead of to the list of that row alone."""


class Find(NamedTuple):
    """What may be typed into the one search box, and where it is looked for."""

    pattern: str
    view: str
    filter: str
    by: tuple[str, str] = ("", "")
    """Of what no address may hold: the filter and the column by which the same is opened."""

    def address(self, text: str, row: Mapping[str, Any]) -> str:
        """Of what was found by this text, of which `row` is the first."""
        name, column = self.by
        value = text if not name else str(row[column])
        return to_view(self.view, {name or self.filter: value})


TRANSACTIONS: Final = "transactions"
RRN: Final = re.compile(r"[0-9]{4}[0-9A-Z][0-9]{7}")
"""What comes from elsewhere than a message has none."""
FINDS: Final = (
    Find(RRN.pattern, TRANSACTIONS, "transaction"),
    Find(r"[0-9]{1,6}@[0-9A-Za-z]{8}(/[0-9A-Za-z]{1,16})?", "transactions", "transaction"),
    Find(r"[0-9](?: ?[0-9]){12,18}", "cards", "number", ("card", "id")),
    Find(r"1[0-9]{10}", "cards", "phone", ("member", "member")),
    Find(r"[0-9A-Za-z]{15}", "merchants", "merchant_id"),
    Find(r"[0-9A-Za-z]{8}", "terminals", "terminal_id"),
    Find(r"[0-9]{1,11}", "issuers", "institution_id"),
    Find(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", "business_days", "date"),
    Find(r"CB-.+", "card_batches", "batch"),
    Find(r"VB-.+", "voucher_batches", "batch"),
    Find(r"[a-z][a-z0-9._-]{1,31}", "people", "login"),
    Find(r"[0-9]{1,18}", "members", "member"),
    Find(r"[A-Z0-9][A-Z0-9-]{1,31}", "programmes", "programme"),
    Find(r"[0-9A-Za-z][0-9A-Za-z-]{3,39}", "usages", "order"),
)
"""In the order they are looked for. What is found once is opened; what is found in several places
is told by where."""


def found_by(text: str) -> list[Find]:
    """Where it may be found."""
    return [one for one in FINDS if re.fullmatch(one.pattern, text)]


def to_view(view: str, filters: Mapping[str, str]) -> str:
    """Where rows are seen: a screen, where it is about that row; else as `to_list`."""
    way = SCREENS_OF.get(view)
    if way is not None and set(filters) == {way.filter}:
        return way.path.format(quote(filters[way.filter], safe=""))
    return to_list(view, filters)


def to_list(view: str, filters: Mapping[str, str], after: Sequence[str] = ()) -> str:
    """The address of a list, as it is filtered, and from which place on."""
    told = [*filters.items(), *(("after", each) for each in after)]
    return f"/show/{view}" + (f"?{urlencode(told)}" if told else "")


def to_export(view: str, filters: Mapping[str, str]) -> str:
    """The address of the same rows as a file."""
    return f"/export/{to_list(view, filters).removeprefix('/show/')}"


def to_parquet(export: str) -> str:
    """The address of the same file as Parquet, where that is installed; empty: it is not."""
    return export.replace("/export/", "/parquet/", 1) if HAS_PARQUET else ""


def to_action(action: str, values: Mapping[str, str]) -> str:
    """The address of a form, with what is known of it filled in."""
    return f"/do/{action}" + (f"?{urlencode(values)}" if values else "")


Opener = Callable[[Any, Mapping[str, Any]], str]
"""What a value in a row opens; empty where nothing does."""


def opener(column: ColumnTold, views: Mapping[str, ViewTold]) -> Opener:
    """What values of a column open, for a grant with these views."""
    target = views.get(column.opens)
    if target is None:
        return _nothing
    filters = {one.name: one for one in target.filters}
    names = list(filters)
    key = KEYS.get(target.id)
    if column.name in names:
        filter_name = column.name
    elif key in names:
        filter_name = key
    elif names[:1] == ["card"]:
        if is_amount(column.name):
            return partial(_of_card, target.id)
        filter_name = "card"
    else:
        return partial(_of_date, target.id) if "date" in names else _nothing
    beside = filters[filter_name].beside
    if beside:
        return partial(_of_both, target.id, filter_name, beside)
    of_value = _of_rrn if target.id == TRANSACTIONS else _of_value
    return partial(of_value, target.id, filter_name)


def _is_told(value: Any) -> bool:
    return value is not None and value != ""


def _nothing(_value: Any, _row: Mapping[str, Any]) -> str:
    return ""


def _of_value(view: str, name: str, value: Any, _row: Mapping[str, Any]) -> str:
    return to_view(view, {name: str(value)}) if _is_told(value) else ""


def _of_both(view: str, name: str, beside: str, value: Any, row: Mapping[str, Any]) -> str:
    """What names nothing alone opens nothing in a row that does not say the other."""
    if not (_is_told(value) and _is_told(row.get(beside))):
        return ""
    return to_view(view, {beside: str(row[beside]), name: str(value)})


def _of_rrn(view: str, name: str, value: Any, row: Mapping[str, Any]) -> str:
    """What comes from elsewhere than a message opens nothing."""
    return _of_value(view, name, value, row) if RRN.fullmatch(str(value)) else ""


def _of_card(view: str, value: Any, row: Mapping[str, Any]) -> str:
    """An amount opens what is of its card."""
    return to_view(view, {"card": str(row.get("id"))}) if _is_told(value) else ""


def _of_date(view: str, value: Any, row: Mapping[str, Any]) -> str:
    date = row.get("business_date")
    return to_view(view, {"date": str(date)}) if date and _is_told(value) else ""


def of_row(action: ActionTold, row: Mapping[str, Any], view: ViewTold, back: str = "") -> str:
    """The form of an action, about the row, where that names it; `back` is where it was asked."""
    return to_action(action.id, _about(action, row, view) | ({"back": back} if back else {}))


def is_named(action: ActionTold, row: Mapping[str, Any]) -> bool:
    """Whether there is something to do it to, where the row has a column for that."""
    about = _field_of(action)
    return about is None or row.get(about.name, "") is not None


def _field_of(action: ActionTold) -> FieldTold | None:
    """The field that says what it is about."""
    return next((one for one in action.fields if one.is_needed and one.input != "secret"), None)


def _about(action: ActionTold, row: Mapping[str, Any], view: ViewTold) -> dict[str, str]:
    about = _field_of(action)
    if about is None:
        return {}
    names = (about.name, ABOUT.get(about.name, ""), "id")
    value = next((row[name] for name in names if row.get(name) is not None), None)
    if value is None:
        return {}
    fields = {one.name for one in action.fields}
    beside = [one.name for one in view.filters if one.beside == about.name and one.name in fields]
    told = {about.name: value, **{name: row.get(name) for name in beside}}
    return {name: str(each) for name, each in told.items() if each is not None}
