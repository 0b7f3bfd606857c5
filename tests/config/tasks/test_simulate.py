"""Simulating against a running switch: what a person can do wrong is a sentence."""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.cells import cell_len

from config.errors import FOUND_WRONG, SettingsError, SurroundingsError
from config.tasks.junit import Ended, junit_report
from config.tasks.simulate import (
    Reports,
    Target,
    let_the_clock_pass,
    make_phone_files,
    simulate_channel,
    simulate_issuer,
    simulate_prompt,
    simulate_scenarios,
    swarm_settings,
)
from simulators.channels import CHANNELS
from simulators.issuer import IssuerSettings
from simulators.scenario import read_scenario
from simulators.swarm import Swarm, SwarmSettings
from simulators.till.magic import MAGIC
from tests.commands import run_command
from tests.config.cli.test_app import _run

NOBODY = Target(port=1)
SCENARIOS = Path(__file__).parents[3] / "simulators/scenarios"
UNPACKED = SCENARIOS / "unpacked_terminal.toml"
POINTS = SCENARIOS / "points.toml"


@pytest.fixture
def deaf() -> Iterator[Target]:
    """Something that takes calls, and hangs up at the first word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_hang_up_on_all, args=(server,))
        thread.start()
        yield Target(port=server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def _hang_up_on_all(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            call, _ = server.accept()
            with call:
                call.recv(4096)


def told(terminals: int = 1, rate: float = 0.0) -> SwarmSettings:
    return swarm_settings(terminals, 0.1, rate, 1, with_faults=False, settles=False)


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
    capsys: pytest.CaptureFixture[str], tmp_path: Path, deaf: Target
) -> None:
    file = tmp_path / "report.xml"
    assert simulate_scenarios(deaf, [UNPACKED, POINTS], reports=Reports(junit=file)) == FOUND_WRONG
    said = capsys.readouterr().out
    assert "step 1 (echo): no answer was to be believed" in said
    assert "2 of 2 scenarios played: 0 as written, 2 not" in said
    assert "Next, where it was: posswitch up --estate demo --data NEW" in said
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
    capsys: pytest.CaptureFixture[str], tmp_path: Path, deaf: Target, text: str, why: str
) -> None:
    file = tmp_path / "story.toml"
    file.write_text(f"title = 'x'\n{text}")
    assert simulate_scenarios(deaf, [file]) == FOUND_WRONG
    assert why in capsys.readouterr().out


def test_an_unknown_estate_is_refused() -> None:
    with pytest.raises(SettingsError, match="demo"):
        simulate_scenarios(Target(port=1, estate="nowhere"), [POINTS])


@pytest.mark.parametrize("channel", sorted(CHANNELS.keys() - {"nac-called"}))
def test_a_port_where_nobody_listens_is_said_at_once(
    channel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = r"nobody listens for .* at 127\.0\.0\.1:1: connection refused\. Next: "
    with pytest.raises(SurroundingsError, match=nobody):
        simulate_channel(NOBODY, channel, settings=told())
    if channel != "external":
        with pytest.raises(SurroundingsError, match=nobody):
            simulate_prompt(NOBODY, channel, None)
    assert not capsys.readouterr().out


def test_scenarios_are_not_begun_where_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="nobody listens for pos"):
        simulate_scenarios(NOBODY, [POINTS], reports=Reports(tmp_path / "report.xml"))


@pytest.mark.parametrize("channel", ["pos", "nac", "mis-json", "mis-fixed", "mis-iso", "softpos"])
def test_a_port_of_another_kind_is_said_by_swarm_and_prompt(channel: str, deaf: Target) -> None:
    """Another --form, another dialect, no certificates where there is TLS."""
    answers_none = f"takes calls and answers no {channel} terminal. Next: compare that channel's"
    with pytest.raises(SurroundingsError, match=answers_none):
        simulate_channel(deaf, channel, settings=told())
    with pytest.raises(SurroundingsError, match=answers_none):
        simulate_prompt(deaf, channel, None)


@pytest.mark.parametrize("channel", ["pos", "mis-json", "mis-fixed", "softpos", "nac"])
def test_a_swarm_begins_only_where_one_of_its_terminals_is_heard(
    channel: str, deaf: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once, by a terminal that nothing goes wrong with: no board of lost answers."""

    def begun(*_args: object, **_how: object) -> int:
        raise AssertionError("the swarm has begun")

    monkeypatch.setattr("config.tasks.simulate.watch_swarm", begun)
    with pytest.raises(SurroundingsError, match=f"answers no {channel} terminal"):
        simulate_channel(deaf, channel, settings=told())


@pytest.mark.parametrize("simulate", [simulate_channel, simulate_prompt])
def test_certificates_that_are_not_there_are_said_with_how_to_make_them(
    simulate: Callable[..., int], tmp_path: Path, deaf: Target
) -> None:
    target = Target(port=deaf.port, certificates=tmp_path)
    words = {"settings": told()} if simulate is simulate_channel else {"terminal_id": None}
    with pytest.raises(SettingsError, match=r"no phone certificates in .*softpos.*--make"):
        simulate(target, "softpos", **words)


def test_certificates_that_the_switch_does_not_take_are_said(tmp_path: Path, deaf: Target) -> None:
    make_phone_files(tmp_path / "ours")
    target = Target(port=deaf.port, certificates=tmp_path / "ours")
    with pytest.raises(SurroundingsError, match=r"does not take a softpos terminal: .*Next: "):
        simulate_channel(target, "softpos", settings=told())


