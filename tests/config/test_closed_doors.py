"""Every command on a data directory that it cannot use: a sentence and status 3, no traceback."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from config.cli.app import app
from config.places import places_of
from config.run.database import opened_database
from config.run.estates import estate_named, loader
from config.settings import DatabaseSettings
from tests.commands import run_command

NOBODY = 65_534
NEEDED = {
    "audit export": ["/dev/null/export.jsonl"],
    "lottery export": ["DEMO", "--out", "/dev/null/demo.lottery"],
    "rules dry-run": ["--date", "2026-11-22"],
    "rules explain": ["000001@80010001"],
    "rules what-if": ["1", "1", "80010001"],
    "keys generate": ["80010001"],
    "keys import": ["80010001"],
    "card show": ["1"],
    "clearing show": ["2026-11-22"],
    "clearing rerun": ["2026-11-22"],
    "clearing verify": ["2026-11-22"],
    "init": ["--login", "wang", "--name", "Wang"],
    "keys export": ["80010001", "--to-tr31", "vendor"],
    "keys rotate": ["80010001"],
    "keys seat": ["80010001"],
    "link certificate": ["switch-1"],
    "link trust": [
        "switch-1",
        "MCowBQYDK2VwAyEAc//MQi973+WP1ihzRKGrmGt9mQk7kLe9k47PAh3mR2g=",
    ],
    "record": ["/dev/null/day.jsonl"],
    "simulate pos": ["--prompt", "--terminal", "80010001", "--components", "/nowhere"],
    "simulate scenario": ["simulators/scenarios/pos_day.toml"],
    "terminal resolve": ["1", "--note", "seen", "--by", "alice"],
    "terminal show": ["80010001"],
    "trace": ["000001@80010001"],
}
"""What a command must be told beside its data directory."""


def commands() -> Iterator[tuple[str, set[str]]]:
    """Every command that takes a data directory, as it is typed, and its options."""
    yield from _below(typer.main.get_command(app), [])


def _below(command: Any, words: list[str]) -> Iterator[tuple[str, set[str]]]:
    children = getattr(command, "commands", {})
    for name, child in children.items():
        yield from _below(child, [*words, name])
    if children and not command.invoke_without_command:
        return
    options = {name for option in command.params for name in option.opts}
    if "--data" in options:
        yield " ".join(words), options


TELLS_WHAT_IS_WRONG = {"doctor"}
"""What refuses nothing: such a directory is what it finds, and its status is 1."""
COMMANDS = sorted(name for name, _options in commands() if name not in TELLS_WHAT_IS_WRONG)


def test_the_commands_that_touch_data_are_found() -> None:
    assert {"up", "audit", "clearing run", "terminal show", "keys list", "reload"} <= set(COMMANDS)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A posswitch that was used, and is down."""
    places = places_of(tmp_path_factory.mktemp("closed") / "data")
    with opened_database(DatabaseSettings(), places, say=lambda _text: None):
        from config.run.database import dsn_of

        owner = dsn_of("owner", DatabaseSettings(), places.cluster)
        loader(estate_named("demo"), "Asia/Shanghai")(owner, places)
    for above in places.data.parents:
        if above.stat().st_uid == os.geteuid() and not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o001)
    return places.data


def _refused(
    command: str, data: Path, needed: Sequence[str] = (), *, user: int | None = None
) -> str:
    """What the command said; it must have refused."""
    needed = needed or NEEDED.get(command, [])
    words: list[str | Path] = [*command.split(), *needed, "--data", data]
    done = run_command(*words, user=user)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "posswitch: error E-" in done.stderr
    assert "Next: " in done.stderr
    return done.stderr


IS_READABLE = all(each.stat().st_mode & 0o001 for each in Path(__file__).resolve().parents)
"""Whether another user can import what is tested from here."""
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not IS_READABLE,
    reason="only root can become another user, and that one has to reach this tree",
)


@needs_root
@pytest.mark.parametrize("command", COMMANDS)
def test_another_users_directory(command: str, data: Path) -> None:
    said = _refused(command, data, user=NOBODY)
    assert "belongs to user root, and you are user nobody" in said
    assert "Next: sudo -u root posswitch" in said


