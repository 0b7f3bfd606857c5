"""`posswitch demo`: a business day in a minute, from terminals' bytes to a cleared, audited night.

Everything is real: PostgreSQL, host and switch as processes; POS terminals over TCP and behind a
dial-up gateway, tills of merchant systems, phones in mutual TLS; an issuer's own host beside
ours; MACs and PINs, answers lost on purpose. When the shops close every batch is settled.
The night falls while the shops are still open, so cut-off is seen to turn the date under trade.
Then the audit compares the ledger with what the terminals say they were told.
"""

import dataclasses
import functools
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import trio
from rich.console import Console

from clearing.run import Summary, run_clearing
from clearing.verify import Violation, audit
from config.errors import FOUND_WRONG, Say, SettingsError
from config.homes import DEMO
from config.places import Places, places_at
from config.run.database import dsn_of
from config.run.look import wait_for_link
from config.run.programs import only_one_of
from config.run.safs import owed_by_route
from config.run.scene import scene_loader
from config.run.staff import DemoStaff, opened_staff
from config.run.supervisor import LoadEstate, Running, running_posswitch
from config.screen import amount, screen
from config.settings import Settings
from config.tasks.demo_finance import look_through
from config.tasks.demo_lottery import LotteryTale, close_lottery
from config.tasks.demo_night import say_fees
from config.tasks.failed import failed_lines, failed_status
from config.tasks.gifts import TILL, GiftTale
from config.tasks.night import opened_night, print_summary, print_violations
from config.tasks.operators import operator_name
from config.tasks.progress import board, headline, issuer_line, mended, settled, show_progress
from config.tasks.story import Story, decline_lines, time_out_lines
from host.clock import utc_now
from host.estate.circle import in_circle
from host.estate.demo import EXTERNAL, EXTERNAL_ZONE, demo_estate, external_cards
from host.model.claims import card_effects
from host.store.connecting import LONG, Connection, connect
from simulators.certificates import ATTESTATION, AUTHORITY, SWITCH, make_certificates
from simulators.channels import Place, gateway
from simulators.issuer import Issuer, IssuerSettings
from simulators.nac import NacSettings
from simulators.record import Event, Record
from simulators.softpos import KID
from simulators.swarm import Swarm, SwarmSettings
from simulators.tally import Tally
from simulators.trades import CURRENCY
from switch.channels import ChannelSettings, TlsSettings
from switch.issuer_settings import IssuerSettings as IssuerRow
from terminals.dialects import DialectOptions