def test_certificates_are_not_made_over_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "phones"
    assert make_phone_files(home) == 0
    said = capsys.readouterr().out
    assert f'client_ca = "{home}/authority.pem"' in said
    authority = (home / "authority.pem").read_bytes()
    with pytest.raises(SettingsError, match="has certificates already"):
        make_phone_files(home)
    assert (home / "authority.pem").read_bytes() == authority
    with pytest.raises(SettingsError, match="Next: --certificates DIR --make"):
        make_phone_files(None)


@pytest.mark.parametrize(
    ("terminals", "rate", "why"),
    [
        (41, 0.0, "has 40 terminals of channel pos, not 41. Next: --terminals 40"),
        (2, 17.0, "2 terminals serve 16 customers a second at most. Next: --rate 16"),
    ],
)
def test_more_than_there_are_is_said_and_not_cut(terminals: int, rate: float, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        simulate_channel(NOBODY, "pos", settings=told(terminals, rate))


def test_a_terminal_of_another_channel_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="Next: one of 80010001 to 80010040"):
        simulate_prompt(NOBODY, "pos", "80030001")


def test_a_port_that_is_taken_is_a_sentence(deaf: Target) -> None:
    with pytest.raises(SurroundingsError, match=r"cannot listen there.*Next: end what"):
        simulate_issuer(IssuerSettings(port=deaf.port))
    with pytest.raises(SurroundingsError, match=r"cannot listen there.*Next: end what"):
        simulate_channel(deaf, "nac-called", settings=told())


def test_one_port_is_not_that_of_several_channels() -> None:
    files = [POINTS, SCENARIOS / "mis_json_day.toml"]
    with pytest.raises(SettingsError, match=r"are of mis-json, pos\. Next: run those of each"):
        simulate_scenarios(NOBODY, files)


def test_a_report_that_cannot_be_written_is_said_before_anything_is_played(
    tmp_path: Path, deaf: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SurroundingsError, match=r"cannot write the report .*Next: "):
        simulate_scenarios(deaf, [POINTS], reports=Reports(page=tmp_path / "none" / "report.html"))
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["pos", "--terminal", "80010003"], 2, "Next: add --prompt"),
        (["mis", "--form", "jsn"], 2, "is not one of 'json', 'fixed', 'iso'"),
        (["pos", "--port", "1"], 3, "Next: posswitch up --estate demo"),
        (["pos", "--record", "/none/x", "--port", "1"], 3, "Next: "),
        (["scenario", "none.toml"], 2, "none.toml is not a scenario: No such file"),
    ],
)
def test_a_mistake_of_a_simulation_is_a_sentence(words: list[str], status: int, why: str) -> None:
    done = run_command("simulate", *words)
    assert done.returncode == status
    assert why in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


COMMANDS = ("pos", "nac", "mis", "softpos", "issuer", "scenario", "amounts")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns_and_has_an_example_that_is_a_command(command: str) -> None:
    done = run_command("simulate", command, "--help", environ={**os.environ, "COLUMNS": "80"})
    lines = done.stdout.splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    [example] = [line.split("Example: ")[1].split() for line in lines if "Example: " in line]
    assert example[:3] == ["posswitch", "simulate", command]
    options = {word for word in example if word.startswith("--")}
    assert all(f"{option} " in done.stdout for option in options)


def test_amounts_prints_every_row() -> None:
    said = run_command("simulate", "amounts").stdout
    assert all(magic.line in said for magic in MAGIC)
    rows = json.loads(run_command("simulate", "amounts", "--json").stdout)
    assert [row["typed"] for row in rows] == [magic.line for magic in MAGIC]
    assert {"typed": "purchase frozen 50.00", "code": "62"}.items() <= rows[0].items()


@pytest.mark.parametrize("channel", ["pos", "nac", "mis", "softpos"])
def test_every_channel_has_a_prompt_and_open_loop_arrivals(channel: str) -> None:
    told = _run("simulate", channel, "--help").stdout
    for option in ("--prompt", "--rate", "--settle", "--terminal"):
        assert f"{option} " in told


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [(-1, 0.0), (0, 0.1), (5, 0.6), (99, 10.0), (100, 0.0), (700_000, 0.0)],
    ids=["the clock is past it", "the same", "a script", "a long one", "longer", "past midnight"],
)
def test_who_was_quicker_than_the_clock_stays_until_nobody_repeats_a_trace(
    monkeypatch: pytest.MonkeyPatch, ahead: int, seconds: float
) -> None:
    slept = list[float]()
    monkeypatch.setattr("config.tasks.simulate.trace_of_now", lambda: 100_000)
    monkeypatch.setattr("config.tasks.simulate.time.sleep", slept.append)
    let_the_clock_pass(100_000 + ahead)
    assert sum(slept) == pytest.approx(seconds)


def test_a_swarm_that_was_quicker_than_the_clock_stays_too(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = list[float]()

    def traded(swarm: Swarm, **_how: object) -> int:
        swarm.tally.last_trace = swarm.settings.last_trace + 8
        return 0

    monkeypatch.setattr("config.tasks.simulate.run_loop", lambda *_asked: None)
    monkeypatch.setattr("config.tasks.simulate.watch_swarm", traded)
    monkeypatch.setattr("config.tasks.simulate.trace_of_now", lambda: 100_000)
    monkeypatch.setattr("config.tasks.simulate.time.sleep", slept.append)
    assert simulate_channel(NOBODY, "pos", settings=told()) == 0
    assert sum(slept) == pytest.approx(0.9)
