"""Simulating against a running switch: what a person can do wrong is a sentence."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from config.errors import FOUND_WRONG, SettingsError
from config.tasks.junit import Ended, junit_report
from config.tasks.simulate import (
    Reports,
    Target,
    simulate_channel,
    simulate_scenarios,
    swarm_settings,
)
from simulators.scenario import read_scenario
from tests.config.cli.test_app import _run

NOBODY = Target(port=1)
SCENARIOS = Path(__file__).parents[3] / "simulators/scenarios"
UNPACKED = SCENARIOS / "unpacked_terminal.toml"
POINTS = SCENARIOS / "points.toml"


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "title = 'no steps'",
        "tittle = 'x'\nstep = []",
        "title = 'x'\n[[step]]\ndo = 'sing'",
        "title = 'x'\nchannel = 'post'\nstep = []",
        "title = 'x'\n[[step]]\ndo = 'echo'\nfault = ['none', 'rain']",
    ],
)
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "story.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="is not a scenario"):
        simulate_scenarios(NOBODY, [UNPACKED, file])


def test_a_scenario_that_does_not_end_as_written_is_told_and_reported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "report.xml"
    assert (
        simulate_scenarios(NOBODY, [UNPACKED, POINTS], reports=Reports(junit=file)) == FOUND_WRONG
    )
    assert "step 1 (echo): no answer was to be believed" in capsys.readouterr().out
    suite = ET.parse(file).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "2")
    assert [case.get("name") for case in suite] == [
        read_scenario(story).title for story in (UNPACKED, POINTS)
    ]
    failure = suite[0].find("failure")
    assert failure is not None
    assert failure.get("message") == "step 1 (echo): no answer was to be believed"


def test_a_report_has_no_failure_for_what_ended_as_written() -> None:
    story = Ended(read_scenario(POINTS), [], 0.25)
    suite = ET.fromstring(junit_report([story]))[0]
    assert (suite.get("failures"), suite[0].get("time"), len(suite[0])) == ("0", "0.250", 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("terminal = '99999999'\n[[step]]\ndo = 'echo'", "the estate has no terminal 99999999"),
        (
            "channel = 'mis-json'\nterminal = '80030001'\n[[step]]\ndo = 'dip'\ncard = 1",
            "step 1 (dip): only POS terminals do this",
        ),
        ("[[step]]\ndo = 'restart_gateway'", "step 1 (restart_gateway): only terminals behind a"),
    ],
)
def test_what_a_scenario_cannot_do_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, why: str
) -> None:
    file = tmp_path / "story.toml"
    file.write_text(f"title = 'x'\n{text}")
    assert simulate_scenarios(NOBODY, [file]) == FOUND_WRONG
    assert why in capsys.readouterr().out


def test_an_unknown_estate_is_refused() -> None:
    with pytest.raises(SettingsError, match="demo"):
        simulate_scenarios(Target(port=1, estate="nowhere"), [POINTS])


def test_a_swarm_without_a_switch_says_so_with_its_exit_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = swarm_settings(1, 0.1, 5.0, 1, with_faults=False, settles=False)
    assert simulate_channel(NOBODY, "pos", settings=settings) == FOUND_WRONG
    assert "p99.9" in capsys.readouterr().out


@pytest.mark.parametrize("channel", ["pos", "nac", "mis", "softpos"])
def test_every_channel_has_a_prompt_and_open_loop_arrivals(channel: str) -> None:
    told = _run("simulate", channel, "--help").stdout
    for option in ("--prompt", "--rate", "--settle", "--terminal"):
        assert f"{option} " in told
