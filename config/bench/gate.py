"""From a card batch's suspending to its first refusal, while tills trade with its cards.

It has to hold from the very next message: none that a till sends after the action was answered may
be approved. How long that takes is what the message takes, whatever the trade beside it.
"""

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from config.bench.ledger import Figures
from config.errors import Say
from config.places import places_of
from config.run.estates import loader
from config.run.fleet import ports_in
from config.run.staff import DemoStaff, opened_staff
from config.run.supervisor import running_posswitch
from config.settings import Settings
from host.estate.demo import GIFT_BATCHES, GIFT_FACE_MINOR, demo_estate
from host.estate.plan import CardPlan
from host.office.roles import BO
from simulators.channels import CHANNELS, Channel, Place
from simulators.faults import no_faults
from simulators.record import Record
from simulators.terminal import PosTerminal

DATA: Final = Path("build/bench-gate")
OPENED: Final = GIFT_BATCHES["opened"]
BATCH: Final = "CB-DEMO-1"
FEN: Final = 1
APPROVED, SUSPENDED = "00", "62"
WARM_SECONDS: Final = 1.0
"""Of trade before a batch is suspended."""
REFUSED_SECONDS_MAX: Final = 10.0
LOOK_SECONDS: Final = 0.001


class GateBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 5
    gifts: int = 8
    """Tills that take cards of the batch."""
    others: int = 24
    """Tills that trade beside them."""


@dataclass(slots=True)
class Heard:
    """What one round's tills were told of the batch's cards."""

    suspended_at: float = float("inf")
    """When the action was answered."""
    first_refused_at: float = float("inf")
    lifted_at: float = float("inf")
    """When it was asked for to go on."""
    late_approved: int = 0
    """Sent after that, and approved: none may be."""
    trades: int = 0


@dataclass(slots=True)
class _Trade:
    """Tills that trade until they are told to go home."""

    heard: Heard = field(default_factory=Heard)

    async def take_gifts(self, till: PosTerminal, card: CardPlan) -> None:
        """One message after the other, with a card of the batch."""
        while True:
            heard, asked_at = self.heard, trio.current_time()
            done = await till.purchase(card, FEN, None)
            heard.trades += 1
            told_at = trio.current_time()
            if done.f39 == SUSPENDED:
                heard.first_refused_at = min(heard.first_refused_at, told_at)
            elif asked_at > heard.suspended_at and told_at < heard.lifted_at:
                heard.late_approved += done.f39 == APPROVED

    async def sell(self, till: PosTerminal, card: CardPlan) -> None:
        """The trade beside them."""
        while True:
            await till.purchase(card, FEN, card.pin)
            self.heard.trades += 1


def measure_gate(told: GateBench, say: Say) -> dict[str, Any]:
    """Milliseconds from the action's answer to the first refusal, and what slipped through."""
    data = DATA.resolve()
    shutil.rmtree(data, ignore_errors=True)
    settings = msgspec.structs.replace(
        Settings(), log=msgspec.structs.replace(Settings().log, level="warning")
    )
    load = loader(demo_estate(), settings.host.timezone)
    places = places_of(data)
    with (
        running_posswitch(settings, places, port=0, load_estate=load, say=say) as running,
        opened_staff(running.settings, running.places) as staff,
    ):
        place = Place(port=ports_in(running.listeners)["pos"])
        figures, heard = trio.run(_measure, told, place, staff, say)
    return {
        **figures.medians(),
        "late_approved": sum(one.late_approved for one in heard),
        "rounds": figures.values,
        "settings": msgspec.to_builtins(told),
    }


async def _measure(
    told: GateBench, place: Place, staff: DemoStaff, say: Say
) -> tuple[Figures, list[Heard]]:
    trade, figures, rounds = _Trade(), Figures(), list[Heard]()
    async with (
        CHANNELS["pos"].opens(place) as channel,
        contextlib.AsyncExitStack() as lines,
        trio.open_nursery() as nursery,
    ):
        tills = [each async for each in _tills(channel, told.gifts + told.others, lines)]
        gifts = [one for one in demo_estate().all_cards if one.id >= OPENED.first]
        for number, till in enumerate(tills):
            is_gift = number < told.gifts
            card = gifts[number] if is_gift else demo_estate().cards[200 + number]
            await till.sign_on()
            if is_gift:
                await till.activate(card, GIFT_FACE_MINOR)
            nursery.start_soon(trade.take_gifts if is_gift else trade.sell, till, card)
        for number in range(told.rounds):
            figures.add(**await _round(trade, staff, f"{BO} {number}"))
            rounds.append(trade.heard)
            refused = f"{figures.values['first_refusal_ms'][-1]:.1f} ms"
            say(f"round {number + 1} of {told.rounds}: {refused}")
        nursery.cancel_scope.cancel()
    return figures, rounds


async def _tills(
    channel: Channel, count: int, lines: contextlib.AsyncExitStack
) -> AsyncIterator[PosTerminal]:
    estate = demo_estate()
    for plan in estate.terminals[1 : 1 + count]:
        counter = channel.counter(plan, estate, Record(), no_faults())
        await lines.enter_async_context(counter.line)
        assert isinstance(counter.terminal, PosTerminal)
        yield counter.terminal


async def _round(trade: _Trade, staff: DemoStaff, owner: str) -> dict[str, float]:
    await trio.to_thread.run_sync(staff.person, owner)
    trade.heard = Heard()
    began = trio.current_time()
    await trio.sleep(WARM_SECONDS)
    values = {"batch": BATCH, "note": "measured"}
    asked_at, trades = trio.current_time(), trade.heard.trades
    await trio.to_thread.run_sync(staff.done, owner, "card_batch.suspend", values)
    heard = trade.heard
    heard.suspended_at = answered_at = trio.current_time()
    with contextlib.suppress(trio.TooSlowError), trio.fail_after(REFUSED_SECONDS_MAX):
        while heard.first_refused_at == float("inf"):  # noqa: ASYNC110 - tills run beside it
            await trio.sleep(LOOK_SECONDS)
    await trio.sleep(WARM_SECONDS)
    heard.lifted_at = trio.current_time()
    await trio.to_thread.run_sync(staff.done, owner, "card_batch.resume", values)
    return {
        "first_refusal_ms": round(1_000 * max(heard.first_refused_at - answered_at, 0.0), 1),
        "from_asking_ms": round(1_000 * (heard.first_refused_at - asked_at), 1),
        "trade_rate": trades / (asked_at - began),
    }
