"""Every message in flight: taken in, asked of the host, answered, or left in silence.

The rule in doubt: when nothing can have moved the terminal is told 91 at once; when something
may have moved it is told nothing, and what the terminal will not undo by itself is undone by a
reversal that is on disk before it is sent. An answer that comes later is counted, never told.
"""

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
import structlog
import trio

from host.model.requests import KINDS, ExchangeKey, Kind, Request, Response, Traffic
from host.model.responses import Reason
from switch.exchange import (
    SIGN_ON_AGAIN,
    UNSEALED_OF_BATCH,
    Exchange,
    Origin,
    Reply,
)
from switch.faults import guarded
from switch.floods import Floods, Rate
from switch.hostlink import UNDER_WAY, Link
from switch.lane import Lane
from switch.mac_guard import NOT_LOCKED, MacGuard
from switch.memory.route_words import HOST
from switch.memory.saf import NOT_YET
from switch.metrics import Metrics, Waits
from switch.routing import Router
from switch.sessions import Session, Sessions
from switch.settings import SwitchSettings
from switch.standing import Proofs
from switch.strategy import Ending
from switch.undoing import reversal_of, without_card
from terminals.codec import EncodeError
from terminals.message import Place

UNPROVED_AT_ONCE: Final = 120.0
UNPROVED_SECONDS: Final = 1.0
"""Settlements and uploads of a terminal at an address that no key vouches for: a whole upload of an
honest one at once, then one each second."""
UNDECIDED: Final = NOT_YET | {Reason.KSN_REFUSED, Reason.NOT_POSTABLE}
"""Answers of the host that end nothing: what has a key that was used before is sealed anew."""
UNDO_SECONDS_MAX: Final = 5.0
"""How long a terminal waits for our reversal to reach the disk; then it hears nothing."""

MAC: Final = Place("mac")
"""What is to blame where no key proved a message."""
TERMINAL_ID: Final = Place("41")

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


