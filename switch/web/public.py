"""What anybody looks at without signing in, asked of the office as nobody: it counts who asks."""

from typing import Final

import trio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host.model.office import NOBODY, Page, Show, sought
from switch.web.api import source_of
from switch.web.visits import Visits
from terminals.web import public_pages

LISTS: Final = ("lotteries", "rates", "directory")
NUMBER_CHARACTERS_MAX: Final = 64


class Public:
    """Its routes."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [
            Route("/check", self.check, methods=["GET", "POST"]),
            Route("/check/lottery/{code}", self.lottery),
            Route("/check/lottery/{code}/file", self.file),
        ]

    async def check(self, request: Request) -> Response:
        """A number that is typed, which stands in no address; and what is everybody's."""
        visits = self._visits
        reader = visits.stranger(request)
        number, traced = "", None
        if request.method == "POST":
            form = await visits.form(request)
            number = form.one("number").strip()[:NUMBER_CHARACTERS_MAX]
            traced = await self._told(request, "trace", {"number": number})
        lists: dict[str, Page | None] = {}

        async def look(view: str) -> None:
            lists[view] = await self._told(request, view, {})

        async with trio.open_nursery() as nursery:
            for view in LISTS:
                nursery.start_soon(look, view)
        is_wrong = request.method == "POST" and (traced is None or not traced.rows)
        page = public_pages.check(
            reader, number=number, traced=traced, is_wrong=is_wrong, lists=lists
        )
        return visits.shown(request, page)

    async def lottery(self, request: Request) -> Response:
        """Whether it was drawn as it was frozen."""
        told = await self._proof(request)
        return self._visits.shown(
            request, public_pages.lottery(self._visits.stranger(request), told)
        )

    async def file(self, request: Request) -> Response:
        """Its file, to be proved elsewhere."""
        told = await self._proof(request)
        content = told.rows[0][told.columns.index("content")]
        return Response(
            content,
            media_type="application/json",
            headers={"Content-Disposition": 'attachment; filename="lottery.json"'},
        )

    async def _proof(self, request: Request) -> Page:
        told = await self._told(request, "lottery_proof", {"lottery": request.path_params["code"]})
        if told is None:
            raise HTTPException(404)
        return told

    async def _told(self, request: Request, view: str, filters: dict[str, str]) -> Page | None:
        asked = Show(session=NOBODY, view=view, filters=sought(filters), source=source_of(request))
        told = await self._visits.desk.ask(asked)
        return told if isinstance(told, Page) else None
