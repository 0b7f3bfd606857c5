"""Starts one of our modules: `python -P launch.py MODULE [WORD]…`, by this file's own path.

`python -m` would look for the module where it is started.
"""

import runpy
import sys
from pathlib import Path


def main() -> None:
    """Become the module that is named."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import config  # noqa: F401 - from now on our packages are found beside this file alone

    del sys.path[0], sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
