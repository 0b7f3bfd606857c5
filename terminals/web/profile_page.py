"""PROFILE: a merchant's own data, and what of it is edited in its place."""

from collections.abc import Mapping
from typing import Any, Final

from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

EDIT: Final = "merchant.edit_profile"
_OF_IT: Final = {"merchant_id": "{merchant_id}"}
LONG: Final = 100
"""A field that takes more is a text of several lines."""


def _arranged(reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    row = parts["profile"].first
    assert row is not None, "it is what the page is about"
    action = reader.actions.get(EDIT)
    fields = [one for one in action.fields if not one.is_needed] if action is not None else []
    return {
        "row": row,
        "fields": [(one, str(row.values.get(one.name) or "")) for one in fields],
        "long": LONG,
    }


PROFILE: Final = Screen(
    id="profile",
    path="/merchants/{merchant_id}",
    en="A merchant's own data",
    zh="商户资料",
    template="profile.html",
    is_about="profile",
    parts={
        "profile": Part(view="merchant_profiles", filters=_OF_IT),
        "fees": Part(view="fees", filters={"merchant": "{merchant_id}"}, rows_max=20),
        "stores": Part(view="stores", filters={"merchant": "{merchant_id}"}, rows_max=20),
    },
    arrange=_arranged,
)
