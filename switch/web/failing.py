"""A page that could not be made for a fault of ours: told as such, and why is in the log."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = structlog.get_logger(__name__)
STARTED: Final = "http.response.start"


class Failing:
    """Answers in the place of a page that failed before a word of it was sent."""

    def __init__(
        self, app: ASGIApp, *, told: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self._app = app
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":  # what serves us begins or ends: there is no page in it
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def noted(message: Message) -> None:
            nonlocal is_begun
            is_begun = is_begun or message["type"] == STARTED
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            return  # nobody is there to be told
        except Exception as error:
            _LOG.exception("a page failed", method=scope["method"])
            if is_begun:
                raise
            answer = await self._told(Request(scope, receive), error)
            await answer(scope, receive, send)
