"""What `posswitch terminal` does: hold of the database, and what a person reads."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from config.as_json import currency_of, print_json
from config.errors import say_nothing
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from config.screen import Column, Sheet, amount, number, prose, screen
from host.cases import CASES
from host.model.money import HOUSE_CURRENCY, POINTS_PREFIX
from host.rules.settlement import Halves, halves_of
from host.store.cases import LISTED_MAX, StoredCase
from host.store.connecting import SHORT, connect
from host.store.settlement_view import TerminalView

WHEN: Final = "%Y-%m-%d %H:%M:%S %Z"

ENDED_BY: Final = "what was mended is ended by: posswitch exception resolve ID --note HOW"
CASE_COLUMNS: Final = (
    *map(Column, ("id", "terminal", "batch", "trace", "case")),
    number("amount"),
    prose("what is known"),
)


@contextmanager
def opened_desk(data: Path, settings: Path | None) -> Iterator[psycopg.Connection[Any]]:
    """The database, as the login that may look at everything and resolve cases.

    Raises:
        OperatorError: there is no such database, or the settings make no sense.
    """
    places, told = house_and_settings(data, settings)
    with (
        opened_database(told.database, places, must_exist=True, say=say_nothing),
        connect(dsn_of("night", told.database, places.cluster), SHORT) as connection,
    ):
        yield connection


def print_cases(cases: Sequence[StoredCase], *, as_json: bool = False) -> None:
    """The list, and for each kind on it what it means and what to do."""
    console = screen()
    if as_json:
        print_json([_case_told(case) for case in cases])
        return
    if cases:
        console.print(cases_sheet(cases))
    for kind in dict.fromkeys(case.kind for case in cases):
        row = CASES[kind]
        console.print(f"{kind}: {row.meaning}. Next: {row.advice}", markup=False)
    more = f" (the first {LISTED_MAX:,})" if len(cases) == LISTED_MAX else ""
    opened = sum(case.resolved_at is None for case in cases)
    console.print(f"{opened} open of {len(cases)} listed{more}")
    if opened:
        console.print(ENDED_BY, markup=False)


def print_terminal(view: TerminalView, *, as_json: bool = False) -> None:
    """One terminal on one screen."""
    console = screen()
    if as_json:
        print_json(_terminal_told(view))
        return
    for line in terminal_lines(view):
        console.print(line, markup=False)
    if view.cases:
        console.print(cases_sheet(view.cases))


def terminal_lines(view: TerminalView) -> Iterator[str]:
    """What is known of a terminal, and its batches' totals: money on a line, points on the next."""
    state = "" if view.is_active else ", out of use"
    yield f"terminal {view.terminal_id} of {view.merchant}{state}"
    yield f"  merchant   {view.merchant_id}"
    yield f"  last seen  {_when(view.last_seen)}"
    if view.serial:
        yield f"  hardware   {view.serial}"
    if view.status is not None:
        yield f"  status     {view.status.hex()} of {_when(view.status_at)}"
    yield f"  batch      {view.epoch}"
    for name, totals in view.totals.items():
        yield from (f"    {name}: {half}" for half in halves_of(totals))
    for one in view.unacknowledged:
        of = amount(one.amount_minor, one.unit)
        yield f"    {one.stan} {one.kind} of {of}: unacknowledged"
    for key in view.keys:
        yield f"  key        {key.usage} {key.generation}, check value {key.check_value}"
    for batch in view.batches:
        yield f"  settled    {batch.epoch} {batch.state}, business date {batch.business_date}"
        yield from (f"    here: {half}" for half in halves_of(batch.counted))
        if batch.told is not None and batch.told != batch.counted:
            yield from (f"    told: {half}" for half in halves_of(batch.told))


def cases_sheet(cases: Sequence[StoredCase]) -> Sheet:
    """Each with its amount, where it has one."""
    rows = (
        (
            str(case.id),
            case.terminal_id,
            case.epoch,
            case.stan,
            case.kind.value,
            amount(case.amount_minor, case.unit) if case.amount_minor else "",
            _known(case),
        )
        for case in cases
    )
    return Sheet(CASE_COLUMNS, rows)


def _known(case: StoredCase) -> str:
    times = f" ({case.times} times)" if case.times > 1 else ""
    end = f"; resolved by {case.resolved_by}: {case.note}" if case.resolved_at else ""
    return f"{case.detail}{times}{end}"


def _case_told(case: StoredCase) -> dict[str, object]:
    row = CASES[case.kind]
    words = {"meaning": row.meaning, "advice": row.advice, "is_notice": row.is_notice}
    return {**msgspec.structs.asdict(case), **words}


def _terminal_told(view: TerminalView) -> dict[str, object]:
    batches = [
        {
            **msgspec.structs.asdict(batch),
            "told": None if batch.told is None else _totals_told(batch.told),
            "counted": _totals_told(batch.counted),
        }
        for batch in view.batches
    ]
    return {
        **msgspec.structs.asdict(view),
        "totals": {name: _totals_told(totals) for name, totals in view.totals.items()},
        "batches": batches,
        "cases": [_case_told(one) for one in view.cases],
    }


def _totals_told(totals: Halves) -> dict[str, dict[str, object]]:
    return {
        name: {**msgspec.structs.asdict(half), "unit": unit, "currency": currency_of(unit)}
        for name, half, unit in zip(
            ("money", "points"), totals, (HOUSE_CURRENCY, POINTS_PREFIX), strict=True
        )
    }


def _when(moment: Any) -> str:
    return "never" if moment is None else moment.astimezone().strftime(WHEN)