class Desk:
    """Every exchange, in the lane of whoever is asked. Without a router that is our own host."""

    def __init__(
        self,
        link: Link,
        reversals: Reversals,
        metrics: Metrics,
        settings: SwitchSettings,
        router: Router[Exchange] | None = None,
    ) -> None:
        self._router = router or Router(Lane(HOST, link, settings.host_seconds_max))
        self._reversals = reversals
        self._metrics = metrics
        self._logs_messages = settings.log_messages and _LOG.is_enabled_for(logging.INFO)
        self._sessions = Sessions(link, settings, self._resume)
        self._guard = MacGuard(settings.mac_failures_max, settings.mac_lock_seconds)
        self._floods = Floods(
            settings.sign_ons_max, settings.sign_on_seconds, settings.unproved_rate
        )
        self._proofs = Proofs()
        self._unproved = Rate(UNPROVED_AT_ONCE, UNPROVED_SECONDS)
        self._being_undone: dict[Exchange, float] = {}
        """Whose terminal is told 98 as soon as the reversal is on disk, and since when."""

    @property
    def in_flight(self) -> int:
        """Messages at the host and at issuers."""
        return sum(len(lane.in_flight) for lane in self._router.lanes)

    def take(self, origin: Origin, reply: Reply, payloads: Sequence[bytes]) -> None:
        """What one read brought from a terminal: each is answered, now or later, or left."""
        now = trio.current_time()
        for payload in payloads:
            exchange = Exchange(self, origin, reply)
            try:
                error = exchange.read(payload)
                if error is None or exchange.only_host_may_end:
                    self._take_read(exchange, now)
                elif exchange.message is not None:
                    self._refuse(exchange, Reason.FORMAT_ERROR, str(error))
                else:
                    self._drop(exchange, "unreadable", error.why, error.place)
            except Exception:  # noqa: BLE001 - one message must never take the others with it
                _LOG.exception(
                    "a message could not be handled", channel=origin.channel, peer=exchange.peer
                )
                self._fail(exchange)

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
            self._drop(exchange, "reversal not stored", "the terminal reverses it as well")
        self._sessions.sweep(now)
        self._guard.sweep(now)
        self._floods.sweep(now)
        self._unproved.sweep(now)

    def decided(self, exchange: Exchange, response: Response) -> None:
        """The answer of whoever was asked, in time."""
        assert exchange.lane is not None
        del exchange.lane.in_flight[exchange.ticket]
        now = trio.current_time()
        seconds = self._seconds_of(exchange.origin, exchange.kind)
        seconds.observe(now - exchange.sent_at)
        self._deliver(exchange, response, now)

    def _deliver(self, exchange: Exchange, response: Response, now: float) -> None:
        request = exchange.request
        assert request is not None
        if exchange.mac is not None and self._proofs.is_new(request.key, response.local_time):
            exchange.standing.prove(request.key.terminal_id, now)
        if response.reason in UNDECIDED and KINDS[request.kind].only_host_may_end:
            self._go_on(exchange, request, response.reason)
            return
        if response.is_approved and self._is_being_undone(request):
            self._drop(exchange, "being undone", request.key.text)
            return
        if request.kind is Kind.SIGN_ON and response.is_approved:
            self._sessions.renew(request.key.terminal_id, now)
        try:
            payload = exchange.answer(response)
        except Exception:  # noqa: BLE001 - decided already: silence, the terminal undoes it
            _LOG.exception("an answer could not be spelled", key=request.key.text)
            self._drop(exchange, "unspeakable", "the host's answer does not fit the dialect")
            return
        if not exchange.finish(payload) and response.is_approved:
            self._note_unacknowledged(exchange)
        self._tell(exchange, response.reason, rrn=response.rrn)

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
            self._decline(exchange, reason)

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

    def _take_read(self, exchange: Exchange, now: float) -> None:
        message = exchange.message
        assert message is not None
        terminal_id = message.terminal_id
        if not terminal_id:
            if exchange.only_host_may_end:
                self._drop(exchange, "unreadable", "no terminal id", _or(exchange, TERMINAL_ID))
            else:
                self._refuse(exchange, Reason.FORMAT_ERROR, "no terminal id")
            return
        session = self._sessions.get(terminal_id, now)
        if session is None:
            self._wait(exchange, terminal_id, now)
            return
        asked = self._ask(exchange, session, now)
        if isinstance(asked, Request):
            self._forward(exchange, asked, now)
        elif asked in SIGN_ON_AGAIN and not self._sessions.is_fresh(session, now):
            self._wait(exchange, terminal_id, now)
        else:
            self._turn_down(exchange, session, asked, now)

    def _wait(self, exchange: Exchange, terminal_id: str, now: float) -> None:
        """Until the host has told who this is."""
        if not self._floods.may_introduce(exchange.source, now):
            self._decline(exchange, Reason.HOST_UNREACHABLE)
            return
        reason = self._sessions.wait(terminal_id, exchange, now)
        if reason is not None:
            self._decline(exchange, reason)

    def _resume(self, exchange: Exchange, session: Session | Reason) -> None:
        try:
            if isinstance(session, Reason):
                self._decline(exchange, session)
                return
            now = trio.current_time()
            self._floods.knows(exchange.source)
            asked = self._ask(exchange, session, now)
            if isinstance(asked, Request):
                self._forward(exchange, asked, now)
            else:
                self._turn_down(exchange, session, asked, now)
        except Exception:  # noqa: BLE001 - as in `take`
            _LOG.exception(
                "a message could not be handled", channel=exchange.channel, peer=exchange.peer
            )
            self._fail(exchange)

    def _ask(self, exchange: Exchange, session: Session, now: float) -> Request | Reason:
        """What the message asks, under keys that nobody has been guessing at."""
        guard = self._guard
        if guard.suspects_nobody:
            return exchange.ask(session)
        terminal_id, source = session.profile.terminal_id, exchange.source
        asked = exchange.ask(session, guard.spent(terminal_id, source, now))
        if exchange.mac is not None:
            guard.right(terminal_id, source)
        return asked

    def _turn_down(self, exchange: Exchange, session: Session, why: Reason, now: float) -> None:
        """What is asked cannot be forwarded; what was not proved is counted."""
        if why is Reason.MAC_WRONG:
            self._count_wrong_mac(exchange, session, now)
        is_locked = why is Reason.KEYS_MISSING and session.newest != NOT_LOCKED
        if is_locked and exchange.only_host_may_end:
            # A0 would end the terminal's reversal, which may be an honest one.
            self._drop(exchange, "terminal locked", session.profile.terminal_id, MAC)
        else:
            self._decline(exchange, why)

    def _count_wrong_mac(self, exchange: Exchange, session: Session, now: float) -> None:
        self._metrics.mac_failures.labels(exchange.channel).inc()
        terminal_id, source = session.profile.terminal_id, exchange.source
        if self._guard.wrong(terminal_id, source, session.newest, now):
            self._metrics.terminal_locks.labels(exchange.channel).inc()
            _LOG.warning(
                "terminal locked: too many wrong MACs; it must sign on",
                channel=exchange.channel,
                tid=terminal_id,
                source=source,
            )

    def _forward(self, exchange: Exchange, asked: Request, now: float) -> None:
        if KINDS[asked.kind].traffic is not Traffic.TRADE:
            vouched = self._vouched(exchange, asked, now)
            if vouched is None:
                why = "a settlement or upload without a code"
                self._drop(exchange, "unproved too often", why, MAC)
                return
            asked = vouched
            if self._is_flood(exchange, asked, now):
                self._refuse(exchange, Reason.HOST_UNREACHABLE)
                return
        lane = self._router.lane_of(asked)
        is_anothers = asked.merchant_id != exchange.merchant_id
        if is_anothers and (asked.kind in ENDED_BY_ITS_MERCHANT or not lane.is_ours):
            self._decline(exchange, Reason.INVALID_MERCHANT)
            return
        sent = asked if lane.is_ours else exchange.with_track(asked)
        taken = lane.destination.ask(sent, exchange)
        if isinstance(taken, Response):
            self._answer_at_once(exchange, taken, now)
        elif taken is None:
            self._host_is_away(exchange)
        else:
            exchange.lane = lane
            exchange.ticket = taken
            exchange.sent_at = now
            lane.in_flight[taken] = exchange

    def _answer_at_once(self, exchange: Exchange, response: Response, now: float) -> None:
        """Nobody had to be asked."""
        if response is UNDER_WAY:
            assert exchange.request is not None
            self._drop(exchange, "under way already", exchange.request.key.text)
        else:
            self._deliver(exchange, response, now)

    def _vouched(self, exchange: Exchange, asked: Request, now: float) -> Request | None:
        """A settlement or upload says whether its terminal sent it; else few are taken."""
        if asked.kind not in UNSEALED_OF_BATCH:
            return asked
        terminal_id = asked.key.terminal_id
        is_proved = exchange.mac is not None or exchange.standing.has_proved(terminal_id, now)
        if not is_proved and not self._unproved.take((terminal_id, exchange.source), now):
            return None
        exchange.request = msgspec.structs.replace(asked, is_proved=is_proved)
        return exchange.request

    def _is_flood(self, exchange: Exchange, asked: Request, now: float) -> bool:
        """Whether its address asks for more than its share of what needs no key."""
        if asked.kind is Kind.SIGN_ON:
            return not self._floods.may_sign_on(asked.key.terminal_id, exchange.source, now)
        return exchange.mac is None and not self._floods.may_ask(exchange.source, now)

    def _decline(self, exchange: Exchange, reason: Reason) -> None:
        """Refuse it here, unless any answer would end what its terminal must go on with.

        Then there is silence, and where the terminal's own keys had proved the message, a case:
        only people can do now what it asks. That there is no such terminal the host has said.
        """
        if reason is Reason.NOT_PERMITTED_TO_TERMINAL:
            _LOG.warning(
                "terminal under up-ecb is not believed here. Next: name its network in "
                "the channel's ecb_networks, or give the channel TLS, or the terminal x9.19",
                channel=exchange.channel,
                source=exchange.source,
            )
        if not exchange.only_host_may_end or reason is Reason.INVALID_TERMINAL:
            self._refuse(exchange, reason)
        elif reason in NOT_YET:
            self._drop(exchange, "the host has not decided", reason.value)
        elif exchange.mac is None:
            self._drop(exchange, "not proved", reason.value, _or(exchange, MAC))
        else:
            why = exchange.fault or reason.value
            self._reversals.owe(exchange.report(why), HOST)
            self._drop(exchange, "unreadable", why)

    def _leave(self, exchange: Exchange, why: str) -> None:
        """In doubt: a reversal where the terminal's own may never come, and its strategy's word."""
        lane, request = exchange.lane, exchange.request
        assert lane is not None
        assert request is not None
        del lane.in_flight[exchange.ticket]
        if request.only_as_repeat:
            self._drop(exchange, why, request.key.text)
            return
        ending, stored = exchange.origin.endings[request.kind], None
        if ending is Ending.TOLD_WHEN_UNDONE:
            self._being_undone[exchange] = trio.current_time()
            stored = functools.partial(self._tell_undone, exchange, why)
        self._owe_undoing(request, lane, stored)
        if ending is Ending.TOLD:
            self._refuse(exchange, Reason.TIMED_OUT, why)
        elif ending is Ending.SILENT:
            self._drop(exchange, why, request.key.text)

    def _tell_undone(self, exchange: Exchange, why: str) -> None:
        """Our reversal is on disk: from here on the undoing is ours, and may be told."""
        if self._being_undone.pop(exchange, None) is not None:
            self._refuse(exchange, Reason.TIMED_OUT, why)

    def _note_unacknowledged(self, exchange: Exchange) -> None:
        """Approved, and the terminal will never know: its own reversal or the totals tell."""
        request = exchange.request
        if request is not None and KINDS[request.kind].moves_value:
            self._metrics.unacknowledged.labels(exchange.channel).inc()
            _LOG.warning("approval not delivered", channel=exchange.channel, key=request.key.text)

    def _host_is_away(self, exchange: Exchange) -> None:
        """The host saw nothing: 91, but for what only the host may end."""
        request = exchange.request
        if request is not None and KINDS[request.kind].only_host_may_end:
            self._keep_owed(exchange, request)
        else:
            self._refuse(exchange, Reason.HOST_UNREACHABLE)

    def _keep_owed(self, exchange: Exchange, request: Request) -> None:
        """Silence, so that the terminal asks again."""
        self._owe_undoing(request, self._router.lane_of(request), None)
        self._drop(exchange, "the host has not decided", request.key.text)

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

    def _refuse(self, exchange: Exchange, reason: Reason, why: str = "") -> None:
        try:
            payload = exchange.refusal(reason)
        except EncodeError as error:
            self._drop(exchange, "unreadable", str(error))
            return
        exchange.finish(payload)
        self._tell(exchange, reason, why=why)

    def _fail(self, exchange: Exchange) -> None:
        """A bug of ours met this message: 96 if it was not sent on and that can be said."""
        if exchange.lane is not None:
            return
        if exchange.only_host_may_end:
            self._drop(exchange, "failed", "see the exception before this line")
            return
        try:
            payload = exchange.refusal(Reason.MALFUNCTION)
        except Exception:  # noqa: BLE001 - the bug may sit in the spelling itself
            self._drop(exchange, "failed", "see the exception before this line")
            return
        exchange.finish(payload)
        self._tell(exchange, Reason.MALFUNCTION)

    def _drop(self, exchange: Exchange, why: str, detail: str, place: Place | None = None) -> None:
        """The one way to silence: who, where, and in which field and at which byte, and why."""
        peer, message = exchange.peer, exchange.message
        exchange.finish(None)
        self._metrics.silent(exchange.channel, why)
        field, offset = place or exchange.place
        _LOG.warning(
            "message not answered",
            channel=exchange.channel,
            peer=peer,
            mti=message.mti if message is not None else None,
            tid=message.terminal_id if message is not None else None,
            stan=message.stan if message is not None else None,
            field=field or None,
            offset=offset,
            why=why,
            detail=detail,
        )

    def _tell(self, exchange: Exchange, reason: Reason, *, rrn: str = "", why: str = "") -> None:
        """Count and log one answered message."""
        origin, kind = exchange.origin, exchange.kind
        counter = origin.answered.get((kind, reason))
        if counter is None:
            counter = self._metrics.answered(origin.channel, kind, reason)
            origin.answered[kind, reason] = counter
        counter.inc()
        if self._logs_messages:
            self._log(exchange, reason, rrn, why)

    def _log(self, exchange: Exchange, reason: Reason, rrn: str, why: str) -> None:
        message, request = exchange.message, exchange.request
        assert message is not None
        _LOG.info(
            "message answered",
            channel=exchange.channel,
            mti=message.mti,
            tid=message.terminal_id,
            stan=message.stan,
            kind=request.kind.value if request is not None else None,
            pan=request.pan.masked if request is not None and request.pan is not None else None,
            reason=reason.value,
            rrn=rrn,
            why=why,
        )

    def _seconds_of(self, origin: Origin, kind: Kind | None) -> Waits:
        seconds = origin.seconds.get(kind)
        if seconds is None:
            seconds = origin.seconds[kind] = self._metrics.seconds(origin.channel, kind)
        return seconds


def _or(exchange: Exchange, place: Place) -> Place:
    """Where its own fault is, else this."""
    return exchange.place if exchange.place.field else place
