"""The night's commands: hold of the database, the work of `clearing`, and what a person reads."""

import functools
import textwrap
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from clearing.changed import unreadable
from clearing.dates import DateAheadError
from clearing.heads import broken_heads
from clearing.preview import NET, Preview, preview
from clearing.run import (
    STEPS,
    Calendar,
    Position,
    StepDone,
    Summary,
    clearing_of,
    clearing_of_due,
)
from clearing.turns import NightRunsError
from clearing.verify import Violation, audit
from config.as_json import print_json, print_line_of_json
from config.errors import Say, SettingsError, SurroundingsError, operator_errors
from config.language import speech
from config.places import Places
from config.run.behind import have_step_behind
from config.run.database import dsn_of, opened_database
from config.run.heads import open_key, read_heads, read_public_keys, sign_now
from config.run.hsm import open_hsm
from config.run.safs import owed_by_route
from config.screen import Column, Sheet, amount, number, screen
from config.settings import Settings
from config.tasks.night_findings import print_findings
from config.tasks.operators import operator_name
from config.tasks.typed import date_of
from host.clock import utc_now
from host.model.claims import Claim
from host.store.connecting import LONG, Connection, connect
from host.store.keys import key_faults
from host.store.safety import UnsafeDatabaseError, connect_safely
from simulators.record import claims_of, read_record

HEADS_CHECK: Final = 13
"""And: does every chain still hold what it held when its head was signed?"""
KEYS_CHECK: Final = 11
"""The audit's question beside the ledger's ten: does every stored key open, and is it itself?"""


SCREEN_COLUMNS: Final = 80
FINDINGS_LISTED_MAX: Final = 10
"""Of one kind; `clearing show` lists all."""
POSITIONS: Final = (
    Column("merchant"),
    Column("issuer"),
    *map(number, ("entries", "owes", "is owed", "net")),
)


class Order(NamedTuple):
    """What an operator asks of the night: the date that is due, or one that is named."""

    date: str | None = None
    """`YYYY-MM-DD`."""
    may_go_ahead: bool = False
    """Whether a date may be closed before it has come."""


def clear(
    settings: Settings, places: Places, order: Order, *, say: Say
) -> Iterator[StepDone | Summary]:
    """Run the night of the date named; without, of the one that is due and of all that were missed.

    Raises:
        OperatorError, ClearingError: says what, why and what to do.
    """
    business_date = None if order.date is None else date_of(order.date)
    calendar = _calendar(settings, order)
    owed, who = functools.partial(owed_by_route, places.saf), operator_name()
    with opened_for_night(settings, places, say) as connection, _refused_before_anything():
        have_step_behind(connection)
        if business_date is None:
            yield from clearing_of_due(connection, places.files, calendar, owed=owed, who=who)
        else:
            yield from clearing_of(
                connection,
                places.files,
                business_date,
                calendar=calendar,
                owed=owed,
                who=who,
            )
        if places.audit_key.exists():
            sign_now(dsn_of("night", settings.database, places.cluster), places, open_key(places))


def look_ahead(
    settings: Settings, places: Places, order: Order, *, say: Say
) -> tuple[Preview, ...]:
    """What `clear` would do. Nothing is written.

    Raises:
        OperatorError, ClearingError: as `clear` would.
    """
    business_date = None if order.date is None else date_of(order.date)
    calendar = _calendar(settings, order)
    names = tuple(step.name for step in STEPS)
    with opened_for_night(settings, places, say) as connection, _refused_before_anything():
        return preview(connection, places.files, business_date, calendar, names)


@contextmanager
def opened_for_night(settings: Settings, places: Places, say: Say) -> Iterator[Connection]:
    """The database, and a connection of the night to it."""
    with (
        opened_database(settings.database, places, must_exist=True, say=say),
        opened_night(settings, places) as connection,
    ):
        yield connection


@contextmanager
def _refused_before_anything() -> Iterator[None]:
    """A date that has not come is a mistake on the command line, not of what we stand on.

    And that somebody else is at it is nobody's.
    """
    try:
        yield
    except DateAheadError as error:
        raise SettingsError(str(error), "E-NIGHT-DATE") from error
    except NightRunsError as error:
        raise SurroundingsError(str(error), "E-NIGHT-RUNS") from error


def _calendar(settings: Settings, order: Order) -> Calendar:
    """What day it is in the zone of the host, which is the acquirer's."""
    zone = settings.host.timezone
    today = utc_now().astimezone(zoneinfo.ZoneInfo(zone)).date()
    return Calendar(today=today, zone=zone, may_go_ahead=order.may_go_ahead)


def opened_night(settings: Settings, places: Places) -> Connection:
    """A connection for the night, to a server that keeps what it has confirmed.

    Raises:
        SurroundingsError: it does not, or is another one; says what to do.
        psycopg.OperationalError: there is none.
    """
    dsn = dsn_of("night", settings.database, places.cluster)
    try:
        return connect_safely(dsn, LONG, autocommit=False)
    except UnsafeDatabaseError as error:
        raise SurroundingsError(
            str(error).replace("the host", "the night"), "E-DATABASE-UNSAFE"
        ) from error


def find_violations(
    settings: Settings, places: Places, record: Path | None, *, say: Say
) -> list[Violation]:
    """Audit the ledger, against what clients were told when there is a record of it; and the keys.

    Where the security module is not at hand, stored keys are not tried, and that is said.
    """
    claims = [] if record is None else _claims(record)
    dsn = dsn_of("audit", settings.database, places.cluster)
    with (
        opened_database(settings.database, places, must_exist=True, say=say),
        connect(dsn, LONG) as connection,
        connect(dsn, LONG) as beside,
    ):
        have_step_behind(beside)
        violations = audit(have_step_behind(connection), claims, beside=beside)
        violations += _heads(connection, places, say)
        try:
            hsm = open_hsm(settings.host.hsm, places, dsn)
        except operator_errors() as error:
            say(f"stored keys were not tried: {error}")
            return violations
        return violations + [
            Violation(check=KEYS_CHECK, test="key_unusable", what=f"key {fault}")
            for fault in key_faults(connection, hsm)
        ]


