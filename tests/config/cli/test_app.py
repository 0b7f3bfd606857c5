"""The command line: quick to start, clear when it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import run_command

HEAVY = ("psycopg", "trio", "cryptography", "structlog", "iso8583", "msgspec", "rich.table")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config", *words], check=False, capture_output=True, text=True
    )


def test_help_lists_the_commands() -> None:
    done = _run("--help")
    assert done.returncode == 0
    for command in ("up", "host", "switch", "db", "clearing", "audit", "demo", "bench"):
        assert f" {command} " in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys, config.cli.app; print([each for each in {HEAVY} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["up", "--settings", "none.toml"], 2, "there is no settings file none.toml. Next:"),
        (["up", "--estate", "atlantis"], 2, "there is no estate 'atlantis'. Next: choose of demo"),
        (["audit"], 3, "there is no database in"),
        (["clearing", "run"], 3, "there is no database in"),
        (["clearing", "run", "--date", "tomorrow"], 2, "'tomorrow' is not a date. Next:"),
        (["clearing", "show", "20261128"], 2, "'20261128' is not a date. Next:"),
        (["clearing", "verify", "2026-W48-6"], 2, "'2026-W48-6' is not a date. Next:"),
        (["audit", "--record", "none.jsonl"], 3, "none.jsonl is not a simulator's record"),
        (["sing"], 2, "No such command 'sing'"),
        (["up", "--port", "70000"], 2, "less than or equal to 65535"),
    ],
)
def test_a_mistake_is_a_sentence_and_an_exit_status(
    tmp_path: Path, words: list[str], status: int, message: str
) -> None:
    (tmp_path / "posswitch.toml").touch()
    done = run_command(*words, *([] if words == ["sing"] else ["--data", str(tmp_path)]))
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["posswitch.toml"]


def test_settings_that_are_wrong_are_named_by_key(tmp_path: Path) -> None:
    (tmp_path / "posswitch.toml").write_text("[host]\nwriter = 3\n")
    done = _run("up", "--data", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("posswitch: error E-SETTINGS: ")
    assert "host.writer: there is no such setting. Next: did you mean writers?" in done.stderr


BUFFERS = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
"""Whether Python keeps what is printed until there is more of it: PYTHONUNBUFFERED."""


@BUFFERS
@pytest.mark.parametrize("words", [["explain", "all"], ["describe", "0200"]])
def test_an_output_without_room_is_no_finding(words: list[str], unbuffered: str) -> None:
    """Status 1 says that something does not balance; a full disk says 3."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "config", *words],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 3
    assert done.stderr.startswith(
        "posswitch: error E-DISK-FULL: cannot use a file: No space left on device."
    )


@BUFFERS
def test_a_mistake_that_cannot_be_told_keeps_its_status(unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "config", "dance"],
            check=False,
            stdout=full,
            stderr=full,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 2


def test_a_word_that_is_no_text_is_told() -> None:
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"config", b"describe", b"\xff\xfe"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "posswitch: error E-COMMAND-LINE: '\\udcff\\udcfe' is not UTF-8. Next: write it in UTF-8\n"
    )


def test_a_message_is_not_awaited_from_a_closed_input() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m config describe <&-', sys.executable],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "there is nothing in stdin. Next:" in done.stderr
