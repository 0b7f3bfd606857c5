"""An issuer: all lines to its host, one window, one breaker, and its dialect.

`Issuer` picks the line that a message goes on, spells it, reads its answer, and tells the breaker
how every message ended. What becomes of the message is its `Passage`'s to say.
"""

import dataclasses
import datetime as dt
import enum
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Final

import structlog
import trio

from host.model.requests import PinBlock, Request, Response
from host.model.responses import RESPONSE_CODES, Reason
from host.steady import kept_going
from switch.faults import count
from switch.issuer_settings import IssuerSettings
from switch.issuers.breaker import Breaker
from switch.issuers.cards import RecentCards
from switch.issuers.line import Correlation, IssuerLine, Sender
from switch.issuers.metrics import IssuerMetrics
from switch.issuers.pin_zones import PinZone
from switch.memory.route_words import Noted
from switch.memory.routes import RouteMemory
from terminals.dialects import issuer as dialect

_REFERENCE_LETTERS: Final = 2

_LOG = structlog.get_logger(__name__)


@enum.unique
class Stop(enum.Enum):
    """Why a message does not go."""

    NOW = enum.auto()
    """There is nobody to take it now."""
    FOR_EVER = enum.auto()
    """It cannot be spelled for the issuer, now or later."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False, repr=False)
class OnLine:
    """The line that a message is on, and as what, which is in clear: it has no repr."""

    line: IssuerLine
    asked: Mapping[str, str]
    correlation: Correlation


class Issuer:
    """All lines to one issuer. What it is given to send has been noted."""

    def __init__(
        self,
        settings: IssuerSettings,
        memory: RouteMemory,
        metrics: IssuerMetrics,
        *,
        wall_clock: Callable[[], float],
        on_turn: Callable[[], None],
        pins: PinZone | None = None,
    ) -> None:
        self.settings = settings
        self.name = settings.name
        self.pins = pins
        self._memory = memory
        self._metrics = metrics
        self._wall_clock = wall_clock
        self._breaker = Breaker(settings.breaker_time_outs, settings.breaker_seconds)
        self._parties = dialect.Parties(
            acquirer_id=settings.acquirer_id,
            forwarding_id=settings.forwarding_id,
            issuer_id=settings.issuer_id,
            zone=zoneinfo.ZoneInfo(settings.timezone),
            authorises=frozenset(settings.authorises),
        )
        self.cards = RecentCards()
        name = "".join(filter(str.isalnum, settings.name.upper()))
        self._letters = f"{name[:_REFERENCE_LETTERS]:X<2}"
        self._stand_in = {kind: row.reason for row in settings.stand_in for kind in row.kinds}
        self._sent: set[OnLine] = set()
        self._next_line = 0
        self.lines = [
            IssuerLine(settings, address, metrics, wall_clock, on_turn)
            for address in settings.addresses
        ]
        metrics.lines_up.set_function(lambda: sum(line.is_up for line in self.lines))
        metrics.in_flight.set_function(lambda: len(self._sent))
        metrics.breaker.set_function(lambda: self._breaker.state.value)

    async def run(self) -> None:
        """Keep every line, for ever."""
        async with trio.open_nursery() as nursery:
            for line in self.lines:
                nursery.start_soon(kept_going, line.name, line.run, count)

    def refusal(self, request: Request, waiting: int) -> Reason | None:
        """Why this is not worth trying now, in the words of whoever stands in; None: try.

        `waiting` is how many are on their way already, noted or sent.
        """
        can_pass_pin = self.pins is not None or self.settings.takes_no_pin
        if request.pin is not None and not can_pass_pin:
            return Reason.FUNCTION_NOT_SUPPORTED
        has_room = waiting < self.settings.window_max
        is_up = any(line.is_up for line in self.lines)
        if has_room and is_up and self._breaker.would_pass(trio.current_time()):
            return None
        reason = self._stand_in.get(request.kind, Reason.HOST_UNREACHABLE)
        self._metrics.stood_in(reason)
        return reason

    def send(
        self,
        request: Request,
        noted: Noted,
        sender: Sender,
        *,
        pin: PinBlock | None,
        is_repeat: bool,
    ) -> OnLine | Stop:
        """On the next line that can take it. `pin` is the request's under this issuer's key.

        Only what is about to leave asks the breaker to pass, so that its fate is always reported.
        """
        line = self._line()
        if line is None or not self._breaker.would_pass(trio.current_time()):
            return Stop.NOW
        sending = dialect.Sending(
            trace=noted.trace,
            sent_at=_time_of(noted),
            reference=self._reference(noted),
            is_repeat=is_repeat,
            pin=pin,
        )
        try:
            asked = dialect.trade_fields(request, sending, self._original(request), self._parties)
            payload = dialect.CODEC.encode(asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, this one message cannot go
            self._metrics.unspeakable.inc()
            why = f"{type(error).__name__}: {error}"
            _LOG.error("not to be spelled for the issuer", key=request.key.text, why=why)
            return Stop.FOR_EVER
        self._breaker.passes(trio.current_time())
        on_line = OnLine(line, asked, dialect.correlation_of(asked))
        line.send(payload, on_line.correlation, sender)
        self._sent.add(on_line)
        return on_line

    def read(self, on_line: OnLine, told: Mapping[str, str]) -> Response | None:
        """The answer to what was sent; None where it does not answer that."""
        self._sent.remove(on_line)
        self._breaker.succeeded()
        now = _second(self._wall_clock())
        try:
            return dialect.response_of(on_line.asked, told, self._parties, now)
        except dialect.MismatchError as error:
            self._metrics.mismatched.inc()
            _LOG.error("issuer answer not believed", issuer=self.name, why=str(error))
            return None

    def timed_out(self, on_line: OnLine) -> None:
        """It was not answered while anybody waited, and the breaker hears of it."""
        self._sent.remove(on_line)
        on_line.line.forget(on_line.correlation)
        self._metrics.time_outs.inc()
        self._breaker.failed(trio.current_time())

    def lost(self, on_line: OnLine) -> None:
        """Its line went down."""
        self._sent.remove(on_line)
        self._breaker.lost(trio.current_time())

    def learn_card(self, noted: Noted, request: Request) -> None:
        """A terminal's reversal may name the card of an original that went in another life."""
        if request.pan is not None and request.pan.masked == noted.card:
            self.cards.keep(noted.key_text, request.pan)

    def taken(self, reference: str) -> Response:
        """Our own answer to a reversal that is on disk."""
        now = dt.datetime.fromtimestamp(self._wall_clock(), self._parties.zone)
        return Response(
            reason=Reason.APPROVED,
            rrn=f"{reference:<12}" if reference else "",
            local_time=f"{now:%Y%m%d%H%M%S}",
            business_date=f"{now:%Y%m%d}",
            issuer_id=self._parties.issuer_id,
            acquirer_id=self._parties.acquirer_id,
        )

    def _line(self) -> IssuerLine | None:
        """The next line that is up, in turn, while there is room."""
        if len(self._sent) >= self.settings.window_max:
            return None
        for _ in self.lines:
            self._next_line = (self._next_line + 1) % len(self.lines)
            if self.lines[self._next_line].is_up:
                return self.lines[self._next_line]
        return None

    def _original(self, request: Request) -> dialect.OriginalSent | None:
        key = request.original.key if request.original is not None else None
        noted = self._memory.find(key.text) if key is not None else None
        if noted is None or noted.request is None:
            return None
        sent, answer = noted.request, noted.answer
        passes_pin = self.pins is not None
        return dialect.OriginalSent(
            kind=sent.kind,
            trace=noted.trace,
            sent_at=_time_of(noted),
            reference=(answer.rrn if answer is not None else "") or self._reference(noted),
            auth_code=answer.auth_code if answer is not None else None,
            entry_mode=dialect.entry_mode_sent(sent, passes_pin=passes_pin),
            code=dialect.NO_ANSWER if answer is None else RESPONSE_CODES[answer.reason].f39,
            pan=self.cards.of(noted.key_text),
        )

    def _reference(self, noted: Noted) -> str:
        """F37, ours to give: day, issuer, trace."""
        day = dialect.local_stamp(_time_of(noted), self._parties.zone)[4:8]
        return f"{day}{self._letters}{noted.trace:06d}"


def _time_of(noted: Noted) -> dt.datetime:
    return _second(noted.noted_at)


def _second(at: float) -> dt.datetime:
    """Nothing an issuer is told is finer, and what is of one second is spelled once."""
    return dt.datetime.fromtimestamp(int(at), dt.UTC)
