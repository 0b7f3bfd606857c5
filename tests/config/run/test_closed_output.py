"""What a command does when nobody reads what it prints."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.places import places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import loader
from config.settings import DatabaseSettings, Settings
from host.estate.demo import demo_estate

POSSWITCH = (sys.executable, "-m", "config")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A posswitch with the demo estate, that is down."""
    places = places_of(tmp_path_factory.mktemp("closed-output") / "data")
    with opened_database(DatabaseSettings(), places, say=lambda _: None):
        loader(demo_estate(), Settings().host.timezone)(embedded_dsns(places.cluster).owner, places)
    return places.data


def into_a_closed_pipe(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command whose reader is gone before it says anything."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [*POSSWITCH, *words], check=False, stdout=writer, stderr=subprocess.PIPE, text=True
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["audit", "--help"],
        ["explain", "all"],
        ["explain", "all", "--json"],
        ["describe", "0200"],
        ["describe", "0200", "--json"],
        ["simulate", "amounts"],
        ["simulate", "amounts", "--json"],
    ],
)
def test_a_closed_output_is_silent_and_ends_as_sigpipe_does(words: list[str]) -> None:
    done = into_a_closed_pipe(*words)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, "")


@pytest.mark.parametrize(
    "words",
    [
        ["audit"],
        ["audit", "--json"],
        ["keys", "list"],
        ["terminal", "exceptions"],
        ["terminal", "show", "80010001", "--json"],
        ["clearing", "run", "--dry-run"],
        ["db", "migrate"],
    ],
)
def test_an_audit_that_nobody_reads_has_found_nothing(words: list[str], data: Path) -> None:
    """Status 1 says that something does not balance, and only that."""
    done = into_a_closed_pipe(*words, "--data", data)
    assert done.returncode == -signal.SIGPIPE, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_house_whose_lines_nobody_reads_is_taken_down_whole(tmp_path: Path) -> None:
    done = into_a_closed_pipe("up", "--estate", "demo", "--port", "0", "--data", tmp_path / "data")
    assert done.returncode == -signal.SIGPIPE
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data/postgres/cluster/postmaster.pid").exists()


def test_a_shell_calls_it_141() -> None:
    script = 'set -o pipefail; "$0" -m config explain all | true'
    done = subprocess.run(
        ["/bin/bash", "-c", script, sys.executable], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("words", [["explain", "39=51"], ["--help"], ["describe", "0200"]])
def test_without_an_output_a_command_keeps_its_status(words: list[str]) -> None:
    with_it = subprocess.run([*POSSWITCH, *words], check=False, capture_output=True)
    script = '"$0" -m config "$@" >&-'
    without = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, *words],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (without.returncode, without.stderr) == (with_it.returncode, "")
