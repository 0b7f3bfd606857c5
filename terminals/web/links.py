"""Where a cell, a row or a search leads: the addresses of pages, out of the rows of the catalogue.

No address ever holds what is secret: what a filter finds by a card's number or a phone is sent in
the body of a form.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from host.model.catalogue import ActionTold, ColumnTold, ViewTold

KEYS: Final[Mapping[str, str]] = {
    "merchants": "merchant_id",
    "issuers": "institution_id",
    "terminals": "terminal_id",
    "people": "login",
    "transactions": "transaction",
}
"""Filters by which a value of another view is found, where they are not called as its column."""
ABOUT: Final[Mapping[str, str]] = {
    "date": "business_date",
    "house_rule": "rule",
    "rule_pack": "pack",
}
"""Columns that name what an action is about, where the field is called otherwise."""


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


FINDS: Final = (
    Find(r"[0-9]{4}[0-9A-Z][0-9]{7}", "transactions", "transaction"),
    Find(r"[0-9]{1,6}@[0-9A-Za-z]{8}(/[0-9A-Za-z]{1,16})?", "transactions", "transaction"),
    Find(r"[0-9]{12,19}", "cards", "number", ("card", "id")),
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


def to_view(view: str, filters: Mapping[str, str], after: Sequence[str] = ()) -> str:
    """The address of a list, as it is filtered, and from which place on; or of what it is of."""
    if len(filters) == 1 and not after:
        [(name, value)] = filters.items()
        page = OWN_PAGES.get((view, name))
        if page is not None:
            return page + quote(value, safe="")
    told = [*filters.items(), *(("after", each) for each in after)]
    return f"/show/{view}" + (f"?{urlencode(told)}" if told else "")


OWN_PAGES: Final[Mapping[tuple[str, str], str]] = {
    ("transactions", "transaction"): "/transactions/",
}
"""What is one thing's by this filter of this view has a page of its own: a screen."""


def to_export(view: str, filters: Mapping[str, str]) -> str:
    """The address of the same rows as a file."""
    return f"/export/{view}" + (f"?{urlencode(filters)}" if filters else "")


def to_action(action: str, values: Mapping[str, str]) -> str:
    """The address of a form, with what is known of it filled in."""
    return f"/do/{action}" + (f"?{urlencode(values)}" if values else "")


def of_cell(
    column: ColumnTold, value: Any, views: Mapping[str, ViewTold], row: Mapping[str, Any]
) -> str:
    """What a value opens; empty where nothing does, or not for this grant."""
    target = views.get(column.opens)
    if target is None or value in {None, ""}:
        return ""
    names = [one.name for one in target.filters]
    if column.name in names:
        return to_view(target.id, {column.name: str(value)})
    key = KEYS.get(target.id)
    if key in names:
        return to_view(target.id, {key: str(value)})
    if names[:1] == ["card"]:
        return to_view(target.id, {"card": str(value)})
    date = row.get("business_date")
    return to_view(target.id, {"date": str(date)}) if "date" in names and date else ""


def of_row(action: ActionTold, row: Mapping[str, Any]) -> str:
    """The form of an action, about the row; empty where the row does not name it."""
    about = next((one for one in action.fields if one.is_needed and one.input != "secret"), None)
    if about is None:
        return to_action(action.id, {})
    names = (about.name, ABOUT.get(about.name, ""), "id")
    value = next((row[name] for name in names if row.get(name) is not None), None)
    return to_action(action.id, {about.name: str(value)} if value is not None else {})
