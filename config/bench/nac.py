"""One slow answer on a gateway's connection.

500 terminals trade over one connection to a real switch, behind which a host approves at once,
but for one terminal, whose answer it keeps back for five seconds. What the other 499 wait is
measured while it does and while it does not, in turns in the same run: no terminal may wait for
another's answer.
"""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from config.errors import Say
from config.places import Places, places_of
from config.run.children import running_program
from config.run.programs import command
from config.settings import Settings, resolved
from host.echo import EchoHost
from host.estate.demo import bench_estate
from host.estate.plan import EstatePlan
from host.link.address import Address, listen
from host.model.requests import Kind, Request, Response
from host.model.terminal import MacKey, TerminalProfile
from host.server import serve
from simulators.nac import Nac, NacSettings
from simulators.record import Record
from simulators.session import PosSession
from simulators.tally import percentile
from simulators.terminal import PosTerminal
from switch.settings import ChannelSettings, SwitchSettings

READY_SECONDS_MAX: Final = 20.0
SETTINGS: Final = Settings(
    switch=SwitchSettings(
        channels=(ChannelSettings(name="nac", kind="nac", port=0),), log_messages=False
    )
)


class NacBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    terminals: int = 500
    stall_seconds: float = 5.0
    rounds: int = 2
    rate: float = 200.0
    """Messages a second of all terminals together."""


class StallingHost:
    """Approves at once, and one terminal after a while."""

    def __init__(self, estate: EstatePlan, slow_terminal: str, seconds: float) -> None:
        self._echo = EchoHost(_profiles(estate))
        self._slow, self._seconds = slow_terminal, seconds
        self.find_terminal = self._echo.find_terminal
        self.late: trio.Nursery | None = None

    def submit(self, request: Request, answer: Callable[[Response], None]) -> None:
        """As the host's server asks."""
        if request.key.terminal_id == self._slow and request.kind is Kind.PURCHASE:
            assert self.late is not None
            self.late.start_soon(self._later, request, answer)
        else:
            self._echo.submit(request, answer)

    async def _later(self, request: Request, answer: Callable[[Response], None]) -> None:
        await trio.sleep(self._seconds)
        self._echo.submit(request, answer)


def measure_nac(bench: NacBench, say: Say) -> dict[str, Any]:
    """Milliseconds the 499 waited, and what the stalled one waited."""
    with tempfile.TemporaryDirectory(prefix="posswitch-nac-") as home:
        return trio.run(_run, bench, Path(home), say)


async def _run(bench: NacBench, home: Path, say: Say) -> dict[str, Any]:
    estate = bench_estate(bench.terminals, 1)
    host = StallingHost(estate, estate.terminals[0].terminal_id, bench.stall_seconds)
    places = places_of(home)
    places.make()
    address = Address.parse(f"unix:{places.run / 'host.sock'}")
    with closing(listen(address)) as listener:
        async with trio.open_nursery() as nursery:
            host.late = nursery
            nursery.start_soon(serve, [listener], host.submit, host.find_terminal)
            with _switch(places) as wait_until_ready:
                port = await trio.to_thread.run_sync(wait_until_ready)
                nac = Nac(NacSettings(port=port))
                async with nac.running():
                    figures = await _measure(bench, estate, nac, say)
            nursery.cancel_scope.cancel()
    return figures


@contextmanager
def _switch(places: Places) -> Iterator[Callable[[], int]]:
    """A switch process; gives what waits until it is ready and says its port."""
    log, told = places.log / "switch.log", msgspec.json.encode(resolved(SETTINGS, places))
    with running_program("switch", command("switch", places), log, told=told) as program:

        def wait_until_ready() -> int:
            [line] = program.wait_until_ready(READY_SECONDS_MAX)
            return int(line.rpartition(":")[2])

        yield wait_until_ready


async def _measure(bench: NacBench, estate: EstatePlan, nac: Nac, say: Say) -> dict[str, Any]:
    card, record = estate.cards[0], Record()
    merchant = estate.merchants[0]
    terminals = [
        PosTerminal(PosSession(plan, merchant, nac.line(plan.terminal_id).ask), record)
        for plan in estate.terminals
    ]
    waits: dict[bool, list[float]] = {False: [], True: []}
    slowest: list[float] = []
    pause = len(terminals) / bench.rate

    async def buy(terminal: PosTerminal) -> float:
        began = trio.current_time()
        done = await terminal.purchase(card, 100, card.pin)
        assert done.answer.is_approved, done.f39
        return trio.current_time() - began

    async def trade(terminal: PosTerminal, into: list[float], ends_at: float, seed: str) -> None:
        dice = random.Random(seed)  # noqa: S311 - a load to be repeated, no secret
        await trio.sleep(dice.random() * pause)
        while trio.current_time() < ends_at:
            into.append(await buy(terminal))
            await trio.sleep(dice.uniform(0.5, 1.5) * pause)

    async def one_slow() -> None:
        slowest.append(await buy(terminals[0]))

    async def turn(into: list[float], *, is_stalled: bool) -> None:
        ends_at = trio.current_time() + bench.stall_seconds
        async with trio.open_nursery() as nursery:
            if is_stalled:
                nursery.start_soon(one_slow)
            for number, terminal in enumerate(terminals[1:]):
                nursery.start_soon(trade, terminal, into, ends_at, f"{number}")

    await turn([], is_stalled=False)  # every terminal's keys are fetched
    for number in range(1, bench.rounds + 1):
        for is_stalled in (False, True):
            await turn(waits[is_stalled], is_stalled=is_stalled)
        say(f"round {number} of {bench.rounds}: {sum(map(len, waits.values())):,} messages")
    figures = {
        f"{name}_p{part:.0%}_ms".replace("%", ""): round(1000 * percentile(waits[which], part), 3)
        for which, name in ((False, "unstalled"), (True, "stalled"))
        for part in (0.50, 0.99)
    }
    return {
        **figures,
        "ratio": round(figures["stalled_p99_ms"] / figures["unstalled_p99_ms"], 3),
        "messages": sum(map(len, waits.values())),
        "the_one_waited_ms": round(1000 * max(slowest), 1),
        "out_of_order": nac.out_of_order,
    }


def _profiles(estate: EstatePlan) -> dict[str, TerminalProfile]:
    return {
        plan.terminal_id: TerminalProfile(
            terminal_id=plan.terminal_id,
            merchant_id=estate.merchants[0].merchant_id,
            epoch=plan.epoch,
            mac_algorithm=plan.mac_algorithm,
            mac_keys=(MacKey(1, plan.working.mak),),
        )
        for plan in estate.terminals
        if plan.working is not None
    }
