"""The API as pages: each row, what a program sends for it and what comes back."""

from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host.model.office import Refused
from switch.web.api import described, document_in, source_of
from switch.web.visits import Visits
from terminals.web import api_pages
from terminals.web.text import Language

SHOWN_BESIDE: Final = "/api/openapi.json"


class ApiPages:
    """Their routes: for who has signed in, by the grant in use."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [
            Route("/api", self.index),
            Route(SHOWN_BESIDE, self.document),
            Route("/api/{how}/{row}", self.one),
        ]

    async def index(self, request: Request) -> Response:
        """Every row, and every code that a refusal may have."""
        reader = await self._visits.reader(request)
        document = await self._document(request, reader.language)
        return self._visits.shown(request, api_pages.index(reader, document))

    async def one(self, request: Request) -> Response:
        """One row."""
        reader = await self._visits.reader(request)
        path = f"/v1/{request.path_params['how']}/{request.path_params['row']}"
        page = api_pages.one(reader, await self._document(request, reader.language), path)
        if page is None:
            raise HTTPException(404)
        return self._visits.shown(request, page)

    async def document(self, request: Request) -> Response:
        """The same as OpenAPI, for tools; the same stands at `/v1/openapi.json` for a bearer."""
        language = self._visits.language(request, "en")
        return document_in(await self._document(request, language), language)

    async def _document(self, request: Request, language: Language) -> dict[str, Any]:
        session, source = self._visits.session(request), source_of(request)
        told = await described(self._visits.desk, session, source, language)
        if isinstance(told, Refused):
            raise HTTPException(401 if told.code in {"E-SIGNED-OUT", "E-NO-GRANT"} else 429)
        return told
