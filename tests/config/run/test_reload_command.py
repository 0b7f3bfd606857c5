"""`posswitch reload` and SIGHUP, on switch processes that run alone: no database, no host."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.asking import control_path
from config.run.fleet import ports_in
from tests.commands import run_command
from tests.ports import free_port

SECONDS_MAX = 60.0


class Alone:
    """A `posswitch switch` as a process manager starts it."""

    def __init__(self, places: Places, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config", "switch", "--data", str(places.data), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> dict[str, int]:
        assert self.process.stdout
        lines: list[str] = []
        for line in self.process.stdout:
            if line == "ready\n":
                return ports_in(lines)
            lines.append(line.rstrip())
        raise AssertionError(self.process.communicate()[1])

    def end(self) -> str:
        self.process.terminate()
        return self.process.communicate(timeout=SECONDS_MAX)[1]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = places_of(tmp_path / "data")
    made.make()
    tell(made, "pos")
    return made


@pytest.fixture
def alone(places: Places) -> Iterator[Alone]:
    switch = Alone(places)
    yield switch
    switch.process.kill()
    switch.process.communicate()


def tell(places: Places, *names: str, more: str = "") -> None:
    rows = "".join(f'[[channels]]\nname = "{name}"\nport = 0\n' for name in names)
    places.settings.write_text(rows + more)


def reload(places: Places) -> subprocess.CompletedProcess[str]:
    return run_command("reload", "--data", places.data)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_so) -> None:
    until = time.monotonic() + SECONDS_MAX
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_command_adds_a_channel_and_tells_each_ones_lot(places, alone):
    ports = alone.wait_until_ready()
    with socket.create_connection(("127.0.0.1", ports["pos"])) as standing:
        tell(places, "pos", "nac")
        said = reload(places)
        pos, nac = said.stdout.splitlines()
        assert pos == f"pos: unchanged, 127.0.0.1:{ports['pos']}"
        assert nac.startswith("nac: opened, 127.0.0.1:")
        assert listens(int(nac.rpartition(":")[2]))
        tell(places, "nac")
        assert "pos: drains" in reload(places).stdout
        assert standing.recv(1) == b""
    assert not listens(ports["pos"])


def test_a_mistake_in_the_file_is_told_with_its_key_and_changes_nothing(places, alone):
    ports = alone.wait_until_ready()
    tell(places, "pos", more='networks = ["10.0.0.1/8"]\n')
    said = reload(places)
    assert said.returncode == 2
    assert "switch 1 changed nothing" in said.stderr
    assert "channels[0].networks: 10.0.0.1/8 has host bits set. Next: write" in said.stderr
    assert listens(ports["pos"])


def test_what_cannot_change_in_a_running_switch_waits_for_a_restart(places, alone):
    alone.wait_until_ready()
    tell(places, "pos", more="[switch]\nhost_seconds_max = 20\n")
    assert "waiting for a restart: switch.host_seconds_max" in reload(places).stdout


def test_a_signal_reloads_too(places, alone):
    ports = alone.wait_until_ready()
    port = free_port()
    tell(places, "pos", more=f'[[channels]]\nname = "more"\nport = {port}\n')
    os.kill(alone.process.pid, signal.SIGHUP)
    wait_until(lambda: listens(port))
    assert listens(ports["pos"])


def test_with_no_switch_running_the_command_says_how_to_start_one(places):
    said = reload(places)
    assert said.returncode == 3
    assert f"no switch runs on {places.data}. Next: posswitch up" in said.stderr


def test_a_killed_switch_leaves_nothing_in_the_way_of_the_next(places, alone):
    alone.wait_until_ready()
    alone.process.kill()
    alone.process.wait()
    assert control_path(places, 1).exists()
    again = Alone(places)
    again.wait_until_ready()
    assert reload(places).returncode == 0
    again.end()
    assert not control_path(places, 1).exists()


def test_two_processes_share_a_port_but_never_a_number(places, alone):
    alone.wait_until_ready()
    second = Alone(places)
    said = second.process.communicate(timeout=SECONDS_MAX)[1]
    assert second.process.returncode == 3
    assert f"switch process 1 of {places.data} runs already. Next: stop it" in said


def test_the_control_socket_is_our_users_alone(places, alone):
    alone.wait_until_ready()
    assert control_path(places, 1).stat().st_mode & 0o077 == 0
