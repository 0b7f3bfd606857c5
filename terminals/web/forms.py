"""What was typed into a form, as the values of an action or the filters of a view.

Nothing is checked here that the office checks: what is no number goes to it as it was typed, and
comes back with the office's own sentence beside the field.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from host.model.catalogue import ActionTold, FieldTold, ViewTold

Typed = Mapping[str, Sequence[str]]
"""By the names of the fields, in the order they were sent."""
WORDS_OF_FLAGS: Final = {"true": True, "false": False}
WHOLE: Final = re.compile(r"[+-]?[0-9]{1,20}")
AMOUNT: Final = re.compile(r"(-?)([0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.([0-9]{1,2}))?")
"""A comma stands between thousands alone: `1,50` may be meant as 1.50, and is no amount."""
MINOR_DIGITS: Final = 2
"""Of the house's currency (ISO 4217)."""
NO_FILTERS: Final = frozenset({"after", "form_token"})
"""What is sent with a list's filters, and is none."""
TYPED_SECRETLY: Final = "secret"


def values_of(action: ActionTold, typed: Typed) -> dict[str, Any]:
    """What was typed, by its fields; nothing of what was left empty."""
    found: dict[str, Any] = {}
    for field in action.fields:
        value = _value(field, [each for each in typed.get(field.name, ()) if each.strip()])
        if value is not None:
            found[field.name] = value
    return found


def filters_of(view: ViewTold, typed: Typed) -> dict[str, str]:
    """What rows are to be found by; also what is no filter of theirs, which the office says."""
    told = {name: "".join(values[:1]).strip() for name, values in typed.items()}
    names = {one.name for one in view.filters}
    return {
        name: value
        for name, value in told.items()
        if name not in NO_FILTERS and (value or name not in names)
    }


def lacks_filter(view: ViewTold, filters: Mapping[str, str]) -> bool:
    """Whether one has to be given first: the whole is nobody's to walk through.

    Who gave something that is no filter is told so before that.
    """
    is_known = filters.keys() <= {one.name for one in view.filters}
    return bool(view.needs) and is_known and not set(view.needs) & filters.keys()


def typed_again(action: ActionTold, typed: Typed) -> dict[str, list[str]]:
    """What a form that comes back is filled with: all but what is never shown."""
    kept = [one.name for one in action.fields if one.input != TYPED_SECRETLY]
    return {name: list(typed[name]) for name in kept if name in typed}


def _value(field: FieldTold, typed: Sequence[str]) -> Any:
    if field.input == "flag":
        return bool(typed)
    if field.is_many:
        lines = [line.strip() for each in typed for line in each.splitlines()]
        return [_one(field, line) for line in lines if line] or None
    return _one(field, typed[0]) if typed else None


def _one(field: FieldTold, typed: str) -> Any:
    match field.input:
        case "secret":
            return typed
        case "number" | "file":
            return _whole(typed.strip())
        case "money":
            return minor_of(typed.strip())
        case "either":
            return WORDS_OF_FLAGS.get(typed.strip(), typed)
        case _:
            return typed.strip()


def _whole(typed: str) -> int | str:
    told = _narrow(typed)
    return int(told) if WHOLE.fullmatch(told) else typed


def _narrow(typed: str) -> str:
    """With the digits of a Chinese keyboard, which are as wide as its letters, as all others."""
    return unicodedata.normalize("NFKC", typed)


def minor_of(typed: str) -> int | str:
    """In minor units, where it is an amount that has some; else as it was typed."""
    found = AMOUNT.fullmatch(_narrow(typed))
    if found is None:
        return typed
    sign, whole, part = found.groups(default="")
    return int(f"{sign}{whole.replace(',', '')}{part.ljust(MINOR_DIGITS, '0')}")
