"""PostgreSQL stops, crashes and comes back under a host that stays: 91 meanwhile, nothing twice."""

import functools
import gc
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio
from prometheus_client import REGISTRY

from config.cluster import Cluster
from config.run.database import Dsns, prepare_embedded
from config.run.postgres import PostgresServer, start_postgres
from host.model.requests import Kind, Response
from host.model.responses import Reason
from host.store import writer as writer_module
from host.store.connecting import DeadlineConnection, Deadlines, RoundTripError, connect
from host.store.safety import UnsafeDatabaseError, connect_safely
from tests.host.conftest import Till, audit_ledger, put_demo_estate, trading

SEGMENT_BYTES = 16_777_216
SEGMENT_BYTES_LEFT = 60_000
SECONDS_MAX = 60.0
"""How long a server may take to read its settings: a limit, not a measure."""


class Restartable:
    """A server of this module's own, which its tests stop and start."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.server: PostgresServer | None = None
        self.dsns: Dsns

    def start(self) -> None:
        self.server = start_postgres(self.cluster, say=lambda _: None)

    def stop(self) -> None:
        assert self.server is not None
        self.server.stop()

    def processes(self) -> list[int]:
        """The postmaster and all that it has started."""
        assert self.server is not None
        first = self.server.process.pid
        return [first, *_children_of(first)]

    def crash(self) -> None:
        """The postmaster dies at once; what it started notices and goes too."""
        assert self.server is not None
        os.kill(self.server.process.pid, signal.SIGKILL)
        self.server.stop()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Restartable]:
    home = Path(tempfile.mkdtemp(prefix="posswitch-test-"))
    home.chmod(0o711)  # the server's user passes through, when we are root
    own = Restartable(
        Cluster(
            home=home / "postgres",
            socket_directory=home / "run",
            log=home / "postgres.log",
            owner_passfile=home / "secrets" / "owner.pgpass",
        )
    )
    try:
        own.start()
        own.dsns = prepare_embedded(own.cluster, "posswitch")
        put_demo_estate(own.dsns)
        yield own
    finally:
        own.stop()
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def traded(own: Restartable, **settings: Any) -> AsyncIterator[Till]:
    async with trading(own.dsns, **settings) as till:
        yield till
    audit_ledger(own.dsns)


def _unreachable() -> float:
    """Purchases told so, as the metrics have it."""
    labels = {"kind": Kind.PURCHASE.value, "reason": Reason.HOST_UNREACHABLE.value}
    return REGISTRY.get_sample_value("posswitch_host_requests_total", labels) or 0.0


async def test_while_the_database_is_down_everybody_is_told_so_and_then_served(
    own_server: Restartable,
) -> None:
    async with traded(own_server) as till:
        asked = [
            till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + at}")
            for at, card in enumerate(range(10, 26))
        ]
        before = await till.ask_all(asked[:8])
        assert all(answer.is_approved for answer in before)
        own_server.stop()
        refused = _unreachable()
        for _ in range(2):
            down = await till.ask_all(asked)
            assert {answer.reason for answer in down} == {Reason.HOST_UNREACHABLE}
        with trio.fail_after(10):
            while _unreachable() < refused + 32:  # noqa: ASYNC110 - a counter has no event
                await trio.sleep(0.01)
        sign_on = till.request(Kind.SIGN_ON, key_generation=0)
        assert not (await till.ask(sign_on)).is_approved
        own_server.start()
        after = await till.ask_until_reached(asked)
        assert after[:8] == before
        assert all(answer.is_approved for answer in after)
        assert [till.balances(card)[0] for card in range(10, 26)] == [99_900] * 16


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_what_was_under_way_when_the_database_went_is_answered_right_or_not_at_all(
    own_server: Restartable, how: str
) -> None:
    """Many rounds are queued, the server goes in the middle and comes back."""
    async with traded(own_server) as till:
        first_card = 200 if how == "stop" else 300
        asked = [
            till.request(
                Kind.CASH_LOAD, first_card + at % 24, 3, terminal_id=f"{80_010_001 + at % 24}"
            )
            for at in range(24 * 8)
        ]
        told: dict[str, Response] = {}
        some, every = trio.Event(), trio.Event()

        def deliver(key: str, answer: Response) -> None:
            told[key] = answer
            if len(told) == 24:
                some.set()
            if len(told) == len(asked):
                every.set()

        for request in asked:
            till.poster.submit(request, functools.partial(deliver, request.key.text))
        with trio.fail_after(60):
            await some.wait()
            await trio.to_thread.run_sync(own_server.crash if how == "crash" else own_server.stop)
            own_server.start()
            await every.wait()
        assert {answer.reason for answer in told.values()} <= {
            Reason.APPROVED,
            Reason.HOST_UNREACHABLE,
        }
        final = await till.ask_until_reached(asked)
        for request, answer in zip(asked, final, strict=True):
            before = told[request.key.text]
            assert answer.is_approved
            assert before == answer or before.reason is Reason.HOST_UNREACHABLE
        balances = [till.balances(first_card + at)[0] for at in range(24)]
        assert balances == [100_000 + 8 * 3] * 24


FROZEN = {"writers": 1, "statement_seconds_max": 0.5, "round_trip_seconds_max": 1.0}
"""Little patience: a frozen server ends no wait by itself, however long one waits."""


@pytest.mark.parametrize("who", ["backend", "server"])
async def test_a_frozen_server_holds_a_writer_no_longer_than_the_deadline(
    own_server: Restartable, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP in the middle of a batch: sockets stay open and nobody answers.

    The batch in doubt ends in silence, others are told 91 while it is insisted on; when the server
    goes on, its first commit or the terminal's repeat moves the money, once.
    """
    monkeypatch.setattr(writer_module, "IN_DOUBT_SECONDS_MAX", 4.0)
    monkeypatch.setattr(writer_module, "SHARD_WAIT_SECONDS_MAX", 0.2)
    card, other = (400, 401) if who == "backend" else (402, 403)
    frozen: list[int] = []
    async with traded(own_server, **FROZEN) as till:
        [writer] = till.poster._batches._writers
        assert isinstance(writer, writer_module.Writer)

        def freeze(point: str) -> None:
            if point == "mid_batch" and not frozen:
                assert writer._connection is not None
                pid = writer._connection.info.backend_pid
                frozen.extend([pid] if who == "backend" else own_server.processes())
                for one in frozen:
                    os.kill(one, signal.SIGSTOP)

        monkeypatch.setattr(writer_module, "reach", freeze)
        load = till.request(Kind.CASH_LOAD, card, 3)
        told: list[Response] = []
        try:
            till.poster.submit(load, told.append)
            with trio.fail_after(60):
                while not frozen or writer.is_open:  # noqa: ASYNC110 - a thread has no event
                    await trio.sleep(0.05)
                another = till.request(Kind.CASH_LOAD, other, 3, terminal_id="80010002")
                refused = await till.ask(another)
                assert refused.reason is Reason.HOST_UNREACHABLE
                while till.terminal_id in till.poster._lines:  # noqa: ASYNC110
                    await trio.sleep(0.05)
            assert told == []
        finally:
            for one in frozen:
                os.kill(one, signal.SIGCONT)
        answers = await till.ask_until_reached([load, another])
        assert all(answer.is_approved for answer in answers)
        assert [till.balances(one)[0] for one in (card, other)] == [100_003, 100_003]


