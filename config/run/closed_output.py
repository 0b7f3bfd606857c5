"""What a command does once nobody reads its output: it ends as others do there, by SIGPIPE.

Neither a traceback nor a status of ours: `posswitch audit | head -1` would say with a 1 that
something does not balance. Python ignores SIGPIPE, so that a peer who hangs up ends no program; a
write then meets a BrokenPipeError, and libraries between make an exit of status 1 of it.
"""

import os
import signal
import sys
from typing import NoReturn


def came_of_closed_output(error: BaseException | None) -> bool:
    """Whether this end of a command came of an output that nobody reads."""
    if isinstance(error, BaseExceptionGroup):
        return any(came_of_closed_output(each) for each in error.exceptions)
    if isinstance(error, SystemExit):
        return came_of_closed_output(error.__context__)
    return isinstance(error, BrokenPipeError)


def give_up_what_waits() -> None:
    """Let what an output did not take, as on a full disk, be lost now.

    Python would try once more at the end, and make an exit status of 120 of ours.
    """
    for output in (sys.stdout, sys.stderr):
        try:
            if output is not None:
                output.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, output.fileno())
            os.close(nowhere)


def end_by_sigpipe() -> NoReturn:
    """End as a program does that never heard of SIGPIPE; a shell calls that status 141."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPIPE})
    os.kill(os.getpid(), signal.SIGPIPE)
    raise AssertionError("SIGPIPE ends a process")
