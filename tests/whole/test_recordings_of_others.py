"""Terminals of characters and merchants' tills are recorded and said again, phones are named."""

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
from simulators import channels, messages
from simulators.line import Line
from simulators.messages import Sale
from simulators.record import Record
from simulators.recording import Recording, read_recording
from simulators.replay import Outcome, Place, replay
from simulators.scenario import Scenario, read_scenario, run_scenario
from simulators.session import PosSession
from switch.channels import ChannelSettings
from terminals.dialects import DialectOptions, dialect_named
from terminals.isodialect import IsoDialect
from tests.whole.house import wait_until

ESTATE = demo_estate()
SCENARIOS = Path(__file__).parents[2] / "simulators/scenarios"
COMMAND = Path(sys.executable).with_name("posswitch")
HEADER_BYTES = 5
TERMINALS = {"ascii87-bin": "80010005", "ascii87-hex": "80010006"}
OPTIONS = {"ascii87-hex": DialectOptions(header_bytes=HEADER_BYTES)}
TILLS = ("mis-json", "mis-fixed", "mis-iso")
CHANNELS = (
    *(
        ChannelSettings(
            name=name, dialect=name, port=0, options=OPTIONS.get(name, DialectOptions())
        )
        for name in TERMINALS
    ),
    *(ChannelSettings(name=name, kind="mis", dialect=name, port=0) for name in TILLS),
    ChannelSettings(name="phones", kind="softpos", port=0),
)
DIALECTS = (*TERMINALS, *TILLS)


@contextmanager
def _house(home: Path, estate: EstatePlan = ESTATE) -> Iterator[Running]:
    told = Settings()
    switch = msgspec.structs.replace(told.switch, channels=CHANNELS)
    with running_posswitch(
        msgspec.structs.replace(told, switch=switch),
        places_of(home),
        port=0,
        load_estate=loader(estate, "Asia/Shanghai"),
        say=lambda _text: None,
    ) as running:
        yield running


