"""What a process with keys has in its memory stays there."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from config.isolation import ROOT
from tests.whole.house import Up, descendants_of

PR_GET_DUMPABLE = 3
THOSE_THAT_STAY = 4
"""Supervisor, host, switch and PostgreSQL, whose own processes come and go."""
ASK = (
    "import ctypes, resource; "
    f"print(ctypes.CDLL(None).prctl({PR_GET_DUMPABLE}, 0, 0, 0, 0),"
    " *resource.getrlimit(resource.RLIMIT_CORE))"
)


@pytest.mark.parametrize(
    "entry",
    [
        "import config.cli.app as entry; entry.status_of = lambda _: 0; end = entry.main",
        "import config.run.programs as entry; import sys; sys.argv = ['']; end = entry.main",
    ],
)
def test_a_process_that_opens_secrets_dumps_no_core_and_is_not_traced(entry: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{entry}\n"
        "try:\n    end()\nexcept BaseException: pass\n"
        f"{ASK}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "0 0 0\n", done.stderr


def test_nothing_that_up_starts_may_leave_a_core_file(tmp_path: Path) -> None:
    with Up(tmp_path / "data") as up:
        looked_at = 0
        for pid in (up.process.pid, *descendants_of(up.process.pid)):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
                [line] = [line for line in limits if line.startswith("Max core file size")]
                assert line.split()[4:6] == ["0", "0"]
                looked_at += 1
    assert looked_at > THOSE_THAT_STAY, "PostgreSQL's own workers may have gone meanwhile"
