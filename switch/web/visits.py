"""What every page begins and ends with: who reads, whether a form is ours, how a page goes back."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from host.model.catalogue import Catalogue
from host.model.office import Do, Done, Refused, Show, Told, Waiting, sought
from host.model.secrets import Secret
from switch.web.api import json_of, source_of
from switch.web.asked import Form, form_of, language_of
from switch.web.desk import Desk, HostAwayError, InDoubtError
from switch.web.guard import Guard
from switch.web.statuses import FAILED, NOWHERE
from switch.web.statuses import status_of as status_of_code
from switch.web.target import BadRequestError
from switch.web_settings import WebSettings
from terminals.web import pages
from terminals.web.reader import Reader
from terminals.web.texts import LANGUAGES, TEXTS, Language

FAULT: Final = 500
API: Final = "/v1/"
"""How addresses of programs begin: these are answered as JSON, whatever it is."""
STATUS_OF: Final[Mapping[type[Exception], int]] = {HostAwayError: 503, InDoubtError: 503}
"""Of what is no fault of ours."""
UNKNOWN: Final = Refused(code="E-IN-DOUBT", en=TEXTS["in_doubt"].en, zh=TEXTS["in_doubt"].zh)
NOT_NOW: Final = Refused(code="E-HOST-AWAY", en=TEXTS["away_now"].en, zh=TEXTS["away_now"].zh)
SIGNED_OUT: Final = frozenset({"E-SIGNED-OUT", "E-NO-GRANT"})
ROWS_USUAL: Final = 50
NOT_DONE: Final = "not_done"
"""Stands in the address of a door for whoever sent a form after they were signed out."""
FORMS: Final = ("/do/", "/me/")
"""How addresses begin that something is done at by a form, which stands at the first as well."""
MEMBERS_DOOR: Final = "/me/sign-in"
MEMBERS: Final = ("/me", "/pay/", "/live/me")
"""How addresses of members begin: who is signed out there is led to their door."""


class Visits:
    """One front's."""

    def __init__(self, desk: Desk, guard: Guard, settings: WebSettings) -> None:
        self.desk = desk
        self.guard = guard
        self.settings = settings

    # Asking the office. -------------------------------------------------------------------------

    async def do(
        self, request: Request, action: str, values: Mapping[str, Any], session: Secret, **how: Any
    ) -> Done | Waiting | Refused:
        """Have something done; where it cannot be known what became of it, that is what is told.

        A host that is away may have done it when the same form was sent before, so it is not said
        that nothing was done.
        """
        code = how.pop("code", "")
        asked = Do(
            session=session,
            action=action,
            values=Secret(json.dumps(values, ensure_ascii=False).encode()),
            code=Secret(code.encode()) if code else None,
            source=source_of(request),
            **how,
        )
        try:
            told = await self.desk.ask(asked)
        except InDoubtError:
            return UNKNOWN
        except HostAwayError:
            return NOT_NOW
        if isinstance(told, Refused) and told.code == NOT_NOW.code:
            return NOT_NOW
        assert isinstance(told, Done | Waiting | Refused), told
        return told

    def asked(
        self,
        request: Request,
        view: str,
        filters: Mapping[str, str],
        after: list[str],
        rows_max: int = ROWS_USUAL,
    ) -> Show:
        """A page of a view, as who reads may have it."""
        return Show(
            session=self.session(request),
            view=view,
            filters=sought(filters),
            after=after,
            rows_max=rows_max,
            source=source_of(request),
        )

    # Who reads. ---------------------------------------------------------------------------------

    async def form(self, request: Request) -> Form:
        """What was sent by a form of ours.

        Raises:
            HTTPException: 403, it is none; 413, it is too large.
        """
        form = await form_of(request, self.settings.body_bytes_max)
        if not self.guard.is_ours(request, form.one("form_token")):
            raise HTTPException(403)
        return form

    def session(self, request: Request) -> Secret:
        """Of who has signed in.

        Raises:
            HTTPException: 401, nobody has.
        """
        session = self.guard.session(request)
        if session is None:
            raise HTTPException(401)
        return session

    async def reader(self, request: Request) -> Reader:
        """Who reads, with what there is for them.

        Raises:
            HTTPException: 401, nobody is signed in.
        """
        session = self.session(request)
        told = await self.desk.catalogue(session, source_of(request))
        if not isinstance(told, Catalogue):
            raise HTTPException(401 if told.code in SIGNED_OUT else 429)
        return Reader(
            language=self.language(request),
            form_token=self.guard.form_token(self.guard.door(request), session),
            catalogue=told,
            chinese=self.desk.chinese,
            here=_here(request),
        )

    def stranger(self, request: Request) -> Reader:
        """Who reads before they have signed in."""
        request.state.door = self.guard.door(request) or secrets.token_urlsafe(24)
        token = self.guard.form_token(request.state.door, self.guard.session(request))
        return Reader(language=self.language(request), form_token=token, here=_here(request))

    def language(self, request: Request, usual: Language = "zh") -> Language:
        """As it was chosen, else as the browser asks, else what is usual."""
        chosen = self.guard.language(request)
        asked = language_of(request, usual)
        return next((one for one in LANGUAGES if one == chosen), asked)

    # Going back. --------------------------------------------------------------------------------

    def shown(self, request: Request, page: str, status: int = 200) -> Response:
        """A page."""
        response = HTMLResponse(page, status)
        door = getattr(request.state, "door", "")
        if door and door != self.guard.door(request):
            self.guard.open_door(response, door)
        return response

    def to_door(self, request: Request) -> Response:
        """Whoever was signed in is so no more."""
        session = self.guard.session(request)
        if session is not None:
            self.desk.forget(session)
        response = RedirectResponse(_door_of(request), 303)
        self.guard.forget_session(response)
        return response

    async def trouble(self, request: Request, told: Told) -> Response:
        """What was refused, as a page of its own."""
        if is_out(told):
            return self.to_door(request)
        assert isinstance(told, Refused), told
        reader = await self.reader(request)
        return self.shown(request, pages.trouble(reader, "refused", told), status_of(told))

    async def fail(self, request: Request, error: Exception) -> Response:
        """What is shown where a page cannot be."""
        status = STATUS_OF.get(type(error), FAULT)
        status = error.status_code if isinstance(error, HTTPException) else status
        if f"{request.url.path}/".startswith(API):
            return _with_headers(json_of(FAILED.get(status, NOWHERE)), error)
        if isinstance(error, BadRequestError):  # by no name of ours, so it is given nothing to keep
            page = pages.trouble(self.stranger(request), "no_request")
            return _with_headers(HTMLResponse(page, status), error)
        if status == 401:
            return self.to_door(request)
        reader = await self._reader_or_stranger(request)
        page = pages.trouble(reader, _said(error, status))
        return _with_headers(self.shown(request, page, status), error)

    async def _reader_or_stranger(self, request: Request) -> Reader:
        """With what there is for them, where that can be told."""
        try:
            return await self.reader(request)
        except (HTTPException, HostAwayError):
            return self.stranger(request)


