"""`posswitch demo`: a business day in a minute, from terminals' bytes to a cleared, audited night.

Everything is real: PostgreSQL, host and switch as processes, terminals over TCP with MACs and
PINs, answers lost on purpose. The night falls while the shops are still open, so cut-off is
seen to turn the date under trade. Then the audit compares the ledger with what the terminals
say they were told.
"""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psycopg
import trio
from rich.console import Console

from clearing.run import Summary, run_clearing
from clearing.verify import Violation, audit
from config.database import dsn_of
from config.errors import FOUND_WRONG, Say, SettingsError
from config.estates import loader
from config.night import print_summary, print_violations
from config.places import Places, places_of
from config.programs import only_one_of
from config.progress import board, headline, mended, show_progress
from config.settings import Settings
from config.supervisor import LoadEstate, Running, running_posswitch
from host.clock import utc_now
from host.estate.demo import demo_estate
from simulators.swarm import Swarm, SwarmSettings

HOME: Final = Path("var/demo")
HOST_SECONDS_MAX: Final = 5.0
"""Shorter than a demo terminal's patience, as in life."""
ANSWER_SECONDS_MAX: Final = 10.0
NIGHT_FALLS: Final = 0.8
"""The part of the day after which the night begins, shops still open."""
LOOK_SECONDS: Final = 0.5
RECORD: Final = "terminals.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """How long and how big. One seed makes the same trades and the same faults again."""

    seconds: float = 40.0
    terminals: int = 40
    seed: int = 8583


def fresh_places(data: Path | None) -> Places:
    """The directory named, which must be unused, or a new one under `var/demo`.

    Raises:
        SettingsError: it holds a posswitch already.
    """
    places = places_of(data or HOME / f"{utc_now():%Y%m%d-%H%M%S-%f}")
    if places.cluster.home.exists():
        raise SettingsError(
            f"{places.data} holds a posswitch already, and the demo starts from nothing. "
            "Next: name another directory with --data, or none"
        )
    return places


def run_demo(settings: Settings, places: Places, demo: DemoSettings, *, say: Say) -> int:
    """The whole day. Gives the exit status: 0 when everything balanced.

    Raises:
        OperatorError: something could not be started, or ended by itself.
    """
    console = Console(highlight=False)
    estate = demo_estate()
    say(f"seed {demo.seed}, data in {places.data}")
    with running_posswitch(
        _for_demo(settings), places, port=0, load_estate=_estate_loader(settings), say=say
    ) as running:
        for line in running.listeners:
            console.print(line)
        swarm = Swarm(_swarm_settings(running, places, demo), estate)
        summary = _run_day(swarm, running, console)
        violations = _audit(running, swarm)
    _report(console, swarm, summary, violations, places)
    return 0 if _all_is_well(swarm, violations) else FOUND_WRONG


def _run_day(swarm: Swarm, running: Running, console: Console) -> Summary:
    try:
        return trio.run(_day, swarm, running, console)
    except BaseExceptionGroup as group:
        raise only_one_of(group) from None


async def _day(swarm: Swarm, running: Running, console: Console) -> Summary:
    """Trade, with the night falling before the shops close."""
    cleared: list[Summary] = []

    async def night() -> None:
        await trio.sleep(swarm.settings.seconds * NIGHT_FALLS)
        cleared.append(await trio.to_thread.run_sync(_clear, running))

    async with trio.open_nursery() as side:
        side.start_soon(_watch, running)
        side.start_soon(_stop_at_signal)
        side.start_soon(show_progress, swarm.tally, swarm.settings.seconds, console)
        async with trio.open_nursery() as main:
            main.start_soon(night)
            main.start_soon(swarm.run)
        side.cancel_scope.cancel()
    return cleared[0]


async def _watch(running: Running) -> None:
    while True:
        running.check()
        await trio.sleep(LOOK_SECONDS)


async def _stop_at_signal() -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _number in signals:
            raise KeyboardInterrupt


def _clear(running: Running) -> Summary:
    with _night_connection(running) as connection:
        return run_clearing(connection, running.places.files)


def _audit(running: Running, swarm: Swarm) -> list[Violation]:
    with _night_connection(running) as connection:
        return audit(connection, swarm.record.claims())


def _night_connection(running: Running) -> psycopg.Connection:
    return psycopg.connect(dsn_of("night", running.settings.database, running.places.cluster))


def _report(
    console: Console,
    swarm: Swarm,
    summary: Summary,
    violations: list[Violation],
    places: Places,
) -> None:
    tally = swarm.tally
    if not console.is_terminal:
        console.print(board(tally))
    console.print(headline(tally, swarm.settings.seconds, swarm.settings.seconds))
    console.print(mended(swarm.record.events))
    print_summary(summary)
    for (trade, f39), number in tally.surprises.items():
        console.print(f"unexpected: {trade} was answered {f39}, {number} times", markup=False)
    if tally.repeats_that_differed:
        console.print(f"unexpected: {tally.repeats_that_differed} repeats got another answer")
    record = places.data / RECORD
    again = f"posswitch audit --data {places.data} --record {record}"
    console.print(f"look again: {again}", soft_wrap=True)
    print_violations(violations)


def _all_is_well(swarm: Swarm, violations: list[Violation]) -> bool:
    tally = swarm.tally
    return bool(tally.trades) and not (violations or tally.surprises or tally.repeats_that_differed)


def _for_demo(settings: Settings) -> Settings:
    switch = msgspec.structs.replace(settings.switch, host_seconds_max=HOST_SECONDS_MAX)
    return msgspec.structs.replace(settings, switch=switch)


def _estate_loader(settings: Settings) -> LoadEstate:
    return loader(demo_estate(), settings.host.timezone)


def _swarm_settings(running: Running, places: Places, demo: DemoSettings) -> SwarmSettings:
    channel = running.settings.switch.channels[0]
    port = int(running.listeners[0].rpartition(":")[2])
    return SwarmSettings(
        host=channel.host,
        port=port,
        terminals=demo.terminals,
        seconds=demo.seconds,
        seed=demo.seed,
        answer_seconds_max=ANSWER_SECONDS_MAX,
        record=places.data / RECORD,
    )
