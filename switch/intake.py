"""Messages as they come in: read, their terminals known, and what they ask believed or not.

What is believed goes on to be asked of the host (`switch.dispatch`); what is not is declined there.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec
import structlog
import trio

from host.model.requests import KINDS, Kind, Request, Response, Traffic
from host.model.responses import Reason
from switch.exchange import SIGN_ON_AGAIN, UNSEALED_OF_BATCH, Exchange, Fate, Origin, Reply
from switch.floods import Floods, Rate
from switch.hostlink import Link
from switch.mac_guard import NOT_LOCKED, MacGuard
from switch.metrics import Metrics
from switch.sessions import Session, Sessions
from switch.settings import SwitchSettings
from switch.standing import Proofs
from switch.telling import Telling
from terminals.message import Place

UNPROVED_AT_ONCE: Final = 120.0
UNPROVED_SECONDS: Final = 1.0
"""Settlements and uploads of a terminal at an address that no key vouches for: a whole upload of an
honest one at once, then one each second."""
FITTED_AT_ONCE: Final = 8.0
FITTED_SECONDS: Final = 60.0
"""Cases of what a terminal under an order-blind code may have said, or anybody in its name."""
MAC: Final = Place("mac")
"""What is to blame where no key proved a message."""
TERMINAL_ID: Final = Place("41")
_BESIDE_TRADE: Final = frozenset(
    kind for kind, row in KINDS.items() if row.traffic is not Traffic.TRADE
)
_SIGN_ON: Final = Kind.SIGN_ON

_LOG = structlog.get_logger(__name__)


class Onward(Fate, Protocol):
    """Who asks the host what was asked of us."""

    def forward(self, exchange: Exchange, asked: Request, now: float) -> None:
        """Ask it."""

    def decline(self, exchange: Exchange, reason: Reason) -> None:
        """Refuse it here, or leave it in silence where an answer would end too much."""

    def leave_to_people(self, exchange: Exchange, why: str) -> None:
        """Silence, and a case."""


class Intake:
    """Who the terminals are, and what of theirs is taken."""

    def __init__(
        self, link: Link, telling: Telling, metrics: Metrics, settings: SwitchSettings
    ) -> None:
        self._telling = telling
        self._metrics = metrics
        self._sessions = Sessions(link, settings, self._resume)
        self._guard = MacGuard(settings.mac_failures_max, settings.mac_lock_seconds)
        self._floods = Floods(
            settings.sign_ons_max, settings.sign_on_seconds, settings.unproved_rate
        )
        self._proofs = Proofs()
        self._unproved = Rate(UNPROVED_AT_ONCE, UNPROVED_SECONDS)
        self._fitted = Rate(FITTED_AT_ONCE, FITTED_SECONDS)
        self.onward: Onward

    def take(self, origin: Origin, reply: Reply, payloads: Sequence[bytes]) -> None:
        """What one read brought from a terminal: each is answered, now or later, or left."""
        recorder = self._telling.recorder
        if recorder is None:
            self._take(origin, reply, payloads)
            return
        for payload in payloads:
            self._take(origin, recorder.watched(origin, reply, payload), (payload,))

    def _take(self, origin: Origin, reply: Reply, payloads: Sequence[bytes]) -> None:
        now = trio.current_time()
        for payload in payloads:
            exchange = Exchange(self.onward, origin, reply)
            try:
                error = exchange.read(payload)
                if error is None or exchange.only_host_may_end:
                    self._take_read(exchange, now)
                elif exchange.message is not None:
                    self._telling.refuse(exchange, Reason.FORMAT_ERROR, str(error))
                else:
                    self._telling.drop(exchange, "unreadable", error.why, error.place)
            except Exception:  # noqa: BLE001 - one message must never take the others with it
                _LOG.exception(
                    "a message could not be handled", channel=origin.channel, peer=exchange.peer
                )
                self._telling.fail(exchange)

    def heard(self, exchange: Exchange, response: Response, now: float) -> None:
        """The host has answered: whether that proves its terminal, or ends its keys."""
        request = exchange.request
        assert request is not None
        if exchange.mac is not None and self._proofs.is_new(request.key, response.local_time):
            exchange.standing.prove(request.key.terminal_id, now)
        if request.kind is _SIGN_ON and response.is_approved:
            self._sessions.renew(request.key.terminal_id, now)

    def sweep(self, now: float) -> None:
        """Forget what is over."""
        self._sessions.sweep(now)
        self._guard.sweep(now)
        self._floods.sweep(now)
        self._unproved.sweep(now)
        self._fitted.sweep(now)

    def _take_read(self, exchange: Exchange, now: float) -> None:
        message = exchange.message
        assert message is not None
        terminal_id = message.terminal_id
        if not terminal_id:
            if exchange.only_host_may_end:
                self._telling.drop(
                    exchange, "unreadable", "no terminal id", exchange.place_or(TERMINAL_ID)
                )
            else:
                self._telling.refuse(exchange, Reason.FORMAT_ERROR, "no terminal id")
            return
        session = self._sessions.get(terminal_id, now)
        if session is None:
            self._wait(exchange, terminal_id, now)
            return
        asked = self._ask(exchange, session, now)
        if isinstance(asked, Request):
            self._go_on(exchange, asked, now)
        elif asked in SIGN_ON_AGAIN and not self._sessions.is_fresh(session, now):
            self._wait(exchange, terminal_id, now)
        else:
            self._turn_down(exchange, session, asked, now)

    def _wait(self, exchange: Exchange, terminal_id: str, now: float) -> None:
        """Until the host has told who this is."""
        if not self._floods.may_introduce(exchange.source, now):
            self.onward.decline(exchange, Reason.HOST_UNREACHABLE)
            return
        reason = self._sessions.wait(terminal_id, exchange, now)
        if reason is not None:
            self.onward.decline(exchange, reason)

    def _resume(self, exchange: Exchange, session: Session | Reason) -> None:
        try:
            if isinstance(session, Reason):
                self.onward.decline(exchange, session)
                return
            now = trio.current_time()
            self._floods.knows(exchange.source)
            asked = self._ask(exchange, session, now)
            if isinstance(asked, Request):
                self._go_on(exchange, asked, now)
            else:
                self._turn_down(exchange, session, asked, now)
        except Exception:  # noqa: BLE001 - as in `take`
            _LOG.exception(
                "a message could not be handled", channel=exchange.channel, peer=exchange.peer
            )
            self._telling.fail(exchange)

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
            self._telling.drop(exchange, "terminal locked", session.profile.terminal_id, MAC)
        elif exchange.is_fitted and exchange.only_host_may_end and self._may_be_told(exchange, now):
            self.onward.leave_to_people(exchange, exchange.fault or "it has room for anything")
        else:
            self.onward.decline(exchange, why)

    def _may_be_told(self, exchange: Exchange, now: float) -> bool:
        """A few such cases of a terminal at an address: an honest one has no more."""
        assert exchange.session is not None
        return self._fitted.take((exchange.session.profile.terminal_id, exchange.source), now)

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

    def _go_on(self, exchange: Exchange, asked: Request, now: float) -> None:
        """To the host, unless it is more than its share of what needs no key."""
        admitted: Request | None = asked
        if asked.kind in _BESIDE_TRADE:
            admitted = self._admitted(exchange, asked, now)
        if admitted is not None:
            self.onward.forward(exchange, admitted, now)

    def _admitted(self, exchange: Exchange, asked: Request, now: float) -> Request | None:
        vouched = self._vouched(exchange, asked, now)
        if vouched is None:
            why = "a settlement or upload without a code"
            self._telling.drop(exchange, "unproved too often", why, MAC)
        elif self._is_flood(exchange, vouched, now):
            self._telling.refuse(exchange, Reason.HOST_UNREACHABLE)
        else:
            return vouched
        return None

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
