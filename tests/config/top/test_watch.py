"""The live screen of `posswitch top` goes on whatever the house does meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import SurroundingsError
from config.places import places_of
from config.run.asking import HOST
from config.run.look import Look
from config.top import watch


def test_a_program_that_hangs_or_goes_down_is_told_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def moments() -> Iterator[list[Look] | SurroundingsError]:
        yield [Look(number=HOST, pid=1, at=1.0, started_at=0.0)]
        yield SurroundingsError("the process tells nothing of itself", "E-NO-ANSWER")
        yield []
        yield [Look(number=HOST, pid=2, at=3.0, started_at=2.0)]

    told = moments()

    def looks(_places: object) -> list[Look]:
        moment = next(told)
        if isinstance(moment, SurroundingsError):
            raise moment
        return moment

    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, to rich
    presses = iter((False, False, False, True))
    monkeypatch.setattr(watch, "looks", looks)
    monkeypatch.setattr(watch, "pressed", lambda _keys, _seconds: next(presses))
    places = places_of(tmp_path / "data")
    places.make()
    watch.watch(places, 1.0)
    assert next(told, None) is None
    assert "E-NO-ANSWER" in capsys.readouterr().out
