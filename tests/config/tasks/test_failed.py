"""What fails in a simulation is in its summary, with what to do, and in its exit status."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trio
from rich.console import Console

from config.bench import slow
from config.errors import (
    FAULT_OF_OURS,
    SURROUNDINGS_WRONG,
    SettingsError,
    SurroundingsError,
)
from config.places import Places, places_of
from config.run.supervisor import Running
from config.tasks import demo, simulate, watching
from config.tasks.demo import CHANNELS, DemoSettings, NightError
from config.tasks.failed import failed_json, failed_lines, failed_status
from config.tasks.simulate import Target, simulate_issuer, simulate_scenarios
from config.tasks.watching import watch_swarm
from host.estate.demo import external_cards
from simulators.channels import Place
from simulators.failures import Failures, TroubleError
from simulators.issuer import Issuer, IssuerSettings
from simulators.slow import SlowSenders, SlowSettings
from simulators.tally import Tally
from tests.config.tasks.test_simulate import POINTS, UNPACKED
from tests.ports import free_port
from tests.simulators.test_failures import UNHEARD_OF, Log, log, swarm_with

__all__ = ["log"]
pytestmark = pytest.mark.usefixtures("log")
FULL = OSError(28, "No space left on device")
OURS = KeyError(UNHEARD_OF)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OURS, FAULT_OF_OURS, "own (KeyError), its traceback is in the log. Next: send that and"),
        (FULL, SURROUNDINGS_WRONG, "No space left on device. Next: make room there"),
        (OSError(98, "Address already in use"), SURROUNDINGS_WRONG, "in use. Next: end what"),
        (ConnectionResetError(104, "Reset"), SURROUNDINGS_WRONG, "Reset. Next: see what is"),
        (TroubleError("full. Next: wait"), SURROUNDINGS_WRONG, "terminal 7: full. Next: wait"),
        (SettingsError("no. Next: other"), SURROUNDINGS_WRONG, "terminal 7: no. Next: other"),
    ],
)
def test_each_kind_of_failure_says_what_to_do_and_has_its_status(
    error: Exception, status: int, said: str
) -> None:
    failures = Failures()
    assert (failed_status(failures), failed_lines(failures)) == (0, [])
    failures.note("terminal", "7", error)
    [line] = failed_lines(failures)
    assert line.startswith("failed: terminal 7: ")
    assert said in line
    assert failed_status(failures) == status
    failures.note("terminal", "8", error)
    [line] = failed_lines(failures)
    assert line.startswith("failed: terminal 7 and 1 more: ")
    [told] = failed_json(failures)
    assert (told["part"], told["who"], told["count"]) == ("terminal", "7", 2)


def test_a_fault_of_our_own_decides_beside_what_surrounds_us() -> None:
    failures = Failures()
    for error in (FULL, OURS):
        failures.note("terminal", "7", error)
    assert failed_status(failures) == FAULT_OF_OURS


@pytest.mark.parametrize(("error", "status"), [(OURS, FAULT_OF_OURS), (FULL, SURROUNDINGS_WRONG)])
def test_a_swarm_in_which_a_terminal_failed_says_so_and_fails(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
) -> None:
    monkeypatch.setattr(watching._Watch, "_check_sign_ons", lambda _self: None)
    assert watch_swarm(swarm_with(error)) == status
    said = " ".join(capsys.readouterr().out.split())
    assert "failed: terminal 8001000" in said
    assert " and 1 more: " in said
    assert watch_swarm(swarm_with(error), as_json=True) == status
    [told] = json.loads(capsys.readouterr().out)["failed"]
    assert (told["part"], told["count"]) == ("terminal", 2)


def test_a_screen_that_fails_ends_no_swarm(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*_words: object) -> None:
        await trio.lowlevel.checkpoint()
        raise OURS

    monkeypatch.setattr(watching, "show_progress", broken)
    monkeypatch.setattr(watching._Watch, "_check_sign_ons", lambda _self: None)
    swarm = swarm_with(FULL, terminals=0)
    assert watch_swarm(swarm) == FAULT_OF_OURS
    assert "failed: progress: a fault of posswitch's own" in capsys.readouterr().out


def test_a_scenario_that_fails_ends_itself_and_the_next_is_played(
    log: Log, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played: list[str] = []

    async def reached(_channel: str, _place: Place) -> None:
        await trio.lowlevel.checkpoint()

    async def run_scenario(scenario: Any, *_words: object) -> list[str]:
        await trio.lowlevel.checkpoint()
        played.append(scenario.title)
        if len(played) == 1:
            raise OURS
        return []

    monkeypatch.setattr(simulate, "reach", reached)
    monkeypatch.setattr(simulate, "run_scenario", run_scenario)
    assert simulate_scenarios(Target(port=1), [UNPACKED, POINTS]) == FAULT_OF_OURS
    said = " ".join(capsys.readouterr().out.split())
    assert f"failed: scenario {played[0]}: a fault of posswitch's own (KeyError)" in said
    assert "2 of 2 scenarios played: 1 as written, 1 not" in said
    assert len(log.tracebacks) == 1


def test_an_issuer_that_met_a_fault_says_so_when_it_ends_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(self: Issuer) -> None:
        await trio.lowlevel.checkpoint()
        self.failures.note("message to the issuer", "", OURS)
        assert self._socket is not None
        self._socket.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(Issuer, "run", run)
    assert simulate_issuer(IssuerSettings()) == FAULT_OF_OURS
    assert "failed: message to the issuer: a fault of posswitch's own" in capsys.readouterr().out


class Shop:
    """A swarm of nobody: how its day ended."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self.went_home = False

    async def run(self) -> None:
        self._act()
        await trio.sleep(0.2)
        self.went_home = True


