"""The routes of seats: each reads what came, has the till do it, and shows what came of it.

What is sent to the switch goes on whether or not the browser waits: a page that asks too early says
that it waits, and looks again. The same form is done once.
"""

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import trio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from host.model.office import Page, Refused
from switch.seat import counter
from switch.seat.counter import Begun
from switch.seat.seats import Seats
from switch.seat.settling import LAST, Settled, settle
from switch.seat.till import NotNowError, Till
from switch.web.asked import Form
from switch.web.counters.sitting import OPEN, Sitting, login_of
from switch.web.counters.typed import amount_of, order_of
from switch.web.live import EventStream, Live
from switch.web.screened import SignedOutError
from switch.web.visits import Visits
from terminals.seat.entry import Entry, State
from terminals.web import seat as shown
from terminals.web.reader import Reader

WAIT_SECONDS: Final = 2.5
"""How long a page waits for an answer before it says that it waits."""
LINES_MAX: Final = 50
INSTEAD: Final = "instead"
"""In the address of what is open, where it is shown in the place of what was asked for."""
PAID: Final = "paid_at_store"
LIVE_SECONDS: Final = 2.0

Handler = Callable[[Request, Reader, Till], Awaitable[Response]]
Part = Callable[[Till, Entry, int, str, str], Awaitable[Begun]]
"""What is done to so much of an entry, by whom, once for a key."""


