"""An issuer's own host as a destination: many lines, one window, one breaker.

`IssuerLink` picks a line, speaks the issuer's dialect, and pairs answers. `IssuerDestination` is
what the desk asks: it knows a repeat when it sees one, sends nothing that is not on disk, and
answers a terminal's reversal as soon as it is stored. `IssuerReversals` is what store-and-forward
asks: it sends 0420, again as 0421, and never before its original has come to an end.
"""

import datetime as dt
import itertools
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import structlog
import trio

from host.link.client import Waiter
from host.model.requests import KINDS, Kind, PinBlock, Request, Response
from host.model.responses import RESPONSE_CODES, Reason
from host.steady import kept_going
from switch.faults import count
from switch.hostlink import UNDER_WAY, Slot, Taken, Ticket
from switch.issuer_settings import IssuerSettings
from switch.issuers.advice import Advising, Owing
from switch.issuers.breaker import Breaker
from switch.issuers.cards import RecentCards
from switch.issuers.line import Correlation, IssuerLine
from switch.issuers.metrics import IssuerMetrics
from switch.issuers.pin_zones import PinZone
from switch.memory.in_flight import WriteAhead
from switch.memory.route_words import Noted, State
from switch.memory.routes import RouteMemory, without_secrets
from switch.undoing import reversal_of
from terminals.dialects import issuer as dialect

_REFERENCE_LETTERS: Final = 2
_NEVER: Final = Response(reason=Reason.FORMAT_ERROR)
"""It cannot be spelled for the issuer, now or later."""

_LOG = structlog.get_logger(__name__)


