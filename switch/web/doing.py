"""Doing: a form, and what becomes of it."""

import base64
import binascii
import secrets
from typing import Final, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.catalogue import ActionTold
from host.model.office import Done, Refused, Waiting
from host.model.secrets import Secret
from switch.web.asked import Form, Sent, back_to, typed_in_query
from switch.web.visits import Visits, is_out, status_of
from terminals.web import forms, pages
from terminals.web.pages import Filled
from terminals.web.reader import Reader

NEEDS_CODE: Final = "E-STEP-UP"
SEND: Final = "file.send"
ENROL: Final = "totp.enrol"
REHEARSE: Final = "rehearse"
AT_ONCE: Final = "at_once"
"""A button that needs nothing typed: what was done is seen on the page it stands on."""
CONTENT: Final = "content"
"""The file that an action hands out, in base64, and what it is called."""
FILE_NAME: Final = "name"


class Doing:
    """Its route."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits

    def routes(self) -> list[Route]:
        """Where it is served."""
        return [Route("/do/{action}", self.do, methods=["GET", "POST"])]

    async def do(self, request: Request) -> Response:
        """A form, and what becomes of it."""
        visits = self._visits
        form = await visits.form(request) if request.method == "POST" else None
        reader = await visits.reader(request)
        action = reader.actions.get(request.path_params["action"])
        if action is None:
            raise HTTPException(404)
        if form is None:
            filled = Filled(
                action=action,
                typed=forms.typed_again(action, typed_in_query(request)),
                once_key=secrets.token_hex(16),
                back=back_to(request.query_params.get("back", "")),
            )
            return visits.shown(request, pages.form(reader, filled))
        return await self._done(request, reader, action, form)

    async def _done(
        self, request: Request, reader: Reader, action: ActionTold, form: Form
    ) -> Response:
        visits = self._visits
        session = visits.session(request)
        values = forms.values_of(action, form.typed)
        if form.sent is not None and form.sent.field == action.takes:
            sent = await self._sent(request, form.sent, session)
            if isinstance(sent, Refused):
                return self._again(request, reader, (action, form), sent)
            values[action.takes] = sent
            form.typed[action.takes] = [str(sent)]
        told = await visits.do(
            request,
            action.id,
            values,
            session,
            once_key=form.one("once_key"),
            code=form.one("totp_code"),
            is_dry_run=form.one("how") == REHEARSE,
        )
        if is_out(told):
            return visits.to_door(request)
        if isinstance(told, Refused):
            return self._again(request, reader, (action, form), told)
        if action.id == ENROL:
            visits.desk.forget(session)
        return self._came_of(request, reader, (action, form), told)

    def _came_of(
        self, request: Request, reader: Reader, what: tuple[ActionTold, Form], told: Done | Waiting
    ) -> Response:
        """A file, the page it was asked on, or what was done."""
        action, form = what
        back = back_to(form.one("back"))
        origin = f"{request.url.scheme}://{request.url.netloc}"
        if isinstance(told, Done):
            if form.one("how") == REHEARSE:
                page = pages.rehearsed(reader, _filled(action, form), told)
                return self._visits.shown(request, page)
            if action.hands_out:
                return _file(action, told)
            if form.one("how") == AT_ONCE and not told.shown_once:
                return RedirectResponse(back, 303)
        return self._visits.shown(
            request, pages.outcome(reader, action, told, back=back, origin=origin)
        )

    def _again(
        self, request: Request, reader: Reader, what: tuple[ActionTold, Form], told: Refused
    ) -> Response:
        """The form as it was typed, with why it was not done beside the field."""
        filled = _filled(*what, told)
        return self._visits.shown(request, pages.form(reader, filled), status_of(told))

    async def _sent(self, request: Request, sent: Sent, session: Secret) -> int | Refused:
        """The number of a file, which is sent before what is about it."""
        content = base64.b64encode(sent.content).decode()
        values = {"name": sent.name or "file", "content": content}
        told = await self._visits.do(request, SEND, values, session)
        return told.told["file"] if isinstance(told, Done) else cast("Refused", told)


def _filled(action: ActionTold, form: Form, refused: Refused | None = None) -> Filled:
    """A form as it was typed."""
    return Filled(
        action=action,
        typed=forms.typed_again(action, form.typed),
        once_key=form.one("once_key") or secrets.token_hex(16),
        refused=refused,
        asks_code=refused is not None and refused.code == NEEDS_CODE,
        back=back_to(form.one("back")),
    )


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
