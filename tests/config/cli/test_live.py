"""What an operator asks of a house that is up: its moment, its health, and words to complete."""

import contextlib
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.cli import complete
from config.places import places_of
from config.run.asking import control_paths
from tests.commands import run_command
from tests.whole.house import SECONDS_MAX, Up

HEAVY = ("psycopg", "trio", "cryptography", "structlog", "iso8583", "rich.table")
TID = "80010001"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data directory of a house that is up, with the demo estate."""
    data = tmp_path_factory.mktemp("live") / "data"
    with Up(data):
        yield data


def completing(words: str) -> dict[str, str]:
    """The environment in which bash asks for the last of these words."""
    return {
        "_POSSWITCH_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "PATH": os.environ["PATH"],
    }


def completed(words: str) -> list[str]:
    done = run_command(environ=completing(words))
    assert done.stderr == ""
    return done.stdout.split()


def completed_at_last(words: str) -> list[str]:
    """The key is pressed until something is offered: a house that is busy is not waited for."""
    until = time.monotonic() + SECONDS_MAX
    while not (found := completed(words)):
        assert time.monotonic() < until, f"nothing is offered for {words}"
    return found


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("issuer suspend --data {} 4888", "4888"),
        ("merchant save --data {} 8", "888"),
        ("show stores --data {} --merchant 8", "888"),
        ("store save --data {} --store 1", "1"),
        ("programme revise --data {} C", "CITY"),
        ("show batch-cards --data {} --batch CB-DEMO-1 --part ", "1"),
        ("card-batch open --data {} CB-DEMO-1 --part ", "1"),
        ("setting set approval-hours --data {} --figure 7", "72"),
        ("person grant li --data {} --scope issuer --scope-key 48", "488"),
        ("person grant li --data {} --scope merchant --scope-key 8", "888"),
    ],
)
def test_what_the_office_has_is_completed_in_its_commands(
    house: Path, words: str, wanted: str
) -> None:
    found = completed_at_last(f"posswitch {words.format(house)}")
    assert all(name.startswith(wanted) for name in found), found


def test_terminals_and_dates_are_completed_with_what_is_there(house: Path) -> None:
    assert TID in completed_at_last(f"posswitch terminal show --data {house} 8001")
    assert completed_at_last(f"posswitch keys list --data {house} {TID}") == [TID]
    [date] = completed_at_last(f"posswitch clearing run --data {house} --date 20")
    assert date.count("-") == 2
    assert completed(f"posswitch terminal resolve --data {house} 9999") == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("posswitch explain E-PO", "E-PORT"),
        ("posswitch explain A", "A0"),
        ("posswitch up --estate d", "demo"),
        ("posswitch bench --only led", "ledger"),
        ("posswitch bench --only ga", "gate"),
        ("posswitch setting set approval-hours --figure ", "240"),
        ("posswitch show usages --tender ", "points"),
        ("posswitch show cards --card-status fr", "frozen"),
        ("posswitch show shipments --state re", "received"),
        ("posswitch show disclosures --kind un", "unmask"),
        ("posswitch show grants --role issuer", "issuer_manager"),
        ("posswitch show audit --action card_batch.v", "card_batch.void"),
        ("posswitch terminal save --family m", "mis"),
        ("posswitch card freeze 1 l", "lose"),
        ("posswitch person grant li --rights rev", "reveal"),
        ("posswitch simulate scenario ", "simulators/scenarios/pos_day.toml"),
    ],
)
def test_what_the_program_knows_by_itself_is_completed_without_a_house(
    words: str, offered: str
) -> None:
    assert any(each.endswith(offered) for each in completed(words))


def test_a_house_that_is_down_is_silent(tmp_path: Path) -> None:
    for words in ("terminal show", "terminal resolve", "keys list", "clearing run --date"):
        assert completed(f"posswitch {words} --data {tmp_path / 'none'} ") in ([], ["--data"])


def test_a_socket_that_nobody_serves_offers_nothing(tmp_path: Path) -> None:
    places = places_of(tmp_path / "data")
    places.make()
    control_paths(places)[0].touch()
    assert completed(f"posswitch terminal show --data {places.data} 8") == []


def test_completion_imports_nothing_heavy(house: Path) -> None:
    code = (
        "import contextlib, sys; from config.cli.app import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        f"print([each for each in {HEAVY} if each in sys.modules], file=sys.stderr)"
    )
    until = time.monotonic() + SECONDS_MAX
    while True:
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env=completing(f"posswitch terminal show --data {house} 8001"),
        )
        assert done.stderr.strip() == "[]"
        if TID in done.stdout:
            break
        assert time.monotonic() < until, done.stdout


def test_offers_end_before_a_shell_is_flooded() -> None:
    rows = ((str(number), "") for number in range(10_000))
    assert len(complete._beginning("", rows)) == complete.OFFERED_MAX


def test_top_shows_one_moment_where_there_is_no_terminal(house: Path) -> None:
    done = run_command("top", "--data", house, "--every", "0.2")
    assert done.returncode == 0
    assert "host posting, 1 switch linked" in done.stdout
    told = json.loads(run_command("top", "--data", house, "--every", "0.2", "--json").stdout)
    assert [each["name"] for each in told["channels"]] == ["pos"]
    assert (told["host_is_up"], told["link_is_up"], told["owed"]) == (True, True, 0)


def test_top_of_a_house_that_is_down_says_what_to_start(tmp_path: Path) -> None:
    places = places_of(tmp_path / "data")
    places.make()
    done = run_command("top", "--data", places.data)
    assert done.returncode == 3
    assert "E-NOTHING-RUNS" in done.stderr


@pytest.mark.parametrize(("key", "status"), [(b"q", 0), (b"\x03", 130)])
def test_top_on_a_terminal_ends_with_a_key(house: Path, key: bytes, status: int) -> None:
    command = [str(Path(sys.executable).with_name("posswitch")), "top", "--data", str(house)]
    shown = b""
    child, screen = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    until = time.monotonic() + SECONDS_MAX
    with os.fdopen(screen, "r+b", buffering=0) as terminal:
        while b"msg/s" not in shown and time.monotonic() < until:
            shown += terminal.read(65536)
        terminal.write(key)
        with contextlib.suppress(OSError):  # it has gone, and the terminal with it
            while terminal.read(65536):
                pass
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status
    assert b"msg/s" in shown


def test_doctor_knows_its_own_ports_and_programs(house: Path) -> None:
    done = run_command("doctor", "--data", house, "--json")
    found = json.loads(done.stdout)["findings"]
    ours = [each["found"] for each in found if each["check"] == "ports"]
    assert len(ours) == 1
    assert "is ours, process" in ours[0]
    told = [each["found"] for each in found if each["check"] == "programs"]
    assert [each.partition(" runs")[0] for each in told] == ["host", "switch 1", "web"]
    assert done.returncode == 0
