"""Whatever one message, peer, file or part of a switch breaks, the others go on."""

# ruff: noqa: ARG001 - a clock acts by being asked for

import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from host.model.requests import Kind
from switch.faults import FAULTS
from switch.hostlink import Slot
from switch.issuers.advice import Settling
from switch.memory.route_file import RouteError, RouteFile
from switch.memory.routes import RouteMemory
from switch.memory.saf_file import SafFile
from switch.settings import ChannelSettings
from switch.undoing import reversal_of
from switch.wire.calling import Caller
from switch.wire.listeners import Channel
from switch.wire.poller import READ, Poller
from tests.ports import free_port
from tests.switch.conftest import PATIENCE_SECONDS, World, purchase
from tests.switch.memory.test_saf import ADVICE, Line, made, purchase_of, running


def faults(where: str) -> float:
    return FAULTS.labels(where)._value.get()


def _fail(*_args: Any, **_more: Any) -> Any:
    raise RuntimeError("a bug of ours")


async def _until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - a counter has no event
            await trio.sleep(0.01)


async def test_a_gateway_that_resets_as_soon_as_it_is_reached_is_called_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[socket.socket] = []

    async def reset_at_once(_caller: Caller) -> socket.socket:
        await trio.lowlevel.checkpoint()
        calls.append(socket.socket())  # whose peer has gone: it has no name any more
        return calls[-1]

    monkeypatch.setattr(Caller, "_call", reset_at_once)
    monkeypatch.setattr("switch.wire.calling.PAUSE_SECONDS_MIN", 0.01)
    gateway = ChannelSettings(name="far", kind="nac", connect_to=f"127.0.0.1:{free_port()}")
    await world.start_switch(channels=(ChannelSettings(port=0), gateway))
    await _until(lambda: len(calls) >= 3)
    assert [each.fileno() for each in calls[:2]] == [-1, -1], "each is let go of"
    answer = await (await world.connect("pos")).ask(purchase())
    assert answer.fields["39"] == "00"


async def test_a_sweep_that_fails_for_one_channel_goes_on_for_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = faults("sweep of a channel")
    monkeypatch.setattr(Channel, "sweep", _fail)
    await world.start_switch()
    await _until(lambda: faults("sweep of a channel") > before + 1)
    answer = await (await world.connect()).ask(purchase())
    assert answer.fields["39"] == "00"


async def test_a_connection_that_breaks_something_ends_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.start_switch()
    steady = await world.connect()
    await steady.ask(purchase())
    with monkeypatch.context() as broken:
        broken.setattr("switch.wire.connection.Connection._take", _fail)
        bad = await world.connect()
        await bad.send(purchase(3))
        assert await bad.receive() is None
    assert (await steady.ask(purchase(4))).fields["39"] == "00"
    assert (await (await world.connect()).ask(purchase(5))).fields["39"] == "00"


async def test_a_socket_whose_owner_fails_is_looked_at_no_more_and_the_others_are(
    nursery: trio.Nursery,
) -> None:
    poller = Poller(lambda: None)
    (ours, theirs), (good, other) = socket.socketpair(), socket.socketpair()
    heard = trio.Event()
    before = faults("socket")

    def hear(_ready: int) -> None:
        good.recv(10)
        heard.set()

    for each in (ours, good):
        each.settimeout(0)
    poller.watch(ours, READ, _fail)
    poller.watch(good, READ, hear)
    nursery.start_soon(poller.run)
    theirs.send(b"x")
    await _until(lambda: faults("socket") == before + 1)
    other.send(b"x")
    with trio.fail_after(PATIENCE_SECONDS):
        await heard.wait()
    await trio.testing.wait_all_tasks_blocked()
    assert faults("socket") == before + 1
    nursery.cancel_scope.cancel()
    poller.close()
    for each in (ours, theirs, good, other):
        each.close()