@needs_root
@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_below_a_closed_one(command: str, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    assert "closed to you" in _refused(command, closed / "data", user=NOBODY)


@needs_root
@pytest.mark.parametrize("command", COMMANDS)
def test_ones_own_directory_that_one_may_not_look_into(command: str, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    os.chown(own, NOBODY, NOBODY)
    own.chmod(0)
    assert "mode 0000" in _refused(command, own, user=NOBODY)


@needs_root
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "demo"])
@pytest.mark.parametrize("closed", ["secrets", "run", "log", "postgres", "posswitch.toml"])
def test_ones_own_directory_in_which_something_is_anothers(
    command: str, closed: str, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    for name in ("secrets", "run", "log", "files", "postgres", "postgres/cluster"):
        (own / name).mkdir(parents=True)
    (own / "posswitch.toml").touch()
    for path in (own, *own.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.chown(own / closed, 0, 0)
    (own / closed).chmod(0o700 if (own / closed).is_dir() else 0o600)
    if closed in LOOKS_NOT_AT.get(command, ()):
        pytest.skip("it does not look there")
    _refused(command, own, user=NOBODY)


LOOKS_NOT_AT = {
    "record": {"secrets", "log", "postgres", "posswitch.toml"},
    "reload": {"secrets", "log", "postgres", "posswitch.toml"},
    "switch": {"postgres"},
    "web": {"postgres"},
    "link certificate": {"postgres", "posswitch.toml"},
    "link trust": {"postgres", "posswitch.toml"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_in_the_place_of_the_directory(command: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert "is a file and no data directory" in _refused(command, tmp_path / "data")
    assert "a file stands" in _refused(command, tmp_path / "data" / "below")


MAKES_IT = {"up", "demo", "init", "link certificate"}
"""What makes a data directory where there is none, as it is documented."""
OTHERS = [name for name in COMMANDS if name not in MAKES_IT]
TAKES_SETTINGS = [
    name for name, options in commands() if name in OTHERS and "--settings" in options
]


@pytest.mark.parametrize("command", OTHERS)
def test_a_directory_that_is_not_there_is_not_made(command: str, tmp_path: Path) -> None:
    said = _refused(command, tmp_path / "data")
    assert f"there is no data directory {tmp_path}/data" in said
    assert f"posswitch up --data {tmp_path}/data" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", OTHERS)
def test_a_directory_of_something_else_stays_as_it_is(command: str, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    said = _refused(command, tmp_path)
    assert f"{tmp_path} is no data directory of posswitch" in said
    assert [file.name for file in tmp_path.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize("command", TAKES_SETTINGS)
def test_a_database_of_your_own_makes_no_directory_either(command: str, tmp_path: Path) -> None:
    """Its server would be there, whatever `--data` says."""
    own = tmp_path / "own.toml"
    login = '"host=127.0.0.1 port=1 dbname=none"'
    own.write_text("[database]\n" + "".join(f"{each} = {login}\n" for each in LOGINS))
    said = _refused(f"{command} --settings {own}", tmp_path / "data", NEEDED.get(command, []))
    assert f"there is no data directory {tmp_path}/data" in said
    assert list(tmp_path.iterdir()) == [own]


LOGINS = ("owner", "host", "night", "audit")
NEEDS_A_DATABASE = [
    name
    for name in OTHERS
    if name not in {"audit key", "switch", "web", "record", "reload", "top", "link trust"}
]


@pytest.mark.parametrize("command", NEEDS_A_DATABASE)
def test_no_database_is_made_in_the_directory_of_a_switch(command: str, tmp_path: Path) -> None:
    (tmp_path / "posswitch.toml").touch()
    said = _refused(command, tmp_path)
    assert f"there is no database in {tmp_path}" in said
    assert [file.name for file in tmp_path.iterdir()] == ["posswitch.toml"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_directory_that_cannot_be_made(command: str, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        _refused(command, Path("/proc/posswitch-data"))
    else:
        tmp_path.chmod(0o500)
        _refused(command, tmp_path / "data")
        tmp_path.chmod(0o700)


WRITES_NOTHING = {"web"}


@pytest.mark.parametrize(
    "command", [name for name in COMMANDS if name not in {"demo", *WRITES_NOTHING}]
)
def test_a_directory_that_cannot_be_written(command: str, read_only: Callable[[], Path]) -> None:
    _refused(command, read_only())


@pytest.fixture
def read_only(data: Path, tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A used directory on a file system that is mounted for reading; for a plain user, modes."""
    place = tmp_path / "read-only"
    if os.geteuid() == 0:
        place.mkdir()
        steps = (
            ["mount", "--bind", str(data), str(place)],
            ["mount", "-o", "remount,bind,ro", str(place)],
        )
        for words in steps:
            if subprocess.run(words, capture_output=True, check=False).returncode:
                pytest.skip("nothing can be mounted here")
        yield lambda: place
        subprocess.run(["umount", place], check=True)
        return
    shutil.copytree(data, place)
    for path in (place, *place.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield lambda: place
    for path in (place, *(each for each in place.rglob("*") if each.is_dir())):
        path.chmod(0o700)


def test_a_command_that_meets_a_bug_keeps_its_traceback() -> None:
    """Only files are excused: what else goes wrong is ours to find."""
    code = (
        "import config.cli.app as cli\n"
        "def broken(**_): raise OSError('no file of anybody')\n"
        "cli.app = broken\n"
        "cli.main()"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr
