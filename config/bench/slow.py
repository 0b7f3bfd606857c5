"""Honest terminals beside 2,000 connections that send a byte now and then, or nothing at all.

What the honest wait is measured without them and with them, in turns in one run, in an open loop
at a rate that leaves the switch idle most of the time; what the switch holds in memory is read
when they have all called. Slow and idle ones trouble a switch process each.
"""

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from config.bench.cpu import resident_bytes
from config.bench.front import Front, descriptors_for, running_front
from config.bench.loads import run_wire_load
from config.errors import Say, SurroundingsError
from config.settings import Settings
from host.estate.demo import bench_estate
from host.estate.plan import EstatePlan
from simulators import messages
from simulators.load import LoadReport
from simulators.messages import Who
from simulators.slow import SlowSenders, SlowSettings, idle_connections
from switch.settings import ChannelSettings, SwitchSettings
from terminals.dialects.pos import POS

MIB: Final = 1024 * 1024
HOST: Final = "127.0.0.1"
CALLING_SECONDS_MAX: Final = 60.0
REST_SECONDS: Final = 1.0
"""For the switch to notice that they have all gone."""


class SlowBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int = 2
    connections: int = 2_000
    """Slow, and then idle ones; half as many idle ones are measured, too."""
    pause_seconds: float = 10.0
    """Between two bytes of one."""
    frame_seconds_max: float = 10.0
    """The channel's deadline for a message."""
    rate: float = 200.0
    """Honest messages a second, of all terminals together."""
    messages: int = 3_000
    """In each turn."""
    terminals: int = 100
    honest_connections: int = 20


def measure_slow(told: SlowBench, say: Say) -> dict[str, Any]:
    """Milliseconds the honest waited and mebibytes the switch held, without and with the others."""
    estate = bench_estate(told.terminals, 100)
    channel = ChannelSettings(port=0, frame_seconds_max=told.frame_seconds_max)
    settings = Settings(switch=SwitchSettings(channels=(channel,)))
    with (
        tempfile.TemporaryDirectory(prefix="posswitch-slow-") as home,
        descriptors_for(2 * told.connections),
        running_front(Path(home, "slow"), estate, settings) as slow,
        running_front(Path(home, "idle"), estate, settings) as idle,
    ):
        return trio.run(_Turns(told, estate, say).run, slow, idle)


class _Turns:
    """The turns of a bench, and what came of them."""

    def __init__(self, told: SlowBench, estate: EstatePlan, say: Say) -> None:
        self._told = told
        self._say = say
        self._echo = _echo_of(estate)
        self._next_trace = 1
        self._rows: dict[str, list[float]] = {}

    async def run(self, slow: Front, idle: Front) -> dict[str, Any]:
        """Every round, and the document."""
        told = self._told
        for front in (slow, idle):
            await self._honest(front)  # keys are fetched, pages touched
        held_before = {front.port: _held(front) for front in (slow, idle)}
        for number in range(1, told.rounds + 1):
            self._note("alone", await self._honest(slow))
            self._note("slow", await self._beside_slow(slow))
            for count in (told.connections // 2, told.connections):
                self._note(f"idle_{count}", await self._beside_idle(idle, count))
            p99 = {name: row[-1] for name, row in self._rows.items() if name.endswith("p99_ms")}
            shown = ", ".join(f"{name} {value:.1f}" for name, value in p99.items())
            self._say(f"round {number} of {told.rounds}: {shown}")
        ports = {name: (slow if name == "slow" else idle).port for name in self._beside}
        return {
            **{name: round(statistics.median(row), 3) for name, row in self._rows.items()},
            **{
                f"{name}_over_mib": round(
                    max(self._rows[f"{name}_held_mib"]) - held_before[ports[name]], 1
                )
                for name in self._beside
            },
            "p99_ratio": self._p99_ratio("slow"),
            "idle_p99_ratio": self._p99_ratio(f"idle_{told.connections}"),
            "rounds": self._rows,
            "connections": told.connections,
        }

    @property
    def _beside(self) -> list[str]:
        ends = "_held_mib"
        return [name.removesuffix(ends) for name in self._rows if name.endswith(ends)]

    async def _beside_slow(self, front: Front) -> LoadReport:
        told = self._told
        settings = SlowSettings(
            port=front.port, connections=told.connections, pause_seconds=told.pause_seconds
        )
        senders = SlowSenders(settings, self._echo)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(senders.run)
            await _all_called(senders)
            report = await self._honest(front)
            self._add("slow_held_mib", _held(front))
            self._add("slow_cut_off", senders.cut_off)
            self._add("slow_refused", senders.refused)
            nursery.cancel_scope.cancel()
        await trio.sleep(REST_SECONDS)
        return report

    async def _beside_idle(self, front: Front, count: int) -> LoadReport:
        streams = await idle_connections(HOST, front.port, [self._echo] * count)
        report = await self._honest(front)
        self._add(f"idle_{count}_held_mib", _held(front))
        for stream in streams:
            await stream.aclose()
        await trio.sleep(REST_SECONDS)
        return report

    async def _honest(self, front: Front) -> LoadReport:
        told = self._told
        first, each = self._next_trace, told.messages // told.terminals + 1
        self._next_trace += each
        load: Callable[[], LoadReport] = partial(
            run_wire_load,
            port=front.port,
            messages=told.messages,
            terminals=told.terminals,
            connections=told.honest_connections,
            cards=100,
            rate=told.rate,
            first_trace=first,
        )
        return await trio.to_thread.run_sync(load)

    def _note(self, name: str, report: LoadReport) -> None:
        self._add(f"{name}_p50_ms", report.p50_ms)
        self._add(f"{name}_p99_ms", report.p99_ms)

    def _add(self, name: str, value: float) -> None:
        self._rows.setdefault(name, []).append(value)

    def _p99_ratio(self, name: str) -> float:
        pairs = zip(self._rows["alone_p99_ms"], self._rows[f"{name}_p99_ms"], strict=True)
        return round(statistics.median(beside / alone for alone, beside in pairs), 3)


async def _all_called(senders: SlowSenders) -> None:
    """Raises SurroundingsError where some cannot call, for then nothing is measured."""
    with trio.move_on_after(CALLING_SECONDS_MAX):
        await senders.connected.wait()
    if senders.waiting:
        raise SurroundingsError(
            f"{senders.waiting:,} slow senders could not call the switch "
            f"({senders.refusal or 'no answer'}). Next: ulimit -n 8192, and measure again"
        )


def _held(front: Front) -> float:
    return sum(resident_bytes(pid) for pid in front.pids) / MIB


def _echo_of(estate: EstatePlan) -> bytes:
    terminal = estate.terminals[0]
    who = Who(
        terminal_id=terminal.terminal_id,
        merchant_id=estate.merchant_of(terminal).merchant_id,
        batch=terminal.epoch,
    )
    return POS.compose(messages.TPDU, messages.HEADER, messages.echo(who), None)
