"""`posswitch simulate`: terminals for a switch that is running already, and scenarios for it."""

import contextlib
import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from rich.console import Console

from config.as_json import print_json
from config.errors import FOUND_WRONG, INTERRUPTED, SettingsError, SurroundingsError
from config.run.estates import estate_named
from config.screen import screen
from config.tasks.doors import HERE, Door, DoorOf
from config.tasks.failed import failed_lines, failed_status
from config.tasks.junit import Ended, junit_report
from config.tasks.loops import port_refused, run_loop
from config.tasks.reach import be_heard, reach
from config.tasks.stories_page import stories_page
from config.tasks.till import TillLoop, serve_till
from config.tasks.watching import watch_swarm
from host.clock import utc_now
from host.estate.demo import EXTERNAL, EXTERNAL_ZONE, external_cards
from host.estate.plan import EstatePlan, TerminalPlan
from simulators.certificates import ATTESTATION, AUTHORITY, SWITCH, make_certificates
from simulators.channels import CHANNELS, Opens, Place
from simulators.failures import Failures
from simulators.faults import DEMO_RATES, NO_FAULTS
from simulators.issuer import Issuer, IssuerSettings
from simulators.record import Record
from simulators.scenario import (
    Scenario,
    asks_the_ledger,
    read_scenario,
    run_scenario,
)
from simulators.softpos import KID
from simulators.swarm import Swarm, SwarmSettings
from simulators.till.prompt import TillPlace
from simulators.wanted import CHANNELS_ALONE, Behind

ANSWER_SECONDS_MAX: Final = 10.0
TRACES_PER_SECOND: Final = 10
"""A swarm starts its traces by the time of day, so that the next one does not repeat them."""
AHEAD_MAX: Final = 100
"""How many traces are waited for at the end: more are of a till that went on past midnight."""
CUSTOMERS_PER_SECOND_MAX: Final = 8
"""Of a terminal: more, with what it mends, would use up traces faster than the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where the terminals call, and whose they are."""

    host: str = HERE
    port: int = 0
    """0: where the channel is by itself."""
    estate: str = "demo"
    certificates: Path | None = None
    """For phones: the directory `simulators.certificates` has filled."""
    caller_bytes: int = 0
    """Of a gateway: how long the caller's number is that the switch expects."""
    as_json: bool = False
    """How it is told what came of it."""
    door_of: DoorOf | None = None
    """Of a house that was named: it says where its channels are, but for what is said here."""

    def place(self, channel: str) -> Place:
        """Where a channel of it is.

        Raises:
            SettingsError: the house has no such channel.
        """
        door = Door(self.host, self.port or CHANNELS[channel].port)
        if self.door_of is not None and not self.port:
            door = self.door_of(channel)
        return Place(
            host=self.host if self.host != HERE else door.host,
            port=door.port,
            certificates=self.certificates,
            caller_bytes=self.caller_bytes or door.preamble_bytes,
            answer_seconds_max=ANSWER_SECONDS_MAX,
        )


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
        SettingsError: no directory was named, or it has some, which a switch may believe.
    """
    if home is None:
        raise SettingsError(
            "no directory for the files. Next: --certificates DIR --make", "E-SIMULATOR"
        )
    if (home / AUTHORITY).exists():
        raise SettingsError(
            f"{home} has certificates already, which a switch may have been told to believe. "
            f"Next: use them (posswitch simulate softpos --certificates {home}), or name another",
            "E-SIMULATOR",
        )
    make_certificates(home)
    print_files = sorted(file.name for file in home.iterdir())
    console = screen()
    console.print(f"{home}: {', '.join(print_files)}", markup=False)
    console.print("for posswitch.toml, then posswitch reload:", markup=False)
    console.print(PHONE_CHANNEL.format(home=home.absolute()), markup=False)
    return 0


PHONE_CHANNEL: Final = f"""
[[channels]]
name = "phones"
kind = "softpos"

[channels.options.attestation_keys]
{KID} = "{{home}}/{ATTESTATION}"

