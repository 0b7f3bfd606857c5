"""The door: who comes in, under which grant, in which language, and out again."""

import secrets
from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.office import NOBODY, Done, Refused
from host.model.secrets import Secret
from switch.web.api import SIGN_IN, source_of
from switch.web.asked import back_to
from switch.web.desk import USE_GRANT
from switch.web.guard import Limiter
from switch.web.visits import NOT_DONE, Visits, status_of
from terminals.web import pages
from terminals.web.reader import Reader
from terminals.web.texts import LANGUAGES

SIGN_OUT: Final = "session.sign_out"
VISIT: Final = "session.visit"
ACCEPT: Final = "invitation.accept"
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SAID_FIRST: Final = ("accepted", NOT_DONE)
"""What may stand in its address, and is said then."""
FORWARDED: Final = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "via"})
"""Somebody else asks through a program of this machine."""


class Door:
    """Its routes."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits
        self.sign_ins, self._logins = Limiter(0), Limiter(0)
        self.limit()

    def routes(self) -> list[Route]:
        """Where each is served."""
        both = ["GET", "POST"]
        return [
            Route("/sign-in", self.sign_in, methods=both),
            Route("/invitation", self.accept, methods=both),
            Route("/in/{token}", self.visit),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/grant", self.use_grant, methods=["POST"]),
            Route("/language", self.choose_language, methods=["POST"]),
        ]

    def limit(self) -> None:
        """As the settings say now."""
        often = self._visits.settings.sign_ins_a_minute
        self.sign_ins.a_minute, self._logins.a_minute = often, max(often // 2, 1)

    async def sign_in(self, request: Request) -> Response:
        """By a password, and a code where there is one."""
        visits = self._visits
        if request.method != "POST":
            said = (one for one in SAID_FIRST if one in request.query_params)
            said_first = next(said, "")
            back = back_to(request.query_params.get("back", ""))
            page = pages.sign_in(visits.stranger(request), said_first=said_first, back=back)
            return visits.shown(request, page)
        form = await visits.form(request)
        login = form.one("login")
        if not (self.sign_ins.takes(source_of(request)) and self._logins.takes(login)):
            raise HTTPException(429)
        values = {"login": login, "password": form.one("password")}
        if form.one("code"):
            values["code"] = form.one("code")
        told = await visits.do(request, SIGN_IN, values, NOBODY)
        if isinstance(told, Refused):
            page = pages.sign_in(visits.stranger(request), told, back=back_to(form.one("back")))
            return visits.shown(request, page, status_of(told))
        assert isinstance(told, Done), told
        response = RedirectResponse(back_to(form.one("back")), 303)
        visits.guard.keep_session(response, Secret(told.shown_once["session"].encode()))
        return response

    async def accept(self, request: Request) -> Response:
        """A password for who was invited."""
        visits = self._visits
        reader = visits.stranger(request)
        if request.method != "POST":
            return visits.shown(request, pages.accept(reader))
        form = await visits.form(request)
        if not self.sign_ins.takes(source_of(request)):
            raise HTTPException(429)
        values = {"token": form.one("token"), "new": form.one("new")}
        told = await visits.do(request, ACCEPT, values, NOBODY)
        if isinstance(told, Refused):
            return visits.shown(request, pages.accept(reader, told), status_of(told))
        return RedirectResponse("/sign-in?accepted", 303)

    async def visit(self, request: Request) -> Response:
        """By a link of the demo, which is opened on the machine itself, and there alone."""
        visits = self._visits
        is_near = request.url.hostname in LOOPBACK and not FORWARDED & set(request.headers)
        if request.method != "GET" or not is_near:
            raise HTTPException(404)
        if not self.sign_ins.takes(source_of(request)):
            raise HTTPException(429)
        told = await visits.do(request, VISIT, {"token": request.path_params["token"]}, NOBODY)
        if not isinstance(told, Done):
            assert isinstance(told, Refused), told
            page = pages.trouble(self._reader(request), "refused", told)
            return visits.shown(request, page, status_of(told))
        session = Secret(told.shown_once["session"].encode())
        door = secrets.token_urlsafe(24)
        response = visits.shown(request, pages.visit(self._reader(request, session, door), told))
        visits.guard.keep_session(response, session, door)
        return response

    def _reader(self, request: Request, session: Secret | None = None, door: str = "") -> Reader:
        """Who comes back to the beginning, for a link is used."""
        visits = self._visits
        if session is None:
            return replace(visits.stranger(request), here="/")
        token = visits.guard.form_token(door, session)
        return Reader(language=visits.language(request), form_token=token)

    async def sign_out(self, request: Request) -> Response:
        """The session ends there and here."""
        visits = self._visits
        await visits.form(request)
        session = visits.guard.session(request)
        if session is not None:
            visits.desk.forget(session)
            await visits.do(request, SIGN_OUT, {}, session)
        response = RedirectResponse("/sign-in", 303)
        visits.guard.forget_session(response)
        return response

    async def use_grant(self, request: Request) -> Response:
        """Go on under another grant of the same person."""
        visits = self._visits
        form = await visits.form(request)
        session = visits.session(request)
        grant = form.one("grant")
        values = {"grant": int(grant) if grant.isascii() and grant.isdigit() else grant}
        told = await visits.do(request, USE_GRANT, values, session)
        if isinstance(told, Refused):
            return await visits.trouble(request, told)
        return RedirectResponse("/", 303)

    async def choose_language(self, request: Request) -> Response:
        """The next pages are in it."""
        visits = self._visits
        form = await visits.form(request)
        response = RedirectResponse(back_to(form.one("back")), 303)
        if form.one("language") in LANGUAGES:
            visits.guard.keep_language(response, form.one("language"))
        return response
