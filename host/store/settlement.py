"""Reads what a terminal batch holds, keeps how it was settled and what was uploaded of it."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from host.model.money import POINTS_PREFIX
from host.model.requests import VOIDED_AT_OFFICE, Kind, Response, Totals, read_answer
from host.model.totals import SIDES, TotalsSide
from host.rules.settlement import (
    NOTHING,
    BatchName,
    Halves,
    Record,
    Settled,
    Traded,
    totals_of_sums,
)
from host.store.prepared import Rows, Statement
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "settlement.sql")

RECONCILED: Final = "reconciled"
AWAITING_UPLOAD: Final = "awaiting_upload"
CLOSED: Final = "closed"

Connection = psycopg.Connection[Any]
Bounds = dict[str, object]

_encode = msgspec.msgpack.Encoder().encode


class StoredBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was settled, or is being uploaded."""

    state: str
    attempt: int
    with_points: bool
    business_date: dt.date
    told: Halves | None
    counted: Halves
    answer: Response | None
    end_answer: Response | None = None
    settled_at: dt.datetime
    closed_at: dt.datetime | None = None
    marks: list[int] | None = None
    """What it counted, once it is settled: the last seal of each shard that is in it."""
    is_proved: bool = False
    """Whether its terminal's keys proved who settled it."""


class Part(NamedTuple):
    """How a part of a dated batch stands."""

    epoch: str
    state: str
    told: Halves | None
    marks: list[int] | None


class BatchDay(msgspec.Struct, frozen=True, kw_only=True):
    """Which business date a batch belongs to."""

    date: dt.date
    is_over: bool
    is_empty: bool
    """Nothing was ever asked in this batch."""


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """Where a terminal stands."""

    epoch: str
    settles_points: bool


def bounds_of(batch: BatchName, home: int, after: Sequence[int] = ()) -> Bounds:
    """Where the exchanges of a batch lie; of a part, behind the marks of the part before it."""
    first = f"{batch.institution}/{batch.terminal_id}/{batch.key_epoch}/"
    return {"home": home, "first": first, "end": f"{first[:-1]}0", "after": list(after)}


class Voided(NamedTuple):
    """Something of a batch that people have voided without its terminal."""

    traded: Traded
    """Under the trace of what was sold."""
    shard: int
    seal: int


def voided_in(connection: Connection, bounds: Bounds) -> list[Voided]:
    """What counts in a batch though its terminal does not know of it."""
    told = {**bounds, "voids": sorted(set(VOIDED_AT_OFFICE.values()))}
    rows = connection.execute(SQL["voided_at_office"], told)
    return [
        Voided(
            Traded(
                stan=stan,
                kind=Kind(kind),
                is_approved=True,
                unit=unit,
                amount_minor=amount,
                card=masked or "",
            ),
            *where,
        )
        for stan, kind, unit, amount, masked, *where in rows
    ]


def marks_of(connection: Connection, bounds: Bounds) -> list[int]:
    """What a batch holds now: the last seal of each shard that is in it, 0 where none is."""
    last = dict(connection.execute(SQL["marks"], bounds).fetchall())
    for one in voided_in(connection, bounds):
        last[one.shard] = max(last[one.shard], one.seal)
    return [last.get(shard, 0) for shard in range(max(last, default=-1) + 1)]


def parts_of(connection: Connection, batch: BatchName) -> list[Part]:
    """The last two parts of a dated batch that were settled or uploaded, the last one first."""
    return [
        Part(epoch, state, None if told is None else halves_of(told), marks)
        for epoch, state, told, marks in connection.execute(SQL["parts"], batch._asdict())
    ]


def ask_settled(batches: Collection[BatchName]) -> Statement:
    """How these batches were settled, dated ones part by part; the poster's question."""
    return SQL["settled"], [list(column) for column in zip(*batches, strict=True)]


def settled_batches(rows: Rows) -> dict[BatchName, list[Settled]]:
    """What `ask_settled` has found."""
    found: dict[BatchName, list[Settled]] = {}
    for *name, marks, is_proved in rows:
        found.setdefault(BatchName(*name), []).append(Settled(tuple(marks), is_proved))
    return found


def count_batch(connection: Connection, bounds: Bounds, *, with_points: bool) -> Halves:
    """What the batch adds up to: its journals, and what the office has voided of them."""
    rows = connection.execute(SQL["count_batch"], {**bounds, **SIDES_IN_SQL}).fetchall()
    sums = {
        (in_points, TotalsSide(side)): (minor, items)
        for in_points, side, minor, items in rows
        if side is not None
    }
    for one, *_ in voided_in(connection, bounds):
        if one.place is not None:
            minor, items = sums.get(one.place, (0, 0))
            sums[one.place] = (minor + one.amount_minor, items + 1)
    return totals_of_sums(sums, with_points=with_points)


def traded_in(
    connection: Connection, bounds: Bounds, settled_at: dt.datetime | None = None
) -> list[Traded]:
    """The batch's financial exchanges, as they stand; those reversed since `settled_at` say so."""
    rows = connection.execute(SQL["traded"], {**bounds, "settled_at": settled_at})
    return [_traded(row) for row in rows]