class IssuerLink:
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
        self._pins = pins
        self._memory = memory
        self._metrics = metrics
        self._wall_clock = wall_clock
        self._on_turn = on_turn
        self._breaker = Breaker(settings.breaker_time_outs, settings.breaker_seconds)
        self._parties = dialect.Parties(
            acquirer_id=settings.acquirer_id,
            forwarding_id=settings.forwarding_id,
            issuer_id=settings.issuer_id,
            zone=zoneinfo.ZoneInfo(settings.timezone),
            authorises=frozenset(settings.authorises),
        )
        self._cards = RecentCards()
        name = "".join(filter(str.isalnum, settings.name.upper()))
        self._letters = f"{name[:_REFERENCE_LETTERS]:X<2}"
        self._stand_in = {kind: row.reason for row in settings.stand_in for kind in row.kinds}
        self._tickets = itertools.count(1)
        self._sent: dict[Ticket, _Sent] = {}
        self._translating: dict[Ticket, Ticket] = {}
        """Messages whose PIN block is at our own host, by our ticket to the host's."""
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
        can_pass_pin = self._pins is not None or self.settings.takes_no_pin
        if request.pin is not None and not can_pass_pin:
            return Reason.FUNCTION_NOT_SUPPORTED
        has_room = waiting < self.settings.window_max
        is_up = any(line.is_up for line in self.lines)
        if has_room and is_up and self._breaker.would_pass(trio.current_time()):
            return None
        reason = self._stand_in.get(request.kind, Reason.HOST_UNREACHABLE)
        self._metrics.stood_in(reason)
        return reason

    def send(self, request: Request, noted: Noted, waiter: Waiter, *, is_repeat: bool) -> Taken:
        """As an `Onward`. Where it has a PIN, that is put under the issuer's key first."""
        if request.pan is not None:
            self._cards.keep(noted.key_text, request.pan)
        sending = dialect.Sending(
            trace=noted.trace,
            sent_at=_time_of(noted),
            reference=self._reference(noted),
            is_repeat=is_repeat,
        )
        ticket, pins = next(self._tickets), self._pins
        if request.pin is None or pins is None:
            return self._put(ticket, request, sending, waiter)

        def translated(found: PinBlock | Response | None) -> None:
            del self._translating[ticket]
            if isinstance(found, Response):
                waiter.answered(found)
                return
            put: Taken = None
            if found is not None:
                under_zone = msgspec.structs.replace(sending, pin=found)
                put = self._put(ticket, request, under_zone, waiter)
            if isinstance(put, Response):
                waiter.answered(put)
            elif put is None:
                waiter.unsent()

        taken = pins.translate(request, translated)
        if taken is None:
            return None
        self._translating[ticket] = taken
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """As an `Onward`: its time is over, and the breaker hears of it."""
        at_host = self._translating.pop(ticket, None)
        if at_host is not None and self._pins is not None:
            self._pins.forget(at_host)
        sent = self._sent.pop(ticket, None)
        if sent is not None:
            sent.line.forget(sent.correlation)
            self._metrics.time_outs.inc()
            self._breaker.failed(trio.current_time())

    def arrived(self, sent: "_Sent", told: Mapping[str, str]) -> None:
        """An answer that pairs with what was sent."""
        del self._sent[sent.ticket]
        self._breaker.succeeded()
        now = _second(self._wall_clock())
        try:
            response = dialect.response_of(sent.asked, told, self._parties, now)
        except dialect.MismatchError as error:
            self._metrics.mismatched.inc()
            _LOG.error("issuer answer not believed", issuer=self.settings.name, why=str(error))
            sent.waiter.in_doubt()
            return
        sent.waiter.answered(response)

    def learn_card(self, noted: Noted, request: Request) -> None:
        """A terminal's reversal may name the card of an original that went in another life."""
        if request.pan is not None and request.pan.masked == noted.card:
            self._cards.keep(noted.key_text, request.pan)

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

    def lost(self, sent: "_Sent") -> None:
        """Its line went down."""
        del self._sent[sent.ticket]
        self._breaker.lost(trio.current_time())

    def _put(
        self, ticket: Ticket, request: Request, sending: dialect.Sending, waiter: Waiter
    ) -> Taken:
        """On a line; None when there is none that it can go on.

        Only what is about to leave asks the breaker to pass, so that its fate is always reported.
        """
        line = self._line()
        if line is None or not self._breaker.would_pass(trio.current_time()):
            return None
        sent = _Sent(self, line, waiter, ticket)
        try:
            original = self._original(request)
            sent.asked = dialect.trade_fields(request, sending, original, self._parties)
            payload = dialect.CODEC.encode(sent.asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, this one message cannot go
            self._metrics.unspeakable.inc()
            why = f"{type(error).__name__}: {error}"
            _LOG.error("not to be spelled for the issuer", key=request.key.text, why=why)
            return _NEVER
        self._breaker.passes(trio.current_time())
        sent.correlation = dialect.correlation_of(sent.asked)
        line.send(payload, sent.correlation, sent)
        self._sent[ticket] = sent
        return ticket

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
        passes_pin = self._pins is not None
        return dialect.OriginalSent(
            kind=sent.kind,
            trace=noted.trace,
            sent_at=_time_of(noted),
            reference=(answer.rrn if answer is not None else "") or self._reference(noted),
            auth_code=answer.auth_code if answer is not None else None,
            entry_mode=dialect.entry_mode_sent(sent, passes_pin=passes_pin),
            code=dialect.NO_ANSWER if answer is None else RESPONSE_CODES[answer.reason].f39,
            pan=self._cards.of(noted.key_text),
        )

    def _reference(self, noted: Noted) -> str:
        """F37, ours to give: day, issuer, trace."""
        day = dialect.local_stamp(_time_of(noted), self._parties.zone)[4:8]
        return f"{day}{self._letters}{noted.trace:06d}"


class _Sent:
    """One message on a line."""

    __slots__ = ("_link", "asked", "correlation", "line", "ticket", "waiter")

    def __init__(self, link: IssuerLink, line: IssuerLine, waiter: Waiter, ticket: Ticket) -> None:
        self._link = link
        self.line = line
        self.waiter = waiter
        self.ticket = ticket
        self.asked: dict[str, str] = {}
        self.correlation: Correlation = ("", "", "")

    def arrived(self, fields: Mapping[str, str]) -> None:
        """As a `Sender` of the line."""
        self._link.arrived(self, fields)

    def unsent(self) -> None:
        """As a `Sender` of the line."""
        self._link.lost(self)
        self.waiter.unsent()

    def in_doubt(self) -> None:
        """As a `Sender` of the line."""
        self._link.lost(self)
        self.waiter.in_doubt()


class _Undoing(Slot):
    """A reversal on its way to the disk, and who hears that it is there."""

    __slots__ = ("waiter",)

    def __init__(self, waiter: Waiter) -> None:
        self.waiter: Waiter | None = waiter


class IssuerDestination:
    """What the desk asks of an issuer."""

    def __init__(self, link: IssuerLink, memory: RouteMemory, owing: Owing) -> None:
        self._link = link
        self._memory = memory
        self._owing = owing
        onward = Advising(link, owing, link.settings.issuer_id)
        self.ahead = WriteAhead(link.settings.name, onward, memory)

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`."""
        if request.only_as_repeat and not self._is_known(request):
            return Response(reason=Reason.KSN_REFUSED)
        is_undoing = request.kind is Kind.REVERSAL
        return self._undo(request, waiter) if is_undoing else self._ask(request, waiter)

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        if isinstance(ticket, _Undoing):
            ticket.waiter = None
        else:
            self.ahead.forget(ticket)

    def _ask(self, request: Request, waiter: Waiter) -> Taken:
        key_text = request.key.text
        if self.ahead.has(key_text):
            return self.ahead.join(request, waiter)
        if self._memory.is_changing(key_text):
            # Being undone, or it was never sent: nothing has moved that is to stand.
            return Response(reason=Reason.IN_PROGRESS)
        noted = self._memory.find(key_text)
        if noted is not None and noted.state is not State.UNSENT:
            return self._again(request, noted, waiter)
        if self._owing.is_full and KINDS[request.kind].moves_value:
            return Response(reason=Reason.HOST_UNREACHABLE)
        refusal = self._link.refusal(request, self.ahead.count)
        return self.ahead.take(request, waiter) if refusal is None else Response(reason=refusal)

    def _is_known(self, request: Request) -> bool:
        """Whether it was taken before: what it asks has been done, or is on its way."""
        undoes = request.original if request.kind is Kind.REVERSAL else None
        if undoes is None or undoes.key is None:
            noted = self._memory.find(request.key.text)
            is_noted = noted is not None and noted.state is not State.UNSENT
            return is_noted or self.ahead.has(request.key.text)
        noted = self._memory.find(undoes.key.text)
        return noted is not None and noted.state is State.UNDONE

    def _again(self, request: Request, noted: Noted, waiter: Waiter) -> Taken:
        """One key, one answer."""
        card = request.pan.masked if request.pan is not None else ""
        if noted.request != without_secrets(request) or noted.card != card:
            return Response(reason=Reason.DUPLICATE)
        if noted.state is State.UNDONE:
            return Response(reason=Reason.DUPLICATE)
        if noted.answer is not None:
            return noted.answer
        if KINDS[request.kind].undone_by_switch:
            # Sent in another life or by another process: it is answered there, or undone.
            return UNDER_WAY
        return self.ahead.repeat(request, noted, waiter)

    def _undo(self, request: Request, waiter: Waiter) -> Taken:
        """A terminal's reversal: its 00 says that we have it on disk.

        A refund is repeated until it is answered, never reversed, as at our own host.
        """
        original = request.original
        assert original is not None
        assert original.key is not None, "a reversal has the trace of its original"
        key_text = original.key.text
        noted = self._memory.find(key_text)
        known = noted.request if noted is not None else None
        if known is not None and request.amount not in {None, known.amount}:
            _LOG.warning("reversal of another amount", key=request.key.text)
            return Response(reason=Reason.ORIGINAL_NOT_FOUND)
        if known is not None and known.kind is Kind.REFUND:
            return Response(reason=Reason.FUNCTION_NOT_SUPPORTED)
        if noted is not None:
            self._link.learn_card(noted, request)
        ticket = _Undoing(waiter)
        answer = noted.answer if noted is not None else None
        route = self._link.settings.name

        def stored() -> None:
            self._memory.undo(key_text, route, undone)

        def undone(_noted: Noted | None) -> None:
            if ticket.waiter is not None:
                ticket.waiter.answered(self._link.taken(answer.rrn if answer is not None else ""))

        undoing = without_secrets(request) if known is None else reversal_of(known)
        self._owing.owe(undoing, route, stored)
        return ticket


class IssuerReversals:
    """What store-and-forward asks of an issuer."""

    def __init__(self, link: IssuerLink, memory: RouteMemory, trade: WriteAhead) -> None:
        self._memory = memory
        self._trade = trade
        self._ahead = WriteAhead(link.settings.name, link, memory, keeps_answers=False)

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`, for reversals alone."""
        original = request.original
        assert original is not None
        assert original.key is not None, "store-and-forward holds reversals by key"
        memory, undone, key_text = self._memory, original.key.text, request.key.text
        if self._trade.has(undone) or self._ahead.has(key_text):
            return None
        if memory.is_changing(undone) or memory.is_changing(key_text):
            return None
        sale = memory.find(undone)
        if sale is None or sale.request is None:
            return Response(reason=Reason.ORIGINAL_NOT_FOUND)
        if sale.state is State.UNSENT:
            return Response(reason=Reason.APPROVED)
        noted = memory.find(key_text)
        if noted is None or noted.state is State.UNSENT:
            return self._ahead.take(request, waiter)
        return self._ahead.repeat(request, noted, waiter)

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        self._ahead.forget(ticket)


def _time_of(noted: Noted) -> dt.datetime:
    return _second(noted.noted_at)


def _second(at: float) -> dt.datetime:
    """Nothing an issuer is told is finer, and what is of one second is spelled once."""
    return dt.datetime.fromtimestamp(int(at), dt.UTC)