def is_out(told: object) -> bool:
    """Whether it says that nobody is signed in."""
    return isinstance(told, Refused) and told.code in SIGNED_OUT


def status_of(told: object) -> int:
    """Of a page: a form that comes back for a code is no error of who typed."""
    if not isinstance(told, Refused):
        return 200
    found = status_of_code(told.code)
    return 422 if found == 401 else found


def _with_headers(response: Response, error: Exception) -> Response:
    """With those that belong to it: how the address is asked, where it was asked otherwise."""
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


def _said(error: Exception, status: int) -> str:
    if isinstance(error, HostAwayError):
        return "host_away"
    if isinstance(error, InDoubtError):
        return "in_doubt"
    return {
        FAULT: "fault",
        400: "stale_form",
        403: "stale_form",
        413: "too_large",
        429: "too_often",
    }.get(status, "not_found")


def _door_of(request: Request) -> str:
    path = request.url.path
    door = MEMBERS_DOOR if path.startswith(MEMBERS) else "/sign-in"
    if request.method == "POST" and path.startswith(FORMS):
        back = {} if door == MEMBERS_DOOR else {"back": path}
        return f"{door}?{urlencode({NOT_DONE: '1', **back})}"
    if request.method == "POST":
        return door
    is_asked = path != "/" and not path.startswith("/live/")
    return door + (f"?{urlencode({'back': _here(request)})}" if is_asked else "")


def _here(request: Request) -> str:
    """The address of this page, for who comes back to it; not of what was sent."""
    if request.method == "POST":
        return request.url.path if request.url.path.startswith("/show/") else "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
