"""Pages of the API, drawn out of its OpenAPI document in the language of who reads it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from terminals.web import menu, pages
from terminals.web.reader import Reader

Document = Mapping[str, Any]
EXAMPLES: Final[Mapping[str, Any]] = {
    "integer": 1,
    "number": 1,
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}
DAY, MOMENT, TEXT = "2026-12-31", "2026-12-31T18:00:00+08:00", "…"


class Field(NamedTuple):
    """A value that is sent or comes back, as a line of a table."""

    name: str
    label: str
    about: str
    kind: str
    is_needed: bool


def index(reader: Reader, document: Document) -> str:
    """Every row, and every code."""
    codes = document["components"]["schemas"]["Code"]["oneOf"]
    return pages.rendered(
        "api.html",
        reader,
        areas=menu.listed(reader.catalogue) if reader.catalogue else [],
        codes=[
            (each["const"], each["x-status"], each["title"], each["description"]) for each in codes
        ],
    )


def one(reader: Reader, document: Document, path: str) -> str | None:
    """One row; None: there is none such for who reads."""
    found = document["paths"].get(path)
    if found is None:
        return None
    [(method, row)] = found.items()
    components = document["components"]["schemas"]
    sent = _sent(row, components)
    return pages.rendered(
        "api_row.html",
        reader,
        path=path,
        method=method.upper(),
        label=row["summary"],
        about=row.get("description", ""),
        sent=[
            _field(name, told, is_needed=is_needed, components=components)
            for name, told, is_needed in sent
        ],
        told=[
            _field(name, told, is_needed=False, components=components) for name, told in _told(row)
        ],
        example=_example(method, path, sent, components),
        schema=json.dumps(row, ensure_ascii=False, indent=1),
    )


def _sent(row: Mapping[str, Any], components: Mapping[str, Any]) -> list[tuple[str, Any, bool]]:
    """Name, schema and whether it is needed of each: values of an action, filters of a view."""
    if "requestBody" not in row:
        return [
            (one["name"], one["schema"], one.get("required", False)) for one in row["parameters"]
        ]
    [content] = row["requestBody"]["content"].values()
    body = content["schema"]["properties"]
    values = _whole(body.get("values") or body["filters"], components)
    needed = set(values.get("required", ()))
    return [(name, told, name in needed) for name, told in values.get("properties", {}).items()]


def _told(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Columns of a view."""
    [content] = row["responses"]["200"]["content"].values()
    told = content["schema"].get("properties", {})
    if "columns" in told:
        yield from zip(told["columns"]["const"], told["rows"]["items"]["prefixItems"], strict=True)


def _field(
    name: str,
    schema: Mapping[str, Any],
    *,
    is_needed: bool,
    components: Mapping[str, Any],
) -> Field:
    label, about = schema.get("title", ""), schema.get("description", "")
    return Field(name, label, about, _kind(schema, components), is_needed)


def _whole(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference refers to."""
    named = schema.get("$ref", "").rpartition("/")[2]
    return components[named] if named else schema


def _kind(schema: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    """In few words: its type, its choices or its bounds."""
    schema = _whole(schema, components)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            kinds = (_kind(each, components) for each in schema[several])
            return " | ".join(each for each in kinds if each != "null")
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items') or {}, components)}]"
    bounds = [
        f"{sign} {schema[name]}"
        for name, sign in (("minimum", "≥"), ("maximum", "≤"), ("maxLength", "≤"))
        if name in schema
    ]
    kind = schema.get("format") or schema.get("type", "any")
    return " ".join([str(kind), *bounds])


def _example(
    method: str, path: str, sent: list[tuple[str, Any, bool]], components: Mapping[str, Any]
) -> str:
    """What is typed at a shell."""
    bearer = 'curl -H "Authorization: Bearer $KEY"'
    if method == "get":
        return f"{bearer} \\\n  '$ADDRESS{path}?rows=50'".replace("'", '"')
    values = {name: _value(told, components) for name, told, is_needed in sent if is_needed}
    is_view = path.startswith("/v1/show/")
    told = {"filters": values, "rows": 50} if is_view else {"values": values, "once_key": TEXT}
    body = json.dumps(told, ensure_ascii=False)
    return f"{bearer} \\\n  -d '{body}' \\\n  \"$ADDRESS{path}\""


def _value(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    schema = _whole(schema, components)
    if "enum" in schema:
        return schema["enum"][0]
    formats = {"date": DAY, "date-time": MOMENT}
    return formats.get(schema.get("format", ""), EXAMPLES.get(str(schema.get("type")), TEXT))
