"""The night's commands: hold of the database, the work of `clearing`, and what a person reads."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from clearing.run import Summary, run_clearing
from clearing.verify import Violation, audit
from config.database import dsn_of, opened_database
from config.errors import Say, SettingsError, SurroundingsError, operator_errors
from config.hsm import open_hsm
from config.places import Places
from config.settings import Settings
from host.model.claims import Claim
from host.model.money import Money
from host.store.connecting import LONG, Connection, connect
from host.store.keys import key_faults
from host.store.safety import UnsafeDatabaseError, connect_safely
from simulators.record import claims_of, read_record

KEYS_CHECK: Final = 11
"""The audit's question beside the ledger's ten: does every stored key open, and is it itself?"""


def clear(settings: Settings, places: Places, date: str | None, *, say: Say) -> Summary:
    """Run the night of a date (`YYYY-MM-DD`), of the one that is due without.

    Raises:
        OperatorError, ClearingError: says what, why and what to do.
    """
    business_date = None if date is None else _date(date)
    with (
        opened_database(settings.database, places, must_exist=True, say=say),
        opened_night(settings, places) as connection,
    ):
        return run_clearing(connection, places.files, business_date)


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
        raise SurroundingsError(str(error).replace("the host", "the night")) from error


def find_violations(
    settings: Settings, places: Places, record: Path | None, *, say: Say
) -> list[Violation]:
    """Audit the ledger, against what clients were told when there is a record of it; and the keys.

    Where the security module is not at hand, stored keys are not tried, and that is said.
    """
    claims = [] if record is None else _claims(record)
    dsn = dsn_of("night", settings.database, places.cluster)
    with (
        opened_database(settings.database, places, must_exist=True, say=say),
        connect(dsn, LONG) as connection,
    ):
        violations = audit(connection, claims)
        try:
            hsm = open_hsm(settings.host.hsm, places, dsn)
        except operator_errors() as error:
            say(f"stored keys were not tried: {error}")
            return violations
        return violations + [
            Violation(check=KEYS_CHECK, test="key_unusable", what=f"key {fault}")
            for fault in key_faults(connection, hsm)
        ]


def print_summary(summary: Summary, *, as_json: bool = False) -> None:
    """What the night did, on one screen."""
    console = Console(highlight=False)
    if as_json:
        console.out(_json(_by_name(summary)))
        return
    console.print(f"business date {summary.business_date} cleared{_because(summary.note)}")
    for step in summary.steps:
        again = " (again, unchanged)" if step.is_repeat else ""
        console.print(f"  {step.name:<14} {step.detail}{again}", soft_wrap=True)
    console.print(_positions(summary))
    console.print(f"{len(summary.files)} files in {summary.files_dir}", soft_wrap=True)
    console.print(f"open now: {summary.next_business_date}")


def print_violations(violations: Sequence[Violation], *, as_json: bool = False) -> None:
    """Each violation, and how many there are."""
    console = Console(highlight=False)
    if as_json:
        console.out(_json({"violations": violations}))
        return
    for violation in violations:
        console.print(str(violation), soft_wrap=True, markup=False)
    console.print(f"audit: {len(violations)} violations")


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{text!r} is not a date. Next: write it as 2026-12-31") from None


def _claims(record: Path) -> list[Claim]:
    try:
        return claims_of(read_record(record))
    except (OSError, msgspec.DecodeError, KeyError) as error:
        raise SurroundingsError(
            f"{record} is not a simulator's record: {error}. Next: check --record"
        ) from error


def _because(note: str) -> str:
    return f" ({note})" if note else ""


def _positions(summary: Summary) -> Table:
    table = Table(title="positions", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("merchant", "issuer"):
        table.add_column(name, no_wrap=True)
    for name in ("entries", "owes", "is owed", "net"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for row in summary.positions:
        owes, owed = Money(row.debit_minor, row.unit), Money(row.credit_minor, row.unit)
        amounts = (amount.figures for amount in (owes, owed, row.net))
        table.add_row(row.merchant, row.issuer, f"{row.entries:,}", *amounts, owes.unit_name)
    return table


def _json(value: object) -> str:
    plain = msgspec.to_builtins(value, builtin_types=(bytes, dt.date), enc_hook=str)
    return json.dumps(plain, indent=2, ensure_ascii=False, default=_told)


def _told(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _by_name(summary: Summary) -> dict[str, object]:
    told = {field.name: getattr(summary, field.name) for field in fields(summary)}
    return told | {"steps": [step._asdict() for step in summary.steps]}
