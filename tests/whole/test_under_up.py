"""`posswitch up` mends by itself what fails under it: a server killed under load, a full disk."""

import contextlib
import os
import random
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from config.places import Places, places_of
from config.run.database import embedded_dsns
from config.run.postgres import is_serving
from host.estate.demo import demo_estate
from host.model.requests import Kind
from simulators import messages
from simulators.swarm import SwarmSettings
from tests.ports import free_ports
from tests.whole.day import audit_with_terminals, trading, wait_until_it_trades
from tests.whole.house import START_SECONDS_MAX, Up, command, metric, wait_until
from tests.whole.till import Till, Voice, fields_in

ESTATE = demo_estate()
TERMINALS = 12
SMALL_DISK = "size=250m,mode=711"
SALES_MAX = 2_000
NO_ROOM = {"96"}


class Upright:
    """A `posswitch up`, and where what it exports is read."""

    def __init__(self, up: Up, places: Places, metrics_port: int, host_port: int) -> None:
        self.up, self.places, self.estate = up, places, ESTATE
        self.port, self._metrics_port, self.host_port = up.port, metrics_port, host_port

    @property
    def postmaster(self) -> int:
        """Its process number; 0 while there is none."""
        return self.child("postgres")

    def child(self, name: str) -> int:
        """The process number of a program; 0 while there is none."""
        children = Path(f"/proc/{self.up.process.pid}/task/{self.up.process.pid}/children")
        for number in children.read_text().split():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
                if name.encode() in {words[0].rpartition(b"/")[2], *words[3:5]}:
                    return int(number)
        return 0

    def wait_until_reversals_are_delivered(self) -> None:
        wait_until(
            lambda: metric(self._metrics_port, "posswitch_switch_reversals_waiting") == 0,
            "the switch's reversals were not delivered",
        )


@contextlib.contextmanager
def standing(data: Path) -> Iterator[Upright]:
    """Up, with a page of metrics."""
    places = places_of(data)
    places.make()
    port, host_port = free_ports(2)
    places.settings.write_text(
        f"[switch]\nmetrics_port = {port}\nhost_seconds_max = 2\nsaf_retry_seconds_max = 0.5\n"
        f"[host]\nmetrics_port = {host_port}\nstatement_seconds_max = 1.5\n"
    )
    with Up(data) as up:
        yield Upright(up, places, port, host_port)


@pytest.mark.counted
def test_a_server_killed_at_random_times_under_load_is_back_by_itself_and_nothing_is_lost(
    tmp_path: Path, counts: SimpleNamespace
) -> None:
    """Fault 1, under the one command that a person types."""
    dice, record = random.Random(counts.seed), tmp_path / "terminals.jsonl"
    with standing(tmp_path / "data") as house:
        settings = SwarmSettings(
            host="127.0.0.1",
            port=house.port,
            terminals=TERMINALS,
            seconds=3_600.0,
            pause_seconds=0.1,
            seed=counts.seed,
            answer_seconds_max=3.0,
            record=record,
            attempts_max=10_000,
        )
        with trading(settings, ESTATE):
            for cycle in range(max(2, counts.cycles)):
                time.sleep(dice.uniform(0.2, 1.5))
                _kill_server(house)
                wait_until_it_trades(house, first_trace=100 + 300 * cycle)
        audit_with_terminals(house, record)


def test_a_host_is_ready_while_its_database_answers(tmp_path: Path) -> None:
    """A server that is frozen keeps its sockets open, and is not reachable all the same."""
    with standing(tmp_path / "data") as house:
        _wait_for_status(house.host_port, "readyz", 200)
        server = house.postmaster
        assert server, "there is no server"
        os.kill(server, signal.SIGSTOP)
        try:
            _wait_for_status(house.host_port, "readyz", 503)
            _wait_for_status(house.host_port, "healthz", 200)
        finally:
            os.kill(server, signal.SIGCONT)
        _wait_for_status(house.host_port, "readyz", 200)
        host = house.child("host")
        assert host, "there is no host"
        os.kill(host, signal.SIGKILL)
        wait_until(lambda: house.child("host") not in {0, host}, "the host was not started again")
        _wait_for_status(house.host_port, "readyz", 200)


def _wait_for_status(port: int, path: str, status: int) -> None:
    wait_until(lambda: _status(port, path) == status, f"/{path} never was {status}")


def _status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
    except OSError:
        return 0


def _kill_server(house: Upright) -> None:
    """Kill it, and wait for the next one to take clients."""
    old = house.postmaster
    assert old, "there is no server"  # to kill process 0 would be to kill ourselves
    os.kill(old, signal.SIGKILL)
    wait_until(
        lambda: house.postmaster not in {0, old} and is_serving(house.places.cluster),
        "the server was not started again",
        START_SECONDS_MAX,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    words = ["mount", "-t", "tmpfs", "-o", SMALL_DISK, "none", str(tmp_path)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("a small file system is mounted for this, which only root may do")
    yield tmp_path
    wait_until(
        lambda: not subprocess.run(["umount", str(tmp_path)], check=False).returncode,
        "the small file system was not let go",
    )


@pytest.mark.counted
def test_a_full_disk_is_told_with_96_and_trade_goes_on_by_itself_when_there_is_room(
    small_disk: Path,
) -> None:
    """Fault 20: first the tables find no room, then the log of the database, which ends it."""
    voice = Voice(ESTATE, "80010002")
    with standing(small_disk / "data") as house:
        assert _sale(house, voice) == "00"
        ballast = small_disk / "ballast"
        _fill(ballast)
        told = [_sale(house, voice)]
        while told[-1] == "00" and len(told) < SALES_MAX:
            told.append(_sale(house, voice))
        assert told[-1] == "96"
        server = house.postmaster
        _use_up_the_log(house)
        wait_until(lambda: house.postmaster != server, "the server did not end")
        assert {_sale(house, voice) for _ in range(10)} == NO_ROOM
        ballast.unlink()
        wait_until(lambda: _sale(house, voice) == "00", "no trade though there is room")
    audit = command("audit", data=house.places.data)
    assert audit.stdout == "audit: 0 violations\n", audit.stderr


def _sale(house: Upright, voice: Voice) -> str:
    card = ESTATE.cards[50]
    asked = messages.swiped(
        Kind.PURCHASE, voice.who, voice.trace(), card, amount_minor=1, pin=card.pin
    )
    with Till(house.port) as till:
        return fields_in(till.ask(voice.sealed(asked)))["39"]


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"\0" * 65_536):
            pass


def _use_up_the_log(house: Upright) -> None:
    dsn = embedded_dsns(house.places.cluster).owner
    with contextlib.suppress(psycopg.Error), psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            connection.execute("SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))")
