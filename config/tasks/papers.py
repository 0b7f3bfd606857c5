"""Files that the office hands out, as a command line keeps them: whole or not at all, ours alone.

A file is begun before anything is asked, beside its place and under a name of its own, so that
what is handed out once is never lost to a place that cannot be written; whole, it gets its name.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from config.errors import SurroundingsError
from host.office.files import FILE_BYTES_MAX

ONLY_US: Final = 0o600


class Paper:
    """A file that is begun and has no name yet."""

    def __init__(self, to: Path, begun: Path, descriptor: int) -> None:
        self._to = to
        self._begun = begun
        self._descriptor = descriptor

    def write(self, content: bytes) -> None:
        """Write it whole and give it its name.

        Raises:
            SurroundingsError: there is no room, or somebody has that name meanwhile.
        """
        with self.filled() as file:
            file.write(content)

    @contextmanager
    def filled(self) -> Iterator[BinaryIO]:
        """A file to be written part by part; it gets its name when all of it is there.

        Raises:
            SurroundingsError: there is no room, or somebody has that name meanwhile.
        """
        try:
            with os.fdopen(self._descriptor, "wb", closefd=False) as file:
                yield file
                file.flush()
                os.fsync(self._descriptor)
            os.link(self._begun, self._to, follow_symlinks=False)
        except OSError as error:
            raise _refused(self._to, error) from error


@contextmanager
def begun_paper(to: Path) -> Iterator[Paper]:
    """A place for a file that nobody else may read.

    Raises:
        SurroundingsError: it is there already, or cannot be written.
    """
    begun = to.with_name(f".{to.name}.{secrets.token_hex(8)}")
    try:
        if to.exists() or to.is_symlink():
            raise FileExistsError(17, os.strerror(17))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(begun, flags, ONLY_US)
    except OSError as error:
        raise _refused(to, error) from error
    try:
        yield Paper(to, begun, descriptor)
    finally:
        os.close(descriptor)
        begun.unlink(missing_ok=True)


def read_paper(path: Path) -> bytes:
    """A file that is to be sent.

    Raises:
        SurroundingsError: it cannot be read, or is larger than the office takes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise SurroundingsError(
            f"{path} cannot be read: {error.strerror}. Next: name a file that can", "E-FILE"
        ) from error
    if len(content) > FILE_BYTES_MAX:
        raise SurroundingsError(
            f"{path} is larger than {FILE_BYTES_MAX} bytes, and was not sent. Next: send its rows "
            "in several files, each with the line of heads",
            "E-FILE",
        )
    return content


def _refused(to: Path, error: OSError) -> SurroundingsError:
    return SurroundingsError(
        f"{to} cannot be written: {error.strerror}. Next: name another file", "E-FILE"
    )
