"""Settlement on the desk: totals are compared and answered, and nothing is posted.

A repeat gets the answer that was stored, as long as nothing has changed: a lost 0510 makes no
second settlement.
"""

import msgspec

from host.book import Terminal
from host.cases import CaseKind
from host.desk.sheet import Clerk, Sheet, opened_sheet
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.rules.settlement import Halves, text_of
from host.store.settlement import AWAITING_UPLOAD, CLOSED, RECONCILED, StoredBatch


def settle(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Compare the terminal's totals with the batch, and answer with the host's own."""
    if request.totals is None:
        return desk.plain(request, Reason.FORMAT_ERROR)
    with opened_sheet(desk, request, terminal) as sheet:
        if isinstance(sheet, Response):
            return sheet
        return _settle(sheet, request.totals)


def _settle(sheet: Sheet, told: Halves) -> Response:
    stored, counted = sheet.stored, sheet.count()
    if stored is not None and stored.answer is not None and _is_repeat(stored, told, counted):
        return stored.answer
    if stored is not None and stored.told is not None and stored.state != AWAITING_UPLOAD:
        sheet.open_case(CaseKind.SETTLED_AGAIN, f"the terminal says {text_of(told)}")
        if stored.state == CLOSED:
            return sheet.wrong_batch()
    agree = (told[0] == counted[0], told[1] == counted[1])
    answer = _answer(sheet, counted, agree)
    first = stored or sheet.first()
    settled = msgspec.structs.replace(
        first,
        state=_state(first, agree),
        attempt=_attempt(first, told),
        told=told,
        counted=counted,
        answer=answer,
        settled_at=sheet.now,
    )
    sheet.save(settled)
    _open_cases_of_totals(sheet, settled)
    return answer


def _open_cases_of_totals(sheet: Sheet, settled: StoredBatch) -> None:
    assert settled.told is not None
    if settled.told != settled.counted:
        both = f"the terminal says {text_of(settled.told)}; here it is {text_of(settled.counted)}"
        was_compared = settled.state == CLOSED
        kind = CaseKind.TOTALS_UNEXPLAINED if was_compared else CaseKind.TOTALS_DIFFER
        sheet.open_case(kind, both)
    else:
        sheet.settle_totals("settled again, and the totals agree")
    if sheet.day.is_over:
        sheet.open_case(CaseKind.SETTLED_AFTER_DAY, f"business date {sheet.day.date}")


def _state(stored: StoredBatch, agree: tuple[bool, bool]) -> str:
    """A batch that was uploaded without being settled stays closed: its totals come late."""
    if stored.state == CLOSED:
        return CLOSED
    return RECONCILED if all(agree) else AWAITING_UPLOAD


def _is_repeat(stored: StoredBatch, told: Halves, counted: Halves) -> bool:
    """Whether it was settled with these totals before, and nothing has changed since."""
    return stored.told == told and (stored.state == CLOSED or stored.counted == counted)


def _attempt(stored: StoredBatch, told: Halves) -> int:
    """Other totals are another view of the batch: its records are uploaded anew."""
    return stored.attempt + (stored.told is not None and stored.told != told)


def _answer(sheet: Sheet, counted: Halves, agree: tuple[bool, bool]) -> Response:
    return msgspec.structs.replace(
        sheet.desk.plain(sheet.request, Reason.APPROVED),
        business_date=f"{sheet.day.date:%Y%m%d}",
        totals=counted,
        totals_agree=agree,
    )
