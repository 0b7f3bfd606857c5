"""What becomes known of a message's end: its answer or the silence, counted and logged."""

import logging
from typing import Protocol

import structlog

from host.model.requests import KINDS, Kind
from host.model.responses import Reason
from switch.exchange import Exchange, Origin, Reply
from switch.metrics import Metrics, Waits
from switch.settings import SwitchSettings
from terminals.codec import EncodeError
from terminals.message import Place

_LOG = structlog.get_logger(__name__)


class Recorder(Protocol):
    """Who keeps what is asked and answered (`switch.recording`)."""

    why: str

    def watched(self, origin: Origin, reply: Reply, payload: bytes) -> Reply:
        """Where a message came from, with the recorder in between."""


class Telling:
    """Every way in which an exchange ends here."""

    def __init__(self, metrics: Metrics, settings: SwitchSettings) -> None:
        self._metrics = metrics
        self.recorder: Recorder | None = None
        """Who is told of every message, while somebody records."""
        self._logs_messages = settings.log_messages and _LOG.is_enabled_for(logging.INFO)

    def refuse(self, exchange: Exchange, reason: Reason, why: str = "") -> None:
        """The switch's own decline."""
        try:
            payload = exchange.refusal(reason)
        except EncodeError as error:
            self.drop(exchange, "unreadable", str(error))
            return
        exchange.finish(payload)
        self.tell(exchange, reason, why=why)

    def fail(self, exchange: Exchange) -> None:
        """A bug of ours met this message: 96 if it was not sent on and that can be said."""
        if exchange.lane is not None:
            return
        if exchange.only_host_may_end:
            self.drop(exchange, "failed", "see the exception before this line")
            return
        try:
            payload = exchange.refusal(Reason.MALFUNCTION)
        except Exception:  # noqa: BLE001 - the bug may sit in the spelling itself
            self.drop(exchange, "failed", "see the exception before this line")
            return
        exchange.finish(payload)
        self.tell(exchange, Reason.MALFUNCTION)

    def drop(self, exchange: Exchange, why: str, detail: str, place: Place | None = None) -> None:
        """The one way to silence: who, where, and in which field and at which byte, and why."""
        peer, message = exchange.peer, exchange.message
        if self.recorder is not None:
            self.recorder.why = why
        exchange.finish(None)
        self._metrics.silent(exchange.channel, why)
        field, offset = place or exchange.place
        kind = exchange.kind
        _LOG.warning(
            "message not answered",
            channel=exchange.channel,
            peer=peer,
            mti=message.mti if message is not None else None,
            tid=message.terminal_id if message is not None else None,
            stan=message.stan if message is not None else None,
            kind=kind.value if kind is not None else None,
            field=field or None,
            offset=offset,
            why=why,
            detail=detail,
        )

    def tell(self, exchange: Exchange, reason: Reason, *, rrn: str = "", why: str = "") -> None:
        """Count and log one answered message."""
        origin, kind = exchange.origin, exchange.kind
        counter = origin.answered.get((kind, reason))
        if counter is None:
            counter = self._metrics.answered(origin.channel, kind, reason)
            origin.answered[kind, reason] = counter
        counter.inc()
        if self._logs_messages:
            self._log(exchange, reason, rrn, why)

    def note_unacknowledged(self, exchange: Exchange) -> None:
        """Approved, and the terminal will never know: its own reversal or the totals tell."""
        request = exchange.request
        if request is not None and KINDS[request.kind].moves_value:
            self._metrics.unacknowledged.labels(exchange.channel).inc()
            _LOG.warning("approval not delivered", channel=exchange.channel, key=request.key.text)

    def seconds_of(self, origin: Origin, kind: Kind | None) -> Waits:
        """How long a channel's messages of a kind wait for their answer."""
        seconds = origin.seconds.get(kind)
        if seconds is None:
            seconds = origin.seconds[kind] = self._metrics.seconds(origin.channel, kind)
        return seconds

    def _log(self, exchange: Exchange, reason: Reason, rrn: str, why: str) -> None:
        message, request, kind = exchange.message, exchange.request, exchange.kind
        assert message is not None
        _LOG.info(
            "message answered",
            channel=exchange.channel,
            mti=message.mti,
            tid=message.terminal_id,
            stan=message.stan,
            kind=kind.value if kind is not None else None,
            pan=request.pan.masked if request is not None and request.pan is not None else None,
            reason=reason.value,
            rrn=rrn,
            why=why,
        )
