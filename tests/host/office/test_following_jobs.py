"""The bar that follows a job on a screen."""

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from config.places import places_of
from config.settings import Settings
from config.tasks import office_jobs as tasks
from config.tasks.office_desk import Desk
from config.tasks.office_jobs import follow_job
from tests.host.office.conftest import Bureau


def test_a_job_is_followed_to_its_end_however_many_came_after_it(
    bureau: Bureau, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1-04: how far it is, of how much."""
    add = (
        "INSERT INTO job (action, subject_kind, subject_key, plan, total, done, state, asked_by,"
        " asked_at) SELECT 'count', 'platform', '', '{}', 10, 4, %s, p.id, now()"
        " FROM person AS p, generate_series(1, %s) RETURNING id"
    )
    job = bureau.sql(add, "running", 1)[0][0]
    bureau.sql(add, "waiting", 250)
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=100)
    monkeypatch.setattr(tasks, "screen", lambda: console)

    def sleep(_seconds: float) -> None:
        """It is done meanwhile."""
        bureau.sql("UPDATE job SET done = 10, state = 'done' WHERE id = %s", job)

    monkeypatch.setattr(time, "sleep", sleep)
    desk = Desk(bureau.office, bureau.connection, places_of(tmp_path), Settings().switch)
    assert follow_job(desk, bureau.admin.session, job) == "done"
    assert "10/10" in drawn.getvalue()
