"""`posswitch up`: one command up, one signal down, and nothing left behind however it ends."""

import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.postgres import is_serving
from tests.commands import run_command
from tests.ports import free_ports
from tests.switch.certificates import Authority

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "vectors.json").read_text())
END_SECONDS_MAX = 60.0


class Up:
    """A `posswitch up` as a person starts it."""

    def __init__(self, places: Places, *options: str) -> None:
        self.places = places
        self.before: set[int] = set()
        """Every child that was ever seen."""
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
        found = {_name_of(pid): pid for pid in _children_of(self.process.pid) if _runs(pid)}
        found.pop("", None)
        self.before |= set(found.values())
        return found


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
    line, _web = up.wait_until_ready()
    found = re.fullmatch(r"pos on 127\.0\.0\.1:(\d+)", line)
    assert found
    answer = _exchange(int(found[1]), _vector("frame-stored-value-purchase-123.45-with-PIN"))
    assert answer[13:15] == b"\x02\x10"
    assert b"00000087655" in answer  # what is left, in F54


def test_a_reload_names_what_waits_for_a_restart_and_nothing_where_nothing_differs(
    up: Up,
) -> None:
    up.wait_until_ready()
    assert "waiting for a restart" not in run_command("reload", "--data", up.places.data).stdout
    try:
        up.places.settings.write_text('[host]\ntimezone = "Europe/Berlin"\nwriters = 3\n')
        said = run_command("reload", "--data", up.places.data).stdout
        assert "waiting for a restart: host.writers, host.timezone" in said
        up.places.settings.write_text('[host]\ntimezone = "Mars/Base"\n')
        refused = run_command("reload", "--data", up.places.data)
        assert refused.returncode == 2
        assert "the host changed nothing: " in refused.stderr
        assert "host.timezone: there is no 'Mars/Base'" in refused.stderr
    finally:
        up.places.settings.unlink()


def test_the_night_and_the_audit_run_beside_trade_and_again_when_all_is_down(up: Up) -> None:
    line, _web = up.wait_until_ready()
    frame = _vector("frame-stored-value-purchase-123.45-with-PIN")
    _exchange(int(line.rpartition(":")[2]), frame)
    *steps, first = map(
        json.loads, _said("clearing", "run", "--json", places=up.places).splitlines()
    )
    assert [told["step"] for told in steps] == first["steps"], "one on a line, as each ends"
    assert [step["is_repeat"] for step in first["steps"]] == [False] * len(first["steps"])
    assert "audit: 0 violations" in _said("audit", places=up.places)
    up.process.send_signal(signal.SIGINT)
    up.end()
    words = ("clearing", "run", "--date", first["business_date"])
    again = json.loads(_said(*words, "--json", places=up.places).splitlines()[-1])
    assert all(step["is_repeat"] for step in again["steps"])
    assert again["files"] == first["files"]
    assert json.loads(_said("audit", "--json", places=up.places)) == {"violations": []}
    assert "is owed" in _said(*words, places=up.places)


