"""What a request holds: bounded, and read once."""

from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from host.model.office import ROWS_MAX, Refused
from terminals.web.text import LANGUAGES, Language

FIELDS_MAX: Final = 200
FILES_MAX: Final = 1
NAME_CHARACTERS_MAX: Final = 40
PLACES_MAX: Final = 8
"""Parts of the place at which a list goes on."""
PLACE: Final = "after"
COUNT: Final = "count"
YES, NO = frozenset({"", "true", "1"}), frozenset({"false", "0"})
NO_ROWS: Final = Refused(
    code="E-FIELD",
    field="rows",
    en=f"rows: a whole number from 1 to {ROWS_MAX}",
    zh=f"rows: 应为 1 到 {ROWS_MAX} 的整数",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A file that came with a form."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a browser sent."""

    typed: dict[str, list[str]] = field(default_factory=dict)
    sent: Sent | None = None

    def one(self, name: str) -> str:
        """The first value of that name; empty where there is none."""
        return "".join(self.typed.get(name, ())[:1])


async def form_of(request: Request, bytes_max: int) -> Form:
    """Its fields and its file.

    Raises:
        HTTPException: 413, it is larger than it may be; 400, it is no form.
    """
    typed: dict[str, list[str]] = {}
    sent = None
    async with request.form(
        max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=bytes_max
    ) as found:
        for name, value in found.multi_items():
            if not isinstance(value, UploadFile):
                typed.setdefault(name, []).append(value)
            elif value.filename:
                content = await value.read(bytes_max + 1)
                if len(content) > bytes_max:
                    raise HTTPException(413)
                sent = Sent(field=name, name=_file_name(value.filename), content=content)
    return Form(typed=typed, sent=sent)


def language_of(request: Request, usual: Language) -> Language:
    """As its program asks first, where that is one of ours."""
    found = request.headers.get("accept-language", "").strip().lower()[:2]
    return next((one for one in LANGUAGES if one == found), usual)


def typed_in_query(request: Request) -> dict[str, list[str]]:
    """What stands behind the `?` of its address."""
    typed: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        typed.setdefault(name, []).append(value)
    return typed


def places_of(typed: dict[str, list[str]]) -> list[str]:
    """Where the page before ended."""
    return typed.get(PLACE, [])[:PLACES_MAX]


def rows_of(typed: dict[str, list[str]], usual: int) -> int | Refused:
    """How many rows are asked for, within what a page may have."""
    told = "".join(typed.get("rows", ())[:1])
    if not told:
        return usual
    is_number = told.isascii() and told.isdigit() and len(told) <= len(f"{ROWS_MAX}")
    return int(told) if is_number and 1 <= int(told) <= ROWS_MAX else NO_ROWS


def is_counted_in(typed: dict[str, list[str]]) -> bool | Refused:
    """Whether rows are to be counted: named alone it says so."""
    told = typed.get(COUNT, ["false"])[0]
    if told in YES | NO:
        return told in YES
    return Refused(
        code="E-FIELD", field=COUNT, en="count: true or false", zh="count: 应为 true 或 false"
    )


def twice_in(typed: dict[str, list[str]]) -> Refused | None:
    """Why not, where one thing is told twice: none of both would be what was meant."""
    for name, values in typed.items():
        if name != PLACE and len(values) > 1:
            return Refused(
                code="E-FIELD",
                field=name,
                en=f"{name}: it may be given once",
                zh=f"{name}: 只能给出一次",
            )
    return None


def back_to(told: str) -> str:
    """The address of a page of ours, whatever was sent."""
    is_path = told.startswith("/") and not told.startswith(("//", "/\\"))
    return told if is_path and told.isprintable() else "/"


def _file_name(told: str) -> str:
    """Its last part, of what can be shown; it is a word of history and never a path."""
    name = told.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in name if each.isprintable())[-NAME_CHARACTERS_MAX:].strip()
