"""The data directory: private, lockable, and never too deep for a socket."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from config.cluster import SOCKET_BYTES_MAX, socket_of
from config.errors import SurroundingsError
from config.places import locked, places_of


def test_only_the_owner_may_look_inside(tmp_path: Path) -> None:
    places = places_of(tmp_path / "data")
    places.make()
    assert stat.S_IMODE(places.secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE(places.log.stat().st_mode) == 0o700
    assert stat.S_IMODE(places.data.stat().st_mode) == 0o711


def test_a_deep_directory_keeps_its_sockets_where_they_fit(tmp_path: Path) -> None:
    deep = places_of(tmp_path / ("d" * 60) / ("e" * 60))
    other = places_of(tmp_path / ("d" * 60) / ("f" * 60))
    assert len(os.fsencode(socket_of(deep.run / "postgres"))) <= SOCKET_BYTES_MAX
    assert deep.run != other.run


def test_where_sockets_are_follows_from_the_directory_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks need not have the environment of who began: a service and a shell have not."""
    deep, found = places_of(tmp_path / ("d" * 100)), set[Path]()
    for place in ("/dev/shm", "/var/tmp"):
        monkeypatch.setenv("TMPDIR", place)
        monkeypatch.setattr(tempfile, "tempdir", None)
        found.add(deep.run)
    assert len(found) == 1


def test_a_directory_is_one_supervisors_at_a_time_and_free_when_it_dies(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    code = (
        "import sys; from pathlib import Path; from config.places import *\n"
        "with locked(places_of(Path(sys.argv[1]))): print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with (
            pytest.raises(SurroundingsError, match=rf"in use by process {holder.pid}\. Next"),
            locked(places),
        ):
            pass
        holder.kill()
    with locked(places):
        pass


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SurroundingsError, match=r"cannot make the directory .*Next"):
        places_of(tmp_path / "data").make()
