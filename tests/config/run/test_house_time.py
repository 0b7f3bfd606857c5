"""The front tells time in the zone of the house, whatever that of its machine is."""

import os
import time
from collections.abc import Iterator

import pytest

from config.run.programs import tell_time_in
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
