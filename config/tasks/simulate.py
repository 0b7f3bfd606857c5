"""`posswitch simulate`: terminals for a switch that is running already, and scenarios for it."""

import contextlib
import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import trio
from rich.console import Console

from config.as_json import print_json
from config.errors import FOUND_WRONG, SettingsError
from config.run.estates import estate_named
from config.screen import screen
from config.tasks.junit import Ended, junit_report
from config.tasks.progress import board, headline, mended, settled, show_progress
from config.tasks.stories_page import stories_page
from host.clock import utc_now
from host.estate.demo import EXTERNAL, EXTERNAL_ZONE, external_cards
from host.estate.plan import EstatePlan
from simulators.certificates import make_certificates
from simulators.channels import CHANNELS, Opens, Place
from simulators.faults import DEMO_RATES, NO_FAULTS
from simulators.issuer import Issuer, IssuerSettings
from simulators.prompt import TYPED, run_prompt
from simulators.record import Record
from simulators.scenario import Scenario, asks_the_ledger, read_scenario, run_scenario
from simulators.swarm import Swarm, SwarmSettings
from simulators.wanted import Ledger

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
    caller_bytes: int = 0
    """Of a gateway: how long the caller's number is that the switch expects."""
    as_json: bool = False
    """How it is told what came of it."""


def _report(swarm: Swarm, *, as_json: bool) -> int:
    status = _told(swarm) if as_json else _shown(swarm)
    return status or (FOUND_WRONG if not swarm.tally.signed_on else 0)


def _told(swarm: Swarm) -> int:
    """What came of it, for programs."""
    trio.run(swarm.run)
    tally = swarm.tally
    median, slowest = (round(1000 * seconds, 3) for seconds in tally.latency(0.5, 0.99))
    print_json(
        {
            "signed_on": tally.signed_on,
            "transactions": tally.trades,
            "answers": [
                {"kind": kind, "code": f39, "count": count}
                for (kind, f39), count in tally.answers.items()
            ],
            "unexpected": [
                {"trade": trade, "code": f39, "count": count}
                for (trade, f39), count in tally.surprises.items()
            ],
            "settled": dict(tally.settled),
            "pending": tally.pending,
            "repeats_that_differed": tally.repeats_that_differed,
            "p50_ms": median,
            "p99_ms": slowest,
        }
    )
    return FOUND_WRONG if tally.surprises else 0


def _shown(swarm: Swarm) -> int:
    console, seconds = screen(), swarm.settings.seconds
    trio.run(_watched, swarm, console)
    if not console.is_terminal:
        console.print(board(swarm.tally))
    console.print(headline(swarm.tally, seconds, seconds))
    console.print(mended(swarm.record.events))
    if swarm.settings.settles:
        console.print(settled(swarm.tally))
    for (trade, f39), number in swarm.tally.surprises.items():
        console.print(f"unexpected: {trade} was answered {f39}, {number} times", markup=False)
    return FOUND_WRONG if swarm.tally.surprises else 0


def swarm_settings(
    terminals: int, seconds: float, rate: float, seed: int, *, with_faults: bool, settles: bool
) -> SwarmSettings:
    """What a swarm of any channel is told; the channel says the rest."""
    return SwarmSettings(
        host="",
        port=0,
        terminals=terminals,
        seconds=seconds,
        rate=rate,
        seed=seed,
        faults=DEMO_RATES if with_faults else NO_FAULTS,
        settles=settles,
        repeats=not rate,
    )


def make_phone_files(home: Path | None) -> int:
    """Certificates and the attestation key, for the settings of a softpos channel.

    Raises:
        SettingsError: no directory was named.
    """
    if home is None:
        raise SettingsError(
            "no directory for the files. Next: --certificates DIR --make", "E-SIMULATOR"
        )
    make_certificates(home)
    print_files = sorted(file.name for file in home.iterdir())
    screen().print(f"{home}: {', '.join(print_files)}", markup=False)
    return 0


def simulate_channel(
    target: Target,
    channel: str,
    *,
    settings: SwarmSettings,
    opens: Opens | None = None,
    record: Path | None = None,
) -> int:
    """Let a channel's terminals trade. Gives the exit status: 0 when no answer was a surprise."""
    row = CHANNELS[channel]
    told = dataclasses.replace(
        settings,
        host=target.host,
        port=target.port or row.port,
        channel=channel,
        opens=opens,
        certificates=target.certificates,
        record=record,
        last_trace=_trace_of_now(),
    )
    return _report(Swarm(told, estate_named(target.estate)), as_json=target.as_json)


