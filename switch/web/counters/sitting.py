"""Sitting down at a seat, and leaving it: the office says who may, this front who is there."""

from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from host.model.office import Done, Page, Refused, Waiting
from host.model.terminal import MacAlgorithm
from switch.seat.seats import Seats
from switch.seat.session import About
from switch.seat.till import NotNowError, Till
from switch.web.asked import Form
from switch.web.visits import Visits
from terminals.web import seat as shown
from terminals.web.reader import Reader

OPEN: Final = "seat.open"
CLOSE: Final = "seat.close"
TERMINALS: Final = "terminals"
SEATS_MAX: Final = 50


class Sitting:
    """The list of seats."""

    def __init__(self, visits: Visits, seats: Seats) -> None:
        self._visits = visits
        self._seats = seats

    async def list_(self, request: Request) -> Response:
        """Where one may sit down; and sitting down."""
        form = await self._visits.form(request) if request.method == "POST" else None
        reader = await self._visits.reader(request)
        if OPEN not in reader.actions:
            raise HTTPException(404)
        if form is not None:
            return await self._sit(request, reader, form)
        return self._visits.shown(request, shown.seats(reader, await self._places(request, reader)))

    async def _sit(self, request: Request, reader: Reader, form: Form) -> Response:
        terminal_id = form.one("terminal")
        till = self._seats.found(terminal_id)
        if till is None:
            raise HTTPException(404)
        login = login_of(reader)
        sitting = till.about.sitting if till.about is not None else ""
        if sitting not in {"", login}:
            told = await self._open(request, till, form, is_dry_run=True)
            if isinstance(told, Done) and not told.told["takes_over"]:
                places = await self._places(request, reader)
                return self._visits.shown(request, shown.seats(reader, places, "seat_taken"), 409)
        told = await self._open(request, till, form)
        if not isinstance(told, Done):
            return await self._visits.trouble(request, told)
        values = told.told
        await till.sit(
            About(
                merchant_id=values["merchant_id"],
                merchant=values["merchant"],
                store=values["store"],
                store_id=values["store_id"],
                mac_algorithm=MacAlgorithm(values["mac_algorithm"]),
                sitting=login,
                grant=values["grant"],
                refund_minor_max=values["refund_minor_max"],
            )
        )
        self._seats.start(partial(_signed_on, till))
        return RedirectResponse(f"/seat/{terminal_id}", 303)

    async def _open(
        self, request: Request, till: Till, form: Form, *, is_dry_run: bool = False
    ) -> Done | Waiting | Refused:
        return await self._visits.do(
            request,
            OPEN,
            {"terminal_id": till.terminal_id},
            self._visits.session(request),
            once_key=form.one("once_key"),
            is_dry_run=is_dry_run,
        )

    async def _places(self, request: Request, reader: Reader) -> list[shown.Place]:
        """Seats that the grant in use reaches."""
        found = []
        for name in self._seats.names()[:SEATS_MAX]:
            asked = self._visits.asked(request, TERMINALS, {"terminal_id": name}, [], rows_max=1)
            told = await self._visits.desk.ask(asked)
            if not isinstance(told, Page) or not told.rows:
                continue
            till = self._seats.found(name)
            about = till.about if till is not None else None
            sitting = about.sitting if about is not None else ""
            found.append(
                shown.Place(
                    terminal_id=name,
                    store=about.store if about is not None else "",
                    sitting=sitting,
                    is_mine=sitting == login_of(reader),
                )
            )
        return found

    async def leave(self, request: Request, _reader: Reader, till: Till) -> Response:
        """Nobody sits there any more; its batch stays open."""
        await self._visits.form(request)
        values = {"terminal_id": till.terminal_id}
        told = await self._visits.do(request, CLOSE, values, self._visits.session(request))
        if isinstance(told, Refused):
            return await self._visits.trouble(request, told)
        await till.leave()
        return RedirectResponse("/seat", 303)


def login_of(reader: Reader) -> str:
    """Of who reads."""
    assert reader.catalogue is not None, "who reads is signed in"
    return reader.catalogue.login


async def _signed_on(till: Till) -> None:
    """Get keys before the first sale needs them; where it fails, that one tries again."""
    try:
        await till.ready()
    except NotNowError:
        return
