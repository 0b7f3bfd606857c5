"""The desk's part in a terminal's day: settlement, batch upload and its end, status, case reports.

Nothing here moves money. A terminal's requests come one at a time and in its order, so what a
batch holds does not change while it is counted. A repeat gets the answer that was stored, as
long as nothing has changed: a lost 0510 makes no second settlement.

The batch a terminal is in is kept twice, in the database and in the book that every message is
checked by. Where a commit is in doubt the book forgets it: messages are then told to sign on
again, and a sign-on, or the settlement's repeat, reads it from the database.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
import psycopg
import structlog

from host.book import Terminal
from host.cases import CaseKind, NewCase
from host.model.money import Money
from host.model.requests import Request, Response, UploadRecord
from host.model.responses import Reason
from host.model.secrets import Pan
from host.settlement import (
    BatchName,
    Halves,
    Record,
    Upload,
    differences,
    next_epoch,
    text_of,
)
from host.store.cases import open_case, settle_case
from host.store.settlement import (
    AWAITING_UPLOAD,
    CLOSED,
    RECONCILED,
    BatchDay,
    Bounds,
    Current,
    StoredBatch,
    add_record,
    bounds_of,
    count_batch,
    current_of,
    day_of,
    move_on,
    note_status,
    read_batch,
    records_of,
    save_batch,
    traded_in,
)

DETAIL_LENGTH_MAX: Final = 500
"""Of a report that the switch makes; the rest is cut."""

Connection = psycopg.Connection[Any]
_LOG = structlog.get_logger(__name__)


class HashesPans(Protocol):
    """What is needed of the vault."""

    def pan_hash(self, pan: Pan) -> bytes:
        """The keyed hash that cards are found by."""
        ...


class Clerk(Protocol):
    """What is needed of the desk."""

    @property
    def vault(self) -> HashesPans:
        """For card numbers of uploaded records, of which only the hash is kept."""
        ...

    def opened(self) -> Connection:
        """Its connection."""
        ...

    def now(self) -> dt.datetime:
        """The host's clock."""
        ...

    def plain(self, request: Request, reason: Reason) -> Response:
        """An answer that says no more than its reason."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One batch on the desk, in a transaction of its own."""

    desk: Clerk
    connection: Connection
    request: Request
    batch: BatchName
    bounds: Bounds
    current: Current
    day: BatchDay
    stored: StoredBatch | None
    now: dt.datetime

    @property
    def with_points(self) -> bool:
        """Whether the batch's totals have points in them: settled once, it stays so."""
        return self.stored.with_points if self.stored else self.current.settles_points

    def count(self) -> Halves:
        """What the batch adds up to now."""
        return count_batch(self.connection, self.bounds, with_points=self.with_points)

    def first(self) -> StoredBatch:
        """Its row, or the one it gets when records come before any settlement."""
        return self.stored or StoredBatch(
            state=AWAITING_UPLOAD,
            attempt=1,
            with_points=self.with_points,
            business_date=self.day.date,
            told=None,
            counted=self.count(),
            answer=None,
            settled_at=self.now,
        )

    def save(self, stored: StoredBatch) -> None:
        """Keep it, and where it is settled move the terminal on."""
        save_batch(self.connection, self.batch, stored)
        if stored.state != AWAITING_UPLOAD:
            move_on(self.connection, self.batch, next_epoch(self.batch.epoch))

    def open_case(self, kind: CaseKind, detail: str, stan: str = "") -> None:
        """A case of this batch."""
        self.open(self.case(kind, detail, stan))

    def open(self, case: NewCase) -> None:
        """Keep a case and say so."""
        open_case(self.connection, case, self.now)
        _LOG.warning("case opened", kind=case.kind.value, tid=case.terminal_id, batch=case.epoch)

    def case(self, kind: CaseKind, detail: str, stan: str = "") -> NewCase:
        """What would be kept."""
        name = self.batch
        return NewCase(
            kind=kind, terminal_id=name.terminal_id, epoch=name.epoch, stan=stan, detail=detail
        )

    def settle_totals(self, note: str) -> None:
        """The batch awaited an upload no longer."""
        case = self.case(CaseKind.TOTALS_DIFFER, "")
        settle_case(self.connection, case, note=note, now=self.now)

    def wrong_batch(self) -> Response:
        """77, and sign on again to be told the right one."""
        plain = self.desk.plain(self.request, Reason.BATCH_MISMATCH)
        return msgspec.structs.replace(plain, sign_on_again=True)