class SeatPages:
    """All of them."""

    def __init__(self, visits: Visits, seats: Seats, live: Live) -> None:
        self._live = live
        self._visits = visits
        self._seats = seats
        self._sitting = Sitting(visits, seats)

    def routes(self) -> list[Route]:
        """Where each is served."""
        one = "/seat/{terminal:str}"
        both = ["GET", "POST"]

        def at_one(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
            return partial(self._at, handler)

        return [
            Route("/seat", self._sitting.list_, methods=both),
            Route(one, at_one(self.counter), methods=both),
            Route(f"{one}/done/{{name}}", at_one(self.done)),
            Route(f"{one}/bill/{{name}}", at_one(self.bill), methods=["POST"]),
            Route(f"{one}/void", at_one(self.void), methods=both),
            Route(f"{one}/refund", at_one(self.refund), methods=both),
            Route(f"{one}/complete", at_one(self.complete), methods=both),
            Route(f"{one}/paid", at_one(self.paid)),
            Route(f"{one}/paid/live", at_one(self.paid_anew)),
            Route(f"{one}/day", at_one(self.day), methods=both),
            Route(f"{one}/leave", at_one(self._sitting.leave), methods=["POST"]),
        ]

    async def _at(self, handler: Handler, request: Request) -> Response:
        """The seat that one sits at, under the grant one sat down with."""
        reader = await self._visits.reader(request)
        terminal_id = request.path_params["terminal"]
        till = self._seats.found(terminal_id) if OPEN in reader.actions else None
        about = till.about if till is not None else None
        assert reader.catalogue is not None, "who reads is signed in"
        if till is None or about is None or about.grant != reader.catalogue.grant.id:
            return RedirectResponse("/seat", 303)
        if about.sitting != login_of(reader):
            return RedirectResponse("/seat", 303)
        try:
            return await handler(request, reader, till)
        except NotNowError as error:
            if error.why == "doubt":
                return _to_done(till, error.name, is_instead=True)
            page = shown.refused(reader, _at(till), f"seat_{error.why}")
            return self._visits.shown(request, page, 409)

    async def counter(self, request: Request, reader: Reader, till: Till) -> Response:
        """The seat; and what is traded at it."""
        if request.method == "POST":
            return await self._trade(request, reader, till, await self._visits.form(request))
        first = till.entries.get(request.query_params.get("bill", ""))
        typed, bill = shown.Typed(), None
        if first is not None:
            bill = _bill(till, first)
            typed = shown.Typed(amount=f"{bill.rest_minor / 100:.2f}", bill=first.name)
        return self._visits.shown(request, shown.counter(reader, _at(till), typed, bill))

    async def _trade(self, request: Request, reader: Reader, till: Till, form: Form) -> Response:
        before = await till.named(form.one("once_key"))
        if before is not None:
            return _to_done(till, before.name)
        order = order_of(form, login_of(reader))
        if isinstance(order, shown.Typed):
            page = shown.counter(reader, _at(till), order)
            return self._visits.shown(request, page, 422)
        return await self._begun(till, await counter.trade(till, order))

    async def done(self, request: Request, reader: Reader, till: Till) -> Response:
        """What came of something."""
        entry = till.entries.get(request.path_params["name"])
        if entry is None:
            raise HTTPException(404)
        is_instead = INSTEAD in request.query_params
        page = shown.done(reader, _at(till), entry, _bill(till, entry), is_instead=is_instead)
        return self._visits.shown(request, page)

    async def bill(self, request: Request, reader: Reader, till: Till) -> Response:
        """The rest of a bill: in cash, or all of it is taken back."""
        form = await self._visits.form(request)
        entry = till.entries.get(request.path_params["name"])
        if entry is None:
            raise HTTPException(404)
        if form.one("how") == "cash":
            await counter.take_cash(till, entry)
            return _to_done(till, entry.name)
        for one in reversed(counter.bill_of(till, entry).paid):
            begun = await counter.void(till, one, login_of(reader), secrets.token_hex(8))
            voided = await self._finished(begun)
            if voided.state is not State.APPROVED:
                return _to_done(till, voided.name)
        await counter.give_cash_back(till, entry)
        return _to_done(till, entry.name)

    async def void(self, request: Request, reader: Reader, till: Till) -> Response:
        """Take back a sale of the open batch: the last, or the one that is named."""
        form = await self._visits.form(request) if request.method == "POST" else None
        if form is None:
            newest_first = reversed(till.entries.values())
            entries = [one for one in newest_first if counter.may_be_voided(till, one)][:LINES_MAX]
            named = request.query_params.get("of", "")
            chosen = next((one for one in entries if one.name == named), None)
            first = entries[0] if entries and not named else None
            page = shown.back(reader, _at(till), "void", entries, chosen or first)
            return self._visits.shown(request, page)
        entry = await self._again(till, form)
        if isinstance(entry, Response):
            return entry
        begun = await counter.void(till, entry, login_of(reader), form.one("once_key"))
        return await self._begun(till, begun)

    async def refund(self, request: Request, reader: Reader, till: Till) -> Response:
        """Give back a sale, or a part of it."""
        form = await self._visits.form(request) if request.method == "POST" else None
        if form is None:
            return self._which(request, reader, till, "refund", counter.may_be_refunded)
        return await self._part(till, form, counter.refund, login_of(reader))

    async def complete(self, request: Request, reader: Reader, till: Till) -> Response:
        """Take what is paid out of what is held."""
        form = await self._visits.form(request) if request.method == "POST" else None
        if form is None:
            return self._which(request, reader, till, "complete", counter.may_be_completed)
        return await self._part(till, form, counter.complete, login_of(reader))

    def _which(
        self,
        request: Request,
        reader: Reader,
        till: Till,
        how: str,
        may_be: Callable[[Entry], bool],
    ) -> Response:
        """Those of which a part is asked for, and the one that is named."""
        entries = [one for one in reversed(till.entries.values()) if may_be(one)]
        named = request.query_params.get("of", "")
        chosen = next((one for one in entries if one.name == named), None)
        page = shown.back(reader, _at(till), how, entries[:LINES_MAX], chosen)
        return self._visits.shown(request, page)

    async def _part(self, till: Till, form: Form, do: Part, login: str) -> Response:
        """So much of one, as it was typed."""
        entry = await self._again(till, form)
        if isinstance(entry, Response):
            return entry
        amount = amount_of(form.one("amount"), in_points=entry.in_points)
        if amount is None:
            raise NotNowError("amount_wrong")
        begun = await do(till, entry, amount, login, form.one("once_key"))
        return await self._begun(till, begun)

    async def _again(self, till: Till, form: Form) -> Entry | Response:
        """What a form is about; where it was done before, what came of it."""
        before = await till.named(form.one("once_key"))
        if before is not None:
            return _to_done(till, before.name)
        entry = till.entries.get(form.one("of"))
        if entry is None:
            raise HTTPException(404)
        return entry

    async def paid(self, request: Request, reader: Reader, till: Till) -> Response:
        """What members pay here by the store's code, which passes no till."""
        told = await self._paid_here(request, till)
        if isinstance(told, Refused):
            return await self._visits.trouble(request, told)
        return self._visits.shown(request, shown.paid(reader, _at(till), told))

    async def paid_anew(self, request: Request, reader: Reader, till: Till) -> Response:
        """The same, each time that it is another."""

        async def draw() -> str:
            told = await self._paid_here(request, till)
            if isinstance(told, Refused):
                raise SignedOutError
            return shown.paid(reader, _at(till), told, is_live_alone=True)

        session = self._visits.session(request)
        topic = (session, reader.language, request.url.path)
        events = self._live.events(session, topic, draw, LIVE_SECONDS)
        if events is None:
            raise HTTPException(429)
        return EventStream(events)

    async def _paid_here(self, request: Request, till: Till) -> Page | Refused:
        assert till.about is not None, "somebody sits there"
        filters = {"store": str(till.about.store_id)}
        asked = self._visits.asked(request, PAID, filters, [], rows_max=LINES_MAX)
        told = await self._visits.desk.ask(asked)
        assert isinstance(told, Page | Refused), told
        return told

    async def day(self, request: Request, reader: Reader, till: Till) -> Response:
        """The open batch; and settling it."""
        if request.method == "POST":
            await self._visits.form(request)
            await settle(till, login_of(reader))
            return RedirectResponse(f"/seat/{till.terminal_id}/day", 303)
        page = shown.day(reader, _at(till), till.said(LAST, Settled))
        return self._visits.shown(request, page)

    # ------------------------------------------------------------------------------------------

    async def _begun(self, till: Till, begun: Begun) -> Response:
        """Send it beside all pages, and wait a moment."""
        await self._finished(begun)
        return _to_done(till, begun.entry.name)

    async def _finished(self, begun: Begun) -> Entry:
        """As it is after a moment."""
        known = trio.Event()
        found = begun.entry

        async def send() -> None:
            nonlocal found
            try:
                found = await begun.send()
            finally:
                known.set()

        self._seats.start(send)
        with trio.move_on_after(WAIT_SECONDS):
            await known.wait()
        return found


def _at(till: Till) -> shown.At:
    about = till.about
    assert about is not None, "somebody sits there"
    return shown.At(
        terminal_id=till.terminal_id,
        merchant=about.merchant,
        merchant_id=about.merchant_id,
        store=about.store,
        store_id=about.store_id,
        login=about.sitting,
        batch=till.batch,
        is_signed_on=till.session.is_signed_on,
        day=till.day,
    )


def _bill(till: Till, entry: Entry) -> shown.BillShown:
    bill = counter.bill_of(till, entry)
    return shown.BillShown(
        total_minor=bill.total_minor,
        cash_minor=bill.first.cash_minor,
        rest_minor=bill.rest_minor,
        paid=bill.paid,
    )


def _to_done(till: Till, name: str, *, is_instead: bool = False) -> RedirectResponse:
    instead = f"?{INSTEAD}" if is_instead else ""
    return RedirectResponse(f"/seat/{till.terminal_id}/done/{name}{instead}", 303)
