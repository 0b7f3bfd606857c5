"""What a start and an end leave out: a third of what a command took that imports the host.

One is `rich`, which structlog takes for colours wherever it is installed. With what it needs in
turn it is some seventy modules, for tracebacks at a developer's terminal. Ours are a line of JSON
each. Whoever prints a help page has it all the same.

The other is looking for what is free. What is imported stays, and there is much of it: the
collector looks after so many new containers as it does later, and not once more at the end, when
the system takes all.
"""

import gc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

COLLECT_AFTER: Final = 50_000
"""New containers between two looks of the garbage collector."""
LEFT_OUT: Final = "rich"
ASKER: Final = "structlog.dev"
LAST_NAMED: Final = "ConsoleRenderer"
"""What the asker has no sooner than it is past its imports."""


class WithoutColours:
    """A finder that has no `rich` for structlog, which then does without, and for nobody else."""

    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Never where something is. None: another finder may know.

        Raises:
            ModuleNotFoundError: it is `rich`, and structlog that asks.
        """
        asker = sys.modules.get(ASKER) if name == LEFT_OUT else None
        if asker is not None and not hasattr(asker, LAST_NAMED):
            msg = f"{LEFT_OUT} is left out of {ASKER}"
            raise ModuleNotFoundError(msg, name=LEFT_OUT)
        return None


def leave_out() -> None:
    """From here on, in this process."""
    gc.set_threshold(COLLECT_AFTER)
    if WithoutColours not in sys.meta_path:
        sys.meta_path.insert(0, WithoutColours)


def look_no_more() -> None:
    """This process ends: nothing that it has is looked at again."""
    gc.freeze()