def settle(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Compare the terminal's totals with the batch, and answer with the host's own."""
    if request.totals is None:
        return desk.plain(request, Reason.FORMAT_ERROR)
    with _opened_sheet(desk, request, terminal) as sheet:
        if isinstance(sheet, Response):
            return sheet
        return _settle(sheet, request.totals)


def upload(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Keep the terminal's records, once each, until the upload ends."""
    if not request.records:
        return desk.plain(request, Reason.FORMAT_ERROR)
    with _opened_sheet(desk, request, terminal) as sheet:
        if isinstance(sheet, Response):
            return sheet
        records = [_record(desk.vault, record) for record in request.records]
        return _keep(sheet, records, request.records)


def end_upload(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Compare the records one by one, open a case for each difference, close the batch."""
    with _opened_sheet(desk, request, terminal) as sheet:
        if isinstance(sheet, Response):
            return sheet
        return _close(sheet, request.upload_count)


def keep_status(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Keep what a terminal says of itself, the last time it said so."""
    note_status(desk.opened(), terminal.terminal_id, request.status, desk.now())
    return desk.plain(request, Reason.APPROVED)


def report_case(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """The switch could not deliver what it had stored: people are told."""
    amount = request.amount or Money(0, "")
    case = NewCase(
        kind=CaseKind.SAF_GAVE_UP,
        terminal_id=terminal.terminal_id,
        epoch=request.key.epoch,
        stan=request.key.stan,
        detail=request.detail[:DETAIL_LENGTH_MAX],
        amount_minor=amount.amount_minor,
        unit=amount.unit,
    )
    open_case(desk.opened(), case, desk.now())
    _LOG.warning("case opened", kind=case.kind.value, tid=case.terminal_id, batch=case.epoch)
    return desk.plain(request, Reason.APPROVED)


@contextmanager
def _opened_sheet(
    desk: Clerk, request: Request, terminal: Terminal
) -> Iterator["Sheet | Response"]:
    """The batch that is named, or the answer to one that is not to be had.

    After the block the book has the batch the database has; none where that is not known.
    """
    key = request.key
    batch = BatchName(key.institution, key.terminal_id, key.epoch)
    bounds = bounds_of(batch, terminal.home)
    try:
        connection = desk.opened()
        with connection.transaction():
            yield _sheet(desk, connection, request, batch, bounds)
        terminal.epoch = current_of(connection, terminal.terminal_id).epoch
    except psycopg.Error:
        terminal.epoch = ""
        raise


def _sheet(
    desk: Clerk, connection: Connection, request: Request, batch: BatchName, bounds: Bounds
) -> Sheet | Response:
    day = day_of(connection, bounds)
    if day is None:
        return desk.plain(request, Reason.CUT_OFF_IN_PROGRESS)
    sheet = Sheet(
        desk=desk,
        connection=connection,
        request=request,
        batch=batch,
        bounds=bounds,
        current=current_of(connection, batch.terminal_id),
        day=day,
        stored=read_batch(connection, batch),
        now=desk.now(),
    )
    is_ours = sheet.stored is not None or not day.is_empty
    return sheet if is_ours or batch.epoch == sheet.current.epoch else sheet.wrong_batch()


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


def _keep(sheet: Sheet, records: list[Record], sent: tuple[UploadRecord, ...]) -> Response:
    stored = sheet.first()
    if stored.state == CLOSED:
        return _repeated(sheet, stored, records)
    if sheet.stored is None:
        sheet.save(stored)
    old = [
        record
        for record, one in zip(records, sent, strict=True)
        if not add_record(
            sheet.connection, sheet.batch, stored.attempt, record, is_foreign=one.is_foreign
        )
    ]
    kept = _by_stan(sheet, stored) if old else {}
    for record in old:
        if kept[record.stan] != record:
            first = kept[record.stan]
            detail = f"{first.amount_minor:,} of {first.card}, then {record.amount_minor:,}"
            sheet.open_case(CaseKind.RECORD_TWICE, f"{detail} of {record.card}", record.stan)
    return sheet.desk.plain(sheet.request, Reason.APPROVED)


def _repeated(sheet: Sheet, stored: StoredBatch, records: list[Record]) -> Response:
    """An upload into a closed batch: its own, heard again, or somebody else's."""
    kept = _by_stan(sheet, stored)
    if all(kept.get(record.stan) == record for record in records):
        return sheet.desk.plain(sheet.request, Reason.APPROVED)
    traces = ", ".join(record.stan for record in records)
    sheet.open_case(CaseKind.UPLOAD_AFTER_CLOSE, f"traces {traces}")
    return sheet.wrong_batch()


def _by_stan(sheet: Sheet, stored: StoredBatch) -> dict[str, Record]:
    kept = records_of(sheet.connection, sheet.batch, stored.attempt)
    return {record.stan: record for record in kept}


def _close(sheet: Sheet, count: int) -> Response:
    stored = sheet.first()
    if stored.end_answer is not None:
        return stored.end_answer
    cases = _compare(sheet, stored, count)
    for case in cases:
        sheet.open(case)
    if stored.told is None:
        sheet.open_case(CaseKind.UPLOAD_UNASKED, f"{count} records")
    sheet.settle_totals(f"upload compared, {len(cases)} cases")
    answer = sheet.desk.plain(sheet.request, Reason.APPROVED)
    sheet.save(
        msgspec.structs.replace(
            stored,
            state=CLOSED,
            counted=sheet.count(),
            end_answer=answer,
            closed_at=sheet.now,
        )
    )
    return answer


def _compare(sheet: Sheet, stored: StoredBatch, count: int) -> list[NewCase]:
    """Nothing to compare where the totals agreed and nothing was uploaded, as is usual then."""
    records = records_of(sheet.connection, sheet.batch, stored.attempt)
    if stored.state == RECONCILED and not records:
        return []
    return differences(
        Upload(
            batch=sheet.batch,
            traded=traded_in(sheet.connection, sheet.bounds, stored.settled_at),
            records=records,
            told=stored.told,
            with_points=stored.with_points,
            count=count,
        )
    )


def _record(vault: HashesPans, record: UploadRecord) -> Record:
    """The card as its keyed hash, and masked; its number ends here."""
    pan = record.pan
    return Record(
        stan=record.stan,
        amount_minor=record.amount_minor,
        pan_hash=vault.pan_hash(pan) if pan is not None else None,
        card=pan.masked if pan is not None else "",
        kind=record.kind,
    )
