"""How nights stand: read and not done. Who runs one, where dates are, what each step left."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from clearing.digests import digest_of
from clearing.files import ClearingFile, directory_of, recorded_files, sha256_of
from clearing.findings import Finding, kept
from clearing.netting import Position, positions
from clearing.night import ClearingError, Connection, Night, begun
from clearing.run import STEPS
from clearing.turns import runner_of
from host.model.numbers import DAY_ZERO

DATES_SHOWN: Final = 14


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One business date."""

    business_date: dt.date
    state: str
    steps: int
    findings: int
    run_by: str
    released_by: str | None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The night as it is now; `run_by` is empty where nobody runs it."""

    run_by: str
    since: dt.datetime | None
    step: str
    """That it is at; empty between two."""
    step_since: dt.datetime | None
    rows_done: int | None
    """Of those that the step copies out; None where it copies none, or not yet."""
    dates: tuple[Standing, ...]
    """The newest first."""


class StepTaken(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a date. Digests are of what it read and left; None: before steps kept any."""

    step: str
    detail: str
    finished_at: dt.datetime
    taken_by: str
    read_digest: bytes | None
    left_digest: bytes | None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of the night of a date."""

    standing: Standing
    steps: tuple[StepTaken, ...]
    findings: tuple[Finding, ...]
    positions: tuple[Position, ...]
    files: tuple[ClearingFile, ...]
    directory: Path


def status(connection: Connection, files_dir: Path) -> Status:
    """Who runs the night, and where the last dates stand."""
    with connection.transaction():
        night = begun(connection, files_dir)
        runner = runner_of(night)
        dates = night.rows("dates_standing", until=None, limit=DATES_SHOWN)
    return Status(
        run_by=runner.who if runner else "",
        since=runner.since if runner else None,
        step=runner.step if runner else "",
        step_since=runner.step_since if runner else None,
        rows_done=runner.rows_done if runner else None,
        dates=tuple(Standing(**row) for row in dates),
    )


def show(connection: Connection, files_dir: Path, business_date: dt.date) -> Shown:
    """The night of a date.

    Raises:
        ClearingError: it is no date of this database.
    """
    with connection.transaction():
        night = _of_date(connection, files_dir, business_date)
        return Shown(
            standing=_standing(night),
            steps=tuple(StepTaken(**row) for row in night.rows("steps_taken")),
            findings=kept(night),
            positions=positions(night),
            files=recorded_files(night),
            directory=directory_of(night),
        )


def verify_night(connection: Connection, files_dir: Path, business_date: dt.date) -> list[str]:
    """What is not as the night left it: rows of a step by its digest, files by theirs.

    The ledger is not read again; to run the date again does that.

    Raises:
        ClearingError: it is no date of this database, or its night is not finished.
    """
    with connection.transaction():
        night = _of_date(connection, files_dir, business_date)
        _refuse_unfinished(night)
        return [*_other_steps(night), *_other_files(night)]


def refuse_unfinished(connection: Connection, files_dir: Path, business_date: dt.date) -> None:
    """A date that is run again has been run.

    Raises:
        ClearingError: it is no date of this database, or its night is not finished.
    """
    with connection.transaction():
        _refuse_unfinished(_of_date(connection, files_dir, business_date))


def _of_date(connection: Connection, files_dir: Path, business_date: dt.date) -> Night:
    now = begun(connection, files_dir)  # a date of before the first has not even numbers
    night = replace(now, business_date=max(business_date, DAY_ZERO))
    if now.row("state_of", business_date=business_date) is None:
        raise ClearingError(
            f"{business_date} is not a business date of this database. Next: posswitch clearing "
            "status lists them"
        )
    return night


def _standing(night: Night) -> Standing:
    [row] = night.rows("dates_standing", until=night.business_date, limit=1)
    return Standing(**row)


def _refuse_unfinished(night: Night) -> None:
    taken = {row["step"] for row in night.rows("steps_recorded")}
    if STEPS[-1].name not in taken:
        raise ClearingError(
            f"the night of {night.business_date} is not finished, so that there is nothing to "
            f"hold it against. Next: posswitch clearing run --date {night.business_date}"
        )


def _other_steps(night: Night) -> list[str]:
    then: dict[str, Any] = {row["step"]: row["left_digest"] for row in night.rows("steps_taken")}
    return [
        f"what step {step.name} left is not there as it was"
        for step in STEPS
        if then.get(step.name) not in {None, digest_of(night, step.digested.left)}
    ]


def _other_files(night: Night) -> list[str]:
    found = []
    for file in recorded_files(night):
        path = directory_of(night) / file.name
        if not path.exists():
            found.append(f"file {file.name} is not there")
        elif sha256_of(path) != file.sha256:
            found.append(f"file {file.name} is not as it was written")
    return found
