"""Two PostgreSQL nodes under Patroni, with an etcd of one member, all on loopback.

etcd is the system's, Patroni an environment's of its own (`make chaos` makes it), PostgreSQL the
wheel's. Whoever lacks one of them is told so. A node is killed as a power cut would: its Patroni,
its postmaster, and what the postmaster has started.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import make_conninfo

from config.run.account import make_for, program_for, server_account
from config.run.children import Account, start_child, stop_child
from config.run.database import LOGINS
from config.run.postgres import binary
from host.store.connecting import SHORT, connect
from tests.ports import free_ports
from tests.whole.house import descendants_of, wait_until

ROOT: Final = Path(__file__).parents[2]
PATRONI: Final = ROOT / ".venv-patroni" / "bin" / "patroni"
LEASE_SECONDS: Final = 20
"""How long a primary that has died is believed in: the least that Patroni takes."""
LOOP_SECONDS: Final = 10
NODE_SECONDS_MAX: Final = 120.0
STOPPING: Final = ((signal.SIGTERM, 20.0),)
PASSWORD: Final = "patroni"


def missing() -> str:
    """What this machine lacks, and the cure; empty where it has everything."""
    if shutil.which("etcd") is None:
        return "etcd is not installed. Next: apt install etcd-server"
    if not PATRONI.exists():
        return f"there is no {PATRONI.relative_to(ROOT)}. Next: make {PATRONI.parents[1].name}"
    account, python = server_account(), Path(os.path.realpath(PATRONI.with_name("python")))
    places = (*PATRONI.parents, *python.parents)
    closed = [place for place in places if not place.stat().st_mode & stat.S_IXOTH]
    if account and closed:
        return f"user {account.name} may not pass {closed[0]}. Next: test as a plain user"
    return ""


@dataclass(slots=True, kw_only=True)
class Node:
    """One PostgreSQL and the Patroni that minds it."""

    name: str
    home: Path
    port: int
    rest_port: int
    account: Account | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def directory(self) -> Path:
        return self.home / "data"

    def start(self) -> None:
        """Begin; Patroni says later what became of it."""
        with (self.home / "patroni.log").open("ab") as log:
            self.process = start_child(
                [PATRONI, self.home / "patroni.yml"],
                signal_at_our_death=signal.SIGKILL,
                account=self.account,
                output=log,
            )

    def kill(self) -> None:
        """All of it at once, with no time for a word."""
        assert self.process is not None
        lock = self.directory / "postmaster.pid"
        postmaster = int(lock.read_text().splitlines()[0])
        pids = [self.process.pid, *descendants_of(self.process.pid)]
        for pid in dict.fromkeys([*pids, postmaster, *descendants_of(postmaster)]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            stop_child(self.process, STOPPING)

    def told(self, place: str) -> dict[str, Any]:
        """What its Patroni says of itself; nothing where it does not answer."""
        line = http.client.HTTPConnection("127.0.0.1", self.rest_port, timeout=5)
        with contextlib.suppress(OSError, ValueError), contextlib.closing(line):
            line.request("GET", place)
            answer: dict[str, Any] = json.loads(line.getresponse().read())
            return answer
        return {}

    def last_words(self) -> str:
        """The end of its log, for who looks into it."""
        return (self.home / "patroni.log").read_text()[-2000:]


@dataclass(slots=True)
class Pair:
    """Two nodes, one of which is the primary."""

    nodes: tuple[Node, Node]

    def dsn(self, user: str, *, only: Node | None = None) -> str:
        """A connection string of both nodes, or of one."""
        nodes = self.nodes if only is None else (only,)
        return make_conninfo(
            host=",".join("127.0.0.1" for _ in nodes),
            port=",".join(str(node.port) for node in nodes),
            user=user,
            password=PASSWORD,
            dbname="postgres",
        )

    def primary(self) -> Node | None:
        """Who takes writes, by Patroni's word."""
        found = [node for node in self.nodes if node.told("/patroni").get("role") == "primary"]
        return found[0] if len(found) == 1 else None

    def other(self, node: Node) -> Node:
        """The one that is not this."""
        return self.nodes[1] if node is self.nodes[0] else self.nodes[0]

    def is_whole(self) -> bool:
        """Whether there is a primary, and a standby whose disk it waits for."""
        members = self.nodes[0].told("/cluster").get("members", [])
        return sorted(one["role"] for one in members) == ["leader", "sync_standby"]

    def wait_until_whole(self) -> Node:
        """Its primary, when a standby stands beside it."""
        wait_until(self.is_whole, f"no pair: {self._last_words()}", NODE_SECONDS_MAX)
        primary = self.primary()
        assert primary is not None
        return primary

    def wait_for_the_lease_to_age(self, seconds: float) -> None:
        """Until the primary's lease is so old."""
        primary = self.primary()
        assert primary is not None
        wait_until(
            lambda: time.time() - primary.told("/patroni").get("dcs_last_seen", 0) >= seconds,
            "a lease that is always new",
        )

    def _last_words(self) -> str:
        return "\n".join(f"{node.name}: {node.last_words()}" for node in self.nodes)


