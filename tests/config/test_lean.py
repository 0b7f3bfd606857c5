"""A start takes nothing in that no program of ours has a use for, and takes it where one has."""

import subprocess
import sys

import pytest

RICH = "print('rich' in sys.modules)"


def _told(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {program}"],
        check=True, capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip


@pytest.mark.parametrize("program", ["host.program", "switch.program", "switch.web.program"])
def test_a_start_leaves_colours_out(program: str) -> None:
    assert _told(f"import config, {program}, structlog; {RICH}") == "False\n"


def test_who_prints_by_them_has_them_before_and_after() -> None:
    told = "import rich.console; print(rich.console.Console.__name__)"
    assert _told(f"import config, structlog; {told}") == "Console\n"
    assert _told(f"import config; {told}; import structlog; {RICH}") == "Console\nTrue\n"


def test_a_fault_is_still_told_where_nothing_was_configured() -> None:
    told = _told(
        "import config, structlog\n"
        "try:\n    raise LookupError('no such till')\n"
        "except LookupError:\n    structlog.get_logger().exception('it failed')"
    )
    assert "it failed" in told
    assert "LookupError: no such till" in told


def test_what_ends_is_not_looked_through_once_more() -> None:
    told = _told(
        "from config.cli import app; import gc; sys.argv = ['posswitch', '--version']\n"
        "try:\n    app.main()\n"
        "except SystemExit:\n    print(len(gc.get_objects()) < gc.get_freeze_count())"
    )
    assert told.splitlines()[-1] == "True"
