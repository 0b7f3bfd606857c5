"""Screens: all parts of one are asked of the office at once, and a template puts them together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.office import Page, Pages, Refused, Show, ShowAll, sought
from switch.web.api import source_of
from switch.web.asked import places_of, typed_in_query
from switch.web.live import EventStream, Live
from switch.web.statuses import status_of
from switch.web.visits import Visits, is_out
from switch.web.visits import status_of as status_of_told
from terminals.web import screens
from terminals.web.kept import NOTHING, Kept
from terminals.web.reader import Reader
from terminals.web.screen import Given, Screen

GIVEN_CHARACTERS_MAX: Final = 200
NOT_NOW: Final = frozenset({429, 500, 503})
"""It is not told whether what a screen is about is there."""

Told = dict[str, Page | Refused]


class SignedOutError(Exception):
    """Nobody is signed in any more."""


class Screened:
    """The routes of all screens."""

    def __init__(self, visits: Visits, live: Live) -> None:
        self._visits = visits
        self._live = live

    def routes(self) -> list[Route]:
        """Where each is served, and where what is live of it comes from."""
        found = []
        for screen in screens.SCREENS.values():
            found.append(Route(screen.path, partial(self._handled, screen, self.show)))
            if screen.live_seconds:
                live = partial(self._handled, screen, self.live)
                found.append(Route(f"/live{screen.path}", live))
        return found

    async def _handled(
        self,
        screen: Screen,
        how: Callable[[Request, Screen], Awaitable[Response]],
        request: Request,
    ) -> Response:
        try:
            return await how(request, screen)
        except SignedOutError:
            return self._visits.to_door(request)

    async def show(self, request: Request, screen: Screen) -> Response:
        """The page."""
        reader = await self._reader(request, screen)
        if reader.role in screen.elsewhere:
            return RedirectResponse(screen.elsewhere[reader.role], 303)
        return await self._page(request, reader, screen, _given(request, screen))

    async def again(self, request: Request, path: str, kept: Kept) -> Response | None:
        """The page of that path, with what was typed there and refused; None: there is none."""
        found = (one for one in screens.SCREENS.values() if one.path == path)
        screen = next(found, None)
        if screen is None:
            return None
        reader = replace(await self._reader(request, screen), here=path)
        given = {
            name: kept.one(name)[:GIVEN_CHARACTERS_MAX] for name in screens.names_asked(screen)
        }
        try:
            return await self._page(request, reader, screen, given, kept)
        except SignedOutError:
            return self._visits.to_door(request)

    async def _page(
        self, request: Request, reader: Reader, screen: Screen, given: Given, kept: Kept = NOTHING
    ) -> Response:
        tab = screen.tab_of(reader, given)
        told = await self._asked(request, reader, screen, given, tab=tab)
        about = told.get(screen.is_about)
        if isinstance(about, Refused) and status_of(about.code) in NOT_NOW:
            return await self._visits.trouble(request, about)
        _is_there(screen, told)
        page = screens.drawn(reader, screen, given, told, kept=kept)
        return self._visits.shown(request, page, status_of_told(kept.refused))

    async def live(self, request: Request, screen: Screen) -> Response:
        """What is live of it, each time it is another (WHATWG HTML, server-sent events)."""
        given = _given(request, screen)
        here = screens.to_screen(screen, given)
        reader = replace(await self._reader(request, screen), here=here)

        async def draw() -> str:
            told = await self._asked(request, reader, screen, given, is_live=True)
            return screens.drawn(reader, screen, given, told, is_live_alone=True)

        session = self._visits.session(request)
        form = reader.form_token  # of this browser: forms that it is told are its own
        topic = (session, form, reader.language, reader.here, request.url.query)
        events = self._live.events(session, topic, draw, screen.live_seconds)
        if events is None:
            raise HTTPException(429)
        return EventStream(events)

    async def _reader(self, request: Request, screen: Screen) -> Reader:
        reader = await self._visits.reader(request)
        if not screen.is_for(reader):
            raise HTTPException(404)
        return reader

    async def _asked(
        self,
        request: Request,
        reader: Reader,
        screen: Screen,
        given: Given,
        *,
        tab: str = "",
        is_live: bool = False,
    ) -> Told:
        """What every part tells that who reads may see: first those that others wait for."""
        told: Told = {}
        waiting = {
            name: one
            for name, one in screen.parts.items()
            if one.view in reader.views and one.tab in {"", tab} and not (is_live and one.is_still)
        }
        while waiting:
            ready = [
                name for name, one in waiting.items() if not screens.waits_for(one) & waiting.keys()
            ]
            for name in ready:
                del waiting[name]
            told |= await self._ask_parts(request, screen, ready, given, told)
        if any(is_out(one) for one in told.values()):
            raise SignedOutError
        return {name: told[name] for name in screen.parts if name in told}

    async def _ask_parts(
        self, request: Request, screen: Screen, names: Sequence[str], given: Given, told: Told
    ) -> Told:
        """What these tell; nothing of one that lacks what it is found by."""
        found = {each: one for each, one in told.items() if isinstance(one, Page)}
        shows = {}
        for name in names:
            part = screen.parts[name]
            filters = screens.filters_of(part, given, found)
            if filters is not None:
                after = places_of({"after": typed_in_query(request).get(part.goes_on, [])})
                shows[name] = Show(
                    view=part.view, filters=sought(filters), after=after, rows_max=part.rows_max
                )
        if not shows:
            return {}
        asked = ShowAll(
            session=self._visits.session(request),
            shows=list(shows.values()),
            source=source_of(request),
        )
        answer = await self._visits.desk.ask(asked)
        if isinstance(answer, Refused):  # all of them are
            return dict.fromkeys(shows, answer)
        assert isinstance(answer, Pages), answer
        return dict(zip(shows, answer.pages, strict=True))


def _given(request: Request, screen: Screen) -> dict[str, str]:
    typed = typed_in_query(request)
    asked = {name: "".join(typed.get(name, ())[:1]).strip() for name in screens.names_asked(screen)}
    given = {**asked, **{name: str(one) for name, one in request.path_params.items()}}
    if any(len(one) > GIVEN_CHARACTERS_MAX for one in given.values()):
        raise HTTPException(404)
    return given


def _is_there(screen: Screen, told: Told) -> None:
    """Whether what it is about is there for who reads.

    Raises:
        HTTPException: 404, it is not.
    """
    if not screen.is_about:
        return
    found = told.get(screen.is_about)
    if not isinstance(found, Page) or not found.rows:
        raise HTTPException(404)
