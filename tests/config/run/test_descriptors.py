"""A process that may have few files open: callers never take the last, the house comes first."""

import contextlib
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.fleet import ports_in
from config.settings import load_settings, resolved
from host.link.address import Address, listen
from tests.commands import run_command

FILES_MAX = 160
CALLERS = 140
HOUSE_FILES_MIN = 10
"""Standard streams, a listener, the control socket, what waits for readiness, the owed."""
SECONDS_MAX = 60.0
"""How long anything here may take: a limit, not a measure."""


def limited(files_max: int) -> list[str]:
    """What stands before a command that may have so many files open."""
    return ["/bin/sh", "-c", f'ulimit -n {files_max}; exec "$0" "$@"']


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = places_of(tmp_path / "data")
    made.make()
    made.settings.write_text('[[channels]]\nname = "pos"\nport = 0\nper_source_max = 1000\n')
    return made


@pytest.fixture
def switch(places: Places) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [*limited(FILES_MAX), sys.executable, "-m", "config", "switch", "--data", str(places.data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout
    for line in process.stdout:
        if line == "ready\n":
            break
        lines.append(line.rstrip())
    yield process, ports_in(lines)["pos"]
    process.kill()
    process.communicate()


def test_callers_never_take_the_last_file_and_the_house_comes_first(
    places: Places, switch: tuple[subprocess.Popen[str], int]
) -> None:
    process, port = switch
    with contextlib.ExitStack() as callers:
        called = [callers.enter_context(_called(port)) for _ in range(CALLERS)]
        until, used = time.monotonic() + SECONDS_MAX, FILES_MAX
        while FILES_MAX - used < 30:  # they are let go one after the other
            assert time.monotonic() < until, "a reserve stays"
            let_go = select.select(called, [], [], SECONDS_MAX)[0]
            used = _files_of(process.pid, callers=CALLERS - len(let_go))
        assert 1 <= len(let_go) < CALLERS, "the rest is let go at once, not left to wait"
        assert run_command("reload", "--data", places.data).returncode == 0
        with _host_of(places) as host:
            host.settimeout(SECONDS_MAX)
            link, _ = host.accept()
            with link:
                link.settimeout(SECONDS_MAX)
                assert link.recv(4), "the switch says hello to its host"
    until = time.monotonic() + SECONDS_MAX
    while not _stays(port):
        assert time.monotonic() < until, "whoever comes later finds room again"
    process.terminate()
    log = process.communicate(timeout=SECONDS_MAX)[1]
    assert "fewer connections than the channels allow" in log
    assert "no file left for it" in log


def test_a_limit_that_the_house_alone_would_break_stops_the_start_with_a_reason(
    places: Places,
) -> None:
    command = [*limited(40), sys.executable, "-m", "config", "switch", "--data", str(places.data)]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )
    assert ended.returncode == 3
    assert "may have 40 files open here" in ended.stderr
    assert "ulimit -Hn" in ended.stderr
    assert "Traceback" not in ended.stderr


def _files_of(pid: int, *, callers: int) -> int:
    """How many it has open. A program that holds keys shows that to root alone: to others it has
    its callers, and what the house is known to have."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return callers + HOUSE_FILES_MIN


def _called(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)


def _stays(port: int) -> bool:
    """Whether the switch keeps one more: who has no room is let go at once."""
    with _called(port) as caller:
        return not select.select([caller], [], [], 0.1)[0]


def _host_of(places: Places) -> socket.socket:
    settings = resolved(load_settings(places.settings), places)
    return listen(Address.parse(settings.switch.link))
