"""The night: STEPS, one after the other, each in its own transaction and recorded with it.

Killed anywhere, the same command goes on where it stopped. Run again after the end, every step
computes again and compares with what it left: nothing changes, and a difference is an error.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from psycopg import errors
from psycopg.pq import TransactionStatus

from clearing.adverts import STEP as ADVERTS
from clearing.adverts import charge_adverts
from clearing.alliances import STEP as ALLIANCES
from clearing.alliances import settle
from clearing.balances import checkpoint, trial_balance
from clearing.clockwork import clock_work
from clearing.completeness import completeness
from clearing.corrections import STEP as CORRECTIONS
from clearing.corrections import correct
from clearing.cutoff import cut_off
from clearing.dates import Calendar, a_date_was_missed, choose
from clearing.digests import Sources, compare, digests, recorded
from clearing.fees import STEP as FEES
from clearing.fees import charge
from clearing.files import ClearingFile, directory_of, recorded_files, write_files
from clearing.findings import CLOCK, COMPLETENESS, Finding, kept
from clearing.netting import Position, net, positions
from clearing.night import ROOMY, ClearingError, Connection, Night, Owed, begun, shards
from clearing.reserves import STEP as RESERVES
from clearing.reserves import reserve
from clearing.statements import STEP as STATEMENTS
from clearing.statements import draw_up
from clearing.turns import at_step, own_turn


class Step(NamedTuple):
    """One row of the night. `run` gives what the operator reads of it.

    `digested` names the statements that tell what it reads, and what it leaves.
    """

    name: str
    run: Callable[[Night], str]
    digested: Sources
    meaning: str


STEPS: Final = (
    Step(
        "cut_off",
        cut_off,
        Sources("day_lines", "cut_lines"),
        "turn the business date while trade goes on",
    ),
    Step(
        COMPLETENESS,
        completeness,
        Sources("seal_lines", "completeness_lines"),
        "nothing of the date is missing; what is open of it is listed",
    ),
    Step(
        CLOCK,
        clock_work,
        Sources("cut_lines", "clock_lines"),
        "what was due by the date is done by the clock, or listed",
    ),
    Step(
        FEES,
        charge,
        Sources("traded_lines", "charge_lines"),
        "what merchants and issuers pay the house, posted",
    ),
    Step(
        ALLIANCES,
        settle,
        Sources("traded_lines", "settlement_lines"),
        "what points of alliances cost who gave them out, and bring who took them, posted",
    ),
    Step(
        CORRECTIONS,
        correct,
        Sources("upheld_lines", "correction_lines"),
        "what was upheld of disputed statements of earlier dates is given back, posted",
    ),
    Step(
        ADVERTS,
        charge_adverts,
        Sources("advert_lines", "advert_charge_lines"),
        "what merchants pay the house for the day's places of their advertising, posted",
    ),
    Step(
        RESERVES,
        reserve,
        Sources("reserve_base_lines", "reserve_lines"),
        "a share of what merchants are paid is held back, and what is due of earlier ones let go",
    ),
    Step(
        "net",
        net,
        Sources("summary_lines", "position_lines"),
        "what merchants and issuers owe each other",
    ),
    Step(
        STATEMENTS,
        draw_up,
        Sources("position_lines", "statement_lines"),
        "what the date comes to, for each merchant and issuer to confirm",
    ),
    Step(
        "trial_balance",
        trial_balance,
        Sources("summary_lines", "turnover_lines"),
        "the books balance, or no file leaves",
    ),
    Step(
        "files",
        write_files,
        Sources("traded_lines", "file_lines"),
        "one file for each merchant and issuer",
    ),
    Step(
        "checkpoint",
        checkpoint,
        Sources("summary_lines", "checkpoint_lines"),
        "balances and seals the next night starts from",
    ),
)
"""In this order. `clearing_step.step` holds the names: rename one only with a migration. A date has
the steps that there were when it was cleared: of a later one it is not asked for."""


class StepDone(NamedTuple):
    """How a step went. `is_repeat`: it had finished before and was only compared."""

    name: str
    detail: str
    is_repeat: bool
    seconds: float
    read: str
    """SHA-256 of what it read, in hexadecimal digits."""
    left: str
    """And of what it left."""
    business_date: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run of the night did, for people and for the demo."""

    business_date: dt.date
    next_business_date: dt.date
    """The one that is open now: of a date that is cleared once more, not the one behind it."""
    steps: tuple[StepDone, ...]
    positions: tuple[Position, ...]
    findings: tuple[Finding, ...]
    """What was open."""
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
    connection: Connection,
    files_dir: Path,
    business_date: dt.date | None = None,
    *,
    calendar: Calendar | None = None,
    owed: Owed = dict,
    who: str = "",
) -> Summary:
    """Clear a business date; `connection` is the night's, with no transaction open.

    Without a date: the one whose clearing was interrupted, else the open one. Where nothing has
    been asked under the open one yet, the last date again, which changes nothing: so a second
    run by mistake does not turn the date a second time. Name the date to close an empty one.
    `who` takes the steps that are still to be taken: somebody else releases what they leave.
    `owed` says what the switch keeps for others, where it is known: it is listed.
    With a calendar no date after today is closed, unless it says so, and a missed one is due.

    Raises:
        NightRunsError: somebody else runs it.
        ClearingError: a step cannot go on; what was finished before it stays finished.
    """
    *_, summary = clearing_of(
        connection, files_dir, business_date, calendar=calendar, owed=owed, who=who
    )
    assert isinstance(summary, Summary), "it comes last"
    return summary


