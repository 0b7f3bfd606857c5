"""Reports to the desk: what a terminal says of itself, and what the switch could not deliver."""

from typing import Final

import structlog

from host.book import Terminal
from host.cases import CaseKind, NewCase
from host.desk.sheet import Clerk
from host.model.money import Money
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.store.cases import report_case_once
from host.store.settlement import note_status

DETAIL_LENGTH_MAX: Final = 500
"""Of a report that the switch makes; the rest is cut."""

_LOG = structlog.get_logger(__name__)


def keep_status(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Keep what a terminal says of itself, the last time it said so."""
    note_status(desk.opened(), terminal.terminal_id, request.status, desk.now())
    return desk.plain(request, Reason.APPROVED)


def report_case(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """What the switch could not deliver, or not read: people are told, once a report.

    It comes again where its answer was lost, and may then have been resolved already.
    """
    amount = request.amount or Money(0, "")
    case = NewCase(
        kind=CaseKind(request.case or CaseKind.SAF_GAVE_UP),
        terminal_id=terminal.terminal_id,
        epoch=request.key.epoch,
        stan=request.key.stan,
        detail=request.detail[:DETAIL_LENGTH_MAX],
        amount_minor=amount.amount_minor,
        unit=amount.unit,
    )
    if report_case_once(desk.opened(), request.key.text, case, desk.now()):
        _LOG.warning("case opened", kind=case.kind.value, tid=case.terminal_id, batch=case.epoch)
    return desk.plain(request, Reason.APPROVED)