@contextlib.contextmanager
def running_pair(home: Path) -> Iterator[Pair]:
    """etcd and two nodes, until the block ends."""
    account = server_account()
    client, peer, *ports = free_ports(6)
    (home / "etcd").mkdir(parents=True)
    with (home / "etcd.log").open("ab") as log:
        etcd = start_child(
            [
                "etcd",
                *("--data-dir", home / "etcd", "--listen-client-urls", _url(client)),
                *("--advertise-client-urls", _url(client), "--listen-peer-urls", _url(peer)),
                *("--initial-advertise-peer-urls", _url(peer)),
                *("--initial-cluster", f"default={_url(peer)}"),
            ],
            output=log,
        )
    nodes = tuple(
        _node(home / name, name, ports[at], ports[at + 2], account)
        for at, name in enumerate(("one", "two"))
    )
    pair = Pair((nodes[0], nodes[1]))
    programs = binary("postgres")
    if account:
        programs = program_for(account, programs, _say_nothing)
    try:
        for node in nodes:
            _write_settings(node, client, programs.parent)
        nodes[0].start()
        wait_until(lambda: pair.primary() is not None, nodes[0].last_words(), NODE_SECONDS_MAX)
        nodes[1].start()
        pair.wait_until_whole()
        yield pair
    finally:
        for node in reversed(nodes):
            node.stop()
        stop_child(etcd, STOPPING)


def make_logins(pair: Pair) -> None:
    """Those of our programs, as an administrator would on a server of their own."""
    with connect(pair.dsn("owner"), SHORT, autocommit=True) as owner:
        for login, group in LOGINS.items():
            owner.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'")
            owner.execute(f"GRANT {group} TO {login}")


def _node(home: Path, name: str, port: int, rest_port: int, account: Account | None) -> Node:
    if account:
        make_for(account, home, _say_nothing)
    else:
        home.mkdir()
    return Node(name=name, home=home, port=port, rest_port=rest_port, account=account)


def _write_settings(node: Node, etcd_port: int, programs: Path) -> None:
    """JSON, which is YAML too."""
    everyone = ["host all all 127.0.0.1/32 scram-sha-256"]
    rules = ["local all all trust", *everyone, "host replication all 127.0.0.1/32 scram-sha-256"]
    logins = {
        "superuser": {"username": "owner", "password": PASSWORD},
        "replication": {"username": "replicator", "password": PASSWORD},
        "rewind": {"username": "rewinder", "password": PASSWORD},
    }
    settings = {
        "scope": "posswitch",
        "name": node.name,
        "restapi": {
            "listen": f"127.0.0.1:{node.rest_port}",
            "connect_address": f"127.0.0.1:{node.rest_port}",
        },
        "etcd3": {"host": f"127.0.0.1:{etcd_port}"},
        "bootstrap": {
            "dcs": {
                "ttl": LEASE_SECONDS,
                "loop_wait": LOOP_SECONDS,
                "retry_timeout": 5,
                "primary_start_timeout": 0,
                "maximum_lag_on_failover": 1048576,
                "synchronous_mode": True,
                "postgresql": {
                    "use_pg_rewind": True,
                    "parameters": {
                        "synchronous_commit": "on",
                        "wal_log_hints": "on",
                        "max_connections": 60,
                        "shared_buffers": "64MB",
                    },
                },
            },
            "initdb": [
                {"encoding": "UTF8"},
                {"locale-provider": "builtin"},
                {"builtin-locale": "C.UTF-8"},
                {"locale": "C"},
                "data-checksums",
            ],
        },
        "postgresql": {
            "listen": f"127.0.0.1:{node.port}",
            "connect_address": f"127.0.0.1:{node.port}",
            "data_dir": str(node.directory),
            "bin_dir": str(programs),
            "pgpass": str(node.home / "pgpass"),
            "pg_hba": rules,
            "authentication": logins,
            "parameters": {"unix_socket_directories": str(node.home)},
        },
        "watchdog": {"mode": "off"},
    }
    (node.home / "patroni.yml").write_text(json.dumps(settings, indent=1))


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _say_nothing(_text: str) -> None:
    pass
