"""Small disks that are full when a test says so: file systems of their own in memory.

Only root may mount one; elsewhere such a test is skipped, with the reason in pytest's summary.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MIB = 1024 * 1024


@contextlib.contextmanager
def small_disk(place: Path, *, mebibytes: int = 8) -> Iterator[Path]:
    """A file system of this size, mounted there as long as the block lasts."""
    place.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("a disk that is full is a file system of its own, and only root may mount one")
    size = f"size={mebibytes}m,mode=0755"
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", size, "tmpfs", place], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(file: Path, *, leave_bytes: int = 0) -> None:
    """Take all the room that is left on the file's disk, but so much."""
    room = os.statvfs(file.parent)
    with file.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        filler.write(b"\0" * max(0, room.f_bavail * room.f_frsize - leave_bytes))
        while not leave_bytes:
            filler.write(b"\0")


def database_directory() -> Path:
    """A directory that a server which runs as another user can reach."""
    place = Path(tempfile.mkdtemp(prefix="posswitch-disk-", dir="/tmp"))
    place.chmod(0o711)
    return place
