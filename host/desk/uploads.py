"""Batch upload on the desk: records are kept once each, compared at the end, and never posted."""

from collections import Counter

import msgspec

from host.book import Terminal
from host.cases import CaseKind, NewCase
from host.desk.sheet import Clerk, HashesPans, Sheet, opened_sheet
from host.model.requests import Request, Response, UploadRecord
from host.model.responses import Reason
from host.rules.settlement import Record, Upload, differences, text_of_record
from host.store.settlement import (
    CLOSED,
    RECONCILED,
    StoredBatch,
    add_record,
    records_of,
    traded_in,
    voided_in,
)


def upload(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Keep the terminal's records, once each, until the upload ends.

    What a chip refused comes without a record: it is heard, and never happened.
    """
    if not request.records:
        return desk.plain(request, Reason.APPROVED)
    with opened_sheet(desk, request, terminal) as sheet:
        if isinstance(sheet, Response):
            return sheet
        records = [_record(desk.vault, record) for record in request.records]
        return _keep(sheet, records, request.records)


def end_upload(desk: Clerk, request: Request, terminal: Terminal) -> Response:
    """Compare the records one by one, open a case for each difference, close the batch."""
    with opened_sheet(desk, request, terminal) as sheet:
        if isinstance(sheet, Response):
            return sheet
        return _close(sheet, request.upload_count)


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
    twice = [record for record in old if kept[record.stan] != record]
    _open_cases(sheet, [_case_of_two(sheet, kept[one.stan], one) for one in twice])
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
    _open_cases(sheet, cases)
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


def _case_of_two(sheet: Sheet, first: Record, second: Record) -> NewCase:
    """One trace, two records."""
    both = f"{text_of_record(first)}, then {text_of_record(second)}"
    return sheet.case(CaseKind.RECORD_TWICE, both, second.stan)


def _open_cases(sheet: Sheet, cases: list[NewCase]) -> None:
    """Each, as long as the batch may be given more; then one that says how many of which kind."""
    if not cases:
        return
    room = max(sheet.room_for_cases(), 0)
    for case in cases[:room]:
        sheet.open(case)
    rest = cases[room:]
    if not rest:
        return
    kinds = Counter(case.kind.value for case in rest)
    counts = ", ".join(f"{times} {kind}" for kind, times in sorted(kinds.items()))
    more = sheet.case(CaseKind.MORE_DIFFERENCES, f"not listed: {counts}")
    sheet.open(msgspec.structs.replace(more, times=len(rest)))


def _compare(sheet: Sheet, stored: StoredBatch, count: int) -> list[NewCase]:
    """Nothing to compare where the totals agreed and nothing was uploaded, as is usual then.

    Of cards read by chip the terminal sends notices even then, and of nothing else.
    """
    records = records_of(sheet.connection, sheet.batch, stored.attempt)
    if stored.state == RECONCILED and not records:
        return []
    return differences(
        Upload(
            batch=sheet.batch,
            traded=traded_in(sheet.connection, sheet.bounds, stored.settled_at),
            voided=[one.traded for one in voided_in(sheet.connection, sheet.bounds)],
            records=records,
            told=stored.told,
            with_points=stored.with_points,
            count=count,
            agreed=stored.state == RECONCILED,
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
