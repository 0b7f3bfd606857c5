"""The channels a terminal may stand on: how it calls, and how it speaks.

A row of `CHANNELS` says whose terminals they are and makes the channel. A channel runs as long as
its terminals trade (a gateway keeps its one connection), and gives each terminal its line.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from host.estate.demo import (
    EXTERNAL_TERMINALS,
    GATEWAY_TERMINALS,
    PHONES,
    TILLS,
)
from host.estate.plan import CardPlan, EstatePlan, TerminalPlan, VoucherPlan
from host.model.requests import Kind
from host.model.secrets import Secret
from simulators import mis, softpos
from simulators.batch import Batch
from simulators.certificates import SWITCH, attestation_key, phone_tls
from simulators.failures import Failures
from simulators.faults import DrawsFaults
from simulators.line import PLAIN, IsMine, Line, Wire
from simulators.mending import ATTEMPTS_MAX
from simulators.messages import Sale
from simulators.mis import MisTill
from simulators.nac import Nac, NacSettings
from simulators.record import Record
from simulators.session import Ask, PosSession
from simulators.softpos import AttestationService, SoftPosApp
from simulators.terminal import PosTerminal
from simulators.trader import Trader
from simulators.trades import Done, Settled
from terminals.believed import Answer
from terminals.dialects import dialect_named
from terminals.dialects.mis import MisDialect
from terminals.dialects.pos import POS
from terminals.framing import LENGTH_CODECS
from terminals.isodialect import IsoDialect

KSNS_A_NUMBER: Final = 16
"""More than a phone needs for a message and its repeats, so that who comes after goes on above."""


class Terminal(Protocol):
    """What happens at any counter."""

    @property
    def last_trace(self) -> int:
        """The number of the newest message of the batch that counts its messages."""

    async def sign_on(self) -> Answer:
        """Ready for the day."""

    async def sign_off(self) -> Answer:
        """Go home."""

    async def echo(self) -> Answer:
        """Whether the switch is there."""

    async def balance(self, card: CardPlan, pin: Secret | None) -> Done:
        """What is on the card."""

    async def account(self, card: CardPlan, pin: Secret | None) -> Done:
        """All that is on the card."""

    async def purchase(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell."""

    async def purchase_part(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Sell, or for what there is."""

    async def combined(
        self, card: CardPlan, amount_minor: int, pin: Secret | None, points_max: int | None = None
    ) -> Done:
        """Sell for points first, then for money, or for what there is of both."""

    async def redeem_part(self, card: CardPlan, points: int) -> Done:
        """Sell for points, or for as many as there are."""

    async def load_cash(self, card: CardPlan, amount_minor: int) -> Done:
        """Take cash."""

    async def redeem(self, card: CardPlan, points: int) -> Done:
        """Sell for points."""

    async def earn(self, card: CardPlan, amount_minor: int) -> Done:
        """Give points."""

    async def take_voucher(self, voucher: VoucherPlan, amount_minor: int, goods: str = "") -> Done:
        """Sell for a voucher, and for which article."""

    async def load_by_code(self, card: CardPlan, voucher: VoucherPlan) -> Done:
        """Put a voucher onto a card."""

    async def load_by_phone(self, phone: str, amount_minor: int) -> Done:
        """Take cash for a phone number."""

    async def draw(self, card: CardPlan, lottery: str, points: int) -> Done:
        """Draw in a lottery."""

    async def preauth(self, card: CardPlan, amount_minor: int, pin: Secret | None) -> Done:
        """Have money kept."""

    async def of_hold(self, kind: Kind, held: Sale, amount_minor: int) -> Done:
        """Have more kept, or take what was."""

    async def void(self, sale: Sale) -> Done:
        """Take back."""

    async def refund(self, sale: Sale, amount_minor: int) -> Done:
        """Give back."""

    async def settle(self, *, misses: int = 0) -> Settled:
        """Close the batch."""

    async def repeat(self) -> Answer:
        """The last transaction once more."""

    async def reverse(self) -> Answer:
        """Undo the last transaction."""

    async def mend(self) -> None:
        """Send what is pending."""

    @property
    def batch(self) -> Batch:
        """What was done since the last settlement."""

    @property
    def has_pending(self) -> bool:
        """Whether something is."""


class AnyLine(Protocol):
    """How a terminal calls."""

    repeats_that_differed: int

    async def ask(self, payload: bytes, is_mine: IsMine) -> bytes | None:
        """A question and its answer."""

    async def __aenter__(self) -> object:
        """Pick up."""

    async def __aexit__(self, *_error: object) -> None:
        """Hang up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a channel of the switch is."""

    host: str = "127.0.0.1"
    port: int
    certificates: Path | None = None
    """Of phones: what `simulators.certificates` has made."""
    answer_seconds_max: float = 60.0
    caller_bytes: int = 0
    """Of gateways: how long the caller's number is that the switch expects."""
    last_trace: int = 0
    """Where whoever simulated before ended."""
    attempts_max: int = ATTEMPTS_MAX
    overhears: Callable[[bytes, bytes | None], None] | None = None
    """Is given each message of a terminal and what it heard, None where it heard nothing."""
    failures: Failures = field(default_factory=Failures)
    """Where it is noted what failed of it."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A terminal and its line."""

    terminal: Terminal
    line: AnyLine


class Channel(Protocol):
    """A channel that is open."""

    def counter(
        self, plan: TerminalPlan, estate: EstatePlan, record: Record, faults: DrawsFaults
    ) -> Counter:
        """A terminal on it."""


Opens = Callable[[Place], AbstractAsyncContextManager[Channel]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One channel by its name."""

    takes: Callable[[TerminalPlan], bool]
    """Whose terminals of an estate they are."""
    opens: Opens
    port: int
    """Where the switch has it by itself."""
    till: str
    """Whose prompt it is unless another is named: the terminal of no scenario."""
    kind: str = "pos"
    dialect: str = "pos"
    """How its messages are read."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """Terminals that each have a connection of their own."""

    place: Place
    wire: Wire
    make: Callable[[TerminalPlan, EstatePlan, Ask, Record, Place], Terminal]

    def counter(
        self, plan: TerminalPlan, estate: EstatePlan, record: Record, faults: DrawsFaults
    ) -> Counter:
        """As a `Channel`."""
        place = self.place
        line = Line(
            place.host,
            place.port,
            answer_seconds_max=place.answer_seconds_max,
            faults=faults,
            wire=self.wire,
        )
        return Counter(self.make(plan, estate, overheard(line, place), record, place), line)


@dataclass(frozen=True, slots=True)
class Gateway:
    """Terminals that share the line of one network controller."""

    place: Place
    nac: Nac

    def counter(
        self, plan: TerminalPlan, estate: EstatePlan, record: Record, faults: DrawsFaults
    ) -> Counter:
        """As a `Channel`."""
        line = self.nac.line(plan.terminal_id, faults)
        ask = overheard(line, self.place)
        return Counter(_pos_terminal(plan, estate, ask, record, self.place), line)


def overheard(line: AnyLine, place: Place) -> Ask:
    """How a terminal asks on its line; where its place says so somebody listens."""
    hears = place.overhears
    if hears is None:
        return line.ask

    async def ask(payload: bytes, is_mine: IsMine) -> bytes | None:
        told = await line.ask(payload, is_mine)
        hears(payload, told)
        return told

    return ask


def gateway(settings: NacSettings) -> Opens:
    """A gateway with telephone lines like these; its place says where the switch is."""

    @asynccontextmanager
    async def opens(place: Place) -> AsyncIterator[Channel]:
        nac = Nac(
            replace(
                settings,
                host=place.host,
                port=place.port,
                preamble_bytes=place.caller_bytes or settings.preamble_bytes,
                answer_seconds_max=place.answer_seconds_max,
            ),
            place.failures,
        )
        async with nac.running():
            yield Gateway(place, nac)

    return opens


def mis_tills(form: str) -> Opens:
    """Tills whose payload has this form."""
    dialect = dialect_named(form)
    assert isinstance(dialect, MisDialect)

    def make(
        plan: TerminalPlan, estate: EstatePlan, ask: Ask, record: Record, place: Place
    ) -> Terminal:
        merchant = estate.merchant_of(plan)
        till = MisTill(plan, merchant, dialect, last_number=place.last_trace)
        return Trader(till, ask, record, attempts_max=place.attempts_max)

    wire = Wire(length_codec=LENGTH_CODECS["ascii4"], frame_bytes=mis.FRAME_BYTES)

    @asynccontextmanager
    async def opens(place: Place) -> AsyncIterator[Channel]:
        yield _Lines(place, wire, make)

    return opens


def pos_terminals(name: str) -> Opens:
    """POS terminals that speak a dialect of ISO 8583."""
    dialect = dialect_named(name)
    assert isinstance(dialect, IsoDialect)

    @asynccontextmanager
    async def opens(place: Place) -> AsyncIterator[Channel]:
        yield _Lines(place, PLAIN, partial(_pos_terminal, dialect=dialect))

    return opens


@asynccontextmanager
async def _phones(place: Place) -> AsyncIterator[Channel]:
    service = AttestationService(attestation_key())

    def make(
        plan: TerminalPlan, estate: EstatePlan, ask: Ask, record: Record, place: Place
    ) -> Terminal:
        last = place.last_trace
        merchant = estate.merchant_of(plan)
        app = SoftPosApp(
            plan, merchant, service, last_counter=last * KSNS_A_NUMBER, last_number=last
        )
        return Trader(app, ask, record, attempts_max=place.attempts_max)

    tls = phone_tls(place.certificates) if place.certificates else None
    yield _Lines(place, Wire(frame_bytes=softpos.FRAME_BYTES, tls=tls, server_name=SWITCH), make)


def _pos_terminal(
    plan: TerminalPlan,
    estate: EstatePlan,
    ask: Ask,
    record: Record,
    place: Place,
    *,
    dialect: IsoDialect = POS,
) -> Terminal:
    merchant = estate.merchant_of(plan)
    session = PosSession(plan, merchant, ask, last_trace=place.last_trace, dialect=dialect)
    return PosTerminal(session, record, attempts_max=place.attempts_max)


def _named(*groups: tuple[str, ...]) -> Callable[[TerminalPlan], bool]:
    names = frozenset(name for group in groups for name in group)
    return lambda plan: plan.terminal_id in names


def _mis_row(form: str, tills: tuple[str, ...]) -> ChannelRow:
    return ChannelRow(
        takes=_named(tills),
        opens=mis_tills(form),
        port=8585,
        till=tills[1],
        kind="mis",
        dialect=form,
    )


def _is_pos(plan: TerminalPlan) -> bool:
    return not _named(GATEWAY_TERMINALS, TILLS, PHONES, EXTERNAL_TERMINALS)(plan)


CHANNELS: Final[dict[str, ChannelRow]] = {
    "pos": ChannelRow(takes=_is_pos, opens=pos_terminals("pos"), port=8583, till="80010015"),
    "ascii": ChannelRow(
        takes=_is_pos,
        opens=pos_terminals("ascii87-hex"),
        port=8587,
        till="80010015",
        dialect="ascii87-hex",
    ),
    "external": ChannelRow(
        takes=_named(EXTERNAL_TERMINALS),
        opens=pos_terminals("pos"),
        port=8583,
        till=EXTERNAL_TERMINALS[1],
    ),
    "nac": ChannelRow(
        takes=_named(GATEWAY_TERMINALS),
        opens=gateway(NacSettings()),
        port=8584,
        till=GATEWAY_TERMINALS[1],
        kind="nac",
    ),
    "nac-called": ChannelRow(
        takes=_named(GATEWAY_TERMINALS),
        opens=gateway(NacSettings(listens=True)),
        port=8588,
        till=GATEWAY_TERMINALS[11],
        kind="nac",
    ),
    "mis-json": _mis_row("mis-json", TILLS[:2]),
    "mis-fixed": _mis_row("mis-fixed", TILLS[2:4]),
    "mis-iso": _mis_row("mis-iso", TILLS[4:]),
    "softpos": ChannelRow(
        takes=_named(PHONES),
        opens=_phones,
        port=8586,
        till=PHONES[1],
        kind="softpos",
        dialect="softpos",
    ),
}
"""Any POS terminal may speak in characters. A switch has one MIS form on each of its MIS ports. It
calls `nac-called`, whose port is ours."""
