"""Simulating against a running switch: what a person can do wrong is a sentence."""

from pathlib import Path

import pytest

from config.errors import FOUND_WRONG, SettingsError
from config.simulate import Target, simulate_pos, simulate_scenario

NOBODY = Target(port=1)
SCENARIOS = Path(__file__).parents[2] / "simulators/scenarios"


@pytest.mark.parametrize("text", ["not toml", "title = 'no steps'", "tittle = 'x'\nstep = []"])
def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "story.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="is not a scenario"):
        simulate_scenario(NOBODY, file)


def test_a_scenario_that_does_not_end_as_written_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = SCENARIOS / "unpacked_terminal.toml"
    assert simulate_scenario(NOBODY, file) == FOUND_WRONG
    assert "step 1 (echo): no answer was to be believed" in capsys.readouterr().out


def test_an_unknown_estate_is_refused() -> None:
    with pytest.raises(SettingsError, match="demo"):
        simulate_scenario(Target(port=1, estate="nowhere"), SCENARIOS / "points.toml")


def test_a_swarm_without_a_switch_says_so_with_its_exit_status() -> None:
    status = simulate_pos(NOBODY, terminals=1, seconds=0.1, seed=1, with_faults=False, record=None)
    assert status == FOUND_WRONG
