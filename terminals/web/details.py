"""One thing on its page: facts, what may be done to it, what hangs on it, what was done to it.

Nothing is said here of any view: a list that is filtered by what names one row, and has one row, is
that thing's page. What hangs on it is every other view that is found by the same name; its history
is the lines of the office's log about it.
"""

from collections.abc import Mapping
from typing import Final

from host.model.catalogue import ViewTold
from terminals.web import links
from terminals.web.reader import Reader

HISTORY: Final = "audit"
BY_KIND: Final = "subject_kind"
BY_KEY: Final = "subject_key"
HISTORY_ROWS_MAX: Final = 20


def key_of(view: ViewTold, filters: Mapping[str, str]) -> str:
    """The filter that names one thing of this view, where it is the only one; else empty."""
    if len(filters) != 1:
        return ""
    [name] = filters
    secret = {one.name for one in view.filters if one.input == "secret"}
    is_key = name == links.KEYS.get(view.id) or name == view.columns[0].name
    return name if is_key and name not in secret else ""


def history_of(reader: Reader, view: ViewTold, key: str) -> dict[str, str] | None:
    """What its history is found by; None where who reads sees none, or nobody can act on it."""
    log = reader.views.get(HISTORY)
    if log is None or not view.actions:
        return None
    kind = view.actions[0].partition(".")[0]
    known = next((one.choices for one in log.filters if one.name == BY_KIND), [])
    return {BY_KIND: kind, BY_KEY: key} if kind in {one.value for one in known} else None


def beside(reader: Reader, view: ViewTold, name: str, key: str) -> list[tuple[str, str]]:
    """Other views that are found by it: what each is called, and its address."""
    names = {name, *(column.name for column in view.columns[:1])}
    found = []
    for other in reader.views.values():
        if other.id in {view.id, HISTORY}:
            continue
        for one in other.filters:
            is_same = one.name in names or _is_called(view, one.name)
            if is_same and not one.beside and one.input == "text":
                found.append((reader.named(other), links.to_view(other.id, {one.name: key})))
                break
    return found


def _is_called(view: ViewTold, name: str) -> bool:
    """Whether a filter of another view is of what this view lists: `merchant` of `merchants`."""
    return f"{name}s" == view.id