HOST_SECONDS_MAX: Final = 5.0
"""Shorter than a demo terminal's patience, as in life."""
ANSWER_SECONDS_MAX: Final = 10.0
NIGHT_FALLS: Final = 0.8
"""The part of the day after which the night begins, shops still open."""
LOOK_SECONDS: Final = 0.5
RECORD: Final = "terminals.jsonl"
EXTERNAL_RECORD: Final = "external.jsonl"
"""Kept apart: the issuer's own book is compared with it as well."""
CERTIFICATES: Final = "certificates"
ISSUER_SECONDS_MAX: Final = 2.0
BOOKS_SECONDS_MAX: Final = 20.0
"""How long reversals may be under way to the issuer after the shops have closed."""
LINES: Final = NacSettings(latency_seconds=(0.02, 0.12), keep_alive_seconds=5.0, preamble_bytes=16)
"""The demo's telephone lines."""
BAD_ISSUER: Final = IssuerSettings(slow=0.01, slow_seconds=3.0, silent=0.01, wrong=0.005)
CHANNELS: Final = ("pos", "nac", "mis-json", "mis-fixed", "mis-iso", "softpos", "external")
"""Who trades; the last on the POS channel, with the external issuer's cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """How long and how big. One seed makes the same trades and the same faults again."""

    seconds: float = 40.0
    terminals: int = 40
    seed: int = 8583


def fresh_places(data: Path | None) -> Places:
    """The directory named, which must be unused, or a new one under `config.homes.DEMO`.

    Raises:
        SettingsError: it holds a posswitch already.
    """
    places = places_at(data or DEMO / f"{utc_now():%Y%m%d-%H%M%S-%f}")
    if places.cluster.home.exists():
        raise SettingsError(
            f"{places.data} holds a posswitch already, and the demo starts from nothing. "
            "Next: name another directory with --data, or none",
            "E-DATA-PLACE",
        )
    return places


def run_demo(settings: Settings, places: Places, demo: DemoSettings, *, say: Say) -> int:
    """The whole day. Gives the exit status: 0 when everything balanced.

    Raises:
        OperatorError: something could not be started, or ended by itself.
    """
    console = screen()
    say(f"seed {demo.seed}, data in {places.data}")
    bad = dataclasses.replace(BAD_ISSUER, seed=demo.seed)
    issuer = Issuer(bad, external_cards(), zone_key=EXTERNAL_ZONE.key)
    told = demo_settings(settings, places, issuer.listen())
    with running_posswitch(
        told, places, port=0, load_estate=_estate_loader(settings), say=say
    ) as running:
        for line in running.listeners:
            console.print(line)
        day = _Day(demo, running, places, issuer)
        began = time.monotonic()
        try:
            summary = day.run(console)
        except (KeyboardInterrupt, NightError) as error:
            _report_trade(console, day, time.monotonic() - began)
            console.print(mended(day.events))
            _report_failures(console, day)
            raise error.__cause__ or error from None
        story = Story(day.events, demo_estate(), CHANNELS)
        with _audit_connection(running) as connection:
            examples = _examples(story, day.gifts, connection)
            violations = audit(connection, [*day.record.claims(), *day.external.claims()])
    _report(console, day, story, examples)
    print_summary(summary, settings.host.timezone)
    for line in day.looked_through:
        console.print(line, markup=False)
    _say_how_to_repeat(console, demo, story, places)
    print_violations(violations)
    failed = failed_status(day.tally.failures)
    return failed or (0 if _all_is_well(day, violations) else FOUND_WRONG)


def _examples(story: Story, gifts: GiftTale, connection: Connection) -> list[str]:
    with connection.transaction(force_rollback=True):
        examples = [*decline_lines(story, connection), *time_out_lines(story, connection)]
    return [*examples, *gifts.told(connection)]


def demo_settings(settings: Settings, places: Places, issuer_port: int) -> Settings:
    """All channels and one external issuer; makes the certificates that phones need."""
    home = places.data / CERTIFICATES
    make_certificates(home)
    tls = TlsSettings(
        certificate=f"{CERTIFICATES}/{SWITCH}.crt",
        key=f"{CERTIFICATES}/{SWITCH}.key",
        client_ca=f"{CERTIFICATES}/{AUTHORITY}",
        require_client=True,
    )
    options = DialectOptions(attestation_keys={KID: f"{CERTIFICATES}/{ATTESTATION}"})
    forms = [name for name in CHANNELS if name.startswith("mis-")]
    channels = (
        settings.switch.channels[0],
        ChannelSettings(name="nac", kind="nac", port=0, preamble_bytes=LINES.preamble_bytes),
        *(ChannelSettings(name=form, kind="mis", dialect=form, port=0) for form in forms),
        ChannelSettings(name="softpos", kind="softpos", port=0, tls=tls, options=options),
    )
    issuer = IssuerRow(
        name="external",
        issuer_id=EXTERNAL.institution_id,
        prefixes=(EXTERNAL.pan_prefix,),
        pin_zone=EXTERNAL_ZONE.name,
        addresses=(f"127.0.0.1:{issuer_port}",) * 2,
        seconds_max=ISSUER_SECONDS_MAX,
        retry_seconds_max=1.0,
    )
    switch = msgspec.structs.replace(
        settings.switch, host_seconds_max=HOST_SECONDS_MAX, channels=channels, issuers=(issuer,)
    )
    return msgspec.structs.replace(settings, switch=switch)


def ports_of(running: Running) -> dict[str, int]:
    """Where each channel listens, by its name."""
    lines = (line.partition(" on ") for line in running.listeners)
    return {name: int(address.rpartition(":")[2]) for name, _, address in lines}


class NightError(Exception):
    """The night failed, and the day went on to its end without it; the cause is the night's."""


