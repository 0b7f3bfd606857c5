"""The JSON API: `/v1/show/VIEW` and `/v1/do/ACTION`, by the same rows as pages.

A session's token or a program's key is the bearer's (RFC 6750); no cookie counts here, so no form
of another site can use one. Answers are the office's own structs.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host.model.catalogue import Catalogue, Look
from host.model.office import NOBODY, ROWS_MAX, Do, Refused, Show, Told, sought
from host.model.secrets import Secret
from host.office.fields import problem_of
from switch.web.asked import (
    COUNT,
    PLACE,
    PLACES_MAX,
    is_counted_in,
    language_of,
    places_of,
    rows_of,
    twice_in,
    typed_in_query,
)
from switch.web.desk import Desk, HostAwayError, InDoubtError
from switch.web.guard import TOKEN_CHARACTERS_MAX, Limiter
from switch.web.openapi import ONCE_HEADER, ONCE_KEY_CHARACTERS_MAX, ROWS_USUAL, document_of
from switch.web.spoken import Chinese
from switch.web.statuses import AWAY, BEARER, DOUBT, OFTEN, headers_of, status_of
from terminals.web.text import Language

SIGN_IN: Final = "session.sign_in"
SIGN_INS: Final = frozenset({SIGN_IN, "session.code", "session.phone_sign_in", "session.visit"})
"""What is limited by where it comes from, whoever asks."""
PAGING: Final = frozenset({PLACE, "rows", COUNT})
"""What stands beside the filters in an address."""
NO_JSON: Final = Refused(code="E-FIELD", en="the body is no JSON object", zh="内容不是 JSON 对象")
TOO_DEEP: Final = Refused(code="E-FIELD", en="the body is nested too deeply", zh="内容嵌套层次过深")
OTHER_KEY: Final = Refused(
    code="E-FIELD",
    field="once_key",
    en="once_key: the header Idempotency-Key says another",
    zh="once_key: 与请求头 Idempotency-Key 不同",
)
LONG_KEY: Final = Refused(
    code="E-FIELD",
    field="once_key",
    en=f"once_key: it has {ONCE_KEY_CHARACTERS_MAX} characters at most",
    zh=f"once_key: 最多 {ONCE_KEY_CHARACTERS_MAX} 个字符",
)
IN_ORDER: Final = msgspec.json.Encoder(order="deterministic")
"""Members of an object have no order (RFC 8259, 4): the same values are the same bytes."""

_Body = TypeVar("_Body", bound=msgspec.Struct)


class Asking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a `POST /v1/do/ACTION`."""

    values: dict[str, Any] = {}
    once_key: Annotated[str, msgspec.Meta(max_length=ONCE_KEY_CHARACTERS_MAX)] = ""
    seen: str = ""
    code: str | None = None
    is_dry_run: bool = False


