"""A whole posswitch for tests: by its one command, or in parts that are killed and started again.

Parts run as a process manager would run them, each by its own command; PostgreSQL is the
embedded one. Everything started here ends with the test process, however that ends.
"""

import contextlib
import functools
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import psycopg

from config.isolation import module_command
from config.places import Places, places_of
from config.run.children import Program, start_child
from config.run.database import Dsns, embedded_dsns, opened_database
from config.run.estates import loader
from config.run.postgres import PostgresServer, is_serving, start_postgres
from host.estate.plan import EstatePlan
from tests.clusters import make_cluster
from tests.commands import run_command
from tests.faulty import faulty_command
from tests.ports import free_ports

ZONE = "Asia/Shanghai"
SECONDS_MAX = 60.0
"""How long anything here may take before the test fails: a limit, not a measure."""
START_SECONDS_MAX = 180.0
"""The same for a start, which may first have to read back what a kill left unwritten."""


class Up:
    """A `posswitch up` as a person starts it.

    What it says goes to files: it may be told a great deal in a long run, and nobody reads a pipe.
    """

    def __init__(self, data: Path, *options: str) -> None:
        command = Path(sys.executable).with_name("posswitch")
        make_cluster(places_of(data))
        self._home = tempfile.TemporaryDirectory(prefix="posswitch-up-")
        self._said, self._errors = (Path(self._home.name, name) for name in ("said", "errors"))
        with self._said.open("wb") as said, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [command, "up", "--estate", "demo", "--data", data, "--port", "0", *options],
                stdout=said,
                stderr=errors,
            )
        self.port = 0
        self.ports: dict[str, int] = {}
        """By the channel's name."""

    def __enter__(self) -> Self:
        try:
            wait_until(self._is_ready, self._errors.read_text, START_SECONDS_MAX)
        except BaseException:
            self._end()
            raise
        said = self._said.read_text().splitlines()[:-1]
        for line in (each for each in said if not each.startswith("web on ")):
            self.port = int(line.rpartition(":")[2])
            self.ports[line.partition(" on ")[0]] = self.port
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self._errors.read_text()
        return self._said.read_text().endswith("ready\n")

    def _end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(SECONDS_MAX)
        finally:
            self.process.kill()
            self.process.wait()
            self._home.cleanup()


