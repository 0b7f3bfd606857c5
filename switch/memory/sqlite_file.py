"""SQLite files of the switch: readable by their user alone, written from more than one thread."""

import errno
import os
import sqlite3
from pathlib import Path


def made_private(path: Path) -> None:
    """Make the file where it is not there, readable by its user alone.

    Raises:
        OSError: that cannot be done, or the path is relative: the file would be made wherever the
            process happens to stand, and not be found again from elsewhere.
    """
    if not path.is_absolute():
        raise OSError(errno.EINVAL, "the path is relative; write it from / on", str(path))
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def autocommitting(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection whose transactions are begun and ended by their own words, if at all.

    It waits so long for another process's write.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """
    return sqlite3.connect(
        path, check_same_thread=False, isolation_level=None, timeout=busy_seconds
    )
