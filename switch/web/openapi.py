"""The API described: OpenAPI 3.1, out of the catalogue and its schemas. No row is known here.

It is in English, and in Chinese for who reads that: what things are called and what is said of
them. Names and ids are the same in both.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from host.model.catalogue import ActionTold, RefusalTold, Schemas, ViewTold
from host.model.office import ROWS_MAX, Done, Page, Refused, Waiting
from switch.web.asked import COUNT, PLACES_MAX
from switch.web.spoken import Chinese
from switch.web.statuses import AWAY, BEARER, DOUBT, status_of

OPENAPI: Final = "3.1.0"
VERSION: Final = "1"
"""Of the addresses; rows of the office come and go within it."""
JSON: Final = "application/json"
REFERENCE: Final = "#/components/schemas/{name}"
ABOUT: Final = (
    "What people do and see at the office, for programs. Each action and each view is a row of a "
    "table: what it takes and shows stands here, cut to the grant of the bearer. A POST with a "
    "once_key is done once: after a status 503, or none at all, send it again with the same key. "
    "A page goes on at what `next` of the page before says, each as one `after`."
)
OF_STATUS: Final = {
    400: "It is no request that can be answered: its address, its Host or its length.",
    401: "The bearer is nobody, or a code is asked for.",
    403: "It is not for this grant.",
    404: "There is no such thing within this grant.",
    405: "The address is asked in another way: Allow says how.",
    409: "Somebody changed it meanwhile, or the once_key was used for something else.",
    413: "It is too large.",
    422: "It cannot be: code and field say why.",
    429: "Too often: ask again after Retry-After.",
    503: "The host is away, or it is not known what became of it.",
}
ROWS_USUAL: Final = 50
ONCE_HEADER: Final = "Idempotency-Key"
"""Whoever knows no once_key sends it so (draft-ietf-httpapi-idempotency-key-header)."""
ONCE_KEY_CHARACTERS_MAX: Final = 64
CALLED: Final = ("title", "summary")
"""What something is called stands in one of these, its Chinese beside it."""
IN_CHINESE: Final = "x-zh"
IN_ENGLISH: Final = "x-en"
SAID: Final = "description"
SENTENCE: Final = re.compile(r"(?<=\.) (?=[A-Z`])")
"""Between two of a description: each has its own Chinese."""
_ANSWERS: Final = (Done, Waiting, Refused)


def document_of(
    actions: Sequence[ActionTold],
    views: Sequence[ViewTold],
    schemas: Schemas,
    chinese: Chinese | None = None,
) -> dict[str, Any]:
    """The whole document: in English, or in Chinese as that is said."""
    document = _in_english(actions, views, schemas)
    if chinese is not None:
        chinese = functools.cache(chinese)  # most of it is said of many
        document = in_chinese(document, chinese)
    document["components"]["schemas"]["Code"] = _codes(schemas.refusals, chinese)
    return document


def _in_english(
    actions: Sequence[ActionTold], views: Sequence[ViewTold], schemas: Schemas
) -> dict[str, Any]:
    answers, components = msgspec.json.schema_components(_ANSWERS, ref_template=REFERENCE)
    done = {"oneOf": list(answers[:2])}
    subjects = dict.fromkeys(_subject(one.id) for one in actions)
    paths: dict[str, Any] = {"/v1/catalogue": {"get": _catalogue()}}
    for view in views:
        is_secret = any(one.input == "secret" for one in view.filters)
        how = {"post": _seeking(view, schemas)} if is_secret else {"get": _looking(view, schemas)}
        paths[f"/v1/show/{view.id}"] = how
    for action in actions:
        paths[f"/v1/do/{action.id}"] = {"post": _doing(action, schemas, done)}
    return {
        "openapi": OPENAPI,
        "info": {"title": "posswitch", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": "views"}, *({"name": each} for each in subjects)],
        "paths": paths,
        "components": {
            "schemas": schemas.components | components,
            "responses": {f"S{status}": _refusing(status) for status in OF_STATUS},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": BEARER.strip(),
                    "description": "A key of an API client (psk_...), or a session.",
                }
            },
        },
    }


def in_chinese(told: dict[str, Any], chinese: Chinese) -> dict[str, Any]:
    """A document, or a part of one, for who reads Chinese."""
    found = {name: _each_in_chinese(each, chinese) for name, each in told.items()}
    said, beside = told.get(SAID), told.get(IN_CHINESE)
    if isinstance(said, str):
        found[SAID] = "".join(chinese(each) for each in sentences_of(said))
    if isinstance(beside, str):
        name = next(each for each in CALLED if each in told)
        found |= {name: beside, IN_ENGLISH: told[name]}
        del found[IN_CHINESE]
    return found


def _each_in_chinese(told: Any, chinese: Chinese) -> Any:
    if isinstance(told, dict):
        return in_chinese(told, chinese)
    if isinstance(told, list) and told and isinstance(told[0], dict):
        return [in_chinese(each, chinese) for each in told]
    return told


def sentences_of(description: str) -> list[str]:
    """Each of them, without the line ends of its source."""
    return SENTENCE.split(" ".join(description.split()))


def _catalogue() -> dict[str, Any]:
    return {
        "operationId": "catalogue",
        "summary": "What the bearer may look at and do",
        IN_CHINESE: "可查看和办理的内容",
        "tags": ["views"],
        "responses": _responses({"type": "object"}),
    }


def _looking(view: ViewTold, schemas: Schemas) -> dict[str, Any]:
    filters = [
        {
            "name": one.name,
            "in": "query",
            "required": view.needs == [one.name],
            "schema": schemas.filters[view.id][one.name],
        }
        for one in view.filters
    ]
    return {**_showing(view, schemas), "parameters": [*filters, *_PAGING]}


def _seeking(view: ViewTold, schemas: Schemas) -> dict[str, Any]:
    """Of a view that has a filter which stands in no address."""
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "filters": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    one.name: schemas.filters[view.id][one.name] for one in view.filters
                },
                "required": view.needs if len(view.needs) == 1 else [],
            },
            **{one["name"]: one["schema"] for one in _PAGING},
            "count": {"type": "boolean"},
        },
    }
    content = {"required": True, "content": {JSON: {"schema": body}}}
    return {**_showing(view, schemas), "requestBody": content}


def _showing(view: ViewTold, schemas: Schemas) -> dict[str, Any]:
    needed = f"One of these is needed: {', '.join(view.needs)}."
    return {
        "operationId": f"show_{view.id}",
        "summary": view.en,
        IN_CHINESE: view.zh,
        "tags": ["views"],
        **({"description": needed} if view.needs else {}),
        "responses": _responses(_page(view, schemas)),
    }


def _page(view: ViewTold, schemas: Schemas) -> dict[str, Any]:
    """Rows by the columns of the view, in their order."""
    columns = [schemas.columns[view.id][one.name] for one in view.columns]
    row = {
        "type": "array",
        "prefixItems": columns,
        "minItems": len(columns),
        "maxItems": len(columns),
    }
    return {
        "type": "object",
        "required": ["type", "columns", "rows"],
        "properties": {
            "type": {"const": Page.__struct_config__.tag},
            "columns": {"const": [one.name for one in view.columns]},
            "rows": {"type": "array", "items": row, "maxItems": ROWS_MAX},
            "next": {"type": "array", "items": {"type": "string"}},
            "count": {"type": ["integer", "null"]},
        },
    }


def _doing(action: ActionTold, schemas: Schemas, done: dict[str, Any]) -> dict[str, Any]:
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "values": schemas.values[action.id],
            "once_key": {
                "type": "string",
                "maxLength": ONCE_KEY_CHARACTERS_MAX,
                "description": "The same key is done once, and told the same answer again.",
            },
            "seen": {"type": "string", "description": "The version that was seen."},
            "code": {
                "type": ["string", "null"],
                "description": "A person's one-time code, once E-STEP-UP has asked for it.",
            },
            "is_dry_run": {
                "type": "boolean",
                "description": "Only what it would change is told.",
            },
        },
    }
    return {
        "operationId": f"do_{action.id.replace('.', '_')}",
        "summary": action.en,
        IN_CHINESE: action.zh,
        "description": _about(action),
        "tags": [_subject(action.id)],
        "parameters": [_ONCE],
        "requestBody": {"required": True, "content": {JSON: {"schema": body}}},
        "responses": _responses(done),
    }


def _about(action: ActionTold) -> str:
    told = [action.about]
    if action.waits:
        told.append("It may wait for a second person.")
    if action.asks_code:
        told.append("It may ask for a code, so no program does it.")
    if action.takes:
        told.append(f"`{action.takes}` is the number of a file that file.send took.")
    return " ".join(told)


def _responses(schema: dict[str, Any]) -> dict[str, Any]:
    fine = {"description": "As asked.", "content": {JSON: {"schema": schema}}}
    return {
        "200": fine,
        **{str(status): {"$ref": f"#/components/responses/S{status}"} for status in OF_STATUS},
    }


def _refusing(status: int) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name=Refused.__name__)}
    return {"description": OF_STATUS[status], "content": {JSON: {"schema": schema}}}


def _codes(refusals: Iterable[RefusalTold], chinese: Chinese | None) -> dict[str, Any]:
    """Each code that a refusal may have, with its status, its meaning and what to do."""
    told = {one.code: one for one in refusals}
    for one in (AWAY, DOUBT):
        told[one.code] = msgspec.structs.replace(told[one.code], en=one.en, zh=one.zh)
    about = "What stands in `code` of a refusal."
    return {
        SAID: about if chinese is None else chinese(about),
        "oneOf": [_code(one, chinese) for _, one in sorted(told.items())],
    }


def _code(one: RefusalTold, chinese: Chinese | None) -> dict[str, Any]:
    parts = [each for each in (one.why, one.next) if each]
    if chinese is None:
        called, said = {"title": one.en, IN_CHINESE: one.zh}, ". ".join(map(_begun, parts))
    else:
        called, said = {"title": one.zh, IN_ENGLISH: one.en}, "。".join(map(chinese, parts))
    return {"const": one.code, **called, "x-status": status_of(one.code), SAID: said}


def _begun(sentence: str) -> str:
    """As it begins where it stands alone, unless what it begins with is typed so."""
    return sentence if sentence.startswith("posswitch") else sentence[:1].upper() + sentence[1:]


def _subject(action: str) -> str:
    return action.partition(".")[0]


_ONCE: Final[dict[str, Any]] = {
    "name": ONCE_HEADER,
    "in": "header",
    "description": "The same as `once_key`, for who sends it as a header.",
    "schema": {"type": "string", "maxLength": ONCE_KEY_CHARACTERS_MAX},
}
_PAGING: Final[list[dict[str, Any]]] = [
    {
        "name": "rows",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": ROWS_MAX, "default": ROWS_USUAL},
    },
    {
        "name": "after",
        "in": "query",
        "description": "What `next` of the page before says.",
        "schema": {"type": "array", "items": {"type": "string"}, "maxItems": PLACES_MAX},
    },
    {
        "name": COUNT,
        "in": "query",
        "description": "Whether rows are counted, up to 10,000; named alone they are.",
        "schema": {"enum": ["", "true", "false", "1", "0"]},
    },
]