def test_the_host_alone_starts_the_database_and_who_reads_and_all_stop_at_a_signal(up: Up) -> None:
    up.wait_until_ready()
    up.process.terminate()
    up.end()
    command = [sys.executable, "-m", "config", "host", "--data", str(up.places.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as host:
        assert host.stdout
        assert host.stdout.readlines(2)[0].startswith(b"host on unix:")
        server, reader = sorted(_children_of(host.pid), key=_name_of, reverse=True)
        host.terminate()
        assert host.wait(END_SECONDS_MAX) == 0
    assert not _runs(server)
    _wait_until(lambda: not _runs(reader))


def test_a_signal_stops_all_cleanly(up: Up) -> None:
    up.wait_until_ready()
    children = up.children()
    assert set(children) == {"postgres", "host", "switch", "web"}
    up.process.send_signal(signal.SIGTERM)
    said = up.end()
    assert up.process.returncode == 0
    assert said.endswith("posswitch: stopped\n")
    assert not any(_runs(pid) for pid in children.values())
    assert not (up.places.cluster.directory / "postmaster.pid").exists()
    for name in ("host", "switch"):
        assert "Traceback" not in (up.places.log / f"{name}.log").read_text()


def test_a_named_settings_file_is_what_host_and_switch_run_by(
    places: Places, tmp_path: Path
) -> None:
    """From their first start on, when one is started again, and at a reload."""
    file, ports = tmp_path / "mine.toml", free_ports(2)
    lines = (f"[{name}]\nmetrics_port = {port}\n" for name, port in zip(PARTS, ports, strict=True))
    file.write_text("".join(lines))
    command = Up(places, "--port", "0", "--estate", "demo", "--settings", str(file))
    try:
        command.wait_until_ready()
        for name, port in zip(PARTS, ports, strict=True):
            before = command.children()[name]
            assert _is_alive(port)
            os.kill(before, signal.SIGKILL)
            _wait_until(functools.partial(_is_another, command, name, before))
            _wait_until(functools.partial(_is_alive, port))
        file.write_text('[[channels]]\nname = "renamed"\nport = 0\n')
        assert "renamed: " in run_command("reload", "--data", places.data).stdout
    finally:
        command.process.terminate()
        command.end()


PARTS = ("host", "switch")
ECB_SETTINGS = """
[[channels]]
name = "counter"
port = 0

[[channels]]
name = "shops"
port = 0
host = "0.0.0.0"
ecb_networks = ["10.7.0.0/16", "192.0.2.8/32"]

[[channels]]
name = "sealed"
port = 0
host = "0.0.0.0"
tls = { certificate = "%s", key = "%s" }

[[channels]]
name = "named-nowhere"
port = 0
dialect = "ascii87-hex"
ecb_networks = []

[[channels]]
name = "tills"
kind = "mis"
port = 0

[[issuers]]
name = "lake"
issuer_id = "48882955"
prefixes = ["9955"]
addresses = ["127.0.0.1:%d"]
"""
ECB_TOLD = {
    "counter": "127.0.0.0/8, ::1/128",
    "shops": "10.7.0.0/16, 192.0.2.8/32",
    "sealed": "everywhere, in TLS",
    "named-nowhere": "nowhere",
}
"""Of each channel whose terminals may have such a code; a till of `mis` has none."""


def test_each_channel_says_at_its_start_from_where_terminals_under_ecb_codes_are_believed(
    places: Places, tmp_path: Path
) -> None:
    """Beside an external issuer, whose line has no such code and says nothing of one."""
    file, files = tmp_path / "ecb.toml", Authority(tmp_path).issue("posswitch")
    file.write_text(ECB_SETTINGS % (*files, *free_ports(1)))
    log = places.log / "switch.log"
    said_before = log.stat().st_size if log.exists() else 0
    command = Up(places, "--estate", "demo", "--settings", str(file))
    try:
        command.wait_until_ready()
    finally:
        command.process.terminate()
        command.end()
    lines = [json.loads(line) for line in log.read_bytes()[said_before:].splitlines()]
    told = [line for line in lines if line["event"] == "terminals under up-ecb are believed"]
    assert {line["channel"]: line["where"] for line in told} == ECB_TOLD
    assert len(told) == len(ECB_TOLD)


def test_killing_it_outright_leaves_no_process_and_the_directory_usable(up: Up) -> None:
    up.wait_until_ready()
    children = up.children()
    up.process.kill()
    up.process.wait()
    until = time.monotonic() + END_SECONDS_MAX
    while any(_runs(pid) for pid in children.values()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in children.values())


@pytest.mark.parametrize("name", ["postgres", "host", "switch", "web"])
def test_whatever_dies_is_started_again_and_the_same_sale_gets_the_same_answer(
    up: Up, name: str
) -> None:
    """Killed outright more often than once, by itself, with the port and the passwords it had."""
    line, _web = up.wait_until_ready()
    port = int(line.rpartition(":")[2])
    frame = _vector("frame-stored-value-purchase-123.45-with-PIN")
    first = _exchange(port, frame)
    for _ in range(2):
        killed = up.children()[name]
        os.kill(killed, signal.SIGKILL)
        _wait_until(functools.partial(_is_another, up, name, killed))
        _wait_until(lambda: _try_exchange(port, frame) == first)
    up.process.send_signal(signal.SIGTERM)
    said = up.end()
    assert up.process.returncode == 0
    assert said.count(f"{name} ended by itself (killed by SIGKILL), and is started again") == 2
    assert not any(_runs(pid) for pid in up.before)


def test_all_killed_at_once_come_back_by_themselves(up: Up) -> None:
    line, _web = up.wait_until_ready()
    port = int(line.rpartition(":")[2])
    frame = _vector("frame-stored-value-purchase-123.45-with-PIN")
    first = _exchange(port, frame)
    killed = up.children()
    for pid in killed.values():
        os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: not set(up.children().values()) & set(killed.values()))
    _wait_until(lambda: _try_exchange(port, frame) == first)
    up.process.send_signal(signal.SIGINT)
    up.end()
    assert "audit: 0 violations" in _said("audit", places=up.places)


def test_a_database_that_falls_under_a_host_alone_is_started_again(up: Up) -> None:
    up.wait_until_ready()
    up.process.terminate()
    up.end()
    command = [sys.executable, "-m", "config", "host", "--data", str(up.places.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as host:
        assert host.stdout
        host.stdout.readlines(2)
        server, reader = sorted(_children_of(host.pid), key=_name_of, reverse=True)
        os.kill(server, signal.SIGKILL)
        _wait_until(lambda: set(_children_of(host.pid)) - {server, reader} != set())
        _wait_until(lambda: is_serving(up.places.cluster))
        host.terminate()
        assert host.wait(END_SECONDS_MAX) == 0
    assert not is_serving(up.places.cluster)


def test_a_child_that_can_never_start_ends_all_with_its_reason(places: Places) -> None:
    places.make()
    places.settings.write_text('[[channels]]\ntls = { certificate = "no.crt", key = "no.key" }\n')
    try:
        command = Up(places, "--port", "0", "--estate", "demo")
        said = command.end()
    finally:
        places.settings.unlink()
    assert command.process.returncode == 3
    assert "switch ended by itself" in said
    assert "no.crt" in said


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
    assert "somebody listens there already. Next: ss -ltnp" in said
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


def _is_another(up: Up, name: str, killed: int) -> bool:
    return up.children().get(name, killed) != killed


def _try_exchange(port: int, frame: bytes) -> bytes:
    try:
        return _exchange(port, frame)
    except OSError:
        return b""


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + END_SECONDS_MAX
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def _is_alive(port: int) -> bool:
    """Whether a program answers at the port of its metrics."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _name_of(pid: int) -> str:
    """Empty for one that has not become its program yet."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    if words[0].endswith(b"postgres"):
        return "postgres"
    return words[4].decode() if b"config.run.programs" in words else ""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
