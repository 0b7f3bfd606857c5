"""`--json` on every command that prints something worth parsing, and what an amount is there."""

import datetime as dt
import enum
import json
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from clearing.netting import Position
from config.as_json import as_builtins, currency_of, print_json
from config.manual.commands import WITHOUT_JSON, commands, prints_json
from config.places import Places, places_of
from host.model.money import Money
from host.model.secrets import Secret
from tests.commands import run_command


def test_every_command_prints_json_or_says_why_not() -> None:
    with_it = {words for words, command in commands() if prints_json(command)}
    without = {words for words, command in commands() if not prints_json(command)}
    assert without == set(WITHOUT_JSON)
    assert {"audit", "clearing run", "top", "doctor", "explain", "keys list", "reload"} <= with_it


def test_an_amount_is_a_whole_number_beside_its_unit_and_currency() -> None:
    assert as_builtins(Money(12_345, "CNY")) == {
        "amount_minor": 12_345,
        "unit": "CNY",
        "currency": "CNY",
    }
    assert as_builtins(Money.points("CITY", 500)) == {
        "amount_minor": 500,
        "unit": "P:CITY",
        "currency": None,
    }
    row = Position(merchant="m", issuer="i", unit="CNY", entries=1, debit_minor=5, credit_minor=7)
    assert as_builtins(row)["currency"] == "CNY"
    assert currency_of("") is None


class Colour(enum.StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Told:
    where: Path
    when: dt.datetime
    rows: tuple[object, ...]


def test_values_are_written_as_json_has_them() -> None:
    when = dt.datetime(2026, 11, 26, 1, 2, tzinfo=dt.UTC)
    told = Told(Path("/x"), when, (b"\x01\xff", Colour.RED, {dt.date(2026, 11, 26): None}, 1.5))
    assert as_builtins(told) == {
        "where": "/x",
        "when": "2026-11-26T01:02:00+00:00",
        "rows": ["01ff", "red", {"2026-11-26": None}, 1.5],
    }


def test_what_is_secret_stays_covered(capsys: pytest.CaptureFixture[str]) -> None:
    class Holds(msgspec.Struct):
        key: Secret

    print_json(Holds(Secret(b"\x0a\x0b\x0c")))
    said = capsys.readouterr().out
    assert "0a0b0c" not in said.lower()
    assert json.loads(said).keys() == {"key"}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return places_of(tmp_path / "data")


def test_a_certificate_of_the_link_is_told_to_programs(places: Places) -> None:
    where = ("--data", places.data, "--json")
    made = json.loads(run_command("link", "certificate", "switch-1", *where).stdout)
    assert made["name"] == "switch-1"
    assert Path(made["certificate"]).exists()
    taken = json.loads(run_command("link", "trust", "switch-1", made["pin"], *where).stdout)
    assert (taken["pin"], Path(taken["file"]).exists()) == (made["pin"], True)


@pytest.mark.parametrize(("words", "code"), [("39=51", "51"), ("E-PORT", "E-PORT")])
def test_what_is_explained_is_told_to_programs(words: str, code: str) -> None:
    rows = json.loads(run_command("explain", words, "--json").stdout)
    assert {row["code"] for row in rows} == {code}
