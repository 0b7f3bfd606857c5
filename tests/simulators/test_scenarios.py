"""Every shipped scenario, against a whole posswitch; then the audit of all of them together."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clearing.verify import audit
from config.database import dsn_of
from config.estates import loader
from config.places import places_of
from config.settings import Settings
from config.supervisor import Running, running_posswitch
from host.estate.demo import demo_estate
from simulators.record import Record
from simulators.scenario import ACTS, read_scenario, run_scenario

FILES = sorted((Path(__file__).parents[2] / "simulators/scenarios").glob("*.toml"))
ESTATE = demo_estate()


@pytest.fixture(scope="module")
def posswitch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    places = places_of(tmp_path_factory.mktemp("scenarios"))
    load = loader(ESTATE, "Asia/Shanghai")
    with running_posswitch(
        Settings(), places, port=0, load_estate=load, say=lambda _text: None
    ) as running:
        yield running


@pytest.fixture(scope="module")
def record() -> Record:
    return Record()


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
async def test_a_scenario_ends_as_it_is_written(
    file: Path, posswitch: Running, record: Record
) -> None:
    port = int(posswitch.listeners[0].rpartition(":")[2])
    scenario = read_scenario(file)
    assert await run_scenario(scenario, ESTATE, "127.0.0.1", port, record) == []


def test_the_audit_of_all_scenarios_finds_nothing(posswitch: Running, record: Record) -> None:
    """The worked messages were typed by hand, so this record does not know all journals."""
    where = dsn_of("night", posswitch.settings.database, posswitch.places.cluster)
    with psycopg.connect(where) as connection:
        found = audit(connection, record.claims())
    assert [one for one in found if one.test != "journal_nobody_claims"] == []


def test_every_act_stands_in_a_scenario() -> None:
    told = {step.do for file in FILES for step in read_scenario(file).step}
    assert told - {""} == set(ACTS)
