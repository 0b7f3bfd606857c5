"""Stores exception cases, lists them for people, and keeps what they did about them."""

import datetime as dt
from typing import Any, Final

import msgspec
import psycopg

from host.cases import CASES, CaseKind, NewCase
from host.metrics import CASES_OPENED
from host.store.queries import load_queries

SQL: Final = load_queries("host.store", "cases.sql")
LISTED_MAX: Final = 1_000
BY_ITSELF: Final = "posswitch"
"""Who resolves what a later message of the terminal has settled."""

Connection = psycopg.Connection[Any]


class CaseError(Exception):
    """A case that cannot be resolved: says which, why, and what to do."""


class StoredCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case as an operator sees it."""

    id: int
    kind: CaseKind
    terminal_id: str
    epoch: str
    stan: str
    detail: str
    amount_minor: int
    unit: str
    times: int
    opened_at: dt.datetime
    seen_at: dt.datetime
    resolved_at: dt.datetime | None
    resolved_by: str | None
    note: str | None

    @property
    def is_notice(self) -> bool:
        """Whether it is only to be known."""
        return CASES[self.kind].is_notice


def open_case(connection: Connection, case: NewCase, now: dt.datetime) -> None:
    """Store a case, or count it again while it is open. Joins the caller's transaction."""
    connection.execute(SQL["open_case"], row_of(case, now))
    CASES_OPENED[case.kind].inc()


def report_case_once(connection: Connection, slot: str, case: NewCase, now: dt.datetime) -> bool:
    """Store a reported case; False where this report has been here, whoever brings it now."""
    with connection.transaction():
        report = {"slot": slot, "detail": case.detail, "now": now}
        is_new = connection.execute(SQL["note_report"], report).rowcount == 1
        if is_new:
            open_case(connection, case, now)
    return is_new


def row_of(case: NewCase, now: dt.datetime) -> dict[str, object]:
    """The parameters of `open_case`."""
    return {**msgspec.structs.asdict(case), "kind": case.kind.value, "now": now}


def list_cases(
    connection: Connection, *, with_resolved: bool = False, terminal_id: str | None = None
) -> list[StoredCase]:
    """Open cases, or all of them, the oldest first; of one terminal where it is named."""
    wanted = {"terminal_id": terminal_id, "limit": LISTED_MAX}
    names = StoredCase.__struct_fields__
    rows = connection.execute(SQL[_listing(with_resolved, terminal_id)], wanted).fetchall()
    return [
        msgspec.structs.replace(case, kind=CaseKind(case.kind))
        for case in (StoredCase(**dict(zip(names, row, strict=True))) for row in rows)
    ]


def _listing(with_resolved: bool, terminal_id: str | None) -> str:
    """Each has an index of its own to walk along."""
    if not with_resolved:
        return "open_cases"
    return "all_cases" if terminal_id is None else "all_cases_of_terminal"


def count_cases(connection: Connection, terminal_id: str, epoch: str) -> int:
    """How many cases a terminal's batch has, resolved or not."""
    row = connection.execute(SQL["count_cases"], (terminal_id, epoch)).fetchone()
    assert row is not None, "a count has one row"
    return int(row[0])


def resolve_case(
    connection: Connection, number: int, *, note: str, by: str, now: dt.datetime
) -> None:
    """Keep who resolved a case, and how.

    Raises:
        CaseError: there is no such case, or it was resolved before, or nothing is said.
    """
    if not note.strip() or not by.strip():
        raise CaseError("a case is resolved by somebody who says how. Next: give --note and --by")
    told = {"id": number, "note": note.strip(), "by": by.strip(), "now": now}
    if connection.execute(SQL["resolve_case"], told).rowcount:
        return
    row = connection.execute(SQL["case_state"], {"id": number}).fetchone()
    if row is None:
        raise CaseError(f"there is no case {number}. Next: posswitch terminal exceptions")
    raise CaseError(
        f"case {number} was resolved before, by {row[0]}. Next: posswitch terminal exceptions --all"
    )


def settle_case(connection: Connection, case: NewCase, *, note: str, now: dt.datetime) -> None:
    """Resolve a batch's case of this kind by itself: something later has answered it."""
    told = {**row_of(case, now), "by": BY_ITSELF, "note": note}
    connection.execute(SQL["settle_case"], told)
