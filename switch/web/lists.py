"""Lists: what is looked at by the rows of the catalogue, found, and taken along as a file."""

from collections.abc import AsyncIterator

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from host.model.catalogue import ViewTold
from host.model.office import ROWS_MAX, Page, Refused, Show, Told
from switch.web.asked import places_of, twice_in, typed_in_query
from switch.web.exported import lines_of
from switch.web.parquet import MEDIA_TYPE, groups_of
from switch.web.statuses import REFUSED
from switch.web.visits import Visits, is_out, status_of
from terminals.web import details, forms, links, pages
from terminals.web.reader import Reader


class Lists:
    """Its routes."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [
            Route("/all", self.everything),
            Route("/find", self.find, methods=["POST"]),
            Route("/show/{view}", self.show, methods=["GET", "POST"]),
            Route("/export/{view}", self.export),
            Route("/parquet/{view}", self.parquet),
        ]

    async def everything(self, request: Request) -> Response:
        """What there is."""
        reader = await self._visits.reader(request)
        return self._visits.shown(request, pages.everything(reader))

    async def find(self, request: Request) -> Response:
        """What was typed, wherever it is found: opened where that is once."""
        visits = self._visits
        form = await visits.form(request)
        reader = await visits.reader(request)
        text = form.one("find").strip()
        hits: list[tuple[ViewTold, str]] = []
        for one in links.found_by(text):
            if one.view not in reader.views:
                continue
            asked = visits.asked(request, one.view, {one.filter: text}, [], rows_max=1)
            told = await visits.desk.ask(asked)
            if isinstance(told, Page) and told.rows:
                row = dict(zip(told.columns, told.rows[0], strict=True))
                hits.append((reader.views[one.view], one.address(text, row)))
        if not hits:
            return visits.shown(request, pages.trouble(reader, "found_nothing"), 404)
        if len(hits) == 1:
            return RedirectResponse(hits[0][1], 303)
        return visits.shown(request, pages.found(reader, hits))

    async def show(self, request: Request) -> Response:
        """A list. What is found by a secret comes in the body, and stands in no address."""
        visits = self._visits
        typed = typed_in_query(request)
        if request.method == "POST":
            typed = (await visits.form(request)).typed
        reader = await visits.reader(request)
        view = _view(request, reader)
        filters = forms.filters_of(view, typed)
        twice = twice_in(typed)
        if twice is not None:
            return visits.shown(request, pages.listed(reader, view, filters, twice), REFUSED)
        if forms.lacks_filter(view, filters):
            return visits.shown(request, pages.listed(reader, view, filters, None))
        asked = visits.asked(request, view.id, filters, places_of(typed))
        told = await visits.desk.ask(_as_sent(request, asked))
        if is_out(told):
            return visits.to_door(request)
        assert isinstance(told, Page | Refused), told
        name = details.key_of(view, filters)
        if name and isinstance(told, Page) and len(told.rows) == 1 and not told.next:
            history = await self._history(request, reader, view, filters[name])
            page = pages.detailed(reader, view, (name, filters[name]), told, history)
            return visits.shown(request, page)
        return visits.shown(request, pages.listed(reader, view, filters, told), status_of(told))

    async def _history(
        self, request: Request, reader: Reader, view: ViewTold, key: str
    ) -> Page | None:
        """What was done to it, as far as who reads sees that."""
        filters = details.history_of(reader, view, key)
        if filters is None:
            return None
        rows_max = details.HISTORY_ROWS_MAX
        asked = self._visits.asked(request, details.HISTORY, filters, [], rows_max)
        told = await self._visits.desk.ask(asked)
        return told if isinstance(told, Page) else None

    async def export(self, request: Request) -> Response:
        """The same list as CSV."""
        reader = await self._visits.reader(request)
        view, asked, told = await self._first_page(request, reader)
        if not isinstance(told, Page):
            return await self._visits.trouble(request, told)
        desk, rows_max = self._visits.desk, self._visits.settings.export_rows_max
        lines = lines_of(desk, view, told, asked, rows_max, reader.language)
        return _as_file(lines, f"{view.id}.csv", "text/csv; charset=utf-8")

    async def parquet(self, request: Request) -> Response:
        """The same list as Parquet, where that is installed."""
        if not links.HAS_PARQUET:
            raise HTTPException(404)
        reader = await self._visits.reader(request)
        view, asked, told = await self._first_page(request, reader)
        if not isinstance(told, Page):
            return await self._visits.trouble(request, told)
        desk, rows_max = self._visits.desk, self._visits.settings.export_rows_max
        groups = groups_of(desk, view, told, asked, rows_max)
        return _as_file(groups, f"{view.id}.parquet", MEDIA_TYPE)

    async def _first_page(self, request: Request, reader: Reader) -> tuple[ViewTold, Show, Told]:
        """Of a list that is to be a file: what is asked, and what it begins with."""
        visits = self._visits
        view, typed = _view(request, reader), typed_in_query(request)
        filters = forms.filters_of(view, typed)
        asked = _as_sent(request, visits.asked(request, view.id, filters, [], rows_max=ROWS_MAX))
        return view, asked, twice_in(typed) or await visits.desk.ask(asked)


def _as_file(pieces: AsyncIterator[str | bytes], name: str, media_type: str) -> Response:
    response = StreamingResponse(pieces, media_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _as_sent(request: Request, asked: Show) -> Show:
    """With whether what it is found by stands in the address."""
    return msgspec.structs.replace(asked, stands_in_address=request.method != "POST")


def _view(request: Request, reader: Reader) -> ViewTold:
    view = reader.views.get(request.path_params["view"])
    if view is None:
        raise HTTPException(404)
    return view
