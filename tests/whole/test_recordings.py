"""A day is recorded at one house, and said again to others: alike, and to one that is not."""

import base64
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from config.places import places_of
from config.run.estates import loader
from config.run.fleet import ports_in
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from host.estate.demo import demo_estate
from host.estate.plan import EstatePlan
from host.model.requests import Kind
from simulators import channels
from simulators.record import Record
from simulators.recording import (
    Recording,
    RecordingError,
    cast_of,
    read_recording,
    why_left_out,
)
from simulators.replay import Outcome, Place, replay
from simulators.scenario import asks_the_office, read_scenario, run_scenario
from tests.commands import run_command
from tests.whole.house import wait_until

ESTATE = demo_estate()
SCENARIOS = sorted((Path(__file__).parents[2] / "simulators/scenarios").glob("*.toml"))
COMMAND = Path(sys.executable).with_name("posswitch")


@contextmanager
def _house(home: Path, estate: EstatePlan = ESTATE) -> Iterator[Running]:
    with running_posswitch(
        Settings(),
        places_of(home),
        port=0,
        load_estate=loader(estate, "Asia/Shanghai"),
        say=lambda _text: None,
    ) as running:
        yield running


@contextmanager
def _recording(house: Running, file: Path) -> Iterator[None]:
    words = [str(COMMAND), "record", str(file), "--data", str(house.places.data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        try:
            wait_until(lambda: file.exists() and file.stat().st_size > 0, "it does not begin")
            yield
        finally:
            it.send_signal(signal.SIGINT)
            said, wrong = it.communicate(timeout=60)
    assert it.returncode == 0, wrong
    assert "messages of pos" in said


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the shipped stories of POS terminals said to a house and were told."""
    home = tmp_path_factory.mktemp("recorded")
    file = home / "day.jsonl"
    with _house(home / "data") as house, _recording(house, file):
        place = channels.Place(port=ports_in(house.listeners)["pos"], answer_seconds_max=10.0)
        for path in SCENARIOS:
            scenario = read_scenario(path)
            if scenario.channel == "pos" and not asks_the_office(scenario):
                with Record() as record:
                    trio.run(run_scenario, scenario, ESTATE, place, record)
    return file


@pytest.fixture(scope="module")
def recording(file: Path) -> Recording:
    return read_recording(file)


def _replayed(recording: Recording, house: Running) -> Outcome:
    place = Place(host="127.0.0.1", port=ports_in(house.listeners)["pos"], answer_seconds_max=10.0)
    return trio.run(replay, recording, ESTATE, place, 0.0)


def test_a_recording_holds_no_secret_of_the_estate(file: Path) -> None:
    said = file.read_bytes()
    assert len(said.splitlines()) > 100
    in_capitals = said.upper()
    for secret in _secrets():
        for spelled in _spellings(secret):
            assert spelled.upper() not in in_capitals


def test_nor_does_any_value_in_it_hold_a_pin(recording: Recording) -> None:
    pins = {card.pin.reveal().decode() for card in ESTATE.cards if card.pin is not None}
    kept = [
        value for line in recording.lines for value in (line.asked | (line.told or {})).values()
    ]
    assert any(line.has_pin for line in recording.lines)
    assert pins.isdisjoint(kept)


def test_a_card_keeps_its_identity_within_a_recording(recording: Recording) -> None:
    named = {(line.card, line.pan) for line in recording.lines if line.card}
    assert len({card for card, _mask in named}) == len(named)
    assert len(named) > 1


def test_a_fresh_house_of_the_same_build_answers_alike(
    recording: Recording, tmp_path: Path
) -> None:
    with _house(tmp_path / "data") as house:
        outcome = _replayed(recording, house)
    assert not outcome.counts
    assert outcome.compared > 100
    assert outcome.played + outcome.left_out.total() == len(recording.lines)


def test_the_command_says_what_differs_and_what_it_left_out(file: Path, tmp_path: Path) -> None:
    issuers = tuple(
        msgspec.structs.replace(issuer, amount_minor_max=4_000) for issuer in ESTATE.issuers
    )
    with _house(tmp_path / "data", msgspec.structs.replace(ESTATE, issuers=issuers)) as house:
        port = ports_in(house.listeners)["pos"]
        told = run_command("replay", file, "--port", str(port))
    assert told.returncode == 1, told.stderr
    assert re.search(r"\d+ x purchase, F39: 00 -> 61", told.stdout)
    played = set(re.findall(r"played by (\d{8})", told.stdout))
    assert played
    assert played <= {terminal.terminal_id for terminal in ESTATE.terminals}
    assert "not replayed: 1 x purchase: its card number came encrypted" in told.stdout


def test_a_house_is_recorded_by_one_at_a_time(tmp_path: Path) -> None:
    first, second, data = tmp_path / "first", tmp_path / "second", tmp_path / "data"
    with _house(data) as house:
        with _recording(house, first):
            refused = run_command("record", second, "--data", str(data))
            unknown = run_command("record", second, "--channel", "nowhere", "--data", str(data))
        taken = run_command("record", first, "--data", str(data))
    assert refused.returncode == unknown.returncode == 2
    assert "somebody records there already" in refused.stderr
    assert "there is no channel nowhere, only pos" in unknown.stderr
    assert "cannot record into" in taken.stderr
    assert not second.exists()
    assert first.stat().st_mode & 0o777 == 0o600


def test_what_is_no_recording_is_told_so(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("hello\n")
    told = run_command("replay", other)
    assert told.returncode == 2
    assert "it is no recording" in told.stderr


def test_a_card_with_another_balance_is_a_difference_that_is_named(
    recording: Recording, tmp_path: Path
) -> None:
    [first, *_] = [line for line in recording.lines if line.kind is Kind.PURCHASE and line.card]
    cards = tuple(
        msgspec.structs.replace(card, balance_minor=card.balance_minor + 1)
        if card.pan.masked == first.pan
        else card
        for card in ESTATE.cards
    )
    with _house(tmp_path / "data", msgspec.structs.replace(ESTATE, cards=cards)) as house:
        outcome = _replayed(recording, house)
    assert outcome.differing
    assert {field for _kind, field, _was, _now in outcome.counts} == {"54"}
    assert {each.card for each in outcome.examples} == {first.pan}


def test_a_card_of_a_batch_is_played_by_itself_or_by_one_of_none(recording: Recording) -> None:
    sold = {line.card for line in recording.lines if line.kind is Kind.CARD_ACTIVATION}
    ours = cast_of(recording.lines, ESTATE)
    assert {card.part > 0 for card in (ours.cards[name] for name in sold)} == {True}
    assert all(
        ours.cards[line.card].pan.masked == line.pan for line in recording.lines if line.card
    )
    without = msgspec.structs.replace(ESTATE, batches=())
    theirs = cast_of(recording.lines, without)
    assert {theirs.cards[name].part for name in sold} == {0}
    few = msgspec.structs.replace(ESTATE, cards=ESTATE.cards[:1])
    with pytest.raises(RecordingError, match="and the estate only 1: record for a shorter"):
        cast_of(recording.lines, few)


def test_a_card_is_sold_again_only_where_the_estate_has_one_to_sell(recording: Recording) -> None:
    sales = [
        line
        for line in recording.lines
        if line.kind is Kind.CARD_ACTIVATION and (line.told or {}).get("39") == "00"
    ]
    ours = cast_of(recording.lines, ESTATE)
    theirs = cast_of(recording.lines, msgspec.structs.replace(ESTATE, batches=()))
    assert len(sales) > 1
    assert {why_left_out(line, ours) for line in sales} == {""}
    assert {why_left_out(line, theirs) for line in sales} == {
        "it sold a card, and the one that plays it is sold already"
    }


def _secrets() -> Iterator[bytes]:
    for card in ESTATE.all_cards:
        yield card.pan.reveal().encode()
    for voucher in ESTATE.all_vouchers:
        yield voucher.code.reveal().encode()
    for terminal in ESTATE.terminals:
        yield terminal.tmk.reveal()
        if terminal.working is not None:
            yield terminal.working.pik.reveal()
            yield terminal.working.mak.reveal()
        if terminal.device is not None:
            yield terminal.device.initial_key.reveal()


def _spellings(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield secret.hex().encode()
    yield base64.b64encode(secret).rstrip(b"=")
    if secret.isdigit():
        digits = secret.decode()
        yield bytes.fromhex(digits.ljust(len(digits) + len(digits) % 2, "0"))
        yield bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
        yield base64.b64encode(bytes.fromhex(digits + "0" * (len(digits) % 2))).rstrip(b"=")
