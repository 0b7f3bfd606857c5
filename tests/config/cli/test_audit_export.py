"""`posswitch audit key`, `export` and `verify` as operators and those who trust nobody use them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns, opened_database
from config.run.estates import estate_named, loader
from config.run.heads import open_key, sign_now
from config.settings import DatabaseSettings
from host.estate.demo import demo_estate
from tests.commands import run_command


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A data directory with the demo estate, its database up."""
    found = places_of(tmp_path_factory.mktemp("audit") / "data")
    with opened_database(DatabaseSettings(), found, say=lambda _text: None):
        loader(estate_named("demo"), "Asia/Shanghai")(embedded_dsns(found.cluster).owner, found)
        sign_now(embedded_dsns(found.cluster).host, found, open_key(found))
        yield found


@pytest.fixture(scope="module")
def export(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("given") / "ledger.export"
    done = audit("export", file, "--data", places.data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("everything, up to checkpoint 1 of ")
    return file


def audit(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return run_command("audit", *words)


def test_whoever_has_the_export_and_the_public_key_verifies_it_anywhere(
    places: Places, export: Path
) -> None:
    """S2-37, S2-41: without a database, settings or data directory."""
    key = audit("key", "--data", places.data).stdout.strip()
    assert key == places.audit_public_key.read_text().strip()
    nowhere = ("--key", key)
    done = audit("verify", export, *nowhere)
    assert done.returncode == 0, done.stderr
    assert "proved: " in done.stdout
    told = json.loads(audit("verify", export, "--key", places.audit_public_key, "--json").stdout)
    assert told["first"] is None
    assert told["rows"] > told["seals"] > 0


def test_the_first_bad_row_is_named_with_exit_status_1(
    places: Places, export: Path, tmp_path: Path
) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    lines[7] = lines[7].replace(b"|", b"/", 1)
    edited = tmp_path / "edited.export"
    edited.write_bytes(b"".join(lines))
    done = audit("verify", edited, "--key", places.audit_public_key)
    assert done.returncode == 1
    assert f"{edited}, line 8: it is not as it was written" in done.stdout
    told = json.loads(audit("verify", edited, "--key", places.audit_public_key, "--json").stdout)
    assert told["line"] == 8
    other = audit("verify", export, "--key", "ab" * 32)
    assert other.returncode == 1
    assert "is not signed by this key" in other.stdout


def test_an_export_holds_no_card_number(export: Path) -> None:
    text = export.read_text()
    numbers = [card.pan.reveal() for card in demo_estate().cards]
    assert len(numbers) > 50
    assert [number for number in numbers if number in text or number.encode().hex() in text] == []


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["verify", "none", "--key", "ab" * 32], 3, "none cannot be read"),
        (["verify", "none", "--key", "none"], 2, "none is no public key of checkpoints"),
        (["export", "x", "--from", "may"], 2, "'may' is not a date"),
        (["export", "x", "--from", "2026-02-02", "--to", "2026-02-01"], 2, "is before 2026-02-02"),
    ],
)
def test_a_mistake_is_a_sentence(words: list[str], status: int, message: str) -> None:
    done = audit(*words)
    assert done.returncode == status
    assert message in done.stderr
    assert "Next:" in done.stderr


def test_a_file_that_is_there_is_never_written_over(places: Places, export: Path) -> None:
    before = export.read_bytes()
    done = audit("export", export, "--data", places.data)
    assert done.returncode == 3
    assert "cannot be written" in done.stderr
    assert export.read_bytes() == before
    late = audit("export", export.with_name("late"), "--from", "2999-01-01", "--data", places.data)
    assert "no checkpoint was signed since then" in late.stderr
    assert not export.with_name("late").exists()
