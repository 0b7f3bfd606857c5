"""Named places where a test may end the process, to prove that nothing is lost there.

Inert unless POSSWITCH_FAULT_POINT names one: `before_commit:3` kills the process with SIGKILL
the third time that point is reached. Points: `mid_batch`, `before_commit`,
`after_commit_before_reply`.
"""

import os
import signal
from typing import Final

VARIABLE: Final = "POSSWITCH_FAULT_POINT"


class FaultPoints:
    """Counts down to the one fault this process was started to have."""

    def __init__(self, spelled: str | None) -> None:
        name, _, times = (spelled or "").partition(":")
        self._name = name
        self._left = int(times or "1")

    def reach(self, name: str) -> None:
        """Say that this point is reached; returns, unless it is the one and its time has come."""
        if name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


reach: Final = FaultPoints(os.environ.get(VARIABLE)).reach
