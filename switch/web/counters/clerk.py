"""The routes of a clerk's phone: look at a voucher, redeem it, take it back; and one's own list.

A code that was looked at stands in no page: it is kept here, for who looked, until it is redeemed
or a few minutes are over.
"""

import datetime as dt
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import trio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.office import Done, Page, Refused, Waiting
from host.model.secrets import Secret
from switch.web.asked import Form
from switch.web.visits import Visits, is_out, status_of
from terminals.web import clerk as shown
from terminals.web.forms import minor_of
from terminals.web.reader import Reader

REDEEM: Final = "voucher.redeem"
VOID: Final = "transaction.void"
OWN: Final = "counter_work"
STORES: Final = "stores"
CODE_CHARACTERS_MAX: Final = 200
LOOKED_SECONDS: Final = 300.0
LOOKED_MAX: Final = 2_000
ROWS_MAX: Final = 100
WAIT_SECONDS: Final = 4.0
LOOK_SECONDS: Final = 0.1
"""How long a page waits for a job, and how often it looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A code that somebody has looked at."""

    session: Secret
    code: Secret
    store: int
    until: float


class ClerkPages:
    """All of them."""

    def __init__(self, visits: Visits) -> None:
        self._visits = visits
        self._looked: OrderedDict[str, Looked] = OrderedDict()

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [
            Route("/clerk", self.look, methods=["GET", "POST"]),
            Route("/clerk/redeem", self.redeem, methods=["POST"]),
            Route("/clerk/undo", self.undo, methods=["POST"]),
            Route("/clerk/done/{job:int}", self.done),
            Route("/clerk/today", self.today),
        ]

    async def look(self, request: Request) -> Response:
        """What is scanned or typed; and what it is."""
        form = await self._visits.form(request) if request.method == "POST" else None
        reader = await self._reader(request)
        stores = await self._stores(request, reader)
        if form is None:
            rows = await self._own(request)
            return self._visits.shown(request, shown.scan(reader, stores, rows))
        code = form.one("code").strip()
        store = _store(form, stores)
        if not code or len(code) > CODE_CHARACTERS_MAX or store is None:
            page = shown.scan(reader, stores, [], wrong="clerk_no_code")
            return self._visits.shown(request, page, 422)
        values = {"store": store, "voucher_code": code}
        session = self._visits.session(request)
        told = await self._visits.do(request, REDEEM, values, session, is_dry_run=True)
        if is_out(told):
            return self._visits.to_door(request)
        if isinstance(told, Refused):
            page = shown.scan(reader, stores, [], refused=told)
            return self._visits.shown(request, page, status_of(told))
        assert isinstance(told, Done), "nothing waits for being looked at"
        token = self._keep(session, Secret(code.encode()), store)
        return self._visits.shown(request, shown.found(reader, told.told, token))

    async def redeem(self, request: Request) -> Response:
        """What was looked at is redeemed."""
        form = await self._visits.form(request)
        reader = await self._reader(request)
        session = self._visits.session(request)
        looked = self._looked.get(form.one("token"))
        if looked is None or looked.session != session or looked.until < time.monotonic():
            return RedirectResponse("/clerk", 303)
        values: dict[str, Any] = {
            "store": looked.store,
            "voucher_code": looked.code.reveal().decode(),
        }
        if goods := form.one("goods").strip():
            values["goods"] = goods
        if amount := form.one("amount").strip():
            values["amount_minor"] = minor_of(amount)
        told = await self._visits.do(request, REDEEM, values, session, once_key=form.one("token"))
        if isinstance(told, Refused):
            if is_out(told):
                return self._visits.to_door(request)
            stores = await self._stores(request, reader)
            page = shown.scan(reader, stores, [], refused=told)
            return self._visits.shown(request, page, status_of(told))
        if isinstance(told, Waiting):
            return self._visits.shown(request, shown.waits(reader, told.approval))
        return RedirectResponse(f"/clerk/done/{int(told.told['job'])}", 303)

    async def undo(self, request: Request) -> Response:
        """What was redeemed is taken back."""
        form = await self._visits.form(request)
        reader = await self._reader(request)
        told = await self._visits.do(
            request,
            VOID,
            {"rrn": form.one("rrn")},
            self._visits.session(request),
            once_key=form.one("once_key"),
        )
        if isinstance(told, Refused):
            if is_out(told):
                return self._visits.to_door(request)
            stores = await self._stores(request, reader)
            page = shown.scan(reader, stores, [], refused=told)
            return self._visits.shown(request, page, status_of(told))
        if isinstance(told, Waiting):
            return RedirectResponse("/clerk/today", 303)
        return RedirectResponse(f"/clerk/done/{int(told.told['job'])}", 303)

    async def done(self, request: Request) -> Response:
        """What came of it, once that is known."""
        reader = await self._reader(request)
        job = request.path_params["job"]
        rows: list[dict[str, Any]] = []
        with trio.move_on_after(WAIT_SECONDS):
            while not any(row["job"] == job for row in rows):
                rows = await self._own(request)
                if rows and rows[0]["job"] >= job:
                    break
                await trio.sleep(LOOK_SECONDS)
        found = next((row for row in rows if row["job"] == job), None)
        return self._visits.shown(request, shown.done(reader, found, rows))

    async def today(self, request: Request) -> Response:
        """What one has redeemed since midnight."""
        reader = await self._reader(request)
        return self._visits.shown(request, shown.today(reader, await self._own(request)))

    async def _reader(self, request: Request) -> Reader:
        reader = await self._visits.reader(request)
        if REDEEM not in reader.actions:
            raise HTTPException(404)
        return reader

    async def _own(self, request: Request) -> list[dict[str, Any]]:
        """The newest first."""
        midnight = dt.datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        filters = {"mine": "true", "since": midnight.isoformat()}
        asked = self._visits.asked(request, OWN, filters, [], rows_max=ROWS_MAX)
        told = await self._visits.desk.ask(asked)
        if not isinstance(told, Page):
            return []
        return [dict(zip(told.columns, row, strict=True)) for row in told.rows]

    async def _stores(self, request: Request, reader: Reader) -> list[tuple[int, str]]:
        """Where who reads may redeem: the store of their grant, else those that they may see."""
        assert reader.catalogue is not None, "who reads is signed in"
        grant = reader.catalogue.grant
        if grant.scope == "store":
            return [(int(grant.at), "")]
        asked = self._visits.asked(request, STORES, {}, [], rows_max=ROWS_MAX)
        told = await self._visits.desk.ask(asked)
        if not isinstance(told, Page):
            return []
        rows = [dict(zip(told.columns, row, strict=True)) for row in told.rows]
        return [(int(row["id"]), str(row["name"])) for row in rows]

    def _keep(self, session: Secret, code: Secret, store: int) -> str:
        token = secrets.token_hex(16)
        until = time.monotonic() + LOOKED_SECONDS
        self._looked[token] = Looked(session=session, code=code, store=store, until=until)
        while len(self._looked) > LOOKED_MAX:
            self._looked.popitem(last=False)
        return token


def _store(form: Form, stores: list[tuple[int, str]]) -> int | None:
    """Of those there are: the one that was chosen, or the only one."""
    numbers = [number for number, _name in stores]
    told = form.one("store")
    chosen = int(told) if told.isascii() and told.isdigit() else None
    if chosen is None and len(numbers) == 1:
        return numbers[0]
    return chosen if chosen in numbers else None
