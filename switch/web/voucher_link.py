"""A link that was sent to an employee: one press shows the code that the voucher is picked up by.

Opening it does nothing: what looks at links before people do learns nothing of what it leads to.
"""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from host.model.office import NOBODY, Done, Refused
from switch.web.api import source_of
from switch.web.guard import Limiter
from switch.web.visits import Visits, status_of
from terminals.web import member_pages

OPEN: Final = "voucher.open_link"


class VoucherLink:
    """Its routes."""

    def __init__(self, visits: Visits, sign_ins: Limiter) -> None:
        self._visits = visits
        self._sign_ins = sign_ins

    def routes(self) -> list[Route]:
        """Where each is served."""
        return [Route("/voucher/{link}", self.show, methods=["GET", "POST"])]

    async def show(self, request: Request) -> Response:
        """What to press; and what that shows."""
        visits = self._visits
        reader = visits.stranger(request)
        if request.method != "POST":
            return visits.shown(request, member_pages.voucher_link(reader))
        await visits.form(request)
        if not self._sign_ins.takes(source_of(request)):
            raise HTTPException(429)
        told = await visits.do(request, OPEN, {"link": request.path_params["link"]}, NOBODY)
        assert isinstance(told, Done | Refused), told
        refused = told if isinstance(told, Refused) else None
        done = told if isinstance(told, Done) else None
        page = member_pages.voucher_link(reader, done=done, refused=refused)
        return visits.shown(request, page, status_of(told))
