"""What becomes of a message: asked of whoever decides it, answered, undone, or left in silence.

The rule in doubt: when nothing can have moved the terminal is told 91 at once; when something
may have moved it is told nothing, and what the terminal will not undo by itself is undone by a
reversal that is on disk before it is sent. An answer that comes later is counted, never told.
"""

import functools
from collections.abc import Callable
from typing import Final, Protocol

import structlog
import trio

from host.model.requests import KINDS, ExchangeKey, Kind, Request, Response
from host.model.responses import Reason
from switch.exchange import Exchange
from switch.faults import guarded
from switch.hostlink import UNDER_WAY
from switch.intake import MAC
from switch.lane import Lane
from switch.memory.route_words import HOST
from switch.memory.saf_answers import NOT_YET
from switch.metrics import Metrics
from switch.routing import Router
from switch.strategy import Ending
from switch.telling import Telling
from switch.undoing import reversal_of, without_card
from terminals.message import Place

UNDECIDED: Final = NOT_YET | {Reason.KSN_REFUSED, Reason.NOT_POSTABLE}
"""Answers of the host that end nothing: what has a key that was used before is sealed anew."""
UNDO_SECONDS_MAX: Final = 5.0
"""How long a terminal waits for our reversal to reach the disk; then it hears nothing."""

Heard = Callable[[Exchange, Response, float], None]
"""Hears what the host answered, before the terminal does, and when by trio's clock."""

_LOG = structlog.get_logger(__name__)


class Reversals(Protocol):
    """Who sends the reversals the switch owes."""

    def owe(self, request: Request, route: str, stored: Callable[[], None] | None = None) -> None:
        """Store it, say so, then send it until it is decided."""

    def undoes(self, key: ExchangeKey) -> bool:
        """Whether a reversal of what was asked under this key is still on its way."""


ENDED_BY_ITS_MERCHANT: Final = frozenset(
    kind for kind, row in KINDS.items() if row.only_host_may_end and kind is not Kind.REVERSAL
)
"""Refunds and confirmations: our host would refuse one that names another merchant, and that
would end it. A reversal it undoes by its terminal's key."""


MERCHANT: Final = Place("merchant")
OF_ANOTHER_MERCHANT: Final = "field merchant is not that of its terminal"


