"""Runs a module of ours in a process that is to die at a named point.

`python -P tests/faulty.py before_commit:3 config host --data DIR`: SIGKILL, the third time that the
point is reached.
"""

import os
import runpy
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class FaultPoints:
    """Counts down to the one fault that this process is to have."""

    def __init__(self) -> None:
        self._name, self._left = "", 0

    def aim(self, spelled: str) -> None:
        """It dies there."""
        name, _, times = spelled.partition(":")
        self._name = name
        self._left = int(times or "1")

    def reach(self, _name: str) -> None:
        """Say that this point is reached; returns, unless it is the one and its time has come."""
        if _name != self._name:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


FAULT = FaultPoints()
"""Of this process."""


def arm_later() -> None:
    """Let this process, or a child of it, be told yet where to die; before it imports a program."""
    from host import faultpoints

    faultpoints.reach = FAULT.reach


def arm(spelled: str) -> None:
    """Have this process die there; before it imports a program."""
    arm_later()
    FAULT.aim(spelled)


def faulty_command(spelled: str, module: str, *words: str | Path) -> list[str]:
    """How a module is started in a process that dies so."""
    return [sys.executable, "-P", str(Path(__file__).resolve()), spelled, module, *map(str, words)]


def main() -> None:
    """Arm the point, and become the module."""
    sys.path.insert(0, str(ROOT))
    arm(sys.argv[1])
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
