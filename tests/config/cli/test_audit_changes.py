"""`posswitch audit changes` and `accept` as operators use them: two people, one edit by hand."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import estate_named, loader
from config.settings import DatabaseSettings
from tests.commands import run_command
from tests.whole.house import rows

ALICE, BOB = 60_001, 60_002
"""Two users, whom no machine needs to have: the kernel knows them by their numbers."""
TID = "80010002"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A data directory with the demo estate, its database up."""
    found = places_of(tmp_path_factory.mktemp("audit") / "data")
    with opened_database(DatabaseSettings(), found, say=lambda _text: None):
        loader(estate_named("demo"), "Asia/Shanghai")(embedded_dsns(found.cluster).owner, found)
        yield found


def audit(places: Places, *words: str | Path, by: int = ALICE) -> subprocess.CompletedProcess[str]:
    return run_command("audit", *words, "--data", places.data, login=by)


def edit(places: Places, statement: str) -> None:
    rows(embedded_dsns(places.cluster).owner, statement)


def test_an_edit_by_hand_is_shown_and_taken_over_by_two_people(places: Places) -> None:
    assert audit(places, "changes").stdout == "0 rows changed by hand\n"
    edit(places, f"UPDATE terminal SET is_active = false WHERE terminal_id = '{TID}'")
    found = audit(places)
    assert found.returncode == 1
    assert "posswitch audit changes shows what was edited by hand" in found.stdout
    shown = audit(places, "changes")
    assert shown.returncode == 1
    assert f"terminal {TID}: changed by hand" in shown.stdout
    assert ["is_active", "true", "false"] in [line.split() for line in shown.stdout.splitlines()]
    assert f"posswitch audit accept terminal {TID} --reason" in shown.stdout
    unsaid = audit(places, "accept", "terminal", TID)
    assert unsaid.returncode == 2
    assert "E-AUDIT-ACCEPT: nobody has said why" in unsaid.stderr
    asked = audit(places, "accept", "terminal", TID, "--reason", "shop is shut")
    assert asked.stdout == (
        f"terminal {TID}: asked, by uid {ALICE}. "
        f"Next, by another person: posswitch audit accept terminal {TID}\n"
    )
    again = audit(places, "accept")
    assert "waiting for another person than uid 60001" in again.stdout
    [told] = json.loads(audit(places, "changes", "--json").stdout)["changes"]
    assert (told["asked_by"], told["reason"]) == (f"uid {ALICE}", "shop is shut")
    agreed = audit(places, "accept", "terminal", TID, by=BOB)
    assert agreed.stdout == f"terminal {TID}: taken over\n"
    done = audit(places)
    assert (done.returncode, done.stdout) == (0, "audit: 0 violations\n")


def test_what_is_no_estate_is_shown_and_never_taken_over(places: Places) -> None:
    undo = "UPDATE number_block SET next_number = next_number - 7"
    edit(places, undo.replace("- 7", "+ 7"))
    assert "never taken over" in audit(places, "changes").stdout
    refused = audit(places, "accept", "number_block", "--reason", "why not")
    assert refused.returncode == 2
    assert "never taken over" in refused.stderr
    nothing = audit(places, "accept", "--reason", "why not")
    assert "nothing of the estate was changed by hand" in nothing.stderr
    edit(places, undo)
    assert audit(places, "changes").returncode == 0


@pytest.mark.parametrize("table", ["journal", "entry", "purse", "exchange", "seal"])
def test_money_has_no_edit_to_take_over(places: Places, table: str) -> None:
    refused = audit(places, "accept", table, "--reason", "why not")
    assert refused.returncode == 2
    assert f"{table} is never taken over" in refused.stderr


def test_an_option_before_the_command_is_refused_rather_than_lost(places: Places) -> None:
    done = run_command("audit", "--data", places.data, "changes")
    assert done.returncode == 2
    assert "Next: write it behind: posswitch audit changes --data" in done.stderr
