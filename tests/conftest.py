"""What every test may ask for: a real PostgreSQL, and a fresh migrated database on it."""

import contextlib
import gc
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import hypothesis
import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from xdist.scheduler import LoadFileScheduling

from config.run.database import DATABASE, Dsns, embedded_dsns, make_database
from config.run.postgres import PostgresServer, start_postgres
from tests.clusters import PLACE, cluster_at, copy_clusters
from tests.quickly import hash_quickly

hypothesis.settings.register_profile("posswitch", deadline=None)
hypothesis.settings.load_profile("posswitch")
"""How long an example takes says how busy the machine is."""

structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback
"""The usual one paints every local value of every frame, which takes a second."""

os.environ["LC_ALL"] = "C.UTF-8"
"""What commands say is compared in English, whoever runs the tests."""

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / "build" / "pycache")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
"""Hundreds of our programs start in a run. Who wants nothing written beside the sources has what is
compiled of them where all is that can be made again, not compiled by each."""

TEMPLATE = "posswitch_template"
DIRECTORY_PREFIX = "pstests-"
"""Short: with the process after it, it leaves room for sockets below it (107 bytes in all)."""
SERVER_PREFIX = "posswitch-test-"
OWNER = "owner"
"""In a server's directory: the process whose it is."""
DAY_SECONDS = 86_400
WORKERS = 3
LEFT_MAX = 2
"""Databases that stand although their tests are over."""
MEMORY, MEMORY_BYTES_MIN = Path("/dev/shm"), 6 << 30
"""Where files are quick, and from how much room on: a disk is proved elsewhere."""
PLACES = {Path(tempfile.gettempdir()), MEMORY}
LONGEST_FIRST = ("whole", "config", "simulators", "clearing", "switch", "host", "terminals")
"""With several workers a file goes to one of them whole; no long one may be left to the end."""
OF_ONE_HOUSE = (
    re.compile(
        r"tests/simulators/(?:till/)?test_(?:\w*in_chinese|every_row|prompt|scenarios|sessions)\.py"
    ),
    re.compile(r"tests/switch/seat/test_\w+\.py"),
    re.compile(r"tests/host/store/test_(?:insider|own_words|upgrades|written_over)\.py"),
    re.compile(r"tests/config/tasks/test_demo(?:_walk)?\.py"),
)
"""Files that share what is started once for them all, so that one worker takes them."""
PICTURES = "POSSWITCH_TESTS_PICTURES"
"""In the environment of a run that keeps them."""
_OWN_DIRECTORY = pytest.StashKey[Path]()


class Count(NamedTuple):
    """How often something is tried: in every run, and in `make chaos`."""

    short: int
    full: int
    what: str


