"""Where what nobody named a place for is kept: never where somebody happens to stand.

In a source tree that is the tree's own `var` and `build`, whichever directory the command is run
from. An installed posswitch keeps it where the system keeps data: /var/lib for root, the user's
data directory (XDG_DATA_HOME, ~/.local/share) for everybody else.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.isolation import ROOT

SYSTEM: Final = Path("/var/lib")


def home_of(root: Path, environ: Mapping[str, str], uid: int) -> Path:
    """The directory in which data, demos and benches of one installation have their own."""
    if (root / "pyproject.toml").exists():
        return root / "var"
    if uid == 0:
        return SYSTEM
    told = Path(environ.get("XDG_DATA_HOME", ""))
    return told if told.is_absolute() else Path("~/.local/share").expanduser().absolute()


_HOME: Final = home_of(ROOT, os.environ, os.geteuid())
_IS_TREE: Final = _HOME.parent == ROOT

DATA: Final = _HOME / "posswitch"
"""The data directory unless one is named."""
DEMO: Final = _HOME / ("demo" if _IS_TREE else "posswitch-demo")
"""Holds a directory for each demo."""
BENCH: Final = ROOT / "build" if _IS_TREE else _HOME / "posswitch-bench"
"""Where figures go, and the server that is measured."""