def simulate_prompt(target: Target, channel: str, terminal_id: str | None) -> int:
    """A till of a channel to poke at, a line a step.

    Raises:
        SettingsError: there is no such terminal on this channel.
    """
    estate, row = estate_named(target.estate), CHANNELS[channel]
    plans = {one.terminal_id: one for one in estate.terminals if row.takes(one)}
    name = terminal_id or next(iter(plans))
    if name not in plans:
        raise SettingsError(
            f"{name} is no terminal of channel {channel}. Next: try {next(iter(plans))}",
            "E-SIMULATOR",
        )
    place = Place(
        host=target.host,
        port=target.port or row.port,
        certificates=target.certificates,
        caller_bytes=target.caller_bytes,
        answer_seconds_max=ANSWER_SECONDS_MAX,
        last_trace=_trace_of_now(),
    )
    console = screen()
    console.print(f"{name} on {channel}: {', '.join(TYPED)}; end with Ctrl-D", markup=False)
    trio.run(run_prompt, channel, plans[name], estate, place, _Lines(console))
    return 0


def simulate_issuer(settings: IssuerSettings) -> int:
    """An external issuer's host, until it is interrupted; its book is printed then."""
    issuer = Issuer(settings, external_cards(), zone_key=EXTERNAL_ZONE.key)
    console = screen()
    port = issuer.listen()
    console.print(f"issuer on {settings.host}:{port}, cards {EXTERNAL.pan_prefix}…", markup=False)
    with contextlib.suppress(KeyboardInterrupt):
        trio.run(issuer.run)
    for name, number in issuer.book.counts.items():
        console.print(f"{name}: {number}", markup=False)
    return 0


class Reports(NamedTuple):
    """Where it is written down how scenarios ended, beside the screen."""

    junit: Path | None = None
    page: Path | None = None


def simulate_scenarios(
    target: Target,
    files: Sequence[Path],
    *,
    reports: Reports = Reports(),  # noqa: B008 - it never changes
    ledger: Ledger | None = None,
) -> int:
    """Run scenarios in turn. Gives the exit status: 0 when all ended as they are written.

    Raises:
        SettingsError: a file is no scenario; then none is run.
    """
    scenarios, estate = [_scenario(file) for file in files], estate_named(target.estate)
    ended = []
    console = screen()
    for scenario in scenarios:
        began = time.monotonic()
        wrong = _played(scenario, estate, target, ledger)
        ended.append(Ended(scenario, wrong, time.monotonic() - began))
        if not target.as_json:
            _tell(console, ended[-1], ledger)
    if target.as_json:
        print_json([{**one._asdict(), "scenario": one.scenario.title} for one in ended])
    if reports.junit is not None:
        reports.junit.write_bytes(junit_report(ended))
    if reports.page is not None:
        reports.page.write_text(stories_page(ended, with_ledger=ledger is not None), "utf-8")
    return FOUND_WRONG if any(one.wrong for one in ended) else 0


def _tell(console: Console, one: Ended, ledger: Ledger | None) -> None:
    """How a scenario ended."""
    for line in one.wrong:
        console.print(line, markup=False)
    how = "not as written" if one.wrong else "as written"
    unseen = ledger is None and asks_the_ledger(one.scenario)
    more = "; nobody looked at the ledger. Next: add --data DIR" if unseen else ""
    console.print(f"{one.scenario.title}: {how}{more}", markup=False)


def _played(
    scenario: Scenario, estate: EstatePlan, target: Target, ledger: Ledger | None
) -> list[str]:
    place = Place(
        host=target.host,
        port=target.port or CHANNELS[scenario.channel].port,
        certificates=target.certificates,
        caller_bytes=target.caller_bytes,
        answer_seconds_max=ANSWER_SECONDS_MAX,
    )
    with Record() as record:
        return trio.run(run_scenario, scenario, estate, place, record, ledger)


async def _watched(swarm: Swarm, console: Console) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(show_progress, swarm.tally, swarm.settings.seconds, console)
        await swarm.run()
        nursery.cancel_scope.cancel()


class _Lines:
    """Standard input and the screen, as a prompt."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def read(self) -> str | None:
        """The next line typed."""
        try:
            return self._console.input("> ")
        except EOFError:
            return None

    def write(self, text: str) -> None:
        """Show it."""
        self._console.print(text, markup=False)


def _trace_of_now() -> int:
    now = utc_now()
    return (now.hour * 3600 + now.minute * 60 + now.second) * TRACES_PER_SECOND


def _scenario(file: Path) -> Scenario:
    try:
        return read_scenario(file)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise SettingsError(
            f"{file} is not a scenario: {error}. Next: compare simulators/scenarios/*.toml",
            "E-SIMULATOR",
        ) from error