COUNTS = {
    "cycles": Count(1, 100, "times that everything is killed"),
    "cuts": Count(3, 300, "times, a second apart, that the writers' connections are ended"),
    "overload": Count(5, 600, "seconds of three times the trade that can be served"),
    "soak": Count(4, 1_800, "seconds of steady trade"),
    "fuzz": Count(8_000, 1_000_000, "broken frames"),
    "forgeries": Count(4_000, 100_000, "forged message authentication codes"),
    "partitions": Count(5, 50, "failures of the network between switch and host"),
    "storms": Count(18, 1_000, "requests that come up to twenty times each"),
    "day": Count(300, 20_000, "messages of the day that is played again"),
    "interleavings": Count(120, 10_000, "orders of a sale and its reversals, with an issuer"),
    "nights": Count(3, 200, "nights that are killed at their work"),
    "edits": Count(120, 1_000, "rows changed, put in or taken out by who owns the database"),
    "stride": Count(4, 1, "columns that one by hand is edited of, of all tables in a row"),
    "failovers": Count(1, 20, "times that the primary of two databases dies"),
    "seeds": Count(200, 5_000, "runs of tills that do anything, against a model"),
    "orders": Count(300, 10_000, "orders of a sale and its reversals, at our own host"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make chaos` says."""
    parser.addoption("--full", action="store_true", help="the full count of everything counted")
    parser.addoption("--pictures", action="store_true", help="keep pictures of pages that are seen")
    parser.addoption("--seed", type=int, default=8583, help="of all that is drawn")
    for name, count in COUNTS.items():
        told = f"{count.what}: {count.short}, with --full {count.full}"
        parser.addoption(f"--{name}", type=int, help=told)


@pytest.fixture(scope="session")
def counts(pytestconfig: pytest.Config) -> SimpleNamespace:
    """How often to try, by the names of `COUNTS`, and the `seed`."""
    is_full, told = pytestconfig.getoption("full"), {"seed": pytestconfig.getoption("seed")}
    for name, count in COUNTS.items():
        asked = pytestconfig.getoption(name)
        told[name] = asked if asked is not None else count.full if is_full else count.short
    return SimpleNamespace(**told)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """All tests go to three workers of pytest-xdist; a part that is named runs right here, where it
    can be watched, unless `-n` says otherwise."""
    is_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_told = config.option.usepdb or getattr(config.option, "numprocesses", 0) is not None
    if is_all and not is_told and not _is_worker(config):
        config.option.numprocesses = WORKERS
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A directory of this run's own. The usual one is closed to others by each run that starts,
    and with it a server that runs as another user because we are root.

    Who starts us in the background has Ctrl-C ignored, and so would all that we start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("pictures"):
        os.environ[PICTURES] = "1"
    if not _is_worker(config):
        tempfile.tempdir = os.environ["TMPDIR"] = _quick_directory()
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix=f"{DIRECTORY_PREFIX}{os.getpid()}-")
        config.stash[_OWN_DIRECTORY] = Path(config.option.basetemp)
    if PLACE not in os.environ:
        os.environ[PLACE] = str(_server_directory())
        config.add_cleanup(_drop_cluster)
    copy_clusters()


def _drop_cluster() -> None:
    shutil.rmtree(os.environ.pop(PLACE), ignore_errors=True)


CLOCKS = {"mock_clock", "autojump_clock"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """A clock acts on the test that has it as an argument: a mark alone leaves the wall's ticking.

    pytest-trio looks for clocks among the arguments, and says nothing of others.
    """
    marked = {name for mark in item.iter_markers("usefixtures") for name in mark.args}
    if marked & CLOCKS:
        msg = f"{item.nodeid} is marked with a clock: let it be an argument, a mark does nothing"
        raise pytest.UsageError(msg)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What a failed run leaves is for who looks into it, for a day."""
    directory = session.config.stash.get(_OWN_DIRECTORY, None)
    if directory is None:
        return
    if exitstatus == pytest.ExitCode.OK or not any(directory.iterdir()):
        shutil.rmtree(directory, ignore_errors=True)
    for left in (left for place in PLACES for left in place.glob(f"{DIRECTORY_PREFIX}*")):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > DAY_SECONDS and not is_in_use(left.name):
                shutil.rmtree(left, ignore_errors=True)


def is_in_use(name: str) -> bool:
    """Whether the run whose directory this is goes on, however old it looks: clocks may be set.

    Its process is in the name. In the directory it could not be kept: pytest empties what it is
    given before it begins.
    """
    owner = name.removeprefix(DIRECTORY_PREFIX).partition("-")[0]
    return owner.isdecimal() and Path("/proc", owner).exists()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Files go to workers whole, and those of one house together."""
    return _ByHouse(config, log)


class _ByHouse(LoadFileScheduling):  # type: ignore[misc] # xdist tells no types
    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        houses = (place for place, one in enumerate(OF_ONE_HOUSE) if one.fullmatch(file))
        return next((f"house {place}" for place in houses), file)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """All that is collected stays: to look for what is free again would take a fifth of it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The order in which workers take files."""
    if _is_worker(config):
        items.sort(key=lambda item: _turn(item.path.relative_to(Path(__file__).parent).parts[0]))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _turn(folder: str) -> int:
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


@pytest.fixture(autouse=True)
def logs_of_this_test_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test runs here may configure the logs of this process: no later test is the wiser."""
    configure = structlog.configure

    def without_memory(**words: Any) -> None:
        configure(**words | {"cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", without_memory)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def passable_directories(tmp_path_factory: pytest.TempPathFactory) -> None:
    """When we are root, servers run as another user, who must pass to a test's directory."""
    if os.geteuid() != 0:
        return
    base, make = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp

    def make_passable(basename: str, numbered: bool = True) -> Path:
        path = make(basename, numbered)
        path.chmod(0o711)
        return path

    tmp_path_factory.mktemp = make_passable  # type: ignore[method-assign]
    for path in (base, base.parent):
        if path.name.startswith((DIRECTORY_PREFIX, "popen-")):
            path.chmod(0o711)


@pytest.fixture(scope="session", autouse=True)
def hasher_in_life() -> PasswordHasher:
    """Here passwords are hashed at the least costs: what they cost in life is asked by a test."""
    return hash_quickly()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The embedded PostgreSQL with the settings it has in life, for the whole session."""
    _clear_what_the_killed_left()
    home = _server_directory()
    try:
        with start_postgres(cluster_at(home)) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _server_directory() -> Path:
    home = Path(tempfile.mkdtemp(prefix=SERVER_PREFIX))
    home.chmod(0o711)  # the server's user passes through, when we are root
    (home / OWNER).write_text(str(os.getpid()))
    return home


@pytest.fixture(scope="module", autouse=True)
def clusters_of_the_ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A house that is down after its module takes no room in memory."""
    yield
    for above in ("*", "*/*"):
        for cluster in tmp_path_factory.getbasetemp().glob(f"{above}/postgres/cluster"):
            if not (cluster / "postmaster.pid").exists():
                shutil.rmtree(cluster)


def _is_at_work(directory: Path) -> bool:
    """Whether who made it runs still: its clock may be another than ours."""
    try:
        return Path(f"/proc/{int((directory / OWNER).read_text())}").exists()
    except ValueError:
        return True  # it is only just being made
    except OSError:
        return False


def _clear_what_the_killed_left() -> None:
    """Servers end with who started them, but a run that is killed takes no directory with it."""
    for place in PLACES:
        for owner in place.glob(f"{SERVER_PREFIX}*/{OWNER}"):
            if not _is_at_work(owner.parent):
                shutil.rmtree(owner.parent, ignore_errors=True)


def _quick_directory() -> str:
    """In memory, where there is room. A file is synchronised there as on a disk, without a wait."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK | os.X_OK):
        return tempfile.gettempdir()
    has_room = shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return str(MEMORY) if has_room else tempfile.gettempdir()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The one browser of all tests that look at pages; its windows are each test's own."""
    from tests.switch.web.browsing import launched

    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def aside() -> Iterator[Any]:
    """The same in a thread of its own, for tests that trade while it looks."""
    from tests.switch.web.browsing import Aside

    with contextlib.closing(Aside()) as browser:
        yield browser


class Databases(NamedTuple):
    """Where tests have databases, and the one connection on which all are made and dropped."""

    server: PostgresServer
    owner: psycopg.Connection[Any]
    left: list[str]
    """Those that nobody needs any more."""


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Iterator[Databases]:
    """Of the whole session."""
    dsn = postgres_server.cluster.owner_dsn()
    with psycopg.connect(dsn, autocommit=True) as owner:
        yield Databases(postgres_server, owner, [])


@pytest.fixture(scope="session")
def database_template(databases: Databases) -> str:
    """The name of a migrated, empty database from which the others are copied.

    Which login has which right is listed for each database once more, for `DROP ROLE` alone: here
    it is not, for it would be a fifth of what a copy takes.
    """
    make_database(databases.owner, TEMPLATE, DATABASE)
    databases.owner.execute(
        "DELETE FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = %s)",
        [TEMPLATE],
    )
    return TEMPLATE


@pytest.fixture
def database(databases: Databases, database_template: str) -> Iterator[Dsns]:
    """A fresh migrated database of this test's own: DSNs of the owner, host and night logins."""
    yield from copied(databases, database_template)


@pytest.fixture(scope="module")
def module_database(databases: Databases, database_template: str) -> Iterator[Dsns]:
    """As `database`, shared by the tests of one module that do not stand in each other's way."""
    yield from copied(databases, database_template)


def copied(databases: Databases, template: str) -> Iterator[Dsns]:
    """A database of its own, as the template is: its files are copied, and no log of it written.

    It is dropped when a few more are left: a server waits a tenth of a second for a client that has
    just gone.
    """
    while len(databases.left) > LEFT_MAX:
        databases.owner.execute(f"DROP DATABASE {databases.left.pop(0)} WITH (FORCE)")
    name = f"test_{os.urandom(6).hex()}"
    databases.owner.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield embedded_dsns(databases.server.cluster, name)
    databases.left.append(name)
