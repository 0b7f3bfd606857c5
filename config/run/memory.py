"""What is in a process's memory leaves it by no core file and through no debugger.

Host, switch and every command hold keys in the clear while they work. A core file would hold the
local master key; another process of the same user could read it out of a process that may be
traced. Both are given up for the life of the process, and children inherit the first.
"""

import ctypes
import resource
from typing import Final

PR_SET_DUMPABLE: Final = 4

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def keep_to_ourselves() -> None:
    """No core file of this process or its children, and nobody but root traces this process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
