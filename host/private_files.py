"""Files of secrets: whole or not there, and opened by nobody but their owner.

A key that was half written when the disk was full, or the power went, would be in the way of the
next start and of every one after it: so each is written beside its place and moved there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from host.durable import sync_directory


@contextmanager
def private_file(path: Path, *, is_new: bool = False) -> Iterator[BinaryIO]:
    """A file to write into; it takes its place, on disk, as the block is left without an error.

    Raises:
        FileExistsError: it `is_new`, and there is one already, which stays as it is.
        OSError: it cannot be written, by its name; what was there before is there still.
    """
    with named(path), _beside(path, is_new=is_new) as file:
        yield file


@contextmanager
def named(path: Path) -> Iterator[None]:
    """In which a disk that is full or fails is told with the file that it was full for."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = os.fspath(path)
        raise


@contextmanager
def _beside(path: Path, *, is_new: bool) -> Iterator[BinaryIO]:
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            os.link(beside, path)
        else:
            beside.replace(path)
        sync_directory(path.parent)
    finally:
        beside.unlink(missing_ok=True)