def test_a_connection_is_closed_when_its_round_trip_is_too_long(own_server: Restartable) -> None:
    connection = connect(own_server.dsns.host, Deadlines(round_trip_seconds=0.5), autocommit=True)
    with pytest.raises(RoundTripError):
        connection.execute("SELECT pg_sleep(3600)")
    assert connection.closed
    with (
        connect(own_server.dsns.host, Deadlines(round_trip_seconds=0.5)) as connection,
        pytest.raises(RoundTripError),
        connection.transaction(),
        connection.pipeline(),
    ):
        connection.execute("SELECT pg_sleep(3600)")
    assert connection.closed


@pytest.mark.parametrize("wait_seconds", [0.01 * turn for turn in range(1, 11)])
def test_nothing_of_a_pipeline_is_left_to_the_collector_when_its_connection_is_cut(
    own_server: Restartable, wait_seconds: float
) -> None:
    """What is left wants an answer, and complains that there is none wherever it is collected."""
    connection = connect(own_server.dsns.host, Deadlines(), autocommit=True)
    cutter = threading.Thread(
        target=_cut, args=(own_server.dsns.owner, connection.info.backend_pid, wait_seconds)
    )
    cutter.start()
    with pytest.raises(psycopg.Error):
        _ask_for_ever(connection)
    cutter.join()
    connection.close()
    del connection
    gc.collect()  # what complains here is an error of this test


def _ask_for_ever(connection: DeadlineConnection) -> None:
    while True:
        with connection.pipeline():
            for _ in range(5):
                connection.execute("SELECT 1")


def _cut(owner: str, process: int, wait_seconds: float) -> None:
    time.sleep(wait_seconds)
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [process])


@pytest.mark.parametrize("commits", ["local", "remote_write", "off"])
def test_with_standbys_named_a_commit_that_does_not_wait_for_them_is_refused(
    own_server: Restartable, commits: str
) -> None:
    with _standbys_named(own_server):
        for safe in ("on", "remote_apply"):
            told = Deadlines(options={"synchronous_commit": safe})
            connect_safely(own_server.dsns.host, told).close()
        told = Deadlines(options={"synchronous_commit": commits})
        with pytest.raises(UnsafeDatabaseError, match=f"synchronous_commit is {commits}.* Next:"):
            connect_safely(own_server.dsns.host, told)


def test_a_standby_named_later_is_waited_for_by_sessions_that_stand(
    own_server: Restartable,
) -> None:
    """The session was let through with `local` while there was no standby."""
    told = Deadlines(options={"synchronous_commit": "local"})
    with connect_safely(own_server.dsns.owner, told) as connection:
        connection.execute("CREATE TABLE promise (kept integer)")
        with _standbys_named(own_server):
            connection.round_trip_seconds = 0.5
            with pytest.raises(RoundTripError):
                connection.execute("INSERT INTO promise VALUES (1)")