[channels.tls]
certificate = "{{home}}/{SWITCH}.crt"
key = "{{home}}/{SWITCH}.key"
client_ca = "{{home}}/{AUTHORITY}"
require_client = true"""
"""The row of a channel that believes these phones."""


def simulate_channel(
    target: Target,
    channel: str,
    *,
    settings: SwarmSettings,
    opens: Opens | None = None,
    record: Path | None = None,
) -> int:
    """Let a channel's terminals trade. Gives the exit status: 0 when no answer was a surprise.

    Raises:
        SettingsError: the estate has not so many terminals, or they cannot be so fast.
        SurroundingsError: nobody listens there, or answers.
    """
    estate, row = estate_named(target.estate), CHANNELS[channel]
    _check_size(channel, estate, settings)
    told = dataclasses.replace(
        settings,
        host=target.host,
        port=target.port or row.port,
        channel=channel,
        opens=opens,
        certificates=target.certificates,
        record=record,
        last_trace=trace_of_now(),
    )
    place = dataclasses.replace(target.place(channel), last_trace=told.last_trace)
    run_loop(reach, channel, place)
    run_loop(be_heard, channel, place, estate)
    swarm = Swarm(told, estate)
    status = watch_swarm(swarm, as_json=target.as_json)
    let_the_clock_pass(swarm.tally.last_trace)
    return status


def _check_size(channel: str, estate: EstatePlan, settings: SwarmSettings) -> None:
    there = sum(1 for plan in estate.terminals if CHANNELS[channel].takes(plan))
    if settings.terminals > there:
        raise SettingsError(
            f"the estate {estate.name} has {there} terminals of channel {channel}, not "
            f"{settings.terminals}. Next: --terminals {there}",
            "E-SIMULATOR",
        )
    most = settings.terminals * CUSTOMERS_PER_SECOND_MAX
    if settings.rate > most:
        raise SettingsError(
            f"{settings.terminals} terminals serve {most} customers a second at most. "
            f"Next: --rate {most}, more --terminals, or posswitch bench for loads",
            "E-SIMULATOR",
        )


def simulate_prompt(
    target: Target,
    channel: str,
    terminal_id: str | None,
    *,
    opens: Opens | None = None,
    record: Path | None = None,
    estate: EstatePlan | None = None,
) -> int:
    """A till of a channel to type at, of that estate or of the target's. Gives the exit status.

    Raises:
        SettingsError: there is no such terminal on this channel.
        SurroundingsError: nobody listens there.
    """
    estate = estate or estate_named(target.estate)
    channel, plan = _till_of(channel, estate, terminal_id)
    place = dataclasses.replace(target.place(channel), last_trace=trace_of_now())
    run_loop(reach, channel, place)
    with Record(record) as kept:
        loop = TillLoop(TillPlace(channel, plan, estate, place, opens), kept)
        status = serve_till(loop)
        let_the_clock_pass(loop.prompt.desk.till.terminal.last_trace)
        return status


def _till_of(channel: str, estate: EstatePlan, terminal_id: str | None) -> tuple[str, TerminalPlan]:
    """Whose prompt it is, and on which channel: those of external cards stand on the POS one."""
    name = terminal_id or CHANNELS[channel].till
    plans = {plan.terminal_id: plan for plan in estate.terminals}
    for each in (channel, "external") if channel == "pos" else (channel,):
        if name in plans and CHANNELS[each].takes(plans[name]):
            return each, plans[name]
    ours = [each for each, plan in plans.items() if CHANNELS[channel].takes(plan)]
    raise SettingsError(
        f"{name} is no terminal of channel {channel}. Next: one of {ours[0]} to {ours[-1]}",
        "E-SIMULATOR",
    )


def simulate_issuer(settings: IssuerSettings) -> int:
    """An external issuer's host, until it is interrupted; its book is printed then.

    Raises:
        SurroundingsError: its port is taken.
    """
    issuer = Issuer(settings, external_cards(), zone_key=EXTERNAL_ZONE.key)
    console = screen()
    try:
        port = issuer.listen()
    except OSError as error:
        raise port_refused(error) from None
    with contextlib.suppress(KeyboardInterrupt):
        console.print(
            f"issuer on {settings.host}:{port}, cards {EXTERNAL.pan_prefix}…; Ctrl-C ends it",
            markup=False,
        )
        run_loop(issuer.run)
    for name, number in issuer.book.counts.items():
        console.print(f"{name}: {number}", markup=False)
    if not issuer.book.counts:
        console.print("nobody has asked it anything", markup=False)
    for line in failed_lines(issuer.failures):
        console.print(line, markup=False)
    return failed_status(issuer.failures)


NEEDS_ISSUER: Final = (
    "one is of cards whose own issuer decides. Next: [[issuers]] in posswitch.toml "
    "(docs/channels.md), posswitch reload, and posswitch simulate issuer"
)


class Reports(NamedTuple):
    """Where it is written down how scenarios ended, beside the screen."""

    junit: Path | None = None
    page: Path | None = None


def simulate_scenarios(
    target: Target,
    files: Sequence[Path],
    *,
    reports: Reports = Reports(),  # noqa: B008 - it never changes
    behind: Behind = CHANNELS_ALONE,
) -> int:
    """Run scenarios in turn. Gives the exit status: 0 when all ended as they are written.

    Raises:
        SettingsError: a file is no scenario, or a port cannot be that of all; then none is run.
        SurroundingsError: nobody listens where one of them calls; then none is run.
    """
    scenarios, estate = [_scenario(file) for file in files], estate_named(target.estate)
    _check_port(target, scenarios)
    for file in reports:
        _check_report(file)
    for channel in dict.fromkeys(scenario.channel for scenario in scenarios):
        run_loop(reach, channel, target.place(channel))
    ended: list[Ended] = []
    failed: list[Failures] = []
    console = screen()
    with contextlib.suppress(KeyboardInterrupt):
        status = INTERRUPTED
        for scenario in scenarios:
            failed.append(Failures())
            place = dataclasses.replace(target.place(scenario.channel), failures=failed[-1])
            ended.append(_ended(scenario, estate, place, behind))
            if not target.as_json:
                _tell(console, ended[-1], behind)
        status = 0
    _write(reports, ended, with_ledger=behind.ledger is not None)
    if target.as_json:
        print_json([{**one._asdict(), "scenario": one.scenario.title} for one in ended])
    else:
        _sum_up(console, ended, len(scenarios), was_cut_short=bool(status))
    is_wrong = any(one.wrong for one in ended)
    return status or max(map(failed_status, failed), default=0) or (FOUND_WRONG if is_wrong else 0)


def _check_port(target: Target, scenarios: Sequence[Scenario]) -> None:
    spoken = sorted({each.channel for each in scenarios})
    rows = {(CHANNELS[each].port, CHANNELS[each].dialect) for each in spoken}
    if target.port and len(rows) > 1:
        raise SettingsError(
            f"--port is of one channel, and these scenarios are of {', '.join(spoken)}. "
            "Next: run those of each channel by themselves",
            "E-SIMULATOR",
        )


def _check_report(file: Path | None) -> None:
    """A report that cannot be written is told before the scenarios, not after them."""
    if file is None:
        return
    try:
        file.open("ab").close()
    except OSError as error:
        raise SurroundingsError(
            f"cannot write the report {file}: {error.strerror}. Next: name another file",
            "E-FILE",
        ) from None


def _ended(scenario: Scenario, estate: EstatePlan, place: Place, behind: Behind) -> Ended:
    """How it ended; what fails ends this one alone."""
    began, wrong = time.monotonic(), list[str]()

    async def play() -> None:
        with Record() as record:
            wrong.extend(await run_scenario(scenario, estate, place, record, behind))

    run_loop(place.failures.alone, "scenario", scenario.title, play)
    return Ended(scenario, wrong + failed_lines(place.failures), time.monotonic() - began)


def _tell(console: Console, one: Ended, behind: Behind) -> None:
    """How a scenario ended."""
    for line in one.wrong:
        console.print(line, markup=False)
    how = "not as written" if one.wrong else "as written"
    unseen = behind.ledger is None and asks_the_ledger(one.scenario)
    more = "; nobody looked at the ledger. Next: add --data DIR" if unseen else ""
    console.print(f"{one.scenario.title}: {how}{more}", markup=False)


def _write(reports: Reports, ended: Sequence[Ended], *, with_ledger: bool) -> None:
    if reports.junit is not None:
        reports.junit.write_bytes(junit_report(ended))
    if reports.page is not None:
        reports.page.write_text(stories_page(ended, with_ledger=with_ledger), "utf-8")


def _sum_up(console: Console, ended: Sequence[Ended], number: int, *, was_cut_short: bool) -> None:
    bad = sum(1 for one in ended if one.wrong)
    if bad:
        console.print(
            "a scenario is written for an estate that nobody has traded on. Next, where it was: "
            "posswitch up --estate demo --data NEW",
            markup=False,
        )
    if any(one.wrong and one.scenario.channel == "external" for one in ended):
        console.print(NEEDS_ISSUER, markup=False)
    if number > 1 or was_cut_short:
        done = f"{len(ended)} of {number} scenarios played"
        console.print(f"{done}: {len(ended) - bad} as written, {bad} not", markup=False)


def trace_of_now() -> int:
    """Where terminals go on that have traded in their batch already."""
    now = utc_now()
    seconds = now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1_000_000
    return int(seconds * TRACES_PER_SECOND)


def let_the_clock_pass(last_trace: int) -> None:
    """Stay until a till that begins then does not repeat the traces of this one.

    A script is quicker than the clock, and the host answers a message that is repeated as it
    answered it the first time, whatever has become of the card.
    """
    ahead = last_trace - trace_of_now() + 1
    if 0 < ahead <= AHEAD_MAX:
        time.sleep(ahead / TRACES_PER_SECOND)


def _scenario(file: Path) -> Scenario:
    try:
        return read_scenario(file)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"{file} is not a scenario: {why}. Next: compare simulators/scenarios/*.toml",
            "E-SIMULATOR",
        ) from error