@contextmanager
def _said_by_record(house: Running, file: Path) -> Iterator[list[str]]:
    said: list[str] = []
    words = [str(COMMAND), "record", str(file), "--data", str(house.places.data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        try:
            wait_until(lambda: file.exists() and file.stat().st_size > 0, "it does not begin")
            yield said
        finally:
            it.send_signal(signal.SIGINT)
            out, wrong = it.communicate(timeout=60)
            said.append(out)
    assert it.returncode == 0, wrong


async def _trade(name: str, port: int) -> None:
    """A sale and its void, one with a wrong PIN and its reversal with F90, a balance."""
    [plan] = [each for each in ESTATE.terminals if each.terminal_id == TERMINALS[name]]
    dialect = dialect_named(name, OPTIONS.get(name))
    assert isinstance(dialect, IsoDialect)
    card = ESTATE.cards[20 + len(name) + port % 2]
    async with Line("127.0.0.1", port, answer_seconds_max=10.0) as wire:
        till = PosSession(plan, ESTATE.merchant_of(plan), wire.ask, dialect=dialect)
        assert (await till.sign_on()).is_approved
        asked = messages.swiped(
            Kind.PURCHASE, till.who, till.next_trace(), card, amount_minor=1_234, pin=card.pin
        )
        told = await till.exchange(asked | {"7": "1126100000"}, sealed=True)
        assert told.is_approved
        sale = Sale(kind=Kind.PURCHASE, card=card, amount_minor=1_234, batch=till.who.batch,
                    trace=asked["11"], rrn=told.fields["37"], auth_code=told.fields["38"],
                    date=told.fields["13"], slot="")  # fmt: skip
        voided = await till.exchange(messages.void(till.who, till.next_trace(), sale), sealed=True)
        assert voided.is_approved
        refused = messages.swiped(
            Kind.PURCHASE, till.who, till.next_trace(), card, amount_minor=500
        )
        await till.exchange(refused, sealed=True)
        undo = messages.reversal(refused, "98")
        undo["90"] = f"0200{refused['11']}".ljust(42, "0")
        assert (await till.exchange(undo, sealed=True)).fields["90"] == undo["90"]
        asked = messages.swiped(
            Kind.BALANCE_INQUIRY, till.who, till.next_trace(), card, pin=card.pin
        )
        assert (await till.exchange(asked, sealed=True)).is_approved


def _without_people(scenario: Scenario) -> Scenario:
    """A day as far as it needs nobody at the office, and its end."""
    acts = [step.do for step in scenario.step]
    kept = (*scenario.step[: acts.index("office")], *scenario.step[acts.index("settle") :])
    return msgspec.structs.replace(scenario, step=kept)


def _play(name: str, port: int) -> None:
    if name in TERMINALS:
        trio.run(_trade, name, port)
        return
    scenario = _without_people(read_scenario(SCENARIOS / f"{name.replace('-', '_')}_day.toml"))
    place = channels.Place(port=port, answer_seconds_max=10.0)
    with Record() as record:
        wrong = trio.run(run_scenario, scenario, ESTATE, place, record)
    assert list(wrong) == []


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, str]:
    home = tmp_path_factory.mktemp("others")
    file = home / "day.jsonl"
    with _house(home / "data") as house:
        ports = ports_in(house.listeners)
        with _said_by_record(house, file) as said:
            for name in DIALECTS:
                _play(name, ports[name])
    return read_recording(file), said[0]


def _replayed(recording: Recording, house: Running) -> Outcome:
    ports = ports_in(house.listeners)
    place = Place(host="127.0.0.1", port=1, answer_seconds_max=10.0, ports=ports)
    return trio.run(replay, recording, ESTATE, place, 0.0)


def test_every_dialect_but_that_of_phones_is_recorded_and_phones_are_told_why(
    recorded: tuple[Recording, str],
) -> None:
    recording, said = recorded
    assert {line.dialect for line in recording.lines} == set(DIALECTS)
    assert recording.head.left_out == ("phones",)
    assert "not recorded: phones: every message of a phone carries an attestation" in said
    assert not [line for line in recording.lines if line.unreadable]


def test_no_line_of_another_dialect_holds_a_secret(recorded: tuple[Recording, str]) -> None:
    text = msgspec.json.encode(recorded[0]).decode()
    assert any(line.has_pin for line in recorded[0].lines)
    for card in ESTATE.cards:
        assert card.pan.reveal() not in text
    for plan in ESTATE.terminals:
        for key in (plan.tmk, *((plan.working.pik, plan.working.mak) if plan.working else ())):
            assert key.reveal().hex().upper() not in text.upper()


def test_a_fresh_house_of_the_same_build_answers_alike_in_every_dialect(
    recorded: tuple[Recording, str], tmp_path: Path
) -> None:
    recording, _ = recorded
    with _house(tmp_path / "data") as house:
        outcome = _replayed(recording, house)
    assert not outcome.counts
    assert not outcome.failures
    assert outcome.played + outcome.left_out.total() == len(recording.lines)
    assert outcome.compared > len(recording.lines) * 0.9


def test_a_house_that_lets_less_be_sold_is_told_apart_in_every_dialect(
    recorded: tuple[Recording, str], tmp_path: Path
) -> None:
    issuers = tuple(
        msgspec.structs.replace(issuer, amount_minor_max=1_000) for issuer in ESTATE.issuers
    )
    with _house(tmp_path / "data", msgspec.structs.replace(ESTATE, issuers=issuers)) as house:
        outcome = _replayed(recorded[0], house)
    assert {now for _kind, field, _was, now in outcome.counts if field == "39"} >= {"61"}
    players = {one.terminal for one in outcome.examples}
    assert players


def test_a_terminal_that_cannot_go_on_troubles_itself_alone(
    recorded: tuple[Recording, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, _ = recorded
    broken = TERMINALS["ascii87-bin"]
    begin = PosSession.sign_on

    async def sign_on(session: PosSession, layout: str = "003"):
        if session.plan.terminal_id == broken:
            raise ConnectionResetError(104, "Connection reset by peer")
        return await begin(session, layout)

    monkeypatch.setattr(PosSession, "sign_on", sign_on)
    with _house(tmp_path / "data") as house:
        outcome = _replayed(recording, house)
    mine = [line for line in recording.lines if line.terminal == broken]
    assert len(outcome.failures.counts) == 1
    assert sum(n for (_, why), n in outcome.left_out.items() if "failed" in why) == len(mine)
    assert outcome.played >= len(recording.lines) - len(mine) - outcome.left_out.total()
    assert not outcome.counts