class _Day:
    """Every channel's swarm, and the issuer's host beside them."""

    def __init__(
        self, demo: DemoSettings, running: Running, places: Places, issuer: Issuer
    ) -> None:
        self.seconds = demo.seconds
        self.tally = Tally(failures=issuer.failures)
        self.record = Record(places.data / RECORD)
        self.external = Record(places.data / EXTERNAL_RECORD)
        self.issuer = issuer
        self._cleared: Summary | None = None
        self._night_error: Exception | None = None
        self.lottery: LotteryTale | None = None
        self.looked_through: list[str] = []
        """What people of finance did about the night."""
        self.differences: list[str] = []
        """Where the issuer's book is not what its terminals were told."""
        self._running = running
        self._host = running.accounts.program
        ports = ports_of(running)
        self.swarms = {
            name: Swarm(
                _swarm_settings(name, ports.get(name, ports["pos"]), places, demo),
                demo_estate(),
                tally=self.tally,
                record=self.external if name == "external" else self.record,
            )
            for name in CHANNELS
        }

        self.gifts = GiftTale(
            seed=demo.seed,
            place=Place(
                port=ports["pos"],
                answer_seconds_max=ANSWER_SECONDS_MAX,
                failures=self.tally.failures,
            ),
            record=self.record,
            tally=self.tally,
            tills=len(demo_estate().terminals) - 1,
            data=running.places.data,
        )

    @property
    def host_fell(self) -> bool:
        """Whether the host ended by itself and another was begun."""
        return self._running.accounts.program is not self._host

    @property
    def events(self) -> list[Event]:
        """All that terminals recorded."""
        return [*self.record.events, *self.external.events]

    def run(self, console: Console) -> Summary:
        """The day, to its end."""
        try:
            with self.record, self.external:
                return trio.run(self._day, console)
        except BaseExceptionGroup as group:
            raise only_one_of(group) from None

    async def _day(self, console: Console) -> Summary:
        """Trade, with the night falling before the shops close."""
        alone = self.tally.failures.alone
        await trio.to_thread.run_sync(wait_for_link, self._running.places)
        async with trio.open_nursery() as side:
            side.start_soon(_watch, self._running)
            side.start_soon(_stop_at_signal)
            side.start_soon(alone, "issuer's host", "", self.issuer.run)
            shown = (show_progress, self.tally, self.seconds, console)
            side.start_soon(alone, "progress", "", *shown)
            async with self._opened_staff() as staff:
                await alone("fees", "", self._say_fees, staff)
                async with trio.open_nursery() as main:
                    main.start_soon(self._night)
                    main.start_soon(alone, "gift cards", "", self._sell_gifts, staff)
                    for name, swarm in self.swarms.items():
                        main.start_soon(alone, "channel", name, swarm.run)
                await alone("lottery", "", self._close_lottery, staff)
                await alone("release", "", self._release, staff)
            await self._compare()
            side.cancel_scope.cancel()
        if self._cleared is None:
            raise NightError from self._night_error
        return self._cleared

    async def _night(self) -> None:
        """Where it fails the shops stay open: terminals mend, settle and go home all the same."""
        await trio.sleep(self.seconds * NIGHT_FALLS)
        try:
            self._cleared = await trio.to_thread.run_sync(_clear, self._running)
        except Exception as error:  # noqa: BLE001 - it is raised when the day is over
            self._night_error = error

    @asynccontextmanager
    async def _opened_staff(self) -> AsyncIterator[DemoStaff]:
        """People come to the office."""
        opening = opened_staff(self._running.settings, self._running.places)
        staff = await trio.to_thread.run_sync(opening.__enter__)
        try:
            yield staff
        finally:
            opening.__exit__(None, None, None)

    async def _say_fees(self, staff: DemoStaff) -> None:
        """What the night is to charge."""
        await trio.to_thread.run_sync(say_fees, staff)

    async def _sell_gifts(self, staff: DemoStaff) -> None:
        """A batch of cards comes to the counter."""
        settings, places = self._running.settings, self._running.places
        await self.gifts.run(staff, dsn_of("owner", settings.database, places.cluster))

    async def _close_lottery(self, staff: DemoStaff) -> None:
        """Shops have closed: nobody draws any more."""
        self.lottery = await trio.to_thread.run_sync(self._verified_lottery, staff)

    async def _release(self, staff: DemoStaff) -> None:
        """Somebody else than who ran the night looks at it."""
        if self._cleared is not None:
            self.looked_through = await trio.to_thread.run_sync(
                look_through, staff, self._running, self._cleared
            )

    def _verified_lottery(self, staff: DemoStaff) -> LotteryTale:
        with closing(_audit_connection(self._running)) as connection:
            connection.autocommit = True
            return close_lottery(staff, connection, self._running.places.data)

    async def _compare(self) -> None:
        """The issuer's book with what its terminals were told, once reversals have arrived."""
        with trio.move_on_after(BOOKS_SECONDS_MAX):
            while differences := list(self._unlike()):
                self.differences = differences
                await trio.sleep(LOOK_SECONDS)
            self.differences = []

    def _unlike(self) -> Iterator[str]:
        told = card_effects(self.external.claims())
        for card in external_cards():
            moved = self.issuer.moved_minor(card)
            if card.id in told and moved != told[card.id]:
                both = amount(told[card.id], CURRENCY), amount(moved, CURRENCY)
                yield f"{card.pan.masked}: terminals were told {both[0]}, it moved {both[1]}"


