"""What a request is asked of: the forms of its target, and the name that it asks for.

RFC 9112, 3.2: a path as usual, a whole address as programs behind a proxy send it, or `*` for the
server itself. A whole address says the host by itself, and whatever stands in `Host` beside it
counts for nothing (3.2.2); all that looks at a host behind this sees that one. Whoever asks for a
name that is none of ours is refused, so that no page of somebody else's gets at it by a name of
their own. So is what says its length in two ways, by which a proxy and we would read two requests
out of one (6.1, 6.3).
"""

import re
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NamedTuple
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

HTTP2: Final = "2"
SERVER: Final = "*"
"""The target of who asks the server itself, of no page."""
METHODS: Final = "GET, HEAD, POST"
"""That there are here, of whatever page."""
VERSIONS: Final = re.compile(r"1\.[0-9]|2")
"""Of HTTP: what begins with 1 is read as 1.1 (RFC 9110, 2.5); what TLS agreed to is 2."""
WHOLE: Final = re.compile(r"(https?)://([^/]*)(.*)", re.IGNORECASE)
"""An address with its scheme and host."""
HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._~%!$&'()*+;=-]+)(?::([0-9]{0,5}))?")
"""What `Host` is: a name, and a port of 16 bits."""
PORT_MAX: Final = 0xFFFF


class BadRequestError(HTTPException):
    """It is no request that can be answered, whatever it asks for."""

    def __init__(self, version: str) -> None:
        is_kept = version == HTTP2  # where each request says for itself where it ends
        super().__init__(400, headers=None if is_kept else {"Connection": "close"})


class Target(NamedTuple):
    """What a request asks for, as its first line and its headers say together."""

    path: str
    """As it is written, encoded; empty where it is none."""
    host: str


class Targeted:
    """Hands on what is asked of a path, under a name of ours."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Collection[str],
        told: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        target = target_of(scope)
        is_ours = _name_of(target.host) in self._names
        _take(scope, target)
        if not (target.path and is_ours and _is_told_once(scope)):
            error = BadRequestError(scope["http_version"])
            answer = await self._told(Request(scope, receive), error)
        elif target.path == SERVER:
            answer = Response(headers={"Allow": METHODS})
        else:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)


def target_of(scope: Scope) -> Target:
    """What a request asks for: of a path, or of the server."""
    told, host = scope["raw_path"].decode("latin-1"), Headers(scope=scope).get("host", "")
    path = told
    whole = WHOLE.fullmatch(told)
    if whole is not None and whole[1].lower() == scope["scheme"]:  # else in clear what is for TLS
        host = whole[2]
        path = whole[3] or (SERVER if _asks_server(scope) else "/")
    is_one = path.startswith("/") or (path == SERVER and _asks_server(scope))
    is_whole = "#" not in path and b"#" not in scope["query_string"]
    return Target(path if is_one and is_whole else "", host)


def _asks_server(scope: Scope) -> bool:
    return scope["method"] == "OPTIONS" and not scope["query_string"]


def _is_told_once(scope: Scope) -> bool:
    """Whether whoever else reads it takes the same bytes for its body."""
    version, headers = scope["http_version"], Headers(scope=scope)
    is_in_chunks = "transfer-encoding" in headers
    is_twice = is_in_chunks and (version == "1.0" or "content-length" in headers)
    return bool(VERSIONS.fullmatch(version)) and not is_twice


def _name_of(host: str) -> str:
    """Without its port; empty where it is none."""
    found = HOST.fullmatch(host)
    is_one = found is not None and int(found[2] or 0) <= PORT_MAX
    return found[1].lower() if found is not None and is_one else ""


def _take(scope: Scope, target: Target) -> None:
    """Whoever looks at the scope from here on sees it."""
    if target.path:
        scope["path"], scope["raw_path"] = unquote(target.path), target.path.encode("latin-1")
    rest = [(name, value) for name, value in scope["headers"] if name != b"host"]
    scope["headers"] = [(b"host", target.host.encode("latin-1")), *rest]
