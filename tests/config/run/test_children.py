"""Children say when they are ready, and why they are not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import SurroundingsError
from config.run.children import (
    ChildDiedError,
    Program,
    running_program,
    start_child,
    stop_child,
)
from tests.disks import fill, small_disk


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "child.log"
    path.write_text("posswitch child: an error of last week\n")
    return path


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_child_is_told_its_settings_and_gives_its_lines_before_ready(log: Path) -> None:
    code = "import sys, time; print(sys.stdin.read()); print('ready', flush=True); time.sleep(60)"
    with running_program("child", _python(code), log, told=b"settings") as child:
        assert child.wait_until_ready() == ["settings"]
        child.check()


def test_a_child_that_ends_before_it_is_ready_tells_why(log: Path) -> None:
    code = "import sys; sys.stderr.write('noise\\nposswitch child: no such port'); sys.exit(3)"
    with (
        running_program("child", _python(code), log) as child,
        pytest.raises(ChildDiedError) as death,
    ):
        child.wait_until_ready()
    expected = f"child ended by itself (exit status 3): no such port\nNext: read {log}"
    assert str(death.value) == expected


def test_a_child_that_says_nothing_says_nothing_of_last_week_either(log: Path) -> None:
    with (
        running_program("child", _python("raise SystemExit(1)"), log) as child,
        pytest.raises(ChildDiedError, match=r"exit status 1\): it said nothing"),
    ):
        child.wait_until_ready()


def test_a_child_that_had_no_room_to_say_why_is_told_of_by_that(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", mebibytes=1) as disk:
        fill(disk / "filler")
        code = "raise SystemExit('a reason')"
        with (
            running_program("child", _python(code), disk / "child.log") as child,
            pytest.raises(ChildDiedError, match="no room left where its log is: make room there"),
        ):
            child.wait_until_ready()


def test_a_child_that_is_never_ready_is_not_waited_for_for_ever(log: Path) -> None:
    code = "import time; print('soon', flush=True); time.sleep(60)"
    with (
        running_program("child", _python(code), log) as child,
        pytest.raises(SurroundingsError, match="child was not ready in time"),
    ):
        child.wait_until_ready(seconds_max=0.5)


def test_a_child_that_will_not_stop_is_killed() -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('deaf', flush=True); time.sleep(60)"
    )
    process = start_child(_python(code), output=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    assert stop_child(process, ((signal.SIGTERM, 0.1),)) == -signal.SIGKILL
    process.stdout.close()


def ended_with(log: Path, said_from: int) -> Program:
    """One that has ended, and what it had said."""
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as process:
        process.wait()
    return Program(name="host", process=process, log=log, said_from=said_from)


def test_the_last_words_of_a_log_of_any_length_are_read_alone(tmp_path: Path) -> None:
    """A terabyte of it would not fit into any memory."""
    log = tmp_path / "host.log"
    with log.open("wb") as file:
        file.truncate(2**40)
        file.seek(0, os.SEEK_END)
        file.write(b"\nposswitch host: E-PORT: it is taken. Next: stop who has it\n")
    assert ended_with(log, 0).last_words() == "E-PORT: it is taken. Next: stop who has it"


def test_a_log_that_was_rotated_meanwhile_has_last_words(tmp_path: Path) -> None:
    """Copied and cut, as deploy/logrotate.conf does: it ends before where this run began."""
    log = tmp_path / "host.log"
    log.write_bytes(b"posswitch host: E-PORT: it is taken\n")
    assert ended_with(log, 10_000).last_words() == "E-PORT: it is taken"
    assert ended_with(log, log.stat().st_size).last_words().startswith("it said nothing")