async def _watch(running: Running) -> None:
    while True:
        running.mend()
        await trio.sleep(LOOK_SECONDS)


async def _stop_at_signal() -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _number in signals:
            raise KeyboardInterrupt


def _clear(running: Running) -> Summary:
    with opened_night(running.settings, running.places) as connection:
        return run_clearing(
            connection,
            running.places.files,
            owed=functools.partial(owed_by_route, running.places.saf),
            who=operator_name(),
        )


def _audit_connection(running: Running) -> Connection:
    return connect(dsn_of("audit", running.settings.database, running.places.cluster), LONG)


def _report(console: Console, day: _Day, story: Story, examples: list[str]) -> None:
    tally = day.tally
    _report_trade(console, day, day.seconds)
    console.print(story.sheet())
    for line in (*examples, mended(day.events), settled(tally)):
        console.print(line, markup=False)
    for line in day.lottery.told() if day.lottery is not None else ():
        console.print(line, markup=False)
    console.print(issuer_line(day.issuer.book.counts))
    for difference in day.differences:
        console.print(f"issuer's book: {difference}", markup=False)
    for (trade, f39), number in tally.surprises.items():
        console.print(f"unexpected: {trade} was answered {f39}, {number} times", markup=False)
    if tally.repeats_that_differed:
        console.print(f"unexpected: {tally.repeats_that_differed} repeats got another answer")
    _report_failures(console, day)


def _report_failures(console: Console, day: _Day) -> None:
    for line in failed_lines(day.tally.failures):
        console.print(line, markup=False)


def _say_how_to_repeat(console: Console, demo: DemoSettings, story: Story, places: Places) -> None:
    trades = f"{len(story.claims):,} trades, list {story.digest()}"
    console.print(f"seed {demo.seed} asks the same trades each time: {trades}")
    again = f"posswitch audit --data {places.data} --record {places.data / RECORD}"
    console.print(f"look again: {again}", markup=False)
    around = f"posswitch up --data {places.data}"
    console.print(f"look around, as each of its people: {around}", markup=False)


def _report_trade(console: Console, day: _Day, passed: float) -> None:
    """How terminals were answered so far."""
    if not console.is_terminal:
        console.print(board(day.tally))
    console.print(headline(day.tally, min(passed, day.seconds), day.seconds))


def _all_is_well(day: _Day, violations: list[Violation]) -> bool:
    tally = day.tally
    wrong = violations or day.differences or tally.surprises or tally.repeats_that_differed
    is_fair = day.lottery is not None and not day.lottery.verdict.faults
    return bool(tally.trades) and not wrong and is_fair and not day.host_fell


def _estate_loader(settings: Settings) -> LoadEstate:
    """The demo estate, with an alliance whose points every sale earns, for who looks around."""
    return scene_loader(in_circle(demo_estate()), settings)


def _swarm_settings(name: str, port: int, places: Places, demo: DemoSettings) -> SwarmSettings:
    return SwarmSettings(
        host="127.0.0.1",
        port=port,
        channel=name,
        opens=gateway(LINES) if name == "nac" else None,
        certificates=places.data / CERTIFICATES,
        terminals=demo.terminals,
        without=frozenset({TILL}),
        seconds=demo.seconds,
        seed=demo.seed,
        answer_seconds_max=ANSWER_SECONDS_MAX,
        settles=True,
        repeats=True,
    )
