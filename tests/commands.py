"""`posswitch` commands as processes of their own that do not import everything again.

A helper (`tests.forking`) makes a child of itself for each command. The child gets the command's
words, environment and standard streams, runs `config.cli.app.main` and ends with its status.
That a command works when started cold is for `tests/config/cli/test_app.py` to say.
"""

import functools
import gc
import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from typer.testing import CliRunner

from config.cli.app import whole_command
from config.language import chinese_of
from config.run.children import start_child
from tests.clusters import copy_clusters
from tests.forking import Helper, end_with, take_orders

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
every_command = functools.cache(whole_command)
"""All of the command line in English, to look at."""


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
    spelled = [str(word) for word in words]
    order = {
        "words": spelled,
        "environ": dict(os.environ if environ is None else environ),
        "directory": str(Path.cwd()),
        "login": login,
        "user": user,
    }
    return subprocess.CompletedProcess(spelled, *_helper().carry_out(order, given))


@functools.cache
def _helper() -> Helper:
    return Helper(
        "from tests.commands import serve; serve()",
        lambda command, line: start_child(command, given=line),
    )


def serve() -> None:
    """Take orders until there is nobody to give them; a child carries each out."""
    _import_everything()
    take_orders(_become)


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
    login: int | None,
    user: int | None,
) -> NoReturn:
    """This process is the command, to its end."""
    from config.cli.app import main

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
    end_with(main)