def clearing_of(
    connection: Connection,
    files_dir: Path,
    business_date: dt.date | None = None,
    *,
    calendar: Calendar | None = None,
    owed: Owed = dict,
    who: str = "",
) -> Iterator[StepDone | Summary]:
    """As `run_clearing`: each step as it ends, and the summary last.

    Raises:
        NightRunsError, ClearingError: as there.
    """
    _refuse_busy(connection)
    with connection.transaction():
        night = replace(begun(connection, files_dir), owed=owed, who=who)
    with own_turn(night, who):
        yield from _run(night, business_date, calendar)


def _run(
    night: Night, business_date: dt.date | None, calendar: Calendar | None
) -> Iterator[StepDone | Summary]:
    connection = night.connection
    with connection.transaction():
        business_date, note = choose(night, calendar, business_date)
        night = replace(night, business_date=business_date)
        night.run("begin_run")
        night.clear_away()
        steps = _steps_of(night)
        night = replace(night, has_fees=any(step.name == FEES for step in steps))
    done = []
    for step in steps:
        try:
            done.append(_take(step, night))
        except errors.DiskFull as error:
            raise _disk_full(night, error) from error
        yield done[-1]
    with connection.transaction():
        night.clear_away()
        night.run("complete_run")
        summary = Summary(
            business_date=business_date,
            next_business_date=_open_now(night),
            steps=tuple(done),
            positions=positions(night),
            findings=kept(night),
            files=recorded_files(night),
            files_dir=directory_of(night),
            note=note,
        )
    yield summary


def _open_now(night: Night) -> dt.date:
    row = night.row("open_date")
    assert row is not None, "a date that is cleared has opened another"
    date: dt.date = row["business_date"]
    return date


def clearing_of_due(
    connection: Connection,
    files_dir: Path,
    calendar: Calendar,
    *,
    owed: Owed = dict,
    who: str = "",
) -> Iterator[StepDone | Summary]:
    """Clear the date that is due, as `clearing_of`, and then every date that was missed, in order.

    Killed between two dates, the next run goes on with the next.
    """
    is_due = True
    while is_due:
        yield from clearing_of(connection, files_dir, calendar=calendar, owed=owed, who=who)
        with connection.transaction():
            is_due = a_date_was_missed(begun(connection, files_dir), calendar)


def _refuse_busy(connection: Connection) -> None:
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        msg = "clearing needs a connection with no transaction open: commit or roll back first"
        raise ClearingError(msg)


def _disk_full(night: Night, error: errors.DiskFull) -> ClearingError:
    return ClearingError(
        f"PostgreSQL has no room left on its disk ({error.diag.message_primary}): the clearing of "
        f"{night.business_date} stopped there, and what was finished stays. Free some space, "
        "then run the clearing again: it goes on where it stopped"
    )


def _steps_of(night: Night) -> tuple[Step, ...]:
    """Those of the date: none that came into being after a later one had been done."""
    done = recorded(night)
    last = max((place for place, step in enumerate(STEPS) if step.name in done), default=-1)
    return tuple(step for place, step in enumerate(STEPS) if place > last or step.name in done)


def _take(step: Step, night: Night) -> StepDone:
    started = time.perf_counter()
    with night.connection.transaction():
        night.plan_by(ROOMY)
        at_step(night, step.name)
        night.rows("hold_run")
        then = recorded(night)
        night = replace(night, shards=shards(night), is_repeat=step.name in then)
        detail = step.run(night)
        now = digests(night, step.digested)
        if night.is_repeat:
            compare(night, step.name, then[step.name], now)
        else:
            night.run("record_step", step=step.name, detail=detail, who=night.who, **now._asdict())
    seconds = time.perf_counter() - started
    return StepDone(
        step.name,
        detail,
        night.is_repeat,
        seconds,
        now.read.hex(),
        now.left.hex(),
        night.business_date,
    )


__all__ = [
    "STEPS",
    "Calendar",
    "ClearingError",
    "Position",
    "Step",
    "StepDone",
    "Summary",
    "clearing_of",
    "clearing_of_due",
    "run_clearing",
]
