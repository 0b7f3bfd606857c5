"""Which code runs is for the installation to say, never for the directory somebody stands in.

Our packages have plain names (`config`, `host`, `switch`, …), and a folder of such a name in the
working directory, or on a PYTHONPATH meant for something else, would be imported in their place
by a process that holds keys. So our names are found beside this file and nowhere else, the
working directory is taken off the search path, and children start without it (`python -P`).
"""

import os
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""Where our packages are: the source tree, or site-packages."""
PACKAGES: Final = frozenset({"clearing", "config", "host", "simulators", "switch", "terminals"})
LAUNCHER: Final = Path(__file__).with_name("launch.py")
PATH_VARIABLE: Final = "PYTHONPATH"


class OursFirst:
    """A finder that knows our packages, and no others."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where one of our packages is; None for everything else."""
        if path is not None or name not in PACKAGES:
            return None
        return PathFinder.find_spec(name, [str(ROOT)], target)


def isolate() -> None:
    """Have this process import our packages from ROOT, and nothing from where it stands."""
    if OursFirst not in sys.meta_path:
        sys.meta_path.insert(0, OursFirst)
    kept = {str(ROOT), *sysconfig.get_paths().values()}
    here = _working_directory()
    sys.path[:] = [
        place
        for place in sys.path
        if place in kept or (place and here != _resolved(place)) or _resolved(place) == ROOT
    ]


def module_command(module: str, *words: str | Path) -> list[str]:
    """How one of our modules is started as a process."""
    return [sys.executable, "-P", str(LAUNCHER), module, *map(str, words)]


def clean_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child is given: ours, but for entries of PYTHONPATH that mean "where I stand"."""
    cleaned = dict(environ)
    places = cleaned.pop(PATH_VARIABLE, "").split(os.pathsep)
    if kept := [place for place in places if Path(place).is_absolute()]:
        cleaned[PATH_VARIABLE] = os.pathsep.join(kept)
    return cleaned


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it is gone
        return None


def _resolved(place: str) -> Path | None:
    try:
        return Path(place).resolve()
    except OSError:
        return None
