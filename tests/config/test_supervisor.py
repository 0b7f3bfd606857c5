"""`posswitch up`: one command up, one signal down, and nothing left behind however it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from tests.commands import run_command

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vectors.json").read_text())
END_SECONDS_MAX = 30.0


class Up:
    """A `posswitch up` as a person starts it."""

    def __init__(self, places: Places, *options: str) -> None:
        self.places = places
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config", "up", "--data", str(places.data), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> list[str]:
        assert self.process.stdout
        lines: list[str] = []
        for line in self.process.stdout:
            if line == "ready\n":
                return lines
            lines.append(line.rstrip())
        raise AssertionError(self.end())

    def end(self) -> str:
        """Wait until it has ended; gives what it said to standard error."""
        return self.process.communicate(timeout=END_SECONDS_MAX)[1]

    def children(self) -> dict[str, int]:
        """Name to process number of everything it started."""
        return {_name_of(pid): pid for pid in _children_of(self.process.pid)}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """One data directory for all: what one test leaves, the next must be able to start from."""
    return places_of(tmp_path_factory.mktemp("up") / "data")


@pytest.fixture
def up(places: Places) -> Iterator[Up]:
    command = Up(places, "--port", "0", "--estate", "demo")
    yield command
    command.process.kill()
    command.process.communicate()


def test_it_tells_its_listeners_then_ready_and_the_first_terminal_can_buy(up: Up) -> None:
    (line,) = up.wait_until_ready()
    found = re.fullmatch(r"pos on 127\.0\.0\.1:(\d+)", line)
    assert found
    answer = _exchange(int(found[1]), _vector("frame-stored-value-purchase-123.45-with-PIN"))
    assert answer[13:15] == b"\x02\x10"
    assert b"00000087655" in answer  # what is left, in F54


def test_the_night_and_the_audit_run_beside_trade_and_again_when_all_is_down(up: Up) -> None:
    (line,) = up.wait_until_ready()
    frame = _vector("frame-stored-value-purchase-123.45-with-PIN")
    _exchange(int(line.rpartition(":")[2]), frame)
    first = json.loads(_said("clearing", "run", "--json", places=up.places))
    assert [step["is_repeat"] for step in first["steps"]] == [False] * len(first["steps"])
    assert "audit: 0 violations" in _said("audit", places=up.places)
    up.process.send_signal(signal.SIGINT)
    up.end()
    again = json.loads(_said("clearing", "run", "--json", places=up.places))
    assert all(step["is_repeat"] for step in again["steps"])
    assert again["files"] == first["files"]
    assert json.loads(_said("audit", "--json", places=up.places)) == {"violations": []}
    assert "is owed" in _said("clearing", "run", places=up.places)


def test_the_host_alone_starts_the_database_and_both_stop_at_a_signal(up: Up) -> None:
    up.wait_until_ready()
    up.process.terminate()
    up.end()
    command = [sys.executable, "-m", "config", "host", "--data", str(up.places.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as host:
        assert host.stdout
        assert host.stdout.readlines(2)[0].startswith(b"host on unix:")
        (server,) = _children_of(host.pid)
        host.terminate()
        assert host.wait(END_SECONDS_MAX) == 0
    assert not _runs(server)


def test_a_signal_stops_all_cleanly(up: Up) -> None:
    up.wait_until_ready()
    children = up.children()
    assert set(children) == {"postgres", "host", "switch"}
    up.process.send_signal(signal.SIGTERM)
    said = up.end()
    assert up.process.returncode == 0
    assert said.endswith("posswitch: stopped\n")
    assert not any(_runs(pid) for pid in children.values())
    assert not (up.places.cluster.directory / "postmaster.pid").exists()
    for name in ("host", "switch"):
        assert "Traceback" not in (up.places.log / f"{name}.log").read_text()


def test_killing_it_outright_leaves_no_process_and_the_directory_usable(up: Up) -> None:
    up.wait_until_ready()
    children = up.children()
    up.process.kill()
    up.process.wait()
    until = time.monotonic() + END_SECONDS_MAX
    while any(_runs(pid) for pid in children.values()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in children.values())


def test_a_switch_that_dies_is_started_again_where_it_was(up: Up) -> None:
    (line,) = up.wait_until_ready()
    port = int(line.rpartition(":")[2])
    killed = up.children()["switch"]
    os.kill(killed, signal.SIGKILL)
    until = time.monotonic() + END_SECONDS_MAX
    while killed in _children_of(up.process.pid) or not _answers(port):
        assert time.monotonic() < until
        time.sleep(0.05)
    up.process.send_signal(signal.SIGINT)
    assert "switch ended by itself (killed by SIGKILL), and is started again" in up.end()


@pytest.mark.parametrize("name", ["postgres", "host"])
def test_a_child_that_dies_stops_all_and_is_named(up: Up, name: str) -> None:
    up.wait_until_ready()
    children = up.children()
    os.kill(children[name], signal.SIGKILL)
    said = up.end()
    assert up.process.returncode == 3
    assert f"error: {name} ended by itself (killed by SIGKILL)" in said
    assert f"Next: read {up.places.log / name}.log" in said
    assert not any(_runs(pid) for pid in children.values())


def test_a_second_one_on_the_same_directory_is_refused_and_the_first_goes_on(up: Up) -> None:
    up.wait_until_ready()
    second = Up(up.places, "--port", "0")
    said = second.end()
    assert second.process.returncode == 3
    assert f"in use by process {up.process.pid}. Next: stop it" in said
    assert up.process.poll() is None


def test_a_port_in_use_is_named(places: Places) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = Up(places, "--port", str(port), "--estate", "demo")
        said = command.end()
    assert command.process.returncode == 3
    assert str(port) in said
    assert "Next: choose another port" in said
    assert "Traceback" not in said


def _vector(name: str) -> bytes:
    rows = {row["id"]: row for row in VECTORS["vectors"]}
    return bytes.fromhex(rows[name]["expected"]["frame_hex"])


def _said(*words: str, places: Places) -> str:
    done = run_command(*words, "--data", places.data)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _exchange(port: int, frame: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(frame)
        head = connection.recv(2, socket.MSG_WAITALL)
        return head + connection.recv(int.from_bytes(head), socket.MSG_WAITALL)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return "postgres" if words[0].endswith(b"postgres") else words[3].decode()


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
