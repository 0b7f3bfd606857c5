"""A directory of ours as where files are brought to: others fetch them from there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from clearing.sending import SendingError
from host.durable import sync_directory

BLOCK_BYTES: Final = 1 << 20


class Directory:
    """`Far`, on this machine; made where it is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, name: str, source: Path) -> None:
        """See `Far`."""
        with _told():
            self._path.mkdir(parents=True, exist_ok=True)
            with source.open("rb") as file, (self._path / name).open("wb") as made:
                shutil.copyfileobj(file, made, BLOCK_BYTES)
                made.flush()
                os.fsync(made.fileno())

    def rename(self, before: str, name: str) -> None:
        """See `Far`."""
        with _told():
            (self._path / before).replace(self._path / name)
            sync_directory(self._path)

    def read(self, name: str) -> Iterator[bytes] | None:
        """See `Far`."""
        with _told():
            return _blocks(self._path / name) if (self._path / name).exists() else None


def _blocks(path: Path) -> Iterator[bytes]:
    with _told(), path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
        raise SendingError(message) from error
