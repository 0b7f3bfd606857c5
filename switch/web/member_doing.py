"""What members do on their pages: pay, give, claim. Their PIN is asked for on a page of its own.

What was typed goes along with the PIN, under the same key, so that it is done once however often
it is sent.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.office import Done, Page, Refused, Told, Waiting
from switch.web.asked import Form, back_to
from switch.web.screened import Screened
from switch.web.visits import Visits, is_out, status_of
from terminals.web import forms, member_pages
from terminals.web.kept import NOTHING, Kept
from terminals.web.member_parts import ROLE, usable
from terminals.web.reader import Reader
from terminals.web.shown import Row, shown

ASKED_FOR: Final = "E-PAY-PIN"
"""The PIN is wanted, and nobody has typed one: that is no error of who reads."""
NEEDS_PIN: Final = frozenset({ASKED_FOR, "E-WRONG-PIN"})
NOT_KNOWN: Final = frozenset({"E-IN-DOUBT", "E-HOST-AWAY"})
"""What became of it: the same is sent again."""
NO_PIN: Final = "E-NO-PIN"
SHOW: Final = "pay.show_code"
SCAN: Final = "pay.scan"
ACTIVATE: Final = "card.activate"
OWN_FIELDS: Final = frozenset({"form_token", "pin"})
TOKEN_CHARACTERS_MAX: Final = 64


class MemberDoing:
    """Its routes."""

    def __init__(self, visits: Visits, screened: Screened) -> None:
        self._visits = visits
        self._screened = screened

    def routes(self) -> list[Route]:
        """Where each is served."""
        both = ["GET", "POST"]
        return [
            Route("/me/code", self.code, methods=both),
            Route("/me/card", self.card, methods=both),
            Route("/me/do/{action}", self.do, methods=["POST"]),
            Route("/pay/{token}", self.pay),
        ]

    async def code(self, request: Request) -> Response:
        """A fresh code to pay by, each time it is opened: the one before is dead."""
        visits = self._visits
        form = await visits.form(request) if request.method == "POST" else Form()
        reader = await self._member(request)
        cards = await self._cards(request, reader)
        if not cards:
            return visits.shown(request, member_pages.no_card(reader))
        values = {"card": cards[0].values["id"]}
        told = await self._asked(request, SHOW, values, form, once_key="")
        if isinstance(told, Refused):
            return await self._refused(request, reader, Form(), told, "/me/code", SHOW)
        assert isinstance(told, Done), told
        page = member_pages.code(reader, told.shown_once["code"], int(told.told["seconds"]))
        return visits.shown(request, page)

    async def pay(self, request: Request) -> Response:
        """A store's code, as any phone's camera opens it."""
        visits = self._visits
        reader = await self._member(request)
        token = request.path_params["token"]
        cards = await self._cards(request, reader)
        if not cards:
            return visits.shown(request, member_pages.no_card(reader))
        values = {"card": cards[0].values["id"], "store_code": token[:TOKEN_CHARACTERS_MAX]}
        told = await visits.do(request, SCAN, values, visits.session(request), is_dry_run=True)
        amount = told.told["amount_minor"] if isinstance(told, Done) else None
        if isinstance(told, Refused) and told.field != "amount_minor":
            return await self._refused(request, reader, Form(), told, "/me", SCAN)
        return self._pay_page(request, reader, cards, token, amount)

    def _pay_page(
        self,
        request: Request,
        reader: Reader,
        cards: list[Row],
        token: str,
        amount_minor: int | None,
        kept: Kept = NOTHING,
    ) -> Response:
        page = member_pages.pay(
            reader,
            cards=cards,
            token=token,
            amount_minor=amount_minor,
            once_key=secrets.token_hex(16),
            kept=kept,
        )
        return self._visits.shown(request, page, status_of(kept.refused))

    async def card(self, request: Request) -> Response:
        """A card by its number and its password: it is to be theirs."""
        visits = self._visits
        form = await visits.form(request) if request.method == "POST" else None
        reader = await self._member(request)
        if form is None:
            page = member_pages.add_card(reader, once_key=secrets.token_hex(16))
            return visits.shown(request, page)
        values = {name: form.one(name).strip() for name in ("number", "password")}
        told = await self._asked(request, ACTIVATE, values, form)
        if isinstance(told, Refused):
            page = member_pages.add_card(reader, once_key=form.one("once_key"), refused=told)
            return visits.shown(request, page, status_of(told))
        return RedirectResponse("/me", 303)

    async def do(self, request: Request) -> Response:
        """An action of theirs."""
        form = await self._visits.form(request)
        reader = await self._member(request)
        action = reader.actions.get(request.path_params["action"])
        if action is None:
            raise HTTPException(404)
        values = forms.values_of(action, form.typed)
        told = await self._asked(request, action.id, values, form)
        if isinstance(told, Refused):
            path = f"/me/do/{action.id}"
            return await self._refused(request, reader, form, told, path, action.id)
        assert isinstance(told, Done), told
        return self._went(request, reader, form, told)

    def _went(self, request: Request, reader: Reader, form: Form, told: Done) -> Response:
        link = told.shown_once.get("link")
        if link is not None:
            address = f"{request.url.scheme}://{request.url.netloc}/me/gifts?link={quote(link)}"
            return self._visits.shown(request, member_pages.link(reader, address))
        code = told.shown_once.get("code")
        if code is not None:
            minutes = int(told.told["minutes"])
            return self._visits.shown(request, member_pages.pickup_code(reader, code, minutes))
        job, payment = told.told.get("job"), told.told.get("payment")
        if payment is not None:
            return RedirectResponse(f"/me/payment/{payment}", 303)
        back = back_to(form.one("back"))
        return RedirectResponse(f"/me/done/{job}" if job is not None else back, 303)

    async def _refused(
        self,
        request: Request,
        reader: Reader,
        form: Form,
        told: Refused,
        path: str,
        what: str,
    ) -> Response:
        """The PIN is asked for, a first one is chosen, or it is said on its page why not."""
        visits = self._visits
        if is_out(told):
            return visits.to_door(request)
        if told.code == NO_PIN:
            return RedirectResponse("/me/pin", 303)
        if told.code in NEEDS_PIN | NOT_KNOWN:
            typed = [
                (name, value)
                for name, values in form.typed.items()
                if name not in OWN_FIELDS
                for value in values
            ]
            name = reader.named(reader.actions[what]) if what in reader.actions else what
            made = member_pages.again if told.code in NOT_KNOWN else member_pages.pin
            page = made(reader, path=path, typed=typed, what=name, refused=told)
            return visits.shown(request, page, 200 if told.code == ASKED_FOR else status_of(told))
        back = back_to(form.one("back"))
        again = await self._again(request, reader, form, told, what, back)
        if again is not None:
            return again
        page = member_pages.trouble(reader, told, "/me" if back == "/" else back)
        return visits.shown(request, page, status_of(told))

    async def _again(
        self, request: Request, reader: Reader, form: Form, told: Refused, what: str, back: str
    ) -> Response | None:
        """The form as it was typed, on its own page; None: it stood on none."""
        action = reader.actions.get(what)
        if action is None or not form.typed:
            return None
        typed = forms.typed_again(action, form.typed)
        kept = Kept(action=action, typed=typed, refused=told)
        if what != SCAN:
            return await self._screened.again(request, back, kept)
        cards = await self._cards(request, reader)
        is_typed = bool(cards) and "amount_minor" in form.typed
        token = form.one("store_code")
        return self._pay_page(request, reader, cards, token, None, kept) if is_typed else None

    async def _asked(
        self,
        request: Request,
        action: str,
        values: Mapping[str, Any],
        form: Form,
        *,
        once_key: str | None = None,
    ) -> Done | Waiting | Refused:
        """With the PIN, where it was typed."""
        key = form.one("once_key") if once_key is None else once_key
        return await self._visits.do(
            request,
            action,
            values,
            self._visits.session(request),
            once_key=key,
            code=form.one("pin"),
        )

    async def _member(self, request: Request) -> Reader:
        reader = await self._visits.reader(request)
        if reader.role != ROLE:
            raise HTTPException(404)
        return reader

    async def _cards(self, request: Request, reader: Reader) -> list[Row]:
        """Those that pay, in the order in which they do."""
        told: Told = await self._visits.desk.ask(self._visits.asked(request, "wallet", {}, []))
        if is_out(told):
            raise HTTPException(401)
        if not isinstance(told, Page):
            return []
        return list(usable(shown(reader, reader.views["wallet"], told)))
