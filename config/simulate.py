"""`posswitch simulate`: terminals for a switch that is running already, and scenarios for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import trio
from rich.console import Console

from config.errors import FOUND_WRONG, SettingsError
from config.estates import estate_named
from config.progress import board, headline, mended, show_progress
from host.clock import utc_now
from simulators.channels import CHANNELS, Place
from simulators.faults import DEMO_RATES, NO_FAULTS, Fault
from simulators.record import Record
from simulators.scenario import Scenario, read_scenario, run_scenario
from simulators.swarm import Swarm, SwarmSettings

ANSWER_SECONDS_MAX: Final = 10.0
TRACES_PER_SECOND: Final = 10
"""A swarm starts its traces by the time of day, so that the next one does not repeat them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the terminals call, and whose they are."""

    host: str = "127.0.0.1"
    port: int = 0
    """0: where the channel is by itself."""
    estate: str = "demo"
    certificates: Path | None = None
    """For phones: the directory `simulators.certificates` has filled."""


def simulate_pos(
    target: Target,
    *,
    terminals: int,
    seconds: float,
    seed: int,
    with_faults: bool,
    record: Path | None,
) -> int:
    """Let a swarm trade. Gives the exit status: 0 when no answer was a surprise."""
    rates: Mapping[Fault, float] = DEMO_RATES if with_faults else NO_FAULTS
    settings = SwarmSettings(
        host=target.host,
        port=target.port,
        terminals=terminals,
        seconds=seconds,
        seed=seed,
        faults=rates,
        record=record,
        last_trace=_trace_of_now(),
    )
    swarm, console = Swarm(settings, estate_named(target.estate)), Console(highlight=False)
    trio.run(_watched, swarm, console)
    if not console.is_terminal:
        console.print(board(swarm.tally))
    console.print(headline(swarm.tally, seconds, seconds))
    console.print(mended(swarm.record.events))
    for (trade, f39), number in swarm.tally.surprises.items():
        console.print(f"unexpected: {trade} was answered {f39}, {number} times", markup=False)
    return FOUND_WRONG if swarm.tally.surprises or not swarm.tally.signed_on else 0


def simulate_scenario(target: Target, file: Path) -> int:
    """Run a scenario. Gives the exit status: 0 when it ended as it is written.

    Raises:
        SettingsError: the file is no scenario.
    """
    scenario, estate = _scenario(file), estate_named(target.estate)
    with Record() as record:
        port = target.port or CHANNELS[scenario.channel].port
        place = Place(
            host=target.host,
            port=port,
            certificates=target.certificates,
            answer_seconds_max=ANSWER_SECONDS_MAX,
        )
        wrong = trio.run(run_scenario, scenario, estate, place, record)
    console = Console(highlight=False)
    for line in wrong:
        console.print(line, markup=False)
    console.print(f"{scenario.title}: {'not as written' if wrong else 'as written'}", markup=False)
    return FOUND_WRONG if wrong else 0


async def _watched(swarm: Swarm, console: Console) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(show_progress, swarm.tally, swarm.settings.seconds, console)
        await swarm.run()
        nursery.cancel_scope.cancel()


def _trace_of_now() -> int:
    now = utc_now()
    return (now.hour * 3600 + now.minute * 60 + now.second) * TRACES_PER_SECOND


def _scenario(file: Path) -> Scenario:
    try:
        return read_scenario(file)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise SettingsError(
            f"{file} is not a scenario: {error}. Next: compare simulators/scenarios/*.toml"
        ) from error
