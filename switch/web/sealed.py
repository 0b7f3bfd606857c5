"""The headers of every answer, whoever gives it."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC: Final = "/static/"
STATIC_KEPT: Final = "max-age=3600"
NOT_KEPT: Final = "no-store"


class Sealed:
    """Adds them; what is said by a page itself about being kept stays."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                is_static = scope.get("path", "").startswith(STATIC)
                headers["Cache-Control"] = STATIC_KEPT if is_static else NOT_KEPT
            await send(message)

        await self._app(scope, receive, sealed)
