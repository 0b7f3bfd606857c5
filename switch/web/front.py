"""The pages: each reads what came, asks the office, and shows what it tells. No rule is here."""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from host.model.catalogue import ActionTold, Catalogue, ViewTold
from host.model.office import NOBODY, ROWS_MAX, Do, Done, Page, Refused, Show, Waiting, sought
from host.model.secrets import Secret
from switch.web.api import SIGN_IN, STATUSES, source_of
from switch.web.asked import Form, Sent, form_of, places_of, typed_in_query
from switch.web.desk import Desk, HostAwayError, InDoubtError
from switch.web.exported import lines_of
from switch.web.guard import Guard, Limiter
from switch.web_settings import WebSettings
from terminals.web import forms, links, pages
from terminals.web.pages import Filled, Reader
from terminals.web.texts import LANGUAGES, Language

NEEDS_CODE: Final = "E-STEP-UP"
SIGNED_OUT: Final = frozenset({"E-SIGNED-OUT", "E-NO-GRANT"})
SEND: Final = "file.send"
SIGN_OUT: Final = "session.sign_out"
USE_GRANT: Final = "session.use_grant"
ACCEPT: Final = "invitation.accept"
ENROL: Final = "totp.enrol"
REHEARSE: Final = "rehearse"
CONTENT: Final = "content"
"""The file that an action hands out, in base64, and what it is called."""
FILE_NAME: Final = "name"


