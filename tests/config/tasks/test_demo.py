"""The demo, small: it ends by itself, balanced, and says so with its exit status."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from config.errors import SettingsError
from config.tasks.demo import fresh_places
from config.tasks.progress import board, headline, mended
from host.model.requests import Kind
from simulators.record import Event, What
from simulators.tally import SILENCE, Tally

SLOT = "pos/80010001/000012/000001/f"


def test_a_small_demo_balances(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    options = ["--data", str(data), "--seconds", "3", "--terminals", "12", "--seed", "1"]
    ended = subprocess.run(
        [sys.executable, "-m", "config", "demo", *options],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.rstrip().endswith("audit: 0 violations")
    assert "positions" in ended.stdout
    assert (data / "terminals.jsonl").stat().st_size > 0
    assert "9988000000000" not in (data / "terminals.jsonl").read_text()


def test_a_demo_that_is_interrupted_stops_everything_and_fails(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    command = [sys.executable, "-m", "config", "demo", "--data", str(data), "--terminals", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("pos on ")
        running.send_signal(signal.SIGINT)
        _said, errors = running.communicate(timeout=60)
    assert running.returncode not in {0, None}
    assert "Traceback" not in errors
    assert not (data / "postgres" / "postmaster.pid").exists()


def child_of(process: int, word: bytes) -> int:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    [found] = [
        int(child)
        for child in children
        if word in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]
    return found


def test_a_demo_whose_host_dies_says_so(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    command = [sys.executable, "-m", "config", "demo", "--data", str(data), "--terminals", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        os.kill(child_of(running.pid, b"host"), signal.SIGKILL)
        _said, errors = running.communicate(timeout=60)
    assert running.returncode not in {0, None}
    assert "host ended by itself" in errors
    assert "Traceback" not in errors


def test_a_directory_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    fresh_places(tmp_path).cluster.home.mkdir()
    with pytest.raises(SettingsError, match="--data"):
        fresh_places(tmp_path)


def test_two_demos_get_two_directories() -> None:
    assert fresh_places(None).data != fresh_places(None).data


def shown(renderable: RenderableType) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_the_board_tells_approved_declined_and_lost_apart() -> None:
    tally = Tally()
    tally.answers.update({(Kind.PURCHASE, "00"): 7, (Kind.PURCHASE, "51"): 2})
    tally.answers[Kind.PURCHASE, SILENCE] = 1
    text = shown(board(tally))
    assert "insufficient funds 2" in text
    assert text.splitlines()[-1].split()[:4] == ["purchase", "7", "2", "1"]
    assert "10 trades" in headline(tally, 5, 10).plain


def test_lost_answers_are_accounted_for() -> None:
    whats = [What.NOT_TOLD, What.NOT_TOLD, What.REVERSAL_TOLD, What.CONFIRM_TOLD]
    text = mended(Event(what=what, slot=SLOT) for what in whats)
    assert "of 2 lost answers 1 were reversed, 1 confirmed, 0 given up" in text
