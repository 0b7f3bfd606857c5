"""What the project claims to do is shown by a test or a scenario that says so."""

import subprocess
import sys

from tests.capabilities import ROOT, ids_in, lists, shown


def test_every_capability_that_is_claimed_is_shown_by_a_test_or_a_scenario() -> None:
    found = shown()
    assert [each for each in lists().claimed if each not in found] == []


def test_no_capability_is_listed_twice() -> None:
    claimed, owed = lists()
    assert set(claimed) & set(owed) == set()


def test_a_text_may_name_several_ids_or_a_range_of_them() -> None:
    assert ids_in("S1-01, S4-59: x. S3-17..20 and S1-01") == [
        *("S1-01", "S4-59", "S3-17", "S3-18", "S3-19", "S3-20"),
    ]
    assert ids_in("XS1-01 S1-1 S5-11 S1-111") == []


def test_the_list_is_printed_with_what_shows_each() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.capabilities"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "S1-46  One card number" in done.stdout
    assert "tests/host/store/test_card_view.py::test_a_card_is_found_by" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" are shown")
    missing = subprocess.run(
        [sys.executable, "-m", "tests.capabilities", "--missing"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "S1-46" not in missing.stdout
