"""A file that is handed out is whole and ours alone, or not there at all."""

import os
import stat
from pathlib import Path

import pytest

from config.errors import SurroundingsError
from config.tasks.papers import begun_paper


def test_a_file_is_whole_and_readable_by_us_alone(tmp_path: Path) -> None:
    to = tmp_path / "cards.xlsx"
    old = os.umask(0)
    try:
        with begun_paper(to) as paper:
            assert not to.exists(), "it has no name before it is whole"
            [begun] = tmp_path.iterdir()
            assert stat.S_IMODE(begun.stat().st_mode) == 0o600
            paper.write(b"whole")
    finally:
        os.umask(old)
    assert to.read_bytes() == b"whole"
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [to]


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    to = tmp_path / "cards.xlsx"
    to.write_text("mine")
    with pytest.raises(SurroundingsError, match="exists"), begun_paper(to):
        pytest.fail("it was begun")
    to.unlink()
    to.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SurroundingsError, match="exists"), begun_paper(to):
        pytest.fail("it was begun")


def test_a_name_that_somebody_took_meanwhile_is_theirs(tmp_path: Path) -> None:
    to = tmp_path / "cards.xlsx"
    with begun_paper(to) as paper:
        to.write_text("mine")
        with pytest.raises(SurroundingsError, match="exists"):
            paper.write(b"whole")
    assert to.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [to]


def test_a_place_that_cannot_be_written_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with (
        pytest.raises(SurroundingsError, match="Next: name another file"),
        begun_paper(tmp_path / "none" / "cards.xlsx"),
    ):
        pytest.fail("it was begun")


def test_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), begun_paper(tmp_path / "cards.xlsx"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
