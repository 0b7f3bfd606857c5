"""Files of secrets: whole or not there, and opened by nobody but their owner."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import SurroundingsError
from config.places import Places, places_of
from config.run.heads import open_key
from config.run.sftp import open_delivery_key
from host.hsm.vault import LmkError, create_lmk, load_lmk
from host.private_files import private_file
from tests.disks import fill, small_disk

KEPT = b"what was there"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_what_is_written_is_its_owners_alone_and_nothing_is_left_beside_it(path: Path) -> None:
    with private_file(path) as file:
        assert not path.exists()
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_could_not_be_written_leaves_what_was_there(path: Path) -> None:
    path.write_bytes(KEPT)
    with pytest.raises(OSError, match="no room"):
        _write_half(path)
    assert path.read_bytes() == KEPT
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def _write_half(path: Path) -> None:
    with private_file(path) as file:
        file.write(b"half")
        raise OSError("no room")


def test_one_that_has_to_be_new_takes_nobodys_place(path: Path) -> None:
    path.write_bytes(KEPT)
    with pytest.raises(FileExistsError), private_file(path, is_new=True) as file:
        file.write(b"new")
    assert path.read_bytes() == KEPT


def test_what_somebody_killed_had_begun_is_in_nobodys_way(path: Path) -> None:
    path.with_name(f".{path.name}.new").write_bytes(b"half")
    with private_file(path, is_new=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


MADE: dict[str, Callable[[Places], object]] = {
    "lmk": lambda places: create_lmk(places.lmk),
    "audit-key": open_key,
    "delivery-key": open_delivery_key,
}
"""Keys that are made at first use, by what opens or makes them."""


@pytest.mark.parametrize("key", MADE)
def test_a_key_that_a_full_disk_kept_from_being_made_is_made_once_there_is_room(
    key: str, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", mebibytes=1) as disk:
        places = places_of(disk)
        places.secrets.mkdir(mode=0o700)
        fill(disk / "filler")
        with (
            pytest.raises(OSError, match=r"No space left.*key'"),
            private_file(disk / "key") as file,
        ):
            file.write(bytes(64))
        with pytest.raises((SurroundingsError, LmkError), match="No space left"):
            MADE[key](places)
        assert list(places.secrets.iterdir()) == []
        (disk / "filler").unlink()
        assert MADE[key](places)


def test_the_lmk_that_was_made_is_the_one_that_is_read(path: Path) -> None:
    assert create_lmk(path) == load_lmk(path)
