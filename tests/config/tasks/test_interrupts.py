"""Ctrl-C ends what had an end of its own with a summary, and exit status 130."""

from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from config.bench import rows
from config.cli.app import app
from config.errors import INTERRUPTED
from config.tasks import demo, simulate
from simulators.channels import Place
from tests.config.tasks.test_simulate import POINTS, UNPACKED


def interrupted(*_words: object, **_more: object) -> NoReturn:
    raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def logs_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in this process must not take the logs of the tests that follow."""
    monkeypatch.setattr("config.logging.configure_logging", lambda *_words: None)


def test_a_demo_that_is_interrupted_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "run_demo", interrupted)
    done = CliRunner().invoke(app, ["demo", "--data", str(tmp_path / "data")])
    assert done.exit_code == INTERRUPTED
    assert "stopped before the end of the day" in done.stderr


def test_a_bench_that_is_interrupted_says_what_was_measured_and_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second, *_ = rows.BENCHES
    good = rows.BENCHES[first]._replace(
        measure=lambda _extent, _say: {},
        show=lambda _document: None,
        holds=lambda _document: True,
    )
    bad = rows.BENCHES[second]._replace(measure=interrupted)
    monkeypatch.setattr(rows, "BENCHES", {first: good, second: bad})
    done = CliRunner().invoke(app, ["bench", "--report", str(tmp_path / "bench.json")])
    assert done.exit_code == INTERRUPTED
    assert f"stopped: measured {first}; not measured {second}" in done.stderr


def test_scenarios_that_are_interrupted_are_summed_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def reached(_channel: str, _place: Place) -> None:
        pass

    monkeypatch.setattr(simulate, "reach", reached)
    monkeypatch.setattr(simulate, "run_scenario", interrupted)
    status = simulate.simulate_scenarios(simulate.Target(port=1), [UNPACKED, POINTS])
    assert status == INTERRUPTED
    assert "0 of 2 scenarios played" in capsys.readouterr().out