def day_of(connection: Connection, bounds: Bounds) -> BatchDay | None:
    """Its business date; None where no day is open at this moment."""
    row = connection.execute(SQL["day_of_batch"], bounds).fetchone()
    assert row is not None
    last, opened = row
    if opened is None:
        return None
    date = last or opened
    return BatchDay(date=date, is_over=date < opened, is_empty=last is None)


def current_of(connection: Connection, terminal_id: str) -> Current:
    """The batch the terminal is to use, as it is stored."""
    row = connection.execute(SQL["epoch_of_terminal"], {"terminal_id": terminal_id}).fetchone()
    assert row is not None, "a terminal in the book is in the database"
    return Current(epoch=row[0], settles_points=row[1])


def move_on(connection: Connection, batch: BatchName, following: str) -> None:
    """Give the terminal its next batch, if it is still in this one."""
    connection.execute(SQL["move_on"], {**batch._asdict(), "next": following})


def read_batch(connection: Connection, batch: BatchName) -> StoredBatch | None:
    """How it was settled; None while it is open."""
    row = connection.execute(SQL["read_batch"], batch._asdict()).fetchone()
    if row is None:
        return None
    state, attempt, with_points, date, told, counted, answer, end_answer, *settled = row
    return StoredBatch(
        state=state,
        attempt=attempt,
        with_points=with_points,
        business_date=date,
        told=None if told is None else halves_of(told),
        counted=halves_of(counted),
        answer=None if answer is None else read_answer(answer),
        end_answer=None if end_answer is None else read_answer(end_answer),
        settled_at=settled[0],
        closed_at=settled[1],
        marks=settled[2],
        is_proved=settled[3],
    )


def save_batch(connection: Connection, batch: BatchName, stored: StoredBatch) -> None:
    """Keep it as it is now."""
    row = msgspec.structs.asdict(stored) | {
        "told": None if stored.told is None else _numbers(stored.told),
        "counted": _numbers(stored.counted),
        "answer": None if stored.answer is None else _encode(stored.answer),
        "end_answer": None if stored.end_answer is None else _encode(stored.end_answer),
    }
    connection.execute(SQL["save_batch"], {**batch._asdict(), **row})


def add_record(
    connection: Connection, batch: BatchName, attempt: int, record: Record, *, is_foreign: bool
) -> bool:
    """Keep a record unless its trace has one; True when it is kept now."""
    row = {
        "attempt": attempt,
        "stan": record.stan,
        "amount_minor": record.amount_minor,
        "pan_hash": record.pan_hash,
        "pan_masked": record.card or None,
        "is_foreign": is_foreign,
        "kind": None if record.kind is None else record.kind.value,
    }
    return connection.execute(SQL["add_record"], {**batch._asdict(), **row}).rowcount == 1


def records_of(connection: Connection, batch: BatchName, attempt: int) -> list[Record]:
    """What was uploaded."""
    rows = connection.execute(SQL["records"], {**batch._asdict(), "attempt": attempt})
    return [
        Record(
            stan=stan,
            amount_minor=amount,
            pan_hash=pan_hash,
            card=masked or "",
            kind=None if kind is None else Kind(kind),
        )
        for stan, amount, pan_hash, masked, kind in rows
    ]


def note_status(connection: Connection, terminal_id: str, status: bytes, now: dt.datetime) -> None:
    """Keep the last thing a terminal said of itself."""
    row = {"terminal_id": terminal_id, "status": status, "now": now}
    connection.execute(SQL["note_status"], row)


def merchant_name(connection: Connection, terminal_id: str) -> str:
    """Whose terminal it is, for people."""
    row = connection.execute(SQL["merchant_of_terminal"], {"terminal_id": terminal_id}).fetchone()
    assert row is not None, "a terminal in the book is in the database"
    return str(row[0])


def halves_of(numbers: list[int]) -> Halves:
    """Totals out of their eight numbers."""
    return (Totals(*numbers[:4]), Totals(*numbers[4:])) if numbers else NOTHING


def _numbers(halves: Halves) -> list[int]:
    return [number for half in halves for number in msgspec.structs.astuple(half)]


def _traded(row: tuple[Any, ...]) -> Traded:
    stan, kind, is_approved, unit, amount, answer, pan_hash, masked, *reversed_ = row
    return Traded(
        stan=stan,
        kind=Kind(kind),
        is_approved=is_approved,
        unit=unit,
        amount_minor=amount or 0,
        paid_minor=read_answer(answer).self_pay_minor if answer else 0,
        pan_hash=pan_hash,
        card=masked or "",
        is_reversed=reversed_[0],
        is_reversed_late=reversed_[1],
    )


def _side(side: TotalsSide | None) -> str | None:
    return None if side is None else side.value


SIDES_IN_SQL: Final[dict[str, object]] = {
    "points": POINTS_PREFIX,
    "kinds": [kind.value for kind in SIDES],
    "money_sides": [_side(row.money) for row in SIDES.values()],
    "points_sides": [_side(row.points) for row in SIDES.values()],
}
"""`host.model.totals.SIDES` as the parameters of `count_batch`."""
