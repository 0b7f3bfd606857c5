"""What is in a process's memory leaves it by no core file and through no debugger.

Host, switch and every command hold keys in the clear while they work. A core file would hold the
local master key; another process of the same user could read it out of a process that may be
traced. Both are given up for the life of the process, and children inherit the first.
"""

import ctypes
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@contextmanager
def may_be_told() -> Iterator[None]:
    """What the system keeps of this process may be written by it, for a moment.

    Of a process that keeps to itself those files are root's.
    """
    before = _LIBC.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
    _LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
    try:
        yield
    finally:
        _LIBC.prctl(PR_SET_DUMPABLE, before, 0, 0, 0)


def keep_to_ourselves() -> None:
    """No core file of this process or its children, and nobody but root traces this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
