"""Schemas: what an action takes and a view shows, in JSON Schema (2020-12), for programs.

They are made of the rows' own types, so that what a schema says is what the office takes; what each
field and column is called in both languages stands beside it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from host.model.catalogue import RefusalTold, Schemas
from host.model.word import Word
from host.office.action import Action
from host.office.fields import schema_of_secret
from host.office.stock_refusals import ALL_REFUSALS
from host.office.view import Column, Filter, How, View
from host.office.words import word_of, word_of_field

REFERENCE: Final = "#/components/schemas/{name}"
IN_CHINESE: Final = "x-zh"
"""Beside each title: the same in Chinese."""
BEHIND_FIRST: Final = re.compile(r"(?<=\.)\s.*", re.DOTALL)
"""What stands behind the first sentence of a description."""
HOW: Final[Mapping[How, str]] = {
    How.BEGINS: "What it begins with.",
    How.FROM: "From this on.",
    How.BEFORE: "Before this.",
}
"""Of filters whose value is not the whole of what is found."""
KEPT_MAX: Final = 64
_KEPT: Final[dict[tuple[tuple[str, ...], tuple[str, ...]], Schemas]] = {}
"""By what the rows are called."""


def schemas_of(actions: tuple[Action[Any], ...], views: tuple[View, ...]) -> Schemas:
    """Of these rows, with all refusals that there are; made once for those of a role."""
    rows = tuple(one.id for one in actions), tuple(one.id for one in views)
    found = _KEPT.get(rows)
    if found is None:
        found = _KEPT[rows] = _made(actions, views)
        while len(_KEPT) > KEPT_MAX:
            _KEPT.pop(next(iter(_KEPT)), None)
    return found


def _made(actions: tuple[Action[Any], ...], views: tuple[View, ...]) -> Schemas:
    kinds = [action.values for action in actions]
    found, components = msgspec.json.schema_components(
        kinds, schema_hook=schema_of_secret, ref_template=REFERENCE
    )
    for action, told in zip(actions, found, strict=True):
        name = told["$ref"].rpartition("/")[2]
        _name_fields(components[name], action.id.split(".")[0])
    for told in components.values():
        if "enum" in told:  # whose second sentence says where the sources have more of it
            told["description"] = BEHIND_FIRST.sub("", told["description"])
    return Schemas(
        values=dict(zip([action.id for action in actions], found, strict=True)),
        columns={
            view.id: {one.name: _column(view.id, one) for one in view.columns} for view in views
        },
        filters={view.id: {one.name: _filter(one) for one in view.filters} for view in views},
        components=components,
        refusals=[
            RefusalTold(code=one.code, en=one.en, zh=one.zh, why=one.why, next=one.next)
            for one in ALL_REFUSALS.values()
        ],
    )


def _name_fields(schema: dict[str, Any], subject: str) -> None:
    """Say of each what it is called."""
    for name, told in schema.get("properties", {}).items():
        told.update(_named(word_of_field(name, subject)))


def _column(view: str, column: Column) -> dict[str, Any]:
    """A value of it; null where there is none."""
    return msgspec.json.schema(column.kind | None) | _named(word_of_field(column.name, view))


def _filter(told: Filter) -> dict[str, Any]:
    """As it stands in an address."""
    schema = msgspec.json.schema(told.kind)
    found = {"type": "string", "enum": list(told.choices)} if told.choices else schema
    found = {name: found[name] for name in found if name not in {"$ref", "$defs"}}
    said = [HOW[told.how]] if told.how in HOW else []
    if told.beside:
        said.append(f"Only together with {told.beside}.")
    beside = {"description": " ".join(said)} if said else {}
    return found | _named(word_of(told.name)) | beside


def _named(word: Word) -> dict[str, str]:
    return {"title": word.en, IN_CHINESE: word.zh}