def nothing() -> None:
    pass


def broken() -> None:
    raise OURS


def day_of(places: Places, *shops: Shop) -> demo._Day:
    """A demo's day without a posswitch."""
    places.make()
    running = SimpleNamespace(
        listeners=[f"{name} on 127.0.0.1:1" for name in CHANNELS],
        mend=nothing,
        accounts=SimpleNamespace(program=None),
        places=places,
    )
    issuer = Issuer(IssuerSettings(), external_cards())
    day = demo._Day(DemoSettings(seconds=0.01), cast("Running", running), places, issuer)
    day.swarms = {f"{number}": cast("Any", shop) for number, shop in enumerate(shops)}
    return day


@pytest.fixture
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return places_of(tmp_path_factory.mktemp("day") / "data")


async def do_nothing(_day: demo._Day, _staff: None) -> None:
    pass


@asynccontextmanager
async def nobody(_day: demo._Day) -> AsyncIterator[None]:
    yield None


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no switch, so nobody waits for its host; and no office, so none says what sales
    cost, sells gifts, closes a lottery or releases a night."""
    monkeypatch.setattr(demo, "wait_for_link", lambda _places: None)
    monkeypatch.setattr(demo._Day, "_opened_staff", nobody)
    monkeypatch.setattr(demo._Day, "_say_fees", do_nothing)
    monkeypatch.setattr(demo._Day, "_sell_gifts", do_nothing)
    monkeypatch.setattr(demo._Day, "_close_lottery", do_nothing)
    monkeypatch.setattr(demo._Day, "_release", do_nothing)


def test_a_channel_that_fails_does_not_end_the_demos_day(
    monkeypatch: pytest.MonkeyPatch, places: Places
) -> None:
    summary = object()
    monkeypatch.setattr(demo, "_clear", lambda _running: summary)
    day = day_of(places, good := Shop(nothing), Shop(broken))
    assert day.run(Console(quiet=True)) is summary
    assert good.went_home
    [line] = failed_lines(day.tally.failures)
    assert line.startswith("failed: channel 1: a fault of posswitch's own")


def test_a_night_that_fails_lets_the_shops_close_and_is_told_then(
    monkeypatch: pytest.MonkeyPatch, places: Places
) -> None:
    def clear(_running: object) -> None:
        raise SurroundingsError("no room. Next: make some")

    monkeypatch.setattr(demo, "_clear", clear)
    day = day_of(places, good := Shop(nothing))
    with pytest.raises(NightError) as told:
        day.run(Console(quiet=True))
    assert good.went_home
    assert isinstance(told.value.__cause__, SurroundingsError)


def test_the_issuers_failures_stand_in_the_demos_summary(places: Places) -> None:
    day = day_of(places)
    assert day.tally.failures is day.issuer.failures
    assert Tally().failures is not Tally().failures
    with day.record, day.external:
        pass


async def test_a_bench_whose_slow_senders_cannot_call_says_so_instead_of_waiting(
    autojump_clock: object,  # noqa: ARG001 - as a mark alone it does not tick
) -> None:
    senders = SlowSenders(SlowSettings(port=free_port(), connections=2), b"x" * 20)
    with pytest.raises(SurroundingsError, match=r"2 slow senders could not call .*Next: "):
        await slow._all_called(senders)


def test_a_gateways_port_that_is_taken_is_one_scenarios_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    async def reached(_channel: str, _place: Place) -> None:
        await trio.lowlevel.checkpoint()

    monkeypatch.setattr(simulate, "reach", reached)
    file = tmp_path / "called.toml"
    file.write_text(
        'title = "called"\nchannel = "nac-called"\nterminal = "80020012"\n[[step]]\ndo = "echo"\n'
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        target = Target(port=taken.getsockname()[1])
        assert simulate_scenarios(target, [file, file]) == SURROUNDINGS_WRONG
    said = " ".join(capsys.readouterr().out.split())
    assert "failed: scenario called: " in said
    assert "Next: end what listens there, or name another with --port" in said
    assert "2 of 2 scenarios played" in said
