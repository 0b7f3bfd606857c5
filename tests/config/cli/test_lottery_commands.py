"""`posswitch lottery export` and `verify` as whoever wants to know uses them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import estate_named, loader
from config.settings import DatabaseSettings
from tests.commands import run_command
from tests.host.rules.test_drawing import a_day, untold


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A data directory with the demo estate, its database up."""
    found = places_of(tmp_path_factory.mktemp("lottery") / "data")
    with opened_database(DatabaseSettings(), found, say=lambda _text: None):
        loader(estate_named("demo"), "Asia/Shanghai")(embedded_dsns(found.cluster).owner, found)
        yield found


def test_an_open_lottery_is_exported_without_its_seed_and_cannot_be_verified_yet(
    places: Places, tmp_path: Path
) -> None:
    file = tmp_path / "demo.lottery"
    done = run_command("lottery", "export", "DEMO", "--out", file, "--data", places.data)
    assert done.returncode == 0, done.stderr
    assert "the seed of DEMO is told once it is closed" in done.stdout
    assert f"Next: posswitch lottery verify {file}" in done.stdout
    said = run_command("lottery", "verify", file)
    assert said.returncode == 3
    assert "E-LOTTERY-SECRET: DEMO cannot be verified yet" in said.stderr
    assert "Next, then: posswitch lottery export DEMO --out FILE" in said.stderr


def test_a_lottery_that_is_not_there_is_told_and_leaves_no_file(
    places: Places, tmp_path: Path
) -> None:
    file = tmp_path / "none.lottery"
    done = run_command("lottery", "export", "NOBODYS", "--out", file, "--data", places.data)
    assert done.returncode == 3
    assert "E-LOTTERY-UNKNOWN: there is no lottery NOBODYS" in done.stderr
    assert not file.exists()


def test_a_file_that_is_right_says_so_and_of_a_wrong_one_the_first_line_is_named(
    tmp_path: Path,
) -> None:
    """S4-62."""
    file, told = tmp_path / "dragon.lottery", a_day().file()
    file.write_text(json.dumps(told))
    done = run_command("lottery", "verify", file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("lottery DRAGON verifies: 30 draws, 0 of them undone")
    assert json.loads(run_command("lottery", "verify", file, "--json").stdout)["faults"] == []
    told["list"][16]["prize"] = 3 if told["list"][16]["prize"] != 3 else 2
    told["list"][20]["prize"] = 3 if told["list"][20]["prize"] != 3 else 2
    file.write_text(json.dumps(told))
    wrong = run_command("lottery", "verify", file)
    assert wrong.returncode == 1
    assert f"{file}: draw 17 (pos/00000001/000001/000016/f) hits " in wrong.stdout
    in_chinese = run_command("--lang", "zh", "lottery", "verify", file)
    assert "第 17 次抽取" in in_chinese.stdout


@pytest.mark.parametrize("text", ["{}", "RRN 000123", "{" * 100_000, "\0"])
def test_what_is_no_export_of_a_lottery_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other"
    file.write_text(text)
    done = run_command("lottery", "verify", file)
    assert done.returncode == 3
    assert "E-LOTTERY-FILE" in done.stderr


def test_a_file_of_before_the_reveal_that_was_changed_is_wrong_all_the_same(tmp_path: Path) -> None:
    file, told = tmp_path / "early.lottery", untold(a_day().file())
    told["list"][16]["draw"] = "pos/00000009/000001/000016/f"
    file.write_text(json.dumps(told))
    done = run_command("lottery", "verify", file)
    assert done.returncode == 1
    assert "line 17 is not what was chained" in done.stdout
