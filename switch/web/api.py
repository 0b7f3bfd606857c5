"""The JSON API: `/v1/show/VIEW` and `/v1/do/ACTION`, by the same rows as pages.

A session's token or a program's key is the bearer's (RFC 6750); no cookie counts here, so no form
of another site can use one. Answers are the office's own structs.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host.model.office import NOBODY, Do, Refused, Show, Told, sought
from host.model.secrets import Secret
from switch.web.asked import places_of, rows_of, typed_in_query
from switch.web.desk import Desk, HostAwayError, InDoubtError
from switch.web.guard import TOKEN_CHARACTERS_MAX, Limiter

BEARER: Final = "bearer "
ROWS_USUAL: Final = 50
SIGN_IN: Final = "session.sign_in"
SIGN_INS: Final = frozenset({SIGN_IN, "session.code", "session.phone_sign_in"})
"""What is limited by where it comes from, whoever asks."""
STATUSES: Final[Mapping[str, int]] = {
    "E-SIGNED-OUT": 401,
    "E-SIGN-IN": 401,
    "E-STEP-UP": 401,
    "E-NOT-YOUR-ROLE": 403,
    "E-ENROL": 403,
    "E-NO-GRANT": 403,
    "E-NOT-FOUND": 404,
    "E-CHANGED": 409,
    "E-ONCE": 409,
    "E-TOO-LARGE": 413,
    "E-TOO-MANY": 429,
    "E-HOST-AWAY": 503,
    "E-IN-DOUBT": 503,
}
"""What HTTP calls a refusal (RFC 9110); of all others 422."""
REFUSED: Final = 422
RETRY_AFTER: Final = {429: "60", 503: "5"}
"""How many seconds later a program asks again."""
AWAY: Final = Refused(
    code="E-HOST-AWAY",
    en="the host cannot be asked now: nothing was done",
    zh="主机不可用, 未办理",
)
DOUBT: Final = Refused(
    code="E-IN-DOUBT",
    en="it is not known whether it was done: send it again under the same once_key",
    zh="结果未知, 请以同一 once_key 再次提交",
)
OFTEN: Final = Refused(
    code="E-TOO-MANY", en="that was too often: wait a minute", zh="操作过于频繁, 请一分钟后再试"
)
NO_JSON: Final = Refused(code="E-FIELD", en="the body is no JSON object", zh="内容不是 JSON 对象")


class Asking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a `POST /v1/do/ACTION`."""

    values: dict[str, Any] = {}
    once_key: str = ""
    seen: str = ""
    code: str | None = None
    is_dry_run: bool = False


class Api:
    """Its routes."""

    def __init__(self, desk: Desk, sign_ins: Limiter) -> None:
        self._desk = desk
        self._sign_ins = sign_ins

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [
            Route("/v1/catalogue", self.catalogue),
            Route("/v1/show/{view}", self.show),
            Route("/v1/do/{action}", self.do, methods=["POST"]),
        ]

    async def catalogue(self, request: Request) -> Response:
        """What the bearer may look at and do."""

        async def ask() -> Told:
            return await self._desk.catalogue(bearer(request), source_of(request))

        return await _answered(ask)

    async def show(self, request: Request) -> Response:
        """A page of a view: filters, `after` and `rows` stand in the query."""
        typed = typed_in_query(request)
        asked = Show(
            session=bearer(request),
            view=request.path_params["view"],
            filters=sought(
                {
                    name: values[0]
                    for name, values in typed.items()
                    if name not in {"after", "rows", "count"}
                }
            ),
            after=places_of(typed),
            rows_max=rows_of(typed, ROWS_USUAL),
            is_counted="count" in typed,
            source=source_of(request),
        )
        return await _answered(lambda: self._desk.ask(asked))

    async def do(self, request: Request) -> Response:
        """An action: `{"values": {...}, "once_key": "..."}`."""
        action = request.path_params["action"]
        if action in SIGN_INS and not self._sign_ins.takes(source_of(request)):
            return json_of(OFTEN)
        try:
            told = msgspec.json.decode(await request.body(), type=Asking)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return json_of(NO_JSON)
        asked = Do(
            session=bearer(request),
            action=action,
            values=Secret(msgspec.json.encode(told.values)),
            once_key=told.once_key,
            seen=told.seen,
            code=Secret(told.code.encode()) if told.code is not None else None,
            is_dry_run=told.is_dry_run,
            source=source_of(request),
        )
        return await _answered(lambda: self._desk.ask(asked))


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
    status = STATUSES.get(told.code, REFUSED) if isinstance(told, Refused) else 200
    later = {"Retry-After": RETRY_AFTER[status]} if status in RETRY_AFTER else {}
    return Response(msgspec.json.encode(told), status, later, "application/json")


async def _answered(ask: Callable[[], Awaitable[Told]]) -> Response:
    try:
        return json_of(await ask())
    except HostAwayError:
        return json_of(AWAY)
    except InDoubtError:
        return json_of(DOUBT)
