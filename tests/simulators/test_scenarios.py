"""Every shipped scenario, against a whole posswitch; then the audit of all of them together."""

from collections import Counter
from pathlib import Path

import psycopg
import pytest

from clearing.verify import audit
from config.run.database import dsn_of
from config.run.supervisor import Running
from simulators.channels import CHANNELS
from simulators.scenario import ACTS, read_scenario
from tests.simulators.conftest import FILES, Played

SCENARIOS = {file.stem: read_scenario(file) for file in FILES}
SETTLING_CHANNELS = CHANNELS.keys() - {"external"}
"""Cards of an issuer that decides by itself are settled with that issuer."""


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_scenario_ends_as_it_is_written(file: Path, played: Played) -> None:
    assert played.wrong[file] == []


def test_the_audit_of_all_scenarios_finds_nothing(posswitch: Running, played: Played) -> None:
    """The worked messages were typed by hand, so this record does not know all journals."""
    where = dsn_of("audit", posswitch.settings.database, posswitch.places.cluster)
    with psycopg.connect(where) as connection:
        found = audit(connection, [*played.record.claims(), *played.external.claims()])
    assert [one for one in found if one.test != "journal_nobody_claims"] == []


def test_every_act_stands_in_a_scenario() -> None:
    told = {step.do for story in SCENARIOS.values() for step in story.step}
    assert told - {""} == set(ACTS)


def test_whose_terminal_another_scenario_has_signs_on_first() -> None:
    """It has other keys by then than the estate gave it. Whole frames are typed as they are."""
    terminals = Counter(story.terminal for story in SCENARIOS.values())
    begins = {name: story.step[0].do for name, story in SCENARIOS.items()}
    shared = [name for name, story in SCENARIOS.items() if terminals[story.terminal] > 1]
    assert [name for name in shared if begins[name] not in {"sign_on", ""}] == []


@pytest.mark.parametrize("channel", sorted(SETTLING_CHANNELS))
def test_every_channel_has_a_day_from_sign_on_to_settlement(channel: str) -> None:
    days = [
        [step.do for step in story.step if step.expect != "lost"]
        for story in SCENARIOS.values()
        if story.channel == channel and any(_agrees(step.expect) for step in story.step)
    ]
    assert any(day[0] == "sign_on" and "settle" in day for day in days)


def _agrees(expected: dict[str, str] | str) -> bool:
    return isinstance(expected, dict) and expected.get("agrees") == "yes"
