"""The simulators as a person starts them: on a terminal, from a pipe, and ended by Ctrl-C."""

import ctypes
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.errors import INTERRUPTED, SETTINGS_WRONG
from simulators.channels import Place

SECONDS_MAX = 60.0
COMMAND = (sys.executable, "-m", "config", "simulate")
TAKES_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes standard input the terminal of a new session, so that Ctrl-C reaches the command."""
ENVIRON = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}


class Screen:
    """A command on a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self._terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKES_TERMINAL, *COMMAND, *words],
            stdin=end,
            stdout=end,
            stderr=end,
            env=ENVIRON,
            start_new_session=True,
        )
        os.close(end)
        self.said = ""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def until(self, words: str) -> str:
        """All that was said up to these words; what comes after waits."""
        ends_at = time.monotonic() + SECONDS_MAX
        while words not in self.said:
            assert time.monotonic() < ends_at, self.said
            if not self._read(0.2):
                assert words in self.said, self.said
        said, _, self.said = self.said.partition(words)
        return said + words

    def end(self) -> str:
        """The rest, once the command has ended."""
        ends_at = time.monotonic() + SECONDS_MAX
        while self._read(0.2):
            assert time.monotonic() < ends_at, self.said
        self.process.wait(SECONDS_MAX)
        os.close(self._terminal)
        return self.said

    def _read(self, seconds: float) -> bool:
        """Whether there may be more."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:  # Linux: nobody holds the other end
            return False
        self.said += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", data.decode()).replace("\r", "")
        return bool(data)


@contextmanager
def screen(*words: str) -> Iterator[Screen]:
    one = Screen(*words)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.wait()


def port_of(place_of: Callable[[str], Place], channel: str = "pos") -> str:
    return str(place_of(channel).port)


def test_a_till_on_a_terminal_has_a_prompt_history_and_tab(
    place_of: Callable[[str], Place],
) -> None:
    with screen("pos", "--prompt", "--port", port_of(place_of), "--terminal", "80010035") as one:
        one.until("till> ")
        one.type("purc\t561 1.00\n")
        assert "990.00" not in one.until("APPROVED")
        one.until("till> ")
        one.type("\x1b[A\n")  # the line before, again
        assert "#2  PURCHASE" in one.until("998.00 CNY")
        one.until("till> ")
        one.type("\x04")
        said = one.end()
    assert "2 transactions: 2 approved" in said
    assert one.process.returncode == 0


def test_ctrl_c_at_a_till_is_a_summary_and_130(place_of: Callable[[str], Place]) -> None:
    with screen("pos", "--prompt", "--port", port_of(place_of), "--terminal", "80010036") as one:
        one.until("till> ")
        one.type("purchase frozen 1.00\n")
        one.until("DECLINED")
        one.until("till> ")
        one.type("bala\x03")
        said = one.end()
    assert "1 transaction: 1 declined" in said
    assert "Traceback" not in said
    assert one.process.returncode == INTERRUPTED


def test_ctrl_c_that_does_not_wake_who_reads_is_seen_all_the_same(
    place_of: Callable[[str], Place],
) -> None:
    """As one just before the wait for a key; here another thread is who takes it."""
    with screen("pos", "--prompt", "--port", port_of(place_of), "--terminal", "80010036") as one:
        one.until("till> ")
        time.sleep(0.5)  # it waits
        main = one.process.pid
        threads = {int(place.name) for place in Path(f"/proc/{main}/task").iterdir()}
        other = max(threads - {main})
        assert ctypes.CDLL(None).tgkill(main, other, int(signal.SIGINT)) == 0
        said = one.end()
    assert "Traceback" not in said
    assert one.process.returncode == INTERRUPTED


def test_ctrl_c_while_an_answer_is_waited_for_is_a_summary_and_130(
    place_of: Callable[[str], Place],
) -> None:
    """An issuer that stays silent keeps a till waiting."""
    words = ("pos", "--prompt", "--port", port_of(place_of), "--terminal", "80050004")
    with screen(*words) as one:
        one.until("till> ")
        one.type("purchase lake 666.02\n")
        one.until("666.02")
        time.sleep(0.5)
        one.type("\x03")
        said = one.end()
    assert "transaction" in said
    assert "Traceback" not in said
    assert one.process.returncode == INTERRUPTED


def test_ctrl_c_ends_a_swarm_with_its_summary_and_130(place_of: Callable[[str], Place]) -> None:
    words = ("pos", "--port", port_of(place_of), "--seconds", "600", "--terminals", "4")
    with subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRON
    ) as swarm:
        assert swarm.stdout is not None
        first = swarm.stdout.readline()
        swarm.send_signal(signal.SIGINT)
        said, errors = swarm.communicate(timeout=SECONDS_MAX)
    assert "of 600 s" in first
    assert "closing: what is pending is mended; Ctrl-C again ends at once" in said
    assert " lost = " in said
    assert "Traceback" not in errors
    assert swarm.returncode == INTERRUPTED


def piped(port: str, text: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, "pos", "--prompt", "--port", port, *words],
        input=text,
        capture_output=True,
        env=ENVIRON,
        check=False,
        timeout=SECONDS_MAX,
    )


def test_a_script_has_no_prompt_in_its_output_and_ends_with_0(
    place_of: Callable[[str], Place],
) -> None:
    script = b"# a day\n\npurchase 562 12.34\nvoid\nsettle\nquit\nnothing after it is read\n"
    done = piped(port_of(place_of), script, "--terminal", "80010037")
    said = done.stdout.decode()
    assert done.returncode == 0, done
    assert "till>" not in said
    assert "\x1b" not in said
    assert "amount      12.34 CNY" in said
    assert "AGREED" in said
    assert "2 transactions: 2 approved" in said


@pytest.mark.parametrize("line", [b"dance\n", b"purchase 1 twelve\n", b"\xff\xfe\n", b"x" * 9999])
def test_a_script_with_a_line_that_is_no_command_ends_with_2(
    place_of: Callable[[str], Place], line: bytes
) -> None:
    done = piped(port_of(place_of), line + b"\necho\n", "--terminal", "80010038")
    assert done.returncode == SETTINGS_WRONG
    assert b"Next: " in done.stdout
    assert b"ECHO" in done.stdout
    assert not done.stderr


def test_what_is_told_at_a_till_is_kept_for_the_audit(
    place_of: Callable[[str], Place], tmp_path: Path
) -> None:
    file = tmp_path / "told.jsonl"
    words = ("--terminal", "80010039", "--record", str(file))
    assert piped(port_of(place_of), b"purchase 563 1\n", *words).returncode == 0
    assert file.read_text().count('"what":"told"') == 1
