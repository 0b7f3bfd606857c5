"""How long Linux lets a process go on before it looks at who else wants the processor.

Who has a processor keeps it for a slice of some milliseconds, also where somebody of a higher
priority wakes up meanwhile (EEVDF, since 6.6). A message of a till wakes four processes one after
the other, and waits for a slice each time it comes to a processor on which a page or a night is at
work. Since 6.12 a process may be given another slice (sched_setattr(2), `sched_runtime`).
"""

import ctypes
import os
import platform
import struct
from typing import Final

SHORT_NS: Final = 100_000
"""The shortest there is."""
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_SET_AND_GET: Final = {"x86_64": (314, 315), "aarch64": (274, 275)}
"""Numbers of both calls: the C library has no names for them before its 2.41."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""struct sched_attr, the first: size, policy, flags, nice, priority, runtime, deadline, period."""


def give_slice(process: int, nanoseconds: int = SHORT_NS) -> None:
    """Let it go on for so long at a time; its priority stays. Older systems take no notice.

    Raises:
        OSError: it may not be told so, or is gone.
    """
    numbers = _SET_AND_GET.get(platform.machine())
    if numbers is None:
        return
    nice, policy = os.getpriority(os.PRIO_PROCESS, process), os.sched_getscheduler(process)
    told = _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, 0, nice, 0, nanoseconds, 0, 0)
    if _LIBC.syscall(numbers[0], process, told, 0):
        failed = ctypes.get_errno()
        raise OSError(failed, os.strerror(failed))


def slice_of(process: int) -> int:
    """What it was given, in nanoseconds; 0 where the system tells none.

    Raises:
        OSError: it is gone.
    """
    numbers = _SET_AND_GET.get(platform.machine())
    if numbers is None:
        return 0
    told = ctypes.create_string_buffer(_ATTRIBUTES.size)
    if _LIBC.syscall(numbers[1], process, told, _ATTRIBUTES.size, 0):
        failed = ctypes.get_errno()
        raise OSError(failed, os.strerror(failed))
    *_, runtime, _, _ = _ATTRIBUTES.unpack(told.raw)
    return int(runtime)
