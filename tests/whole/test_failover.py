"""The primary dies under trade and its standby takes over: nothing is lost, and nobody mends it.

Two nodes under Patroni with a synchronous standby, and a host whose connection string names both.
Run by `make chaos`, which says how often; skipped, and seen to be, where etcd or Patroni is
missing. An outage is a figure of the machine and of Patroni's lease as well: it is told, and held
against what the list of faults lets pass.
"""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import psycopg
import pytest

from config.places import Places, places_of
from config.run.database import LOGINS
from config.run.estates import loader
from host.estate.demo import demo_estate
from host.model.requests import Kind
from host.store.connecting import Deadlines
from host.store.migrate import migrate
from host.store.safety import UnsafeDatabaseError, connect_safely
from simulators import messages
from simulators.swarm import SwarmSettings
from tests.ports import free_ports
from tests.whole.day import audit_with_terminals, trading, wait_until_it_trades
from tests.whole.house import ZONE, Part, metric, wait_until
from tests.whole.patroni import Node, Pair, make_logins, missing, running_pair
from tests.whole.till import Till, Voice, fields_in

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

ESTATE = demo_estate()
OUTAGE_SECONDS_MAX = 20.0
"""What the list of faults lets pass. A primary's lease alone lives twenty seconds, the least that
Patroni takes, so this holds of a lease that is LEASE_AGE_SECONDS old; of one just renewed, 24."""
LEASE_AGE_SECONDS = 6.0
"""Of the lease when its holder is killed. Younger, and the lease would be measured, not we."""
TAKE_OVER_SECONDS_MAX = 90.0
"""How long is waited for the end of an outage, to tell how long it was."""
WATCH_SECONDS = 0.2
TRACES_A_DAY = 10_000


class HighHouse:
    """The host and the switch of one data directory, on a pair of databases."""

    def __init__(self, data: Path, pair: Pair) -> None:
        self.estate = ESTATE
        self.port, self.switch_metrics, self.host_metrics = free_ports(3)
        self.places: Places = places_of(data)
        self.places.make()
        logins = "\n".join(f'{name} = "{pair.dsn(name)}"' for name in ("owner", *LOGINS))
        self.places.settings.write_text(
            f"[switch]\nmetrics_port = {self.switch_metrics}\nhost_seconds_max = 8\n"
            "saf_retry_seconds_max = 0.5\n"
            f"[host]\nmetrics_port = {self.host_metrics}\nstatement_seconds_max = 3\n"
            f"connect_seconds_max = 2\n[database]\n{logins}\n"
            f"[[channels]]\nport = {self.port}\n"
        )
        migrate(pair.dsn("owner"))
        make_logins(pair)
        loader(ESTATE, ZONE)(pair.dsn("owner"), self.places)
        self.host = Part("host", data, self.places.log / "host.log")
        self.switch = Part("switch", data, self.places.log / "switch.log")

    def __enter__(self) -> Self:
        self.host.start()
        self.switch.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.switch.stop()
        self.host.stop()

    def wait_until_reversals_are_delivered(self) -> None:
        """Until the switch owes the host nothing."""
        wait_until(
            lambda: metric(self.switch_metrics, "posswitch_switch_reversals_waiting") == 0,
            "the switch's reversals were not delivered",
        )


class Watch:
    """A till that asks again and again, and notes when it was approved."""

    def __init__(self, port: int, first_trace: int) -> None:
        self._port = port
        self._voice = Voice(ESTATE, "80010036", first_trace=first_trace)
        self._approved_at = [time.monotonic()]
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def longest_pause(self, since: float) -> float:
        """Seconds between two approvals, the first of which may be the last before a moment."""
        moments = self._approved_at
        pauses = [after - before for before, after in itertools.pairwise(moments) if after > since]
        return max(pauses, default=0.0)

    @property
    def last(self) -> float:
        """When it was approved last."""
        return self._approved_at[-1]

    def _run(self) -> None:
        cards = ESTATE.cards[:20]
        number = 0
        while not self._is_over.wait(WATCH_SECONDS):
            number += 1
            card = cards[number % len(cards)]
            voice = self._voice
            asked = messages.swiped(
                Kind.BALANCE_INQUIRY, voice.who, voice.trace(), card, pin=card.pin
            )
            with contextlib.suppress(AssertionError, OSError), Till(self._port) as till:
                if fields_in(till.ask(voice.sealed(asked)))["39"] == "00":
                    self._approved_at.append(time.monotonic())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with running_pair(tmp_path_factory.mktemp("patroni")) as pair:
        yield pair


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_a_primary_that_dies_loses_nothing_and_its_standby_goes_on_by_itself(
    pair: Pair, tmp_path: Path, counts: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    outages, record = [], tmp_path / "terminals.jsonl"
    with HighHouse(tmp_path / "data", pair) as house:
        for failover in range(1, counts.failovers + 1):
            with (
                _trade(house, record, day=failover),
                Watch(house.port, failover * TRACES_A_DAY) as watch,
            ):
                old = pair.wait_until_whole()
                pair.wait_for_the_lease_to_age(LEASE_AGE_SECONDS)
                outages.append(_seconds_without_approvals(old, watch))
                old.start()
                new = pair.wait_until_whole()
            assert new is not old
            _old_primary_takes_no_writes(pair, old)
            audit_with_terminals(house, record)
            with capsys.disabled():
                print(  # noqa: T201
                    f"failover {failover} of {counts.failovers}: {old.name} killed,"
                    f" {outages[-1]:.1f} s without approvals, audit 0"
                )
    assert max(outages) <= OUTAGE_SECONDS_MAX, outages


def _seconds_without_approvals(primary: Node, watch: Watch) -> float:
    """How long nobody was approved after the primary was killed."""
    killed_at = time.monotonic()
    primary.kill()
    wait_until(lambda: watch.last > killed_at + 1, "nobody took over", TAKE_OVER_SECONDS_MAX)
    return watch.longest_pause(killed_at)


def _old_primary_takes_no_writes(pair: Pair, old: Node) -> None:
    with (
        psycopg.connect(pair.dsn("owner", only=old), autocommit=True) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("UPDATE terminal SET epoch = epoch")
    with pytest.raises(UnsafeDatabaseError, match="standby"):
        connect_safely(pair.dsn("host", only=old), Deadlines())


@contextlib.contextmanager
def _trade(house: HighHouse, record: Path, *, day: int) -> Iterator[None]:
    settings = SwarmSettings(
        host="127.0.0.1",
        port=house.port,
        terminals=8,
        seconds=3_600.0,
        pause_seconds=0.1,
        seed=day,
        answer_seconds_max=9.0,
        record=record,
        last_trace=day * TRACES_A_DAY,
        attempts_max=10_000,
    )
    with trading(settings, ESTATE):
        yield
        wait_until_it_trades(house, first_trace=day * TRACES_A_DAY)
