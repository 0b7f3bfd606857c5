"""`posswitch` commands as processes of their own that do not import everything again.

A helper imports the programs once and makes a child of itself for each command. The child gets the
command's words, environment and standard streams, runs `config.cli.app.main` and ends with its
status.
That a command works when started cold is for `tests/config/cli/test_app.py` to say.
"""

import functools
import gc
import importlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from typer.testing import CliRunner

from config.cli.app import whole_command
from config.language import chinese_of
from config.run.children import start_child
from tests.clusters import copy_clusters

ROOT = Path(__file__).parents[1]
PROGRAMS = (
    *(
        "cli.app",
        "cli.chinese",
        "cli.generated",
        "tasks.office",
        "run.database",
        "run.reloading",
        "run.supervisor",
    ),
    *("tasks.describe", "tasks.keys", "tasks.night", "tasks.simulate", "tasks.terminals"),
)
"""Modules of `config` that import what the commands need."""
SECONDS_MAX = 1_800.0
"""How long a command may take, the audit of a long run at the most: a limit, not a measure."""
every_command = functools.cache(whole_command)
"""All of the command line in English, to look at."""
STREAMS = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}


def run_command(
    *words: str | Path,
    given: bytes = b"",
    environ: Mapping[str, str] | None = None,
    login: int | None = None,
    user: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `posswitch` with these words to its end.

    `login` is the user whom the kernel has as logged in, `user` whom it runs as.
    """
    with tempfile.TemporaryDirectory(prefix="posswitch-command-") as place:
        streams = [Path(place, str(number)) for number in STREAMS]
        for path, content in zip(streams, (given, b"", b""), strict=True):
            path.write_bytes(content)
        order: dict[str, Any] = {
            "words": [str(word) for word in words],
            "environ": dict(os.environ if environ is None else environ),
            "directory": str(Path.cwd()),
            "streams": [str(path) for path in streams],
            "login": login,
            "user": user,
        }
        status = _helper().run(order)
        said, errors = (path.read_text() for path in streams[1:])
    return subprocess.CompletedProcess(order["words"], status, said, errors)


class Helper:
    """The process that has imported everything; it ends with us."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            code = (
                f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
                "from tests.commands import serve; serve()"
            )
            self._process = start_child([sys.executable, "-c", code], given=theirs.fileno())
        self._ours, self._line = ours, ours.makefile("rw")

    def run(self, order: Mapping[str, object]) -> int:
        """The exit status of this command.

        Raises:
            TimeoutError: it did not end, and so takes no others.
        """
        self._line.write(json.dumps(order) + "\n")
        self._line.flush()
        if not select.select([self._ours], [], [], SECONDS_MAX)[0]:
            raise TimeoutError(f"{order['words']} did not end within {SECONDS_MAX:.0f} s")
        return int(self._line.readline())


@functools.cache
def _helper() -> Helper:
    return Helper()


def serve() -> None:
    """Take orders until there is nobody to give them; a child carries each out."""
    _import_everything()
    with socket.socket(fileno=os.dup(0)) as line, line.makefile("rw") as orders:
        while order := orders.readline():
            child = os.fork()
            if child == 0:
                _become(**json.loads(order))
            _, status = os.waitpid(child, 0)
            orders.write(f"{os.waitstatus_to_exitcode(status)}\n")
            orders.flush()


def _import_everything() -> None:
    copy_clusters()
    for name in PROGRAMS:
        importlib.import_module(f"config.{name}")
    done = CliRunner().invoke(importlib.import_module("config.cli.app").app, ["explain", "39=00"])
    assert done.exit_code == 0, done.output  # and typer has imported what it does when called
    assert chinese_of(done.output) != done.output  # and the catalogue has been read
    gc.freeze()  # a child that looks through all this for what is free would copy it


def _become(
    words: list[str],
    environ: dict[str, str],
    directory: str,
    streams: list[str],
    login: int | None,
    user: int | None,
) -> NoReturn:
    """This process is the command, to its end."""
    from config.cli.app import main

    for (number, flags), path in zip(STREAMS.items(), streams, strict=True):
        opened = os.open(path, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, "r" if number == 0 else "w", closefd=False)  # noqa: SIM115 - ours for life
        for number in STREAMS
    )
    if login is not None:
        Path("/proc/self/loginuid").write_text(str(login))
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(directory)
    sys.argv = ["posswitch", *words]
    status = 1
    try:
        main()
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as an interpreter would
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # to take apart all that was imported takes longer than most commands
