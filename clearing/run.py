"""The night: STEPS, one after the other, each in its own transaction and recorded with it.

Killed anywhere, the same command goes on where it stopped. Run again after the end, every step
computes again and compares with what it left: nothing changes, and a difference is an error.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from psycopg.pq import TransactionStatus

from clearing.balances import checkpoint, trial_balance
from clearing.cutoff import cut_off
from clearing.files import ClearingFile, directory_of, recorded_files, write_files
from clearing.netting import Position, net, positions
from clearing.night import ClearingError, Connection, Night


class Step(NamedTuple):
    """One row of the night. `run` gives what the operator reads of it."""

    name: str
    run: Callable[[Night], str]
    meaning: str


STEPS: Final = (
    Step("cut_off", cut_off, "turn the business date while trade goes on"),
    Step("net", net, "what merchants and issuers owe each other"),
    Step("trial_balance", trial_balance, "the books balance, or no file leaves"),
    Step("files", write_files, "one file for each merchant and issuer"),
    Step("checkpoint", checkpoint, "balances and seals the next night starts from"),
)
"""In this order. `clearing_step.step` holds the names: rename one only with a migration."""


class StepDone(NamedTuple):
    """How a step went. `is_repeat`: it had finished before and was only compared."""

    name: str
    detail: str
    is_repeat: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run of the night did, for people and for the demo."""

    business_date: dt.date
    next_business_date: dt.date
    steps: tuple[StepDone, ...]
    positions: tuple[Position, ...]
    files: tuple[ClearingFile, ...]
    files_dir: Path
    """The directory of this date's files."""
    note: str
    """Why this date, where none was asked for."""

    @property
    def is_repeat(self) -> bool:
        """Whether everything had been done before and nothing was changed."""
        return all(step.is_repeat for step in self.steps)


def run_clearing(
    connection: Connection, files_dir: Path, business_date: dt.date | None = None
) -> Summary:
    """Clear a business date; `connection` is the night's, with no transaction open.

    Without a date: the one whose clearing was interrupted, else the open one. Where nothing has
    been asked under the open one yet, the last date again, which changes nothing: so a second
    run by mistake does not turn the date a second time. Name the date to close an empty one.

    Raises:
        ClearingError: a step cannot go on; what was finished before it stays finished.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        msg = "clearing needs a connection with no transaction open: commit or roll back first"
        raise ClearingError(msg)
    with connection.transaction():
        business_date, note = _choose(connection, files_dir, business_date)
        night = Night(connection=connection, business_date=business_date, files_dir=files_dir)
        night.run("begin_run")
    done = tuple(_take(step, night) for step in STEPS)
    with connection.transaction():
        night.run("complete_run")
        return Summary(
            business_date=business_date,
            next_business_date=business_date + dt.timedelta(days=1),
            steps=done,
            positions=positions(night),
            files=recorded_files(night),
            files_dir=directory_of(night),
            note=note,
        )


def _take(step: Step, night: Night) -> StepDone:
    started = time.perf_counter()
    with night.connection.transaction():
        night.rows("hold_run")
        is_repeat = night.row("step_detail", step=step.name) is not None
        detail = step.run(replace(night, is_repeat=is_repeat))
        if not is_repeat:
            night.run("record_step", step=step.name, detail=detail)
    return StepDone(step.name, detail, is_repeat, time.perf_counter() - started)


def _choose(connection: Connection, files_dir: Path, asked: dt.date | None) -> tuple[dt.date, str]:
    night = Night(connection=connection, business_date=asked or dt.date.min, files_dir=files_dir)
    row = night.row("oldest_unfinished")
    unfinished = row["business_date"] if row else None
    if asked is not None:
        _check(night, unfinished)
        return asked, ""
    if unfinished is not None:
        return unfinished, "its clearing had been interrupted"
    return _open_or_last(night)


def _check(night: Night, unfinished: dt.date | None) -> None:
    asked = night.business_date
    if night.row("state_of") is None:
        row = night.row("open_date")
        is_open = f"the open one is {row['business_date']}" if row else "none is open"
        raise ClearingError(
            f"{asked} is not a business date of this database: {is_open}. "
            "Run the clearing without a date, or with one that is or was open"
        )
    if unfinished is not None and unfinished < asked:
        raise ClearingError(
            f"the clearing of {unfinished} was interrupted and comes before {asked}: "
            f"finish it with `posswitch clearing run --date {unfinished}`"
        )


def _open_or_last(night: Night) -> tuple[dt.date, str]:
    row = night.row("open_date")
    if row is None:
        raise ClearingError(
            "no business date is open: load an estate with `posswitch up --estate demo`, "
            "which opens the first"
        )
    last = night.row("last_completed")
    if row["has_traded"] or last is None or last["max"] is None:
        return row["business_date"], "it was the open business date"
    return last["max"], (
        f"nothing has been asked under {row['business_date']} yet, so {last['max']} was shown "
        f"again; to close {row['business_date']} all the same, name it with "
        f"--date {row['business_date']}"
    )


__all__ = ["STEPS", "ClearingError", "Position", "Step", "StepDone", "Summary", "run_clearing"]
