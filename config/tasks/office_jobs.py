"""Follows a job until it has ended."""

import time
from typing import Any, Final

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from config.language import tell
from config.screen import screen
from config.tasks.office_desk import Desk, OfficeRefusedError
from config.tasks.office_words import told_of_error, word_here
from host.model.office import Page, Show, sought
from host.model.secrets import Secret
from host.office.stock_refusals import ALL_REFUSALS

JOB_POLL_SECONDS: Final = 0.5
JOB_BEGUN_SECONDS: Final = 5.0
"""A job that nobody has begun by then waits for a host."""
ENDED: Final = frozenset({"done", "failed", "stopped"})
"""Of a job."""


def follow_job(desk: Desk, session: Secret, job: int) -> str:
    """A bar until the job has ended; gives its state. Ctrl-C ends the looking, and not the job."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("{task.fields[rate]:,}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen()) as progress:
        bar = progress.add_task(f"{word_here('job')} {job}", total=0, rate=0)
        late, is_told = time.monotonic() + JOB_BEGUN_SECONDS, False
        while (row := _job(desk, session, job)) is not None:
            rate = row["per_second"] or 0
            progress.update(bar, completed=row["done"], total=row["total"], rate=rate)
            if row["state"] in ENDED:
                break
            if row["state"] == "waiting" and not is_told and time.monotonic() > late:
                tell(f"job {job} waits for a host that does it. Next: posswitch up")
                is_told = True
            time.sleep(JOB_POLL_SECONDS)
    state = "" if row is None else str(row["state"])
    if state:
        tell(f"job {job}: {word_here(state)}")
    if row is not None and row["error"]:
        error = told_of_error(row["error"])
        code, _, sentence = error.partition(": ")
        is_no = code in ALL_REFUSALS
        raise OfficeRefusedError(sentence if is_no else error, code if is_no else None)
    return state


def _job(desk: Desk, session: Secret, job: int) -> dict[str, Any] | None:
    told = desk.show(Show(session=session, view="jobs", filters=sought({"id": str(job)})))
    if not isinstance(told, Page):
        return None
    rows = (dict(zip(told.columns, row, strict=True)) for row in told.rows)
    return next(rows, None)
