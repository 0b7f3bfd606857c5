"""The door of members: a phone, the code that was sent to it, and a PIN of their own."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.office import NOBODY, Done, Refused
from host.model.secrets import Secret
from switch.web.api import source_of
from switch.web.asked import back_to
from switch.web.guard import Limiter
from switch.web.visits import MEMBERS_DOOR, NOT_DONE, Visits, is_out, status_of
from terminals.web import member_pages
from terminals.web.member_parts import ROLE

SEND: Final = "session.code"
SIGN_IN: Final = "session.phone_sign_in"
PIN_CODE: Final = "pay_pin.code"
PIN_SET: Final = "pay_pin.set"


class MemberDoor:
    """Its routes."""

    def __init__(self, visits: Visits, sign_ins: Limiter) -> None:
        self._visits = visits
        self._sign_ins = sign_ins

    def routes(self) -> list[Route]:
        """Where each is served."""
        both = ["GET", "POST"]
        return [
            Route(MEMBERS_DOOR, self.sign_in, methods=both),
            Route("/me/pin", self.set_pin, methods=both),
        ]

    async def sign_in(self, request: Request) -> Response:
        """First the phone, then the code."""
        visits = self._visits
        reader = visits.stranger(request)
        if request.method != "POST":
            said_first = NOT_DONE if NOT_DONE in request.query_params else ""
            return visits.shown(request, member_pages.door(reader, said_first=said_first))
        form = await visits.form(request)
        if not self._sign_ins.takes(source_of(request)):
            raise HTTPException(429)
        phone, code = form.one("phone").strip(), form.one("code").strip()
        if not code:
            told = await visits.do(request, SEND, {"phone": phone}, NOBODY)
            sent = told.told if isinstance(told, Done) else None
            refused = told if isinstance(told, Refused) else None
            page = member_pages.door(reader, phone=phone, told=sent, refused=refused)
            return visits.shown(request, page, status_of(told))
        told = await visits.do(request, SIGN_IN, {"phone": phone, "code": code}, NOBODY)
        if isinstance(told, Refused):
            page = member_pages.door(reader, phone=phone, told={}, refused=told)
            return visits.shown(request, page, status_of(told))
        assert isinstance(told, Done), told
        first = back_to(request.query_params.get("back", "")) if told.told["has_pay_pin"] else ""
        where = ("/me" if first == "/" else first) if first else "/me/pin"
        response = RedirectResponse(where, 303)
        visits.guard.keep_session(response, Secret(told.shown_once["session"].encode()))
        return response

    async def set_pin(self, request: Request) -> Response:
        """Choose a PIN, or another: a code of their phone is sent first."""
        visits = self._visits
        form = await visits.form(request) if request.method == "POST" else None
        reader = await visits.reader(request)
        if reader.role != ROLE:
            raise HTTPException(404)
        if form is None:
            return visits.shown(request, member_pages.set_pin(reader))
        session = visits.session(request)
        if not form.one("new"):
            told = await visits.do(request, PIN_CODE, {}, session)
        else:
            values = {"new": form.one("new"), "code": form.one("code")}
            told = await visits.do(request, PIN_SET, values, session)
            if isinstance(told, Done):
                return RedirectResponse("/me", 303)
        if is_out(told):
            return visits.to_door(request)
        refused = told if isinstance(told, Refused) else None
        sent = told.told if isinstance(told, Done) else {} if form.one("new") else None
        page = member_pages.set_pin(reader, told=sent, refused=refused)
        return visits.shown(request, page, status_of(told))
