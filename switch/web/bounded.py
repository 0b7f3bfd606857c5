"""A body that is larger than it may be is refused before it is read whole."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Bounded:
    """Every request's body is of so many bytes at most, as it is said when one comes."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        bytes_max: Callable[[], int],
        told: Callable[[Request, Exception], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._told = told
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bytes_max = self._bytes_max()
        told = Headers(scope=scope).get("content-length", "0")
        if not (told.isascii() and told.isdigit()) or int(told) > bytes_max:
            answer = await self._told(Request(scope, receive), HTTPException(413))
            await answer(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > bytes_max:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
