"""A terminal batch on the desk: read and changed in one transaction, in its terminal's order.

A terminal's requests come one at a time, so what a batch holds does not change while it is
counted. The batch a terminal is in is kept twice, in the database and in the book that every
message is checked by. Where a commit is in doubt the book forgets it: messages are then told to
sign on again, and a sign-on, or the settlement's repeat, reads it from the database.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import psycopg
import structlog

from host.book import Terminal
from host.cases import CaseKind, NewCase
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.model.secrets import Pan
from host.rules.settlement import CASES_PER_BATCH_MAX, DATED, NOTHING, BatchName, Halves, next_epoch
from host.store.cases import count_cases, open_case, settle_case
from host.store.settlement import (
    AWAITING_UPLOAD,
    BatchDay,
    Bounds,
    Current,
    StoredBatch,
    bounds_of,
    count_batch,
    current_of,
    day_of,
    marks_of,
    move_on,
    parts_of,
    read_batch,
    save_batch,
)

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
        """Keep it, and where it is settled say what it counted and move the terminal on."""
        if stored.state == AWAITING_UPLOAD:
            save_batch(self.connection, self.batch, stored)
            return
        marks = marks_of(self.connection, self.bounds)
        is_proved = self.request.is_proved or self.was_proved
        settled = msgspec.structs.replace(stored, marks=marks, is_proved=is_proved)
        save_batch(self.connection, self.batch, settled)
        move_on(self.connection, self.batch, next_epoch(self.batch.epoch))

    @property
    def was_proved(self) -> bool:
        """Whether it was settled before, and the terminal's keys proved by whom."""
        stored = self.stored
        return stored is not None and stored.state != AWAITING_UPLOAD and stored.is_proved

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

    def room_for_cases(self) -> int:
        """How many more cases of its own this batch may be given."""
        return CASES_PER_BATCH_MAX - count_cases(
            self.connection, self.batch.terminal_id, self.batch.epoch
        )

    def settle_totals(self, note: str) -> None:
        """The batch awaited an upload no longer."""
        case = self.case(CaseKind.TOTALS_DIFFER, "")
        settle_case(self.connection, case, note=note, now=self.now)

    def wrong_batch(self) -> Response:
        """77, and sign on again to be told the right one."""
        plain = self.desk.plain(self.request, Reason.BATCH_MISMATCH)
        return msgspec.structs.replace(plain, sign_on_again=True)


@contextmanager
def opened_sheet(desk: Clerk, request: Request, terminal: Terminal) -> Iterator[Sheet | Response]:
    """The batch that is named, or the answer to one that is not to be had.

    After the block the book has the batch the database has; none where that is not known.
    """
    try:
        connection = desk.opened()
        with connection.transaction():
            yield _sheet(desk, connection, request, *_named(connection, request, terminal.home))
        terminal.epoch = current_of(connection, terminal.terminal_id).epoch
    except psycopg.Error:
        terminal.epoch = ""
        raise


def _named(connection: Connection, request: Request, home: int) -> tuple[BatchName, Bounds]:
    """The batch that is named, and where it lies; of a date, the part that is open or was last.

    A part is over once it is settled and something was traded since, or once nothing is what the
    terminal settles: it has emptied its batch, and the totals are those of the next.
    """
    key = request.key
    batch = BatchName(key.institution, key.terminal_id, key.epoch)
    parts = parts_of(connection, batch) if key.institution in DATED else []
    if not parts:
        return batch, bounds_of(batch, home)
    last, *before = parts
    batch = batch._replace(epoch=last.epoch)
    if last.state != AWAITING_UPLOAD:
        following = bounds_of(batch, home, last.marks or ())
        is_emptied = request.totals == NOTHING and last.told not in {None, NOTHING}
        if is_emptied or count_batch(connection, following, with_points=True) != NOTHING:
            return batch.next_part, following
    return batch, bounds_of(batch, home, (before[0].marks or ()) if before else ())


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