class Front:
    """The routes of pages."""

    def __init__(self, desk: Desk, guard: Guard, settings: WebSettings) -> None:
        self._desk = desk
        self._guard = guard
        self._settings = settings
        self.sign_ins = Limiter(settings.sign_ins_a_minute)
        self._logins = Limiter(max(settings.sign_ins_a_minute // 2, 1))

    def routes(self) -> list[Route]:
        """Where each is served."""
        both = ["GET", "POST"]
        return [
            Route("/", self.home),
            Route("/sign-in", self.sign_in, methods=both),
            Route("/invitation", self.accept, methods=both),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/grant", self.use_grant, methods=["POST"]),
            Route("/language", self.choose_language, methods=["POST"]),
            Route("/find", self.find, methods=["POST"]),
            Route("/show/{view}", self.show, methods=both),
            Route("/export/{view}", self.export),
            Route("/do/{action}", self.do, methods=both),
        ]

    # Coming in. -------------------------------------------------------------------------------

    async def home(self, request: Request) -> Response:
        """What there is."""
        reader = await self._reader(request)
        return self._shown(request, pages.home(reader))

    async def sign_in(self, request: Request) -> Response:
        """The door."""
        if request.method == "GET":
            reader = self._stranger(request)
            said_first = "accepted" if "accepted" in request.query_params else ""
            return self._shown(request, pages.sign_in(reader, said_first=said_first))
        form = await self._ours(request)
        login = form.one("login")
        if not (self.sign_ins.takes(source_of(request)) and self._logins.takes(login)):
            raise HTTPException(429)
        values = {"login": login, "password": form.one("password")}
        if form.one("code"):
            values["code"] = form.one("code")
        told = await self._do(request, SIGN_IN, values, NOBODY)
        if isinstance(told, Refused):
            return self._shown(request, pages.sign_in(self._stranger(request), told), _status(told))
        assert isinstance(told, Done), told
        response = RedirectResponse("/", 303)
        self._guard.keep_session(response, Secret(told.shown_once["session"].encode()))
        return response

    async def accept(self, request: Request) -> Response:
        """A password for who was invited."""
        reader = self._stranger(request)
        if request.method == "GET":
            return self._shown(request, pages.accept(reader))
        form = await self._ours(request)
        if not self.sign_ins.takes(source_of(request)):
            raise HTTPException(429)
        values = {"token": form.one("token"), "new": form.one("new")}
        told = await self._do(request, ACCEPT, values, NOBODY)
        if isinstance(told, Refused):
            return self._shown(request, pages.accept(reader, told), _status(told))
        return RedirectResponse("/sign-in?accepted", 303)

    async def sign_out(self, request: Request) -> Response:
        """The session ends there and here."""
        await self._ours(request)
        session = self._guard.session(request)
        if session is not None:
            self._desk.forget(session)
            await self._do(request, SIGN_OUT, {}, session)
        response = RedirectResponse("/sign-in", 303)
        self._guard.forget_session(response)
        return response

    async def use_grant(self, request: Request) -> Response:
        """Go on under another grant of the same person."""
        form = await self._ours(request)
        session = self._session(request)
        told = await self._do(request, USE_GRANT, {"grant": _whole(form.one("grant"))}, session)
        self._desk.forget(session)
        if isinstance(told, Refused):
            return await self._trouble(request, told)
        return RedirectResponse("/", 303)

    async def choose_language(self, request: Request) -> Response:
        """The next pages are in it."""
        form = await self._ours(request)
        response = RedirectResponse(_back(form.one("back")), 303)
        if form.one("language") in LANGUAGES:
            self._guard.keep_language(response, form.one("language"))
        return response

    # Looking. ---------------------------------------------------------------------------------

    async def find(self, request: Request) -> Response:
        """The first list with a row of what was typed."""
        form = await self._ours(request)
        reader = await self._reader(request)
        text = form.one("find").strip()
        for one in links.found_by(text):
            if one.view not in reader.views:
                continue
            asked = self._asked(request, one.view, {one.filter: text}, [], rows_max=1)
            told = await self._desk.ask(asked)
            if isinstance(told, Page) and told.rows:
                return RedirectResponse(links.to_view(one.view, {one.filter: text}), 303)
        return self._shown(request, pages.trouble(reader, "found_nothing"), 404)

    async def show(self, request: Request) -> Response:
        """A list. What is found by a secret comes in the body, and stands in no address."""
        typed = typed_in_query(request)
        if request.method == "POST":
            typed = (await self._ours(request)).typed
        reader = await self._reader(request)
        view = self._view(request, reader)
        filters = forms.filters_of(view, typed)
        if forms.lacks_filter(view, filters):
            return self._shown(request, pages.listed(reader, view, filters, None))
        told = await self._desk.ask(self._asked(request, view.id, filters, places_of(typed)))
        if _is_out(told):
            return self._to_door(request)
        assert isinstance(told, Page | Refused), told
        return self._shown(request, pages.listed(reader, view, filters, told), _status(told))

    async def export(self, request: Request) -> Response:
        """The same list as CSV."""
        reader = await self._reader(request)
        view = self._view(request, reader)
        filters = forms.filters_of(view, typed_in_query(request))
        asked = self._asked(request, view.id, filters, [], rows_max=ROWS_MAX)
        told = await self._desk.ask(asked)
        if not isinstance(told, Page):
            return await self._trouble(request, told)
        rows_max = self._settings.export_rows_max
        lines = lines_of(self._desk, view, told, asked, rows_max, reader.language)
        response = StreamingResponse(lines, media_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{view.id}.csv"'
        return response

    # Doing. -----------------------------------------------------------------------------------

    async def do(self, request: Request) -> Response:
        """A form, and what becomes of it."""
        form = await self._ours(request) if request.method == "POST" else None
        reader = await self._reader(request)
        action = reader.actions.get(request.path_params["action"])
        if action is None:
            raise HTTPException(404)
        if form is None:
            filled = Filled(
                action=action,
                typed=forms.typed_again(action, typed_in_query(request)),
                once_key=secrets.token_hex(16),
            )
            return self._shown(request, pages.form(reader, filled))
        return await self._done(request, reader, action, form)

    async def _done(
        self, request: Request, reader: Reader, action: ActionTold, form: Form
    ) -> Response:
        session = self._session(request)
        values = forms.values_of(action, form.typed)
        if form.sent is not None and form.sent.field == action.takes:
            sent = await self._sent(request, form.sent, session)
            if isinstance(sent, Refused):
                return self._again(request, reader, (action, form), sent)
            values[action.takes] = sent
            form.typed[action.takes] = [str(sent)]
        is_dry_run = form.one("how") == REHEARSE
        told = await self._do(
            request,
            action.id,
            values,
            session,
            once_key=form.one("once_key"),
            code=form.one("totp_code"),
            is_dry_run=is_dry_run,
        )
        if isinstance(told, Refused):
            if _is_out(told):
                return self._to_door(request)
            return self._again(request, reader, (action, form), told)
        assert isinstance(told, Done | Waiting), told
        if action.id == ENROL:
            self._desk.forget(session)
        if isinstance(told, Done) and action.hands_out and not is_dry_run:
            return _file(action, told)
        return self._shown(request, pages.outcome(reader, action, told, is_dry_run=is_dry_run))

    def _again(
        self, request: Request, reader: Reader, what: tuple[ActionTold, Form], told: Refused
    ) -> Response:
        """The form as it was typed, with why it was not done beside the field."""
        action, form = what
        filled = Filled(
            action=action,
            typed=forms.typed_again(action, form.typed),
            once_key=form.one("once_key") or secrets.token_hex(16),
            refused=told,
            asks_code=told.code == NEEDS_CODE,
        )
        return self._shown(request, pages.form(reader, filled), _status(told))

    async def _sent(self, request: Request, sent: Sent, session: Secret) -> int | Refused:
        """The number of a file, which is sent before what is about it."""
        content = base64.b64encode(sent.content).decode()
        values = {"name": sent.name or "file", "content": content}
        told = await self._do(request, SEND, values, session)
        return told.told["file"] if isinstance(told, Done) else cast("Refused", told)

    # What all have in common. -------------------------------------------------------------------

    async def _do(
        self, request: Request, action: str, values: Mapping[str, Any], session: Secret, **how: Any
    ) -> Done | Waiting | Refused:
        code = how.pop("code", "")
        told = await self._desk.ask(
            Do(
                session=session,
                action=action,
                values=Secret(json.dumps(values, ensure_ascii=False).encode()),
                code=Secret(code.encode()) if code else None,
                source=source_of(request),
                **how,
            )
        )
        assert isinstance(told, Done | Waiting | Refused), told
        return told

    def _asked(
        self,
        request: Request,
        view: str,
        filters: Mapping[str, str],
        after: list[str],
        rows_max: int = 50,
    ) -> Show:
        return Show(
            session=self._session(request),
            view=view,
            filters=sought(filters),
            after=after,
            rows_max=rows_max,
            source=source_of(request),
        )

    async def _ours(self, request: Request) -> Form:
        """What was sent by a form of ours.

        Raises:
            HTTPException: 403, it is none; 413, it is too large.
        """
        form = await form_of(request, self._settings.body_bytes_max)
        if not self._guard.is_ours(request, form.one("form_token")):
            raise HTTPException(403)
        return form

    def _session(self, request: Request) -> Secret:
        session = self._guard.session(request)
        if session is None:
            raise HTTPException(401)
        return session

    async def _reader(self, request: Request) -> Reader:
        """Who reads, with what there is for them.

        Raises:
            HTTPException: 401, nobody is signed in.
        """
        session = self._session(request)
        told = await self._desk.catalogue(session, source_of(request))
        if not isinstance(told, Catalogue):
            raise HTTPException(401 if told.code in SIGNED_OUT else 429)
        return Reader(
            language=self.language(request),
            form_token=self._guard.form_token(self._guard.door(request), session),
            catalogue=told,
            here=_here(request),
        )

    def _stranger(self, request: Request) -> Reader:
        """Who reads before they have signed in."""
        request.state.door = self._guard.door(request) or secrets.token_urlsafe(24)
        token = self._guard.form_token(request.state.door, self._guard.session(request))
        return Reader(language=self.language(request), form_token=token, here=_here(request))

    async def _reader_or_stranger(self, request: Request) -> Reader:
        """With what there is for them, where that can be told."""
        try:
            return await self._reader(request)
        except (HTTPException, HostAwayError):
            return self._stranger(request)

    def _view(self, request: Request, reader: Reader) -> ViewTold:
        view = reader.views.get(request.path_params["view"])
        if view is None:
            raise HTTPException(404)
        return view

    def language(self, request: Request) -> Language:
        """As it was chosen, else as the browser asks, else Chinese."""
        chosen = self._guard.language(request)
        asked = request.headers.get("accept-language", "").lower()[:2]
        found = chosen or asked
        return found if found in LANGUAGES else "zh"

    def _shown(self, request: Request, page: str, status: int = 200) -> Response:
        response = HTMLResponse(page, status)
        door = getattr(request.state, "door", "")
        if door and door != self._guard.door(request):
            self._guard.open_door(response, door)
        return response

    def _to_door(self, request: Request) -> Response:
        session = self._guard.session(request)
        if session is not None:
            self._desk.forget(session)
        response = RedirectResponse("/sign-in", 303)
        self._guard.forget_session(response)
        return response

    async def _trouble(self, request: Request, told: Any) -> Response:
        if _is_out(told):
            return self._to_door(request)
        reader = await self._reader(request)
        return self._shown(request, pages.trouble(reader, "refused", told), _status(told))

    async def fail(self, request: Request, error: Exception) -> Response:
        """What is shown where a page cannot be."""
        status = error.status_code if isinstance(error, HTTPException) else 503
        if status == 401:
            return self._to_door(request)
        reader = await self._reader_or_stranger(request)
        return self._shown(request, pages.trouble(reader, _said(error, status)), status)


def _said(error: Exception, status: int) -> str:
    if isinstance(error, HostAwayError):
        return "host_away"
    if isinstance(error, InDoubtError):
        return "in_doubt"
    return {400: "stale_form", 403: "stale_form", 413: "too_large", 429: "too_often"}.get(
        status, "not_found"
    )


def _is_out(told: Any) -> bool:
    return isinstance(told, Refused) and told.code in SIGNED_OUT


def _status(told: Any) -> int:
    """Of a page: a form that comes back for a code is no error of who typed."""
    if not isinstance(told, Refused):
        return 200
    found = STATUSES.get(told.code, 422)
    return 422 if found == 401 else found


def _file(action: ActionTold, told: Done) -> Response:
    """What an action hands out."""
    try:
        content = base64.b64decode(told.shown_once[CONTENT], validate=True)
    except (KeyError, binascii.Error):
        raise HTTPException(404) from None
    name = str(told.told.get(FILE_NAME) or f"{action.id}.bin")
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "-"
                   for each in name)  # fmt: skip
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{safe}"'},
    )


def _here(request: Request) -> str:
    """The address of this page, for who comes back to it; not of what was sent."""
    if request.method != "GET":
        return request.url.path if request.url.path.startswith("/show/") else "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _back(told: str) -> str:
    """A page of ours, whatever was sent."""
    is_path = told.startswith("/") and not told.startswith(("//", "/\\"))
    return told if is_path and told.isprintable() else "/"


def _whole(told: str) -> int | str:
    return int(told) if told.isascii() and told.isdigit() else told