async def test_a_disk_that_fails_while_a_message_is_sent_leaves_it_owed(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """The route file is asked on the way to an issuer: its error is not store-and-forward's end."""
    path = tmp_path / "saf.db"

    class Failing(Line):
        errors = 2

        def ask(self, request: Any, waiter: Any) -> Any:
            if self.errors:
                self.errors -= 1
                raise RouteError("routes file: disk I/O error")
            return super().ask(request, waiter)

    line, before = Failing(path), faults("store and forward")
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        saf.owe(reversal_of(purchase_of(2)), stored=_fail)
        await line.has(2)
        await _until(lambda: not saf.waiting)
    assert faults("store and forward") == before + 3


async def test_what_cannot_be_read_of_the_file_stays_there_and_the_rest_is_sent(
    tmp_path: Path,
) -> None:
    path = tmp_path / "saf.db"
    SafFile(path).close()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO owed VALUES ('broken', '', 1.0, x'ff', NULL)")
    db.close()
    line = Line(path)
    saf = made(path, line)
    async with running(saf):
        saf.owe(reversal_of(purchase_of(1)))
        await line.has(1)
        await _until(lambda: not saf.waiting)
    file = SafFile(path)
    assert file.owed() == []
    file.close()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT key_text FROM owed").fetchall() == [("broken",)]
    db.close()


async def test_settlements_that_nobody_waits_for_any_more_leave_nothing_behind(
    autojump_clock: MockClock,
    tmp_path: Path,
) -> None:
    path = tmp_path / "saf.db"
    line = Line(path)
    line.answer = None
    saf = made(path, line)
    settling = Settling(line, saf)
    settlement = reversal_of(purchase_of(9))
    async with running(saf):
        stored = trio.Event()
        saf.owe(ADVICE, stored=stored.set)
        await stored.wait()
        for _ in range(100):
            ticket = settling.ask(settlement, object())  # type: ignore[arg-type]
            assert isinstance(ticket, Slot)
            settling.forget(ticket)
        assert saf._clear == {}


async def test_a_change_that_cannot_be_written_is_left_out_and_its_neighbours_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery
) -> None:
    memory = RouteMemory(RouteFile(tmp_path / "routes.db", "one"), lambda: 1e9, days_max=30.0)
    told: dict[int, object] = {}
    note = RouteFile.note

    def note_but_one(self: RouteFile, change: Any) -> Any:
        return _fail() if "/000003/" in change.key_text else note(self, change)

    monkeypatch.setattr(RouteFile, "note", note_but_one)
    for stan in range(1, 9):
        memory.note(
            "far",
            purchase_of(stan),
            lambda noted, stan=stan: told.update({stan: noted}),  # type: ignore[misc]
        )
    nursery.start_soon(memory.run)
    await _until(lambda: len(told) == 8)
    assert [stan for stan, noted in told.items() if noted is None] == [3]
    assert memory.waiting == 0
    nursery.cancel_scope.cancel()


async def test_what_one_asker_breaks_keeps_no_other_from_hearing_of_its_route(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    memory = RouteMemory(RouteFile(tmp_path / "routes.db", "one"), lambda: 1e9, days_max=30.0)
    told: list[object] = []
    memory.note("far", purchase_of(1), _fail)
    memory.note("far", purchase_of(2), told.append)
    nursery.start_soon(memory.run)
    await _until(lambda: len(told) == 1)
    nursery.cancel_scope.cancel()


async def test_a_disk_error_in_a_look_up_is_said_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RouteFile(tmp_path / "routes.db", "one")

    def broken(*_args: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("switch.memory.route_shelf.RouteShelf.find", broken)
    monkeypatch.setattr("switch.memory.route_shelf.RouteShelf.open_before", broken)
    with pytest.raises(RouteError, match="disk I/O error"):
        file.find("pos/80010001/000012/000001/f")
    with pytest.raises(RouteError, match="disk I/O error"):
        file.open_before(1.0)
    file.close()


async def test_a_time_out_that_fails_for_one_message_comes_for_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.host.decide = lambda _request: None
    await world.start_switch(host_seconds_max=0.2)
    terminal = await world.connect()
    before = faults("time-out")
    with monkeypatch.context() as broken:
        broken.setattr("switch.dispatch.Dispatcher._leave", _fail)
        await terminal.send(purchase(2))
        await _until(lambda: faults("time-out") > before)
    assert faults("time-out") == before + 1
    assert world.switch is not None
    await _until(lambda: world.switch is not None and world.switch.front.in_flight == 0)
    await terminal.send(purchase(3))
    await world.host.has(3)
    assert world.host.requests[-1].kind is Kind.REVERSAL
