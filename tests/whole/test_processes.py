"""Several switch processes on one port: killed under load, started again, and nothing is lost."""

import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psycopg
import pytest
import trio

from clearing.verify import audit
from config.places import places_of
from config.run.database import dsn_of
from config.run.estates import loader
from config.run.fleet import ports_in
from config.run.supervisor import Running, running_posswitch
from config.run.tending import PAUSES_SECONDS
from config.settings import Settings
from config.tasks.failed import failed_lines
from host.estate.demo import demo_estate
from simulators.record import What, read_record
from simulators.swarm import Swarm, SwarmSettings
from tests.ports import free_ports
from tests.whole.house import ZONE, metric, wait_until

ESTATE = demo_estate()
PROCESSES = 2
KILLS = 6
QUIET_SECONDS = 0.8
DAY_SECONDS_MAX = 3_600.0
LOOK_SECONDS = 0.05


@pytest.fixture(scope="module")
def metrics_ports() -> list[int]:
    """Ports one after the other: each process has the next."""
    return free_ports(PROCESSES)


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, metrics_ports: list[int]
) -> Iterator[Running]:
    plain = Settings()
    switch = msgspec.structs.replace(
        plain.switch,
        processes=PROCESSES,
        metrics_port=metrics_ports[0],
        host_seconds_max=2.0,
        saf_retry_seconds_max=0.5,
    )
    settings = msgspec.structs.replace(plain, switch=switch)
    places = places_of(tmp_path_factory.mktemp("processes") / "data")
    with running_posswitch(
        settings, places, port=0, load_estate=loader(ESTATE, ZONE), say=lambda _text: None
    ) as running:
        yield running


def test_processes_killed_under_load_come_back_and_the_audit_finds_nothing(
    running: Running, metrics_ports: list[int], tmp_path: Path
) -> None:
    """S4-16."""
    dice, record = random.Random(8583), tmp_path / "terminals.jsonl"
    [port] = ports_in(running.listeners).values()
    swarm = Swarm(
        SwarmSettings(
            host="127.0.0.1",
            port=port,
            terminals=12,
            seconds=DAY_SECONDS_MAX,
            pause_seconds=0.05,
            seed=8583,
            answer_seconds_max=3.0,
            record=record,
            attempts_max=10_000,
        ),
        ESTATE,
    )
    with ThreadPoolExecutor(max_workers=1) as thread:
        day_over = thread.submit(trio.run, swarm.run)
        try:
            for number in range(KILLS):
                _look_for(running, QUIET_SECONDS * dice.uniform(0.5, 1.5))
                victim = running.fleet.programs[number % PROCESSES]
                victim.process.kill()
                victim.process.wait()
            _look_until_all_are_back(running, metrics_ports)
        finally:
            swarm.close()
        tally = day_over.result()
    assert not tally.failures, failed_lines(tally.failures)
    assert tally.pending == 0
    assert tally.count("00") > 0
    for each in metrics_ports:
        wait_until(
            lambda each=each: _owed(each) == 0,  # type: ignore[misc]
            "reversals of a killed process were not delivered",
        )
    events = read_record(record)
    assert [event for event in events if event.what is What.REVERSAL_TOLD]
    where = dsn_of("audit", running.settings.database, running.places.cluster)
    with psycopg.connect(where) as connection:
        assert audit(connection, swarm.record.claims()) == []


def test_every_process_takes_connections(running: Running, metrics_ports: list[int]) -> None:
    [port] = ports_in(running.listeners).values()
    before = [_accepted(each) for each in metrics_ports]
    for _ in range(64):
        socket.create_connection(("127.0.0.1", port)).close()
    wait_until(
        lambda: all(_accepted(e) > b for e, b in zip(metrics_ports, before, strict=True)),
        "the kernel dealt every connection to one process",
    )


def test_a_process_killed_more_often_than_six_times_comes_back_where_it_was(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pauses of a tenth: how long they are is asked in `tests/config/run/test_tending.py`."""
    pauses = tuple(seconds / 10 for seconds in PAUSES_SECONDS)
    monkeypatch.setattr("config.run.tending.PAUSES_SECONDS", pauses)
    [port] = ports_in(running.listeners).values()
    for _ in range(len(PAUSES_SECONDS) + 1):
        victim = running.fleet.programs[1]
        victim.process.kill()
        victim.process.wait()
        while running.fleet.programs[1] is victim:
            _look_for(running, LOOK_SECONDS)
    socket.create_connection(("127.0.0.1", port)).close()


def _look_for(running: Running, seconds: float) -> None:
    """What the supervisor does, for a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        running.mend()
        time.sleep(LOOK_SECONDS)


def _look_until_all_are_back(running: Running, metrics_ports: list[int]) -> None:
    """What the supervisor does, until each process has the host; then for a while."""

    def are_back() -> bool:
        running.mend()
        return all(_link_up(each) for each in metrics_ports)

    wait_until(are_back, "a killed process did not come back")
    _look_for(running, QUIET_SECONDS * 2)


def _link_up(port: int) -> bool:
    try:
        return metric(port, "posswitch_switch_link_up") == 1
    except OSError:
        return False


def _owed(port: int) -> float | None:
    """Reversals waiting in one process; None while it starts."""
    try:
        return metric(port, "posswitch_switch_reversals_waiting")
    except OSError:
        return None


def _accepted(port: int) -> float:
    return metric(port, 'posswitch_switch_connections_total{channel="pos"}')
