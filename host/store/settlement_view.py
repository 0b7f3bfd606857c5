"""A terminal as an operator sees it: its batch, its keys by check values, its last batches."""

import datetime as dt
from typing import Any, Final

import msgspec
import psycopg

from host.rules.settlement import NOTHING, BatchName, Halves
from host.shards import home_of
from host.store.book import read_shard_count
from host.store.cases import StoredCase, list_cases
from host.store.queries import load_queries
from host.store.settlement import bounds_of, count_batch, halves_of, read_batch

SQL: Final = load_queries("host.store", "settlement_view.sql")
BATCHES_SHOWN_MAX: Final = 10

Connection = psycopg.Connection[Any]


class TerminalUnknownError(Exception):
    """No terminal has this id: says what to do."""


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key by what may be told of it."""

    usage: str
    generation: int
    check_value: str


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was settled or uploaded."""

    institution: str
    epoch: str
    state: str
    business_date: dt.date
    told: Halves | None
    counted: Halves
    settled_at: dt.datetime
    closed_at: dt.datetime | None


class Unacknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """An approval that nothing proves the terminal has."""

    institution: str
    stan: str
    kind: str
    amount_minor: int
    unit: str
    decided_at: dt.datetime


class TerminalView(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal for people. No key is in it, and no card number."""

    terminal_id: str
    merchant_id: str
    merchant: str
    is_active: bool
    epoch: str
    serial: str | None
    settles_points: bool
    status: bytes | None
    status_at: dt.datetime | None
    last_seen: dt.datetime | None
    totals: dict[str, Halves]
    """What the current batch adds up to, by channel."""
    unacknowledged: list[Unacknowledged]
    keys: list[KeyView]
    batches: list[BatchView]
    """The last ones settled, the newest first."""
    cases: list[StoredCase]
    """Those that are open."""


def view_terminal(connection: Connection, terminal_id: str) -> TerminalView:
    """Everything an operator asks of a terminal.

    Raises:
        TerminalUnknownError: there is no such terminal.
    """
    row = connection.execute(SQL["terminal"], {"terminal_id": terminal_id}).fetchone()
    if row is None:
        raise TerminalUnknownError(
            f"there is no terminal {terminal_id!r}. Next: check the eight characters of its id"
        )
    *about, epoch, serial, settles_points, status, status_at = row
    named, home = {"terminal_id": terminal_id}, _home_of(connection, terminal_id)
    batches = [
        BatchName(name, terminal_id, epoch)
        for (name,) in connection.execute(SQL["institutions"], {"home": home}).fetchall()
    ]
    counted = {
        batch.institution: count_batch(
            connection, bounds_of(batch, home), with_points=settles_points
        )
        for batch in batches
    }
    return TerminalView(
        terminal_id=about[0],
        merchant_id=about[1],
        merchant=about[2],
        is_active=about[3],
        epoch=epoch,
        serial=serial,
        settles_points=settles_points,
        status=status,
        status_at=status_at,
        last_seen=max(
            filter(None, (_last_seen(connection, one, home) for one in batches)), default=None
        ),
        totals={name: halves for name, halves in counted.items() if halves != NOTHING},
        unacknowledged=[
            one for batch in batches for one in unacknowledged(connection, batch, home)
        ],
        keys=[
            KeyView(usage=usage, generation=generation, check_value=value)
            for usage, generation, value in connection.execute(SQL["check_values"], named)
        ],
        batches=[
            _batch_view(row)
            for row in connection.execute(SQL["batches"], {**named, "limit": BATCHES_SHOWN_MAX})
        ],
        cases=list_cases(connection, terminal_id=terminal_id),
    )


def unacknowledged(connection: Connection, batch: BatchName, home: int) -> list[Unacknowledged]:
    """Approvals of a batch of which nothing proves that the terminal has them.

    Totals that agreed prove the whole batch; else a later trace does.
    """
    stored = read_batch(connection, batch)
    if stored is not None and stored.told == stored.counted:
        return []
    rows = connection.execute(SQL["unacknowledged"], bounds_of(batch, home))
    return [
        Unacknowledged(
            institution=batch.institution,
            stan=stan,
            kind=kind,
            amount_minor=amount,
            unit=unit,
            decided_at=decided_at,
        )
        for stan, kind, amount, unit, decided_at in rows
    ]


def _home_of(connection: Connection, terminal_id: str) -> int:
    return home_of(terminal_id, read_shard_count(connection))


def _last_seen(connection: Connection, batch: BatchName, home: int) -> dt.datetime | None:
    """Over all its batches by this channel."""
    first = f"{batch.institution}/{batch.terminal_id}/"
    where = {"home": home, "first": first, "end": f"{first[:-1]}0"}
    row = connection.execute(SQL["last_seen"], where).fetchone()
    return None if row is None else row[0]


def _batch_view(row: tuple[Any, ...]) -> BatchView:
    institution, epoch, state, date, told, counted, settled_at, closed_at = row
    return BatchView(
        institution=institution,
        epoch=epoch,
        state=state,
        business_date=date,
        told=None if told is None else halves_of(told),
        counted=halves_of(counted),
        settled_at=settled_at,
        closed_at=closed_at,
    )
