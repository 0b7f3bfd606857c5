"""A writer that reconnects for a moment refuses nobody; one that stays away holds up nobody.

The writer is a stand-in that the test opens and closes; the clock is a mock one.
"""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from config.run.database import Dsns
from host.batches import REOPEN_SECONDS
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.rules.dossier import Item
from host.store.writer import Result
from tests.host.conftest import Till, opened

SECONDS_MAX = 60.0
"""A thread of the test that hangs is let go."""


class StandIn:
    """A filling of `host.poster.Posts`: has its connection, and finds one, as the test says."""

    refusal = Reason.HOST_UNREACHABLE

    def __init__(self, *_told: Any) -> None:
        self.is_open = True
        self.finds_one = True
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.tried = threading.Semaphore(0)

    def open(self) -> None:
        """It has its connection from the start."""

    def post(self, items: Sequence[Item]) -> list[Result]:
        """Under way until the test lets it end."""
        self.begun.release()
        assert self.may_end.acquire(timeout=SECONDS_MAX)
        return [Response(reason=Reason.APPROVED) for _ in items]

    def reopen(self) -> bool:
        """Once."""
        self.is_open = self.finds_one
        self.tried.release()
        return self.is_open

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
async def line(
    module_estate: Dsns,
    monkeypatch: pytest.MonkeyPatch,
    mock_clock: MockClock,  # noqa: ARG001 - a clock acts by being asked for
    nursery: trio.Nursery,
) -> Any:
    """A till, its stand-in, and a sale that is under way there."""
    monkeypatch.setattr("host.program.Writer", StandIn)
    with opened(module_estate, writers=1) as poster:
        [writer] = poster._batches._writers
        assert isinstance(writer, StandIn)
        nursery.start_soon(poster.run)
        line = Line(Till(poster, module_estate), writer)
        line.ask("80010001")
        await trio.to_thread.run_sync(writer.begun.acquire)
        yield line
        writer.may_end.release(100)
        nursery.cancel_scope.cancel()


class Line:
    """Who asks, and what they were told."""

    def __init__(self, till: Till, writer: StandIn) -> None:
        self.till = till
        self.writer = writer
        self.told: dict[str, Reason] = {}

    def ask(self, terminal_id: str) -> None:
        """A sale at a terminal, whose answer may come."""
        sale = self.till.request(Kind.PURCHASE, 2, 100, terminal_id=terminal_id)
        self.till.poster.submit(
            sale, lambda answer: self.told.__setitem__(terminal_id, answer.reason)
        )


async def passes(clock: MockClock) -> None:
    """The poster looks at its writers once."""
    clock.jump(REOPEN_SECONDS)
    await wait_all_tasks_blocked()


async def test_who_waits_behind_a_writer_that_reconnects_for_a_moment_is_not_refused(
    line: Line, mock_clock: MockClock
) -> None:
    """Met without its connection, then with a new one: twice."""
    line.ask("80010002")
    for is_open in (False, True, False, True):
        line.writer.is_open = is_open
        await passes(mock_clock)
    assert line.told == {}
    line.writer.may_end.release(2)
    await trio.to_thread.run_sync(line.writer.begun.acquire)
    while len(line.told) < 2:
        await wait_all_tasks_blocked(0.001)
    assert set(line.told.values()) == {Reason.APPROVED}


async def test_who_waits_behind_a_writer_that_stays_away_is_told_so(
    line: Line, mock_clock: MockClock
) -> None:
    line.ask("80010002")
    line.writer.is_open = False
    await passes(mock_clock)
    await passes(mock_clock)
    assert line.told == {"80010002": Reason.HOST_UNREACHABLE}
    line.ask("80010003")
    assert line.told["80010003"] is Reason.HOST_UNREACHABLE


@pytest.mark.parametrize("finds_one", [True, False])
async def test_a_writer_that_ended_without_its_connection_seeks_one_before_anybody_is_refused(
    line: Line, finds_one: bool
) -> None:
    line.ask("80010002")
    line.writer.is_open, line.writer.finds_one = False, finds_one
    line.writer.may_end.release(2)
    await trio.to_thread.run_sync(line.writer.tried.acquire)
    while len(line.told) < 2:
        await wait_all_tasks_blocked(0.001)
    expected = Reason.APPROVED if finds_one else Reason.HOST_UNREACHABLE
    assert line.told == {"80010001": Reason.APPROVED, "80010002": expected}
