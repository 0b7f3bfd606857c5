"""A reversal before, during and after its original, twice, with answers lost: net effect zero.

Everything of the switch is real but its threads and its lines: time is a mock clock's, what the
disk and the network need of it is drawn from a seed, and the issuer is a ledger of one account.
A seed that fails fails again.
"""

import random
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
import trio
import trio.testing
from prometheus_client import CollectorRegistry
from trio._core import _run

from host.model.requests import Kind, Request
from host.model.responses import Reason
from switch.exchange import Exchange, Origin
from switch.front import Front
from switch.issuer_settings import IssuerSettings
from switch.issuers.destinations import IssuerReversals, IssuerTrade
from switch.issuers.issuer import Issuer
from switch.issuers.metrics import IssuerMetrics, IssuersMetrics
from switch.lane import Lane
from switch.memory.route_file import RouteFile
from switch.memory.route_words import HOST
from switch.memory.routes import RouteMemory
from switch.memory.saf import StoreAndForward
from switch.memory.saf_file import SafFile
from switch.metrics import Metrics
from switch.routing import Router
from switch.settings import SwitchSettings
from switch.standing import Standing
from switch.strategy import STRATEGIES
from terminals.dialects import issuer as dialect
from terminals.dialects.pos import POS
from tests.peers.bcd import hear
from tests.switch.conftest import approval, profile_of, purchase
from tests.switch.fake_issuer import Fields, approved
from tests.switch.issuers.test_issuer import reversal

SETTINGS = SwitchSettings(host_seconds_max=30.0, saf_retry_seconds_max=5.0)
ISSUER = IssuerSettings(
    name="far",
    issuer_id="48882955",
    prefixes=("998800",),
    addresses=("127.0.0.1:9",),
    seconds_max=10.0,
    breaker_time_outs=3,
    breaker_seconds=5.0,
)
DELAYS = (0.0, 0.001, 0.5, 3.0, 9.9, 10.1, 14.0)
LOST_SHARE = 0.15
DISK = random.Random()
"""How long each write takes."""


class Account:
    """An issuer's host: sales by trace, reversals by what they name, in any order."""

    def __init__(self) -> None:
        self.sold: Counter[str] = Counter()
        self.undone: set[str] = set()

    @property
    def net(self) -> int:
        return sum(count for trace, count in self.sold.items() if trace not in self.undone)

    def take(self, asked: Fields) -> Fields:
        if asked["t"].startswith("042"):
            trace = asked["90"][4:10]
            self.undone.add(trace)
            return approved(asked, f39="00" if self.sold[trace] else "25", f38="")
        trace = asked["11"]
        if trace in self.undone:
            return approved(asked, f39="94", f38="")
        self.sold[trace] += 1
        return approved(asked)


class Line:
    """A line that is always up, slow, and loses messages both ways."""

    is_up = True

    def __init__(self, account: Account, dice: random.Random, nursery: trio.Nursery) -> None:
        self._account, self._dice, self._nursery = account, dice, nursery
        self._sent: dict = {}

    def send(self, payload, correlation, sender):
        self._sent[correlation] = sender
        self._nursery.start_soon(self._carry, dialect.decode(payload), correlation)

    def forget(self, correlation):
        self._sent.pop(correlation, None)

    async def _carry(self, fields, correlation):
        await trio.sleep(self._dice.choice(DELAYS))
        if self._dice.random() < LOST_SHARE:
            return
        answer = self._account.take(fields)
        await trio.sleep(self._dice.choice(DELAYS))
        sender = self._sent.get(correlation)
        if sender is not None and self._dice.random() >= LOST_SHARE:
            del self._sent[correlation]
            sender.arrived(answer)


