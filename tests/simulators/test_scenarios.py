"""Every shipped scenario, against a whole posswitch; then the audit of all of them together."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import trio

from clearing.verify import audit
from config.database import dsn_of
from config.demo import CERTIFICATES, LINES, demo_settings, ports_of
from config.estates import loader
from config.places import places_of
from config.settings import Settings
from config.supervisor import Running, running_posswitch
from host.estate.demo import demo_estate, external_cards
from simulators.channels import Place
from simulators.issuer import Issuer, IssuerSettings
from simulators.record import Record
from simulators.scenario import ACTS, read_scenario, run_scenario

FILES = sorted((Path(__file__).parents[2] / "simulators/scenarios").glob("*.toml"))
ESTATE = demo_estate()
ANSWER_SECONDS_MAX = {"external": 4.0}
"""On the channel whose scenario has answers lost: longer than the switch waits for the issuer."""


@pytest.fixture(scope="module")
def issuer_port() -> Iterator[int]:
    """An issuer's host in a thread of its own."""
    issuer, stop = Issuer(IssuerSettings(), external_cards()), trio.CancelScope()
    ready: list[trio.lowlevel.TrioToken] = []

    async def run() -> None:
        ready.append(trio.lowlevel.current_trio_token())
        with stop:
            await issuer.run()

    port = issuer.listen()
    thread = threading.Thread(target=trio.run, args=(run,))
    thread.start()
    yield port
    ready[0].run_sync_soon(stop.cancel)
    thread.join()


@pytest.fixture(scope="module")
def posswitch(tmp_path_factory: pytest.TempPathFactory, issuer_port: int) -> Iterator[Running]:
    places = places_of(tmp_path_factory.mktemp("scenarios"))
    load = loader(ESTATE, "Asia/Shanghai")
    told = demo_settings(Settings(), places, issuer_port)
    with running_posswitch(
        told, places, port=0, load_estate=load, say=lambda _text: None
    ) as running:
        yield running


@pytest.fixture(scope="module")
def record() -> Record:
    return Record()


@pytest.fixture(scope="module")
def external() -> Record:
    return Record()


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
async def test_a_scenario_ends_as_it_is_written(
    file: Path, posswitch: Running, record: Record, external: Record
) -> None:
    scenario, ports = read_scenario(file), ports_of(posswitch)
    place = Place(
        port=ports.get(scenario.channel, ports["pos"]),
        certificates=posswitch.places.data / CERTIFICATES,
        answer_seconds_max=ANSWER_SECONDS_MAX.get(scenario.channel, 10.0),
        caller_bytes=LINES.preamble_bytes,
    )
    kept = external if scenario.channel == "external" else record
    assert await run_scenario(scenario, ESTATE, place, kept) == []


def test_the_audit_of_all_scenarios_finds_nothing(posswitch: Running, record: Record) -> None:
    """The worked messages were typed by hand, so this record does not know all journals."""
    where = dsn_of("night", posswitch.settings.database, posswitch.places.cluster)
    with psycopg.connect(where) as connection:
        found = audit(connection, record.claims())
    assert [one for one in found if one.test != "journal_nobody_claims"] == []


def test_every_act_stands_in_a_scenario() -> None:
    told = {step.do for file in FILES for step in read_scenario(file).step}
    assert told - {""} == set(ACTS)
