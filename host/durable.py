"""What was written, or named, is on disk before it is relied on."""

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    """Make what is in a file durable, whoever wrote it."""
    _sync(path)


def sync_directory(directory: Path) -> None:
    """Make the names in it durable."""
    _sync(directory, os.O_DIRECTORY)


def _sync(path: Path, flags: int = 0) -> None:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