class OurHost:
    """Knows the terminal, posts advices, undoes in any order, and loses questions and answers."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.posted: Counter[str] = Counter()
        self.undone: set[str] = set()

    @property
    def net(self) -> int:
        return sum(count for key, count in self.posted.items() if key not in self.undone)

    def find(self, _terminal_id, finder):
        trio.lowlevel.spawn_system_task(self._tell, finder)
        return True

    def ask(self, request, waiter):
        trio.lowlevel.spawn_system_task(self._carry, request, waiter)
        return 1 + id(waiter)

    def forget(self, _ticket):
        return

    async def _tell(self, finder):
        await trio.sleep(0.01)
        finder.found(profile_of())

    async def _carry(self, request, waiter):
        await trio.sleep(self._dice.choice(DELAYS))
        if self._dice.random() < LOST_SHARE:
            return
        reason = self._take(request)
        await trio.sleep(self._dice.choice(DELAYS))
        if self._dice.random() >= LOST_SHARE:
            waiter.answered(approval(reason=reason, auth_code=None))

    def _take(self, request):
        key = request.key.text
        if request.kind is Kind.REVERSAL:
            key = request.original.key.text
            self.undone.add(key)
            return Reason.APPROVED if self.posted[key] else Reason.ORIGINAL_NOT_FOUND
        assert request.decision is not None, "only approvals of the issuer come here"
        if key in self.undone:
            return Reason.DUPLICATE
        self.posted[key] = 1
        return Reason.APPROVED


class Paper:
    """What the terminal is told, in order."""

    host = "10.0.0.1"
    peer = "10.0.0.1:40000"

    def __init__(self) -> None:
        self.standing = Standing()
        self.told: list[tuple[str, str]] = []

    def send(self, payload):
        message = hear(payload)
        self.told.append((message.mti, message.fields["39"]))
        return True

    def stay_silent(self):
        return


class Scene:
    """One terminal, one sale, one seed."""

    def __init__(self, seed: int, home: Path, nursery: trio.Nursery) -> None:
        self.dice = random.Random(seed)
        self.account, self.paper = Account(), Paper()
        self.memory = RouteMemory(RouteFile(home / "routes.db", "one"), self._wall, days_max=30.0)
        metrics = IssuerMetrics(IssuersMetrics(CollectorRegistry()), "far")
        issuer = Issuer(ISSUER, self.memory, metrics, wall_clock=self._wall, on_turn=lambda: None)
        issuer.lines = [Line(self.account, self.dice, nursery)]  # type: ignore[list-item]
        self.host = OurHost(self.dice)
        destinations: dict = {HOST: self.host}
        self.saf = StoreAndForward(
            SafFile(home / "saf.db"), destinations, SETTINGS, self._wall, on_stored=self._stored
        )
        self.trade = IssuerTrade(issuer, self.memory, self.saf)
        destinations["far"] = IssuerReversals(issuer, self.memory, self.trade.passages)
        lane = Lane[Exchange]("far", self.trade, ISSUER.seconds_max)
        host = Lane[Exchange](HOST, destinations[HOST], SETTINGS.host_seconds_max)
        router = Router(host, [(ISSUER, lane)], self.memory)
        self.front = Front(destinations[HOST], self.saf, Metrics(), SETTINGS, router)
        self.endings = STRATEGIES[self.dice.choice(sorted(STRATEGIES))]

    def take(self, payload: bytes) -> None:
        self.front.take(Origin(POS, "pos", self.endings), self.paper, [payload])

    async def sweep(self):
        while True:
            await trio.sleep(0.1)
            self.front.sweep(trio.current_time())

    async def at_rest(self) -> None:
        """Nothing on its way and nothing owed for longer than anything takes."""
        quiet_since = trio.current_time()
        while trio.current_time() - quiet_since < 60.0:
            await trio.sleep(0.5)
            if self.front.in_flight or self.saf.waiting or self.memory.waiting:
                quiet_since = trio.current_time()

    def close(self) -> None:
        self.saf.close()
        self.memory.close()

    def _stored(self, request: Request, route: str) -> None:
        if request.kind is Kind.REVERSAL:
            self.memory.undo(request.original.key.text, route)

    @staticmethod
    def _wall() -> float:
        return 1_000_000_000.0 + trio.current_time()


async def play(seed: int, home: Path) -> None:
    async with trio.open_nursery() as nursery:
        scene = Scene(seed, home, nursery)
        for part in (scene.saf.run, scene.memory.run, scene.sweep):
            nursery.start_soon(part)
        steps = [purchase()] + [reversal()] * scene.dice.choice((0, 1, 1, 2, 3))
        if scene.dice.random() < 0.3:
            steps.append(purchase())
        scene.dice.shuffle(steps)
        for step in steps:
            scene.take(step)
            await trio.sleep(scene.dice.choice(DELAYS))
        await scene.at_rest()
        nursery.cancel_scope.cancel()
    scene.close()
    check(seed, scene, is_reversed=reversal() in steps)


def check(seed: int, scene: Scene, *, is_reversed: bool) -> None:
    told, net = scene.paper.told, scene.account.net
    is_sold = ("0210", "00") in told
    assert scene.host.net == net, f"seed {seed}: our host has {scene.host.net}, the issuer {net}"
    assert max(scene.account.sold.values(), default=0) <= 1, f"seed {seed}: posted twice"
    if is_reversed and any(mti == "0410" for mti, _ in told):
        assert net == 0, f"seed {seed}: {told}"
        first = next(place for place, (mti, _) in enumerate(told) if mti == "0410")
        later = told[first:]
        if not is_sold or ("0210", "00") in later:
            assert ("0210", "00") not in later, f"seed {seed}: told after its reversal: {told}"
    elif not is_reversed:
        assert net == is_sold, f"seed {seed}: {told}"


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes take mock time and no synchronous commits."""
    for module in ("switch.memory.saf_file", "switch.memory.route_shelf"):
        schema = __import__(module, fromlist=["_SCHEMA"])._SCHEMA
        monkeypatch.setattr(f"{module}._SCHEMA", schema.replace("FULL", "OFF"))
    monkeypatch.setattr("os.fdatasync", lambda _file: None)

    async def in_mock_time(write, *args):
        await trio.sleep(DISK.choice((0.0, 0.001, 0.02, 0.3)))
        return write(*args)

    async def in_its_thread(_thread, work):
        await in_mock_time(work)

    monkeypatch.setattr("trio.to_thread.run_sync", in_mock_time)
    monkeypatch.setattr("switch.memory.one_thread.OneThread.run", in_its_thread)
    monkeypatch.setattr(_run, "_ALLOW_DETERMINISTIC_SCHEDULING", True)


def run_all(seeds: range, home: Path) -> None:
    for seed in seeds:
        place = home / str(seed)
        place.mkdir()
        DISK.seed(seed)
        _run._r.seed(seed)
        trio.run(play, seed, place, clock=trio.testing.MockClock(autojump_threshold=0))


@pytest.mark.counted
@pytest.mark.usefixtures("quick_disk")
def test_every_interleaving_of_a_sale_and_its_reversals_ends_at_zero(
    tmp_path: Path, counts: SimpleNamespace
) -> None:
    run_all(range(counts.interleavings), tmp_path)
