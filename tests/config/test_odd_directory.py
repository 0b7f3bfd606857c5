"""Whatever lies where a command is run, it runs our code, and leaves nothing there."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.errors import SETTINGS_WRONG
from config.homes import home_of
from config.isolation import PACKAGES, ROOT, clean_environment, module_command
from host.link.address import Address, AddressError, listen
from switch.memory.sqlite_file import made_private

POSSWITCH = Path(sys.executable).with_name("posswitch")
READY_SECONDS_MAX = 90
TRAPS = ("host", "switch", "clearing", "terminals", "simulators", "trio", "psycopg", "typer")
"""Modules that a working directory may happen to have a file of the name of."""


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A directory in which every name we import means something else."""
    place = tmp_path / "trap"
    for name in ("config", "terminals"):
        (place / name).mkdir(parents=True)
        (place / name / "__init__.py").write_text("raise SystemExit('imported by mistake')\n")
    for name in TRAPS:
        (place / f"{name}.py").write_text("raise SystemExit('imported by mistake')\n")
    return place


def _names_in(place: Path) -> list[Path]:
    return sorted(place.rglob("*"))


def _up(command: Path, cwd: Path, data: Path, environ: dict[str, str]) -> None:
    """Everything up, and down again."""
    with subprocess.Popen(
        [command, "up", "--data", data, "--port", "0", "--estate", "demo"],
        cwd=cwd,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout is not None
        said = []
        for line in up.stdout:  # ends too when `up` does
            said.append(line)
            if line == "ready\n":
                break
        up.send_signal(signal.SIGINT)
        _, errors = up.communicate(timeout=READY_SECONDS_MAX)
    assert (up.returncode, said[-1:]) == (0, ["ready\n"]), (said, errors)


def test_up_runs_our_code_where_every_name_means_something_else(trap: Path, tmp_path: Path) -> None:
    before = _names_in(trap)
    _up(POSSWITCH, trap, tmp_path / "data", clean_environment())
    assert _names_in(trap) == before


def test_an_empty_entry_of_pythonpath_does_not_mean_the_working_directory(trap: Path) -> None:
    shutil.rmtree(trap / "config")  # the first import is the interpreter's, before any of ours
    said = subprocess.run(
        [POSSWITCH, "up", "--settings", "none.toml"],
        cwd=trap,
        env={**os.environ, "PYTHONPATH": os.pathsep},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "there is no settings file none.toml" in said.stderr
    assert said.returncode == SETTINGS_WRONG


def test_a_child_finds_our_code_before_that_of_pythonpath(trap: Path) -> None:
    for name in ("trio", "psycopg", "typer"):  # not ours: who names a directory of them means it
        (trap / f"{name}.py").unlink()
    said = subprocess.run(
        module_command("host.echo"),
        cwd="/",
        env={**clean_environment(), "PYTHONPATH": str(trap)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "imported by mistake" not in said.stderr
    assert "IndexError" in said.stderr  # it began, and was not told where to listen


def test_a_wheel_in_a_fresh_environment_runs_from_anywhere_and_leaves_nothing_there(
    trap: Path, tmp_path: Path
) -> None:
    command = _installed(tmp_path)
    before = _names_in(trap)
    _up(command, trap, tmp_path / "data", clean_environment({**os.environ, "HOME": str(tmp_path)}))
    asked = subprocess.run(
        [command, "explain", "39=51"], cwd=trap, capture_output=True, text=True, check=False
    )
    assert (asked.returncode, "insufficient funds" in asked.stdout) == (0, True)
    assert _names_in(trap) == before


def _installed(place: Path) -> Path:
    """`posswitch` of a wheel made from a copy of the tree; what it needs is taken from here."""
    source, wheels, venv = place / "source", place / "wheels", place / "venv"
    for name in (*PACKAGES, "requirements"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    _run(*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", wheels, source)
    _run(sys.executable, "-m", "venv", "--without-pip", venv)
    [wheel] = wheels.glob("posswitch-*.whl")
    _run(*pip, "--python", venv / "bin" / "python", "install", *offline, wheel)
    [packages] = venv.glob("lib/python*/site-packages")
    ours = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (packages / "borrowed.pth").write_text(f"{ours}\n")
    return venv / "bin" / "posswitch"


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_kept_in_the_working_directory_unless_it_is_named(tmp_path: Path) -> None:
    tree, elsewhere = tmp_path / "tree", tmp_path / "site-packages"
    tree.mkdir()
    (tree / "pyproject.toml").touch()
    assert home_of(tree, {}, 1000) == tree / "var"
    assert home_of(elsewhere, {}, 0) == Path("/var/lib")
    assert home_of(elsewhere, {"XDG_DATA_HOME": "/data"}, 1000) == Path("/data")
    assert home_of(elsewhere, {"XDG_DATA_HOME": "data"}, 1000).is_absolute()


def test_a_file_of_the_switch_is_never_made_by_a_relative_path() -> None:
    with pytest.raises(OSError, match="relative"):
        made_private(Path("switch-attestations.db"))
    with pytest.raises(AddressError, match="relative"):
        listen(Address.parse("unix:host.sock"))
    assert not Path("switch-attestations.db").exists()


def test_a_directory_that_is_gone_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["/bin/sh", "-c", 'rmdir "$PWD" && "$0" audit --data here', POSSWITCH],
        cwd=gone,
        env=clean_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert done.stderr.startswith(
        "posswitch: error E-DATA-PLACE: the directory you stand in is gone"
    )