@contextmanager
def _standbys_named(own: Restartable) -> Iterator[None]:
    """A standby that never comes: what waits for it waits for ever."""
    with psycopg.connect(own.dsns.owner, autocommit=True) as owner:
        owner.execute("SET synchronous_commit = local")
        owner.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        owner.execute("SELECT pg_reload_conf()")
        _wait_for_standbys(own, "nobody")
        try:
            yield
        finally:
            owner.execute("ALTER SYSTEM RESET synchronous_standby_names")
            owner.execute("SELECT pg_reload_conf()")
            _wait_for_standbys(own, "")


def _wait_for_standbys(own: Restartable, names: str) -> None:
    """New connections start with what the postmaster has read; it has told the others by then.

    A commit waits when the checkpointer has read it too, which it does before each of its turns:
    the first that is asked for may have begun, the second has not.
    """
    until = time.monotonic() + SECONDS_MAX
    while _standbys_of(own) != names:
        assert time.monotonic() < until, "the server did not read its settings again"
    with psycopg.connect(own.dsns.owner, autocommit=True) as connection:
        for _ in range(2):
            connection.execute("CHECKPOINT")


def _standbys_of(own: Restartable) -> str:
    with psycopg.connect(own.dsns.owner) as connection:
        row = connection.execute("SHOW synchronous_standby_names").fetchone()
    assert row is not None, "one row without a table"
    return str(row[0])


def _children_of(parent: int) -> list[int]:
    return [
        int(stat.parent.name)
        for stat in Path("/proc").glob("[0-9]*/stat")
        if _parent_in(stat) == parent
    ]


def _parent_in(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


@pytest.fixture
def short_of_log(own_server: Restartable) -> Iterator[Path]:
    """The server writes its log to a file system that has no room for one segment more.

    It begins a segment first: near the end of one it would want the next as it starts.
    """
    with psycopg.connect(own_server.dsns.owner, autocommit=True) as connection:
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")
    own_server.stop()
    wal = own_server.cluster.directory / "pg_wal"
    status, moved = wal.stat(), wal.with_name("pg_wal_moved")
    shutil.copytree(wal, moved)
    held = sum(path.stat().st_size for path in wal.rglob("*"))
    options = f"size={held + SEGMENT_BYTES // 4},mode=700,uid={status.st_uid},gid={status.st_gid}"
    words = ["mount", "-t", "tmpfs", "-o", options, "none", str(wal)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        shutil.rmtree(moved)
        own_server.start()
        pytest.skip("a small file system is mounted for this, which only root may do")
    _copy_owned(moved, wal, status)
    own_server.start()
    try:
        yield wal
    finally:
        own_server.stop()
        _copy_owned(wal, moved, status)
        subprocess.run(["umount", str(wal)], check=True)
        shutil.rmtree(wal)
        moved.rename(wal)
        wal.chmod(0o700)
        os.chown(wal, status.st_uid, status.st_gid)
        own_server.start()


async def test_a_server_that_panicked_for_want_of_room_at_commit_leaves_the_batch_in_doubt(
    own_server: Restartable, short_of_log: Path
) -> None:
    """Nobody is told that it was refused: when the server is up again it is posted, or found."""
    async with traded(own_server) as till:
        _leave_little(own_server.dsns.owner, short_of_log)
        assert own_server.server is not None
        process = own_server.server.process
        while process.poll() is None:
            answered = trio.Event()
            answers: list[Response] = []

            def deliver(
                answer: Response,
                answers: list[Response] = answers,
                answered: trio.Event = answered,
            ) -> None:
                answers.append(answer)
                answered.set()

            till.poster.submit(till.request(Kind.CASH_LOAD, 410, 3), deliver)
            while not answered.is_set() and process.poll() is None:
                with trio.move_on_after(0.05):
                    await answered.wait()
        roomier = ["mount", "-o", "remount,size=200m", str(short_of_log)]
        await trio.run_process(roomier)
        await trio.to_thread.run_sync(own_server.start)
        with trio.fail_after(20):
            await answered.wait()
        assert [answer.reason for answer in answers] == [Reason.APPROVED]


def _leave_little(owner: str, wal: Path) -> None:
    """Write to the log until little is left of the last segment that there is."""
    last = max(path.name for path in wal.iterdir() if path.is_file())
    with psycopg.connect(owner, autocommit=True) as connection:
        while True:
            row = connection.execute(
                "SELECT mod(here - '0/0', 16777216)::int, pg_walfile_name(here)"
                " FROM pg_current_wal_insert_lsn() AS here"
            ).fetchone()
            assert row is not None
            used, segment = row
            left = SEGMENT_BYTES - used - (SEGMENT_BYTES_LEFT if segment == last else 0)
            if segment == last and left <= 0:
                return
            connection.execute(
                "SELECT pg_logical_emit_message(true, 'x', repeat('x', %s))", [min(left, 100_000)]
            )


def _copy_owned(source: Path, target: Path, owner: os.stat_result) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    for path in target.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid)
