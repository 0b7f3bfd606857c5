"""The programs tell time in the zone of the house, whatever that of their machine is."""

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.places import places_at
from config.run.house import tell_time_in
from config.run.programs import run_host, run_switch, run_web
from config.settings import Settings
from host.settings import HostSettings
from terminals.web.cells import shown


@pytest.fixture(autouse=True)
def on_a_machine_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_moment_is_told_in_the_zone_of_the_house() -> None:
    moment = "2026-11-27T21:41:45Z"
    assert shown("at", moment, "zh") == "2026-11-27 16:41:45"
    tell_time_in("Asia/Shanghai")
    assert shown("at", moment, "zh") == "2026-11-28 05:41:45"
    assert os.environ["TZ"] == "Asia/Shanghai"


class ReadyError(Exception):
    """A program would begin to speak."""


@pytest.mark.parametrize("run", [run_host, run_switch, run_web])
def test_every_program_of_a_house_tells_time_there(
    run: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def stop(*_told: object) -> Iterator[None]:
        raise ReadyError
        yield

    monkeypatch.setattr("config.run.control.control_socket", stop)
    monkeypatch.setattr("config.run.behind.step_behind", lambda _nice: None)
    monkeypatch.setattr("config.run.database.dsn_of", lambda *_told: "")
    monkeypatch.setattr("config.run.database.dsn_if_told", lambda *_told: None)
    monkeypatch.setattr("sys.setswitchinterval", lambda _seconds: None)
    settings = Settings(host=HostSettings(timezone="Asia/Tokyo"))
    with pytest.raises(ReadyError):
        run(settings, places_at(tmp_path), lambda _lines: None)
    assert dt.datetime.fromtimestamp(0, dt.UTC).astimezone().tzname() == "JST"
