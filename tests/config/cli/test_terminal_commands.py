"""`posswitch terminal`: an operator sees cases, resolves them, and looks at a terminal."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.places import Places, places_of
from config.run.database import dsn_of, embedded_dsns, opened_database
from config.settings import DatabaseSettings
from host.cases import CASES, CaseKind, NewCase
from host.clock import utc_now
from host.store.cases import open_case
from tests.commands import run_command
from tests.host.conftest import PLAN, put_estate

EMBEDDED = DatabaseSettings()
TID = "80010001"
CASE = NewCase(
    kind=CaseKind.MISSING_AT_TERMINAL,
    terminal_id=TID,
    epoch="000012",
    stan="000002",
    detail="purchase of 123.45 CNY, card 998800******0015 [slip]",
    amount_minor=12_345,
    unit="CNY",
)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A data directory with the demo estate, and its server running."""
    found = places_of(tmp_path_factory.mktemp("terminals") / "data")
    with opened_database(EMBEDDED, found, say=lambda _: None):
        put_estate(embedded_dsns(found.cluster), PLAN)
        yield found


def run(places: Places, *words: str) -> subprocess.CompletedProcess[str]:
    return run_command("terminal", *words, "--data", places.data)


def test_no_case_is_no_trouble(places: Places) -> None:
    done = run(places, "exceptions")
    assert (done.returncode, done.stdout) == (0, "0 open of 0 listed\n")


def test_a_case_is_listed_with_what_to_do_and_resolved(places: Places) -> None:
    with psycopg.connect(dsn_of("host", EMBEDDED, places.cluster), autocommit=True) as connection:
        open_case(connection, CASE, utc_now())
    listed = run(places, "exceptions")
    assert listed.returncode == 1
    for word in (TID, "000012", "000002", "missing_at_terminal", "123.45 CNY", "[slip]"):
        assert word in listed.stdout
    assert CASES[CASE.kind].advice in listed.stdout
    assert "posswitch exception resolve ID --note HOW" in listed.stdout.splitlines()[-1]
    [case] = json.loads(run(places, "exceptions", "--json").stdout)
    assert (case["kind"], case["amount_minor"], case["resolved_at"]) == (
        "missing_at_terminal",
        12_345,
        None,
    )
    resolve = ("resolve", str(case["id"]), "--note", "refunded", "--by", "Li Wei")
    assert run(places, *resolve).stdout == f"case {case['id']} is resolved\n"
    assert run(places, "exceptions").returncode == 0
    assert "resolved by Li Wei: refunded" in run(places, "exceptions", "--all").stdout
    again = run(places, *resolve)
    assert again.returncode == 3
    assert "was resolved before, by Li Wei. Next:" in again.stderr


def test_a_notice_is_listed_and_is_no_trouble(places: Places) -> None:
    notice = NewCase(kind=CaseKind.UPLOAD_UNASKED, terminal_id="80010009", epoch="000001")
    with psycopg.connect(dsn_of("host", EMBEDDED, places.cluster), autocommit=True) as connection:
        open_case(connection, notice, utc_now())
    listed = run(places, "exceptions")
    assert listed.returncode == 0
    assert "upload_unasked" in listed.stdout


def test_a_terminal_is_shown_by_its_check_values(places: Places) -> None:
    shown = run(places, "show", TID)
    assert shown.returncode == 0
    assert "last seen  never" in shown.stdout
    assert "batch      000012" in shown.stdout
    told = json.loads(run(places, "show", TID, "--json").stdout)
    assert told["epoch"] == "000012"
    assert {key["usage"] for key in told["keys"]} >= {"tmk", "pik", "mak"}
    terminal = next(one for one in PLAN.terminals if one.terminal_id == TID)
    assert terminal.tmk.reveal().hex().upper() not in shown.stdout.upper()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "99999999"), "there is no terminal '99999999'. Next:"),
        (("resolve", "9999", "--note", "x", "--by", "y"), "there is no case 9999. Next:"),
        (("resolve", "1", "--note", " ", "--by", "y"), "says how. Next:"),
    ],
)
def test_a_mistake_is_a_sentence(places: Places, words: tuple[str, ...], message: str) -> None:
    done = run(places, *words)
    assert done.returncode == 3
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_directory_without_a_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "posswitch.toml").touch()
    done = run(places_of(tmp_path), "exceptions")
    assert done.returncode == 3
    assert "there is no database in" in done.stderr