def _heads(connection: Connection, places: Places, say: Say) -> list[Violation]:
    """Signed heads against the chains; what could not be checked is said."""
    keys = read_public_keys(places)
    if not keys:
        say(
            f"signatures of heads were not checked: there is no {places.audit_public_key}. "
            "Next: copy it from the host's data directory"
        )
    if not places.heads.exists():
        say(f"a tail cut off with its heads would not show: there is no {places.heads}")
    for table in unreadable(connection):
        say(f"{table} was not checked: this login may not read it. Next: database.audit")
    with connection.transaction(force_rollback=True):
        return [
            Violation(check=HEADS_CHECK, test="head", what=what)
            for what in broken_heads(connection, keys, read_heads(places.heads))
        ]


def print_run(told: Iterable[StepDone | Summary], zone: str, *, as_json: bool = False) -> None:
    """What the night does: each step as it ends, and each date when it is cleared.

    For programs each step on a line, and all dates on the last.
    """
    cleared = []
    for each in told:
        if isinstance(each, Summary):
            cleared.append(each)
            if not as_json:
                _print_cleared(each, zone)
        elif as_json:
            print_line_of_json({"step": each})
        else:
            _print_step(each)
    if as_json:
        *earlier, last = map(_by_name, cleared)
        print_line_of_json(last | {"missed": earlier})


def _print_step(step: StepDone) -> None:
    again = " (again, unchanged)" if step.is_repeat else ""
    screen().print(f"  {step.name:<14} {step.detail}{again}", markup=False)


def print_summary(summary: Summary, zone: str) -> None:
    """What the night of one date did, on one screen. Its days begin in this zone."""
    for step in summary.steps:
        _print_step(step)
    _print_cleared(summary, zone)


def _print_cleared(summary: Summary, zone: str) -> None:
    console = screen()
    cleared = f"business date {summary.business_date} cleared, by the clock of {zone}"
    console.print(cleared, markup=False)
    if summary.note:
        console.print(f"  {'why':<14} {summary.note}", markup=False)
    console.print(positions_sheet(summary.positions))
    console.print(f"{len(summary.files)} files in {summary.files_dir}", markup=False)
    print_findings(summary.findings, FINDINGS_LISTED_MAX)
    console.print(f"open now: {summary.next_business_date}")


def print_previews(previews: Sequence[Preview], zone: str, *, as_json: bool = False) -> None:
    """What a run would do, date by date."""
    console = screen()
    if as_json:
        print_json({"would_clear": [_preview_told(each) for each in previews]})
        return
    for each in previews:
        doing = ", ".join(each.steps) or "nothing; it would be compared with what it left"
        cleared = f"business date {each.business_date} would be cleared, by the clock of {zone}"
        console.print(cleared, markup=False)
        if each.note:
            console.print(f"  why: {each.note}", markup=False)
        console.print(_folded(f"to do: {doing}"), markup=False)
        console.print(f"  {each.journals:,} journals, {each.entries:,} entries by now")
        console.print(f"  {each.files:,} files in {each.directory}", markup=False)
        if each.positions:
            console.print(positions_sheet(each.positions))
            if NET in each.steps:
                console.print("so far: the night itself posts fees, alliances and reserves first")
    console.print("nothing was written")


def _folded(text: str) -> str:
    return textwrap.fill(text, SCREEN_COLUMNS, initial_indent="  ", subsequent_indent=" " * 9)


def print_violations(violations: Sequence[Violation], *, as_json: bool = False) -> None:
    """Each violation, and how many there are."""
    console = screen()
    if as_json:
        print_json({"violations": violations})
        return
    for violation in violations:
        console.print(f"{violation.check}. {speech.said(violation.what)}", markup=False)
    if any(violation.test == "foreign_change" for violation in violations):
        console.print("of the estate: posswitch audit changes shows what was edited by hand")
    console.print(f"audit: {len(violations)} violations")


def _claims(record: Path) -> list[Claim]:
    try:
        return claims_of(read_record(record))
    except (OSError, msgspec.DecodeError, KeyError) as error:
        raise SurroundingsError(
            f"{record} is not a simulator's record: {error}. Next: check --record", "E-RECORD"
        ) from error


def positions_sheet(positions: Iterable[Position]) -> Sheet:
    """What merchants and issuers owe each other: what the merchant owes, is owed, and the net."""
    rows = (
        (
            row.merchant,
            row.issuer,
            f"{row.entries:,}",
            amount(row.debit_minor, row.unit),
            amount(row.credit_minor, row.unit),
            str(row.net),
        )
        for row in positions
    )
    return Sheet(POSITIONS, rows, title="positions")


def position_told(position: Position) -> dict[str, object]:
    """A position for programs, with its net."""
    return {**msgspec.structs.asdict(position), "net_minor": position.net.amount_minor}


def _preview_told(preview: Preview) -> dict[str, object]:
    positions = [position_told(row) for row in preview.positions]
    return {**msgspec.structs.asdict(preview), "positions": positions}


def _by_name(summary: Summary) -> dict[str, object]:
    told = {field.name: getattr(summary, field.name) for field in fields(summary)}
    return told | {"positions": [position_told(row) for row in summary.positions]}
