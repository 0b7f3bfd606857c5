"""Files that a person names: regular, of a size that can be meant, and read whole.

A name may be mistyped, or be a device that never ends and a pipe that nobody writes to; neither may
fill the memory or keep a program waiting. What is refused is an OSError with the file's name, so
whoever tells of a file that cannot be read tells of this as well.
"""

import errno
import os
import stat
from pathlib import Path
from typing import Final

SMALL_BYTES_MAX: Final = 1024 * 1024
"""Settings, certificates, keys, pins: written by people, or one thing each."""
LIST_BYTES_MAX: Final = 64 * 1024 * 1024
"""Lists that grow with a network: a revocation list."""
_PART_BYTES: Final = 1024 * 1024


def read_named(path: Path | str, bytes_max: int = SMALL_BYTES_MAX) -> bytes:
    """The whole of a file.

    Raises:
        OSError: it cannot be read, is no regular file, or is longer than so.
    """
    check_named(path, bytes_max)
    parts, left = [], bytes_max + 1  # what stands under /proc has no size, and may not end
    with Path(path).open("rb", buffering=0) as file:
        while left and (part := file.read(min(left, _PART_BYTES))):
            parts.append(part)
            left -= len(part)
    if not left:
        raise _too_long(path, bytes_max)
    return b"".join(parts)


def read_named_text(path: Path | str, bytes_max: int = SMALL_BYTES_MAX) -> str:
    """The text of a file, with the line ends that Python has.

    Raises:
        OSError: as `read_named`.
        UnicodeDecodeError: it is no UTF-8.
    """
    return read_named(path, bytes_max).decode("utf-8").replace("\r\n", "\n")


def check_named(path: Path | str, bytes_max: int = SMALL_BYTES_MAX) -> None:
    """Look at a file that something else is about to read.

    Raises:
        OSError: it is not there, is no regular file, or is longer than so.
    """
    status = os.stat(path)  # noqa: PTH116 - the name in its error is the one that was written
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, f"it is {_kind(status)} and no regular file", os.fspath(path))
    if status.st_size > bytes_max:
        raise _too_long(path, bytes_max)


def _too_long(path: Path | str, bytes_max: int) -> OSError:
    return OSError(errno.EFBIG, f"it is longer than {bytes_max:,} bytes", os.fspath(path))


def _kind(status: os.stat_result) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}
    return kinds.get(stat.S_IFMT(status.st_mode), "a block device")