class Dispatcher:
    """Every exchange that was believed, in the lane of whoever is asked."""

    def __init__(
        self,
        router: Router[Exchange],
        reversals: Reversals,
        telling: Telling,
        metrics: Metrics,
        heard: Heard,
    ) -> None:
        self._router = router
        self._reversals = reversals
        self._telling = telling
        self._metrics = metrics
        self._heard = heard
        self._being_undone: dict[Exchange, float] = {}
        """Whose terminal is told 98 as soon as the reversal is on disk, and since when."""

    @property
    def in_flight(self) -> int:
        """Messages at the host and at issuers."""
        return sum(len(lane.in_flight) for lane in self._router.lanes)

    def forward(self, exchange: Exchange, asked: Request, now: float) -> None:
        """Ask whoever decides it."""
        lane = self._router.lane_of(asked)
        is_anothers = asked.merchant_id != exchange.merchant_id
        if is_anothers and asked.kind in ENDED_BY_ITS_MERCHANT:
            self.leave_to_people(exchange, OF_ANOTHER_MERCHANT, MERCHANT)
            return
        if is_anothers and not lane.is_ours:
            self.decline(exchange, Reason.INVALID_MERCHANT)
            return
        sent = asked if lane.is_ours else exchange.with_track(asked)
        taken = lane.destination.ask(sent, exchange)
        if isinstance(taken, Response):
            self._deliver(exchange, taken, now)
        elif taken is None:
            self._host_is_away(exchange)
        else:
            exchange.lane = lane
            exchange.ticket = taken
            exchange.sent_at = now
            lane.in_flight[taken] = exchange

    def decline(self, exchange: Exchange, reason: Reason) -> None:
        """Refuse it here, unless any answer would end what its terminal must go on with.

        Then there is silence, and where the terminal's own keys had proved the message, a case.
        That there is no such terminal the host has said.
        """
        if reason is Reason.NOT_PERMITTED_TO_TERMINAL:
            _LOG.warning(
                "terminal under up-ecb is not believed here. Next: name its network in "
                "the channel's ecb_networks, or give the channel TLS, or the terminal x9.19",
                channel=exchange.channel,
                source=exchange.source,
            )
        if not exchange.only_host_may_end or reason is Reason.INVALID_TERMINAL:
            self._telling.refuse(exchange, reason)
        elif reason in NOT_YET:
            self._telling.drop(exchange, "the host has not decided", reason.value)
        elif exchange.mac is None:
            self._telling.drop(exchange, "not proved", reason.value, exchange.place_or(MAC))
        else:
            self.leave_to_people(exchange, exchange.fault or reason.value)

    def leave_to_people(self, exchange: Exchange, why: str, place: Place | None = None) -> None:
        """Silence, and a case: only people can do now what it asks."""
        self._reversals.owe(exchange.report(why), HOST)
        self._telling.drop(exchange, "unreadable", why, place)

    def decided(self, exchange: Exchange, response: Response) -> None:
        """The answer of whoever was asked, in time."""
        assert exchange.lane is not None
        del exchange.lane.in_flight[exchange.ticket]
        now = trio.current_time()
        seconds = self._telling.seconds_of(exchange.origin, exchange.kind)
        seconds.observe(now - exchange.sent_at)
        self._deliver(exchange, response, now)

    def never_sent(self, exchange: Exchange) -> None:
        """The link went down with the request still here: nothing moved."""
        assert exchange.lane is not None
        del exchange.lane.in_flight[exchange.ticket]
        self._host_is_away(exchange)

    def in_doubt(self, exchange: Exchange) -> None:
        """The link went down with the request sent."""
        self._leave(exchange, "link lost")

    def late(self, response: Response) -> None:
        """An answer whose exchange has ended: its reversal is on its way."""
        self._metrics.late(response.reason)
        _LOG.warning("late answer of the host", reason=response.reason.value, rrn=response.rrn)

    def sweep(self, now: float) -> None:
        """End what was not answered in time."""
        for lane in self._router.lanes:
            for exchange in lane.sent_before(now - lane.seconds_max):
                guarded("time-out", lane.destination.forget, exchange.ticket)
                guarded("time-out", self._leave, exchange, "no answer in time")
                lane.in_flight.pop(exchange.ticket, None)
        for exchange, since in list(self._being_undone.items()):
            if since > now - UNDO_SECONDS_MAX:
                break
            del self._being_undone[exchange]
            self._telling.drop(exchange, "reversal not stored", "the terminal reverses it as well")

    def _deliver(self, exchange: Exchange, response: Response, now: float) -> None:
        request = exchange.request
        assert request is not None
        if response is UNDER_WAY:
            self._telling.drop(exchange, "under way already", request.key.text)
            return
        self._heard(exchange, response, now)
        if response.reason in UNDECIDED and KINDS[request.kind].only_host_may_end:
            self._go_on(exchange, request, response.reason)
            return
        if response.is_approved and self._is_being_undone(request):
            self._telling.drop(exchange, "being undone", request.key.text)
            return
        try:
            payload = exchange.answer(response)
        except Exception:  # noqa: BLE001 - decided already: silence, the terminal undoes it
            _LOG.exception("an answer could not be spelled", key=request.key.text)
            self._telling.drop(
                exchange, "unspeakable", "the host's answer does not fit the dialect"
            )
            return
        if not exchange.finish(payload) and response.is_approved:
            self._telling.note_unacknowledged(exchange)
        self._telling.tell(exchange, response.reason, rrn=response.rrn)

    def _is_being_undone(self, request: Request) -> bool:
        """A repeat that overtook our reversal of the first: told, it would be taken back."""
        return KINDS[request.kind].undone_by_switch and self._reversals.undoes(request.key)

    def _go_on(self, exchange: Exchange, request: Request, reason: Reason) -> None:
        """The host has decided nothing of what its terminal must go on with.

        What the ledger can never take is a case: of a reversal by way of store-and-forward, which
        says what it was to undo.
        """
        is_reversal = request.kind is Kind.REVERSAL
        if reason in NOT_YET or (is_reversal and reason is Reason.NOT_POSTABLE):
            self._keep_owed(exchange, request)
        else:
            self.decline(exchange, reason)

    def _leave(self, exchange: Exchange, why: str) -> None:
        """In doubt: a reversal where the terminal's own may never come, and its strategy's word."""
        lane, request = exchange.lane, exchange.request
        assert lane is not None
        assert request is not None
        del lane.in_flight[exchange.ticket]
        if request.only_as_repeat:
            self._telling.drop(exchange, why, request.key.text)
            return
        ending, stored = exchange.origin.endings[request.kind], None
        if ending is Ending.TOLD_WHEN_UNDONE:
            self._being_undone[exchange] = trio.current_time()
            stored = functools.partial(self._tell_undone, exchange, why)
        self._owe_undoing(request, lane, stored)
        if ending is Ending.TOLD:
            self._telling.refuse(exchange, Reason.TIMED_OUT, why)
        elif ending is Ending.SILENT:
            self._telling.drop(exchange, why, request.key.text)

    def _tell_undone(self, exchange: Exchange, why: str) -> None:
        """Our reversal is on disk: from here on the undoing is ours, and may be told."""
        if self._being_undone.pop(exchange, None) is not None:
            self._telling.refuse(exchange, Reason.TIMED_OUT, why)

    def _host_is_away(self, exchange: Exchange) -> None:
        """The host saw nothing: 91, but for what only the host may end."""
        request = exchange.request
        if request is not None and KINDS[request.kind].only_host_may_end:
            self._keep_owed(exchange, request)
        else:
            self._telling.refuse(exchange, Reason.HOST_UNREACHABLE)

    def _keep_owed(self, exchange: Exchange, request: Request) -> None:
        """Silence, so that the terminal asks again."""
        self._owe_undoing(request, self._router.lane_of(request), None)
        self._telling.drop(exchange, "the host has not decided", request.key.text)

    def _owe_undoing(
        self, request: Request, lane: Lane[Exchange], stored: Callable[[], None] | None
    ) -> None:
        """Our reversal of what the terminal will not undo, or its own, should it give up.

        What asked for an answer alone has moved nothing and is no reason to move anything.
        """
        if request.only_as_repeat:
            return
        if KINDS[request.kind].undone_by_switch:
            owed = reversal_of(request)
        elif request.kind is Kind.REVERSAL:
            owed = without_card(request)
        else:
            return
        self._metrics.reversals_owed.inc()
        self._reversals.owe(owed, lane.name, stored)