class Seeking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a `POST /v1/show/VIEW`."""

    filters: dict[str, str | bool | int] = {}
    after: Annotated[list[str], msgspec.Meta(max_length=PLACES_MAX)] = []
    rows: Annotated[int, msgspec.Meta(ge=1, le=ROWS_MAX)] = ROWS_USUAL
    count: bool = False


class Api:
    """Its routes."""

    def __init__(self, desk: Desk, sign_ins: Limiter) -> None:
        self._desk = desk
        self._sign_ins = sign_ins

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [
            Route("/v1/catalogue", self.catalogue),
            Route("/v1/openapi.json", self.openapi),
            Route("/v1/show/{view}", self.show, methods=["GET", "POST"]),
            Route("/v1/do/{action}", self.do, methods=["POST"]),
        ]

    async def catalogue(self, request: Request) -> Response:
        """What the bearer may look at and do."""

        async def ask() -> Told:
            return await self._desk.catalogue(bearer(request), source_of(request))

        return await _answered(ask)

    async def openapi(self, request: Request) -> Response:
        """The same as OpenAPI 3.1, with schemas, in the language that is asked for."""
        try:
            language = language_of(request, "en")
            told = await described(self._desk, bearer(request), source_of(request), language)
        except HostAwayError:
            return json_of(AWAY)
        return json_of(told) if isinstance(told, Refused) else document_in(told, language)

    async def show(self, request: Request) -> Response:
        """A page of a view: filters, `after` and `rows` stand in the query, or in a body."""
        if request.method == "POST":
            return await self._show_sought(request)
        typed = typed_in_query(request)
        rows = rows_of(typed, ROWS_USUAL)
        if isinstance(rows, Refused):
            return json_of(rows)
        twice = twice_in(typed)
        if twice is not None:
            return json_of(twice)
        is_counted = is_counted_in(typed)
        if isinstance(is_counted, Refused):
            return json_of(is_counted)
        asked = Show(
            session=bearer(request),
            view=request.path_params["view"],
            filters=sought(
                {name: values[0] for name, values in typed.items() if name not in PAGING}
            ),
            after=places_of(typed),
            rows_max=rows,
            is_counted=is_counted,
            stands_in_address=True,
            source=source_of(request),
        )
        return await _answered(lambda: self._desk.ask(asked))

    async def _show_sought(self, request: Request) -> Response:
        """Found by what stands in the body, so that it may be secret."""
        told = self._read(await request.body(), Seeking)
        if isinstance(told, Refused):
            return json_of(told)
        asked = Show(
            session=bearer(request),
            view=request.path_params["view"],
            filters=sought({name: _as_typed(value) for name, value in told.filters.items()}),
            after=told.after,
            rows_max=told.rows,
            is_counted=told.count,
            source=source_of(request),
        )
        return await _answered(lambda: self._desk.ask(asked))

    async def do(self, request: Request) -> Response:
        """An action: `{"values": {...}, "once_key": "..."}`."""
        action = request.path_params["action"]
        if action in SIGN_INS and not self._sign_ins.takes(source_of(request)):
            return json_of(OFTEN)
        told = self._read(await request.body(), Asking)
        if isinstance(told, Refused):
            return json_of(told)
        once_key = once_key_of(request, told.once_key)
        if isinstance(once_key, Refused):
            return json_of(once_key)
        asked = Do(
            session=bearer(request),
            action=action,
            values=Secret(IN_ORDER.encode(told.values)),
            once_key=once_key,
            seen=told.seen,
            code=Secret(told.code.encode()) if told.code is not None else None,
            is_dry_run=told.is_dry_run,
            source=source_of(request),
        )
        return await _answered(lambda: self._desk.ask(asked))

    def _read(self, body: bytes, kind: type[_Body]) -> _Body | Refused:
        """What stands in a body, or what is wrong with it."""
        try:
            return msgspec.json.decode(body, type=kind)
        except RecursionError:
            return TOO_DEEP
        except msgspec.ValidationError as error:
            return _wrong(str(error), self._desk.chinese)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return NO_JSON


def _wrong(found: str, chinese: Chinese) -> Refused:
    """What msgspec found wrong with a body, as whoever sent it reads it."""
    problem, _, place = found.partition(" - at `$.")
    quoted = problem.split("`")
    field = place.rstrip("`") or (quoted[1] if "field" in problem else "")
    if not field:
        return NO_JSON
    said = problem_of(problem)
    return Refused(
        code="E-FIELD", field=field, en=f"{field}: {said}", zh=f"{field}: {chinese(said)}"
    )


async def described(
    desk: Desk, session: Secret, source: str, language: Language
) -> dict[str, Any] | Refused:
    """What who asks may do and see, as OpenAPI in a language.

    Raises:
        HostAwayError: the host could not be asked.
    """
    told = await desk.ask(Look(session=session, source=source, with_schemas=True))
    if not isinstance(told, Catalogue):
        assert isinstance(told, Refused), told
        return told
    assert told.schemas is not None, "they were asked for"
    chinese = desk.chinese if language == "zh" else None
    return document_of(told.actions, told.views, told.schemas, chinese)


def document_in(document: dict[str, Any], language: Language) -> Response:
    """As it is sent."""
    named = "zh-CN" if language == "zh" else "en"
    headers = {"Content-Language": named, "Vary": "Accept-Language, Cookie"}
    return Response(msgspec.json.encode(document), 200, headers, "application/json")


def _as_typed(value: str | bool | int) -> str:
    return msgspec.json.encode(value).decode() if not isinstance(value, str) else value


def once_key_of(request: Request, told: str) -> str | Refused:
    """Of a request that says it in its body, in its header, or in both alike."""
    keys = {one.strip().strip('"') for one in request.headers.getlist(ONCE_HEADER)}
    keys = (keys | {told}) - {""}
    if len(keys) > 1:
        return OTHER_KEY
    key = "".join(keys)
    return key if len(key) <= ONCE_KEY_CHARACTERS_MAX else LONG_KEY


def bearer(request: Request) -> Secret:
    """The session or key that stands in the request; nobody's where there is none."""
    told = request.headers.get("authorization", "")
    token = told[len(BEARER) :].strip()
    is_one = told[: len(BEARER)].lower() == BEARER and len(token) <= TOKEN_CHARACTERS_MAX
    return Secret(token.encode()) if is_one else NOBODY


def source_of(request: Request) -> str:
    """From where somebody asks, for history and limits."""
    return f"web/{request.client.host}" if request.client is not None else "web"


def json_of(told: Told) -> Response:
    """As JSON, with the status that HTTP has for it."""
    status = status_of(told.code) if isinstance(told, Refused) else 200
    return Response(msgspec.json.encode(told), status, headers_of(status), "application/json")


async def _answered(ask: Callable[[], Awaitable[Told]]) -> Response:
    try:
        return json_of(await ask())
    except HostAwayError:
        return json_of(AWAY)
    except InDoubtError:
        return json_of(DOUBT)