class Part:
    """One program of a house: started, killed, started again."""

    def __init__(self, name: str, data: Path, log: Path, *options: str) -> None:
        self.name = name
        self._words: tuple[str | Path, ...] = (name, "--data", data, *options)
        self._log = log
        self._program: Program | None = None
        self.environ: tuple[str, ...] = ()
        """Variables it is started with, as `NAME=value`."""

    @property
    def program(self) -> Program:
        assert self._program is not None, f"{self.name} was never started"
        return self._program

    def start(self, *, fault: str = "") -> None:
        """Start it and wait until it is ready; `fault` names the point at which it will die."""
        started = functools.partial(faulty_command, fault) if fault else module_command
        words = started("config", *self._words)
        with self._log.open("ab") as log:
            words = ["env", *self.environ, *map(str, words)]
            process = start_child(words, output=subprocess.PIPE, errors=log)
            self._program = Program(
                name=self.name, process=process, log=self._log, said_from=log.tell()
            )
        self._program.wait_until_ready(START_SECONDS_MAX)

    @property
    def pid(self) -> int | None:
        """Its process; None while there is none."""
        if self._program is None or self._program.process.poll() is not None:
            return None
        return self._program.process.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        self.program.process.kill()
        self.wait_until_killed()

    def wait_until_killed(self) -> None:
        """Wait until it is dead by SIGKILL: ours, or that of its fault point."""
        assert self.program.process.wait(SECONDS_MAX) == -signal.SIGKILL
        self._let_go()

    def dies_within(self, seconds: float) -> bool:
        """Whether it has died of its fault point by then."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.process.wait(seconds)
            self._let_go()
        return self.pid is None

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._program is None:
            return
        try:
            if self.pid is not None:
                self._program.process.terminate()
                assert self._program.process.wait(SECONDS_MAX) == 0
        finally:
            self._program.process.kill()
            self._program.process.wait()
            self._let_go()

    def _let_go(self) -> None:
        if self._program is not None and self._program.process.stdout is not None:
            self._program.process.stdout.close()


class House:
    """PostgreSQL, the host and the switch of one data directory, side by side."""

    def __init__(
        self, data: Path, estate: EstatePlan, *, switch: str = "", host: str = "", log: str = ""
    ) -> None:
        self.estate = estate
        self.port, self.switch_metrics, self.host_metrics = free_ports(3)
        self.places: Places = places_of(data)
        self.places.make()
        self.places.settings.write_text(
            f"[switch]\nmetrics_port = {self.switch_metrics}\n{switch}\n"
            f"[host]\nmetrics_port = {self.host_metrics}\n{host}\n"
            f"[log]\n{log}\n[[channels]]\nport = {self.port}\n"
        )
        self.host = Part("host", data, self.places.log / "host.log")
        self.switch = Part("switch", data, self.places.log / "switch.log")
        self._server: PostgresServer | None = None

    @property
    def dsns(self) -> Dsns:
        return embedded_dsns(self.places.cluster)

    def start(self, *, fault: str = "") -> None:
        """Everything up, the estate loaded once."""
        is_new = not self.places.cluster.exists
        if is_new:
            self._make_database()
        self.start_postgres()
        self.host.start(fault=fault)
        self.switch.start()

    def stop(self) -> None:
        """Everything down, cleanly; what will not end is no reason to leave the rest."""
        with contextlib.ExitStack() as stack:
            if self._server is not None:
                stack.callback(self._server.stop)
            stack.callback(self.host.stop)
            stack.callback(self.switch.stop)

    def start_postgres(self) -> None:
        """Have it take clients: a host that lives starts it again by itself, else we do."""
        if self.host.pid is None:
            self._server = start_postgres(self.places.cluster, say=_say_nothing)
        wait_until(
            lambda: self._postmaster() is not None,
            "nobody started the database",
            START_SECONDS_MAX,
        )

    def kill_postgres(self) -> None:
        """Kill the postmaster; its backends end when they notice."""
        self._kill([self._serving()])

    def cut_power(self) -> None:
        """Kill all three. The host first: one that lives would start its database again."""
        self._kill(
            [self.host.program.process.pid, self._serving(), self.switch.program.process.pid]
        )
        self.host.wait_until_killed()
        self.switch.wait_until_killed()

    def _kill(self, pids: list[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # a server dies with the host it is of
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            wait_until(lambda pid=pid: not runs(pid), f"{pid} lives on")  # type: ignore[misc]
        if self._server is not None and self._server.process.pid in pids:
            self._server.process.wait()

    def _serving(self) -> int:
        pid = self._postmaster()
        assert pid is not None, "no server takes clients"
        return pid

    def _postmaster(self) -> int | None:
        """The number of the server that takes clients, whoever started it.

        One whose starter is dead says that it is ready until it gets round to ending.
        """
        with contextlib.suppress(OSError, ValueError, IndexError):
            lock = self.places.cluster.directory / "postmaster.pid"
            pid = int(lock.read_text().splitlines()[0])
            if is_serving(self.places.cluster) and parent_of(pid) in {os.getpid(), self.host.pid}:
                return pid
        return None

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask the database, as its owner."""
        return rows(self.dsns.owner, statement)

    def reversals_stored(self) -> int:
        """How many reversals the switch has on disk and still owes."""
        with contextlib.closing(sqlite3.connect(f"file:{self.places.saf}?mode=ro", uri=True)) as db:
            [(count,)] = db.execute("SELECT count(*) FROM owed").fetchall()
            return int(count)

    def wait_until_reversals_are_delivered(self) -> None:
        """Until the switch owes the host nothing."""
        wait_until(
            lambda: metric(self.switch_metrics, "posswitch_switch_reversals_waiting") == 0,
            "the switch's reversals were not delivered",
        )

    def _make_database(self) -> None:
        """Initialise, migrate, load; the server that did it is stopped again."""
        from config.settings import DatabaseSettings

        with opened_database(DatabaseSettings(), self.places, say=_say_nothing):
            loader(self.estate, ZONE)(self.dsns.owner, self.places)


@contextlib.contextmanager
def standing(house: House) -> Iterator[House]:
    """A house that is up, and down again after."""
    try:
        house.start()
        yield house
    finally:
        house.stop()


def rows(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def command(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run a `posswitch` command to its end."""
    return run_command(*words, "--data", data)


def page(port: int) -> str:
    """A metrics page."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS_MAX) as answer:
        text: str = answer.read().decode()
    return text


def metric(port: int, name: str) -> float:
    """One value of a metrics page."""
    [value] = [line.split()[1] for line in page(port).splitlines() if line.startswith(f"{name} ")]
    return float(value)


def wait_until(
    is_so: Callable[[], bool],
    otherwise: str | Callable[[], str],
    seconds_max: float = SECONDS_MAX,
) -> None:
    """Look again and again; fail with the sentence when it never is so."""
    until = time.monotonic() + seconds_max
    while not is_so():
        is_late = time.monotonic() >= until
        assert not is_late, otherwise if isinstance(otherwise, str) else otherwise()
        time.sleep(0.05)


def parent_of(pid: int) -> int:
    """Whose child a process is.

    Raises:
        OSError: there is no such process.
    """
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def descendants_of(pid: int) -> list[int]:
    """Every process below this one."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    children = [int(word) for word in text.split()]
    return [*children, *(below for child in children for below in descendants_of(child))]


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def resident_bytes(pid: int) -> int:
    """What a process holds in memory (RSS)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _say_nothing(_text: str) -> None:
    pass
