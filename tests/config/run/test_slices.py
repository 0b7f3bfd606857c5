"""Who is interrupted sooner than others, as the system itself tells it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from config.run.slices import SHORT_NS, give_slice, slice_of

WAITS = "import sys; sys.stdin.read()"


@pytest.fixture
def process() -> Iterator[int]:
    """One that does nothing, of a low priority already."""
    told = [sys.executable, "-c", WAITS]
    with subprocess.Popen(told, stdin=subprocess.PIPE) as waits:
        os.setpriority(os.PRIO_PROCESS, waits.pid, 7)
        yield waits.pid
        waits.kill()


def test_a_slice_is_given_and_the_priority_stays(process: int) -> None:
    if not slice_of(process):
        pytest.skip("this system has one slice for all")
    give_slice(process)
    assert slice_of(process) == SHORT_NS
    assert os.getpriority(os.PRIO_PROCESS, process) == 7
    assert os.sched_getscheduler(process) == os.SCHED_OTHER
    assert slice_of(os.getpid()) > SHORT_NS


def test_a_policy_stays_as_well(process: int) -> None:
    os.sched_setscheduler(process, os.SCHED_BATCH, os.sched_param(0))
    give_slice(process)
    assert os.sched_getscheduler(process) == os.SCHED_BATCH


def test_one_that_is_gone_is_told() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
        with pytest.raises(ProcessLookupError):
            give_slice(gone.pid)
        with pytest.raises(ProcessLookupError):
            slice_of(gone.pid)


def test_a_machine_whose_calls_are_not_known_is_left_alone(
    process: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = slice_of(process)
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    give_slice(process)
    assert slice_of(process) == 0
    monkeypatch.undo()
    assert slice_of(process) == before
