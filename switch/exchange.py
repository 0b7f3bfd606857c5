"""One message in, one answer or silence out; no sockets, no clock.

An `Exchange` holds a message from its first byte to its fate and knows the three things that
need the dialect: reading it, making the host's request of it once its seal is proved, and
spelling the answer. What happens in between is decided elsewhere.
"""

from typing import Final, Protocol

import msgspec

from host.hsm.mac import Mac
from host.model.requests import (
    KINDS,
    ExchangeKey,
    Family,
    Kind,
    Request,
    Response,
)
from host.model.responses import Reason
from host.model.terminal import FAMILIES
from switch.addresses import source_name
from switch.hostlink import Ticket
from switch.lane import Lane
from switch.mac_guard import NOT_LOCKED
from switch.metrics import Tally, Waits
from switch.sessions import Session
from switch.standing import Standing
from switch.strategy import SILENT, Endings
from terminals.codec import DecodeError
from terminals.dialect import Dialect
from terminals.message import NOWHERE, AnyMessage, Place

SIGN_ON_AGAIN: Final = frozenset({Reason.MAC_WRONG, Reason.KEYS_MISSING})
"""Refusals of the switch that new keys would cure: the answer asks for a sign-on."""


UNSEALED_OF_BATCH: Final = frozenset(
    kind for kind, row in KINDS.items() if row.family in {Family.SETTLEMENT, Family.UPLOAD}
)
"""What needs no code in some dialects, and counts for less without one."""


class Origin:
    """What the messages of one channel have in common; made once."""

    __slots__ = ("answered", "channel", "dialect", "endings", "family", "seconds")

    def __init__(self, dialect: Dialect, channel: str, endings: Endings = SILENT) -> None:
        self.dialect = dialect
        self.channel = channel
        self.endings = endings
        """What its terminals are told in doubt, by the channel's strategy."""
        self.family = FAMILIES.get(dialect.institution)
        """What its terminals are."""
        self.answered: dict[tuple[Kind | None, Reason], Tally] = {}
        self.seconds: dict[Kind | None, Waits] = {}
        """What is counted of them, bound when it is needed first."""


class Reply(Protocol):
    """Where the message came from. One of the two is called once for each message."""

    @property
    def host(self) -> str:
        """The other side's address."""

    @property
    def standing(self) -> Standing:
        """What the other side may be believed."""

    @property
    def peer(self) -> str:
        """The other side's address and port."""

    def send(self, payload: bytes) -> bool:
        """Answer it; False when there is nobody to answer any more."""

    def stay_silent(self) -> None:
        """Leave it."""


class Fate(Protocol):
    """Who decides what becomes of an exchange."""

    def decided(self, exchange: "Exchange", response: Response) -> None:
        """The host has answered."""

    def never_sent(self, exchange: "Exchange") -> None:
        """The host never saw it."""

    def in_doubt(self, exchange: "Exchange") -> None:
        """The host may have seen it, and its answer will not come."""


class Exchange:
    """One message and what is known of it so far; the link's `Waiter` for its request."""

    __slots__ = (
        "_fate",
        "_reply",
        "is_fitted",
        "lane",
        "mac",
        "message",
        "origin",
        "request",
        "sent_at",
        "session",
        "standing",
        "ticket",
    )

    def __init__(self, fate: Fate, origin: Origin, reply: Reply) -> None:
        self._fate = fate
        self._reply: Reply | None = reply
        self.origin = origin
        self.standing = reply.standing
        """What its connection may be believed."""
        self.message: AnyMessage | None = None
        self.session: Session | None = None
        """Whose it is, once its terminal is known."""
        self.request: Request | None = None
        self.mac: Mac | None = None
        """The key that proved the message: the answer is sealed under it."""
        self.is_fitted = False
        """Its code is right, and whoever has heard another message could have made it so."""
        self.lane: Lane[Exchange] | None = None
        """Where the request went."""
        self.ticket: Ticket = 0
        """What it waits by there."""
        self.sent_at = 0.0

    @property
    def channel(self) -> str:
        """The name of the channel it came by."""
        return self.origin.channel

    @property
    def merchant_id(self) -> str:
        """Whose terminal this is, by its profile; empty while that is not known."""
        return self.session.profile.merchant_id if self.session is not None else ""

    @property
    def only_host_may_end(self) -> bool:
        """Whether any answer but the host's would end what the terminal must go on with."""
        kind = self.message.asks if self.message is not None else None
        return kind is not None and KINDS[kind].only_host_may_end

    def place_or(self, place: Place) -> Place:
        """Where its own fault is, else this."""
        return self.place if self.place.field else place

    @property
    def fault(self) -> str:
        """What is wrong with the message, as far as its dialect says."""
        return self.message.fault if self.message is not None else ""

    @property
    def place(self) -> Place:
        """Where that is, as far as its dialect says."""
        return self.message.place if self.message is not None else NOWHERE

    @property
    def kind(self) -> Kind | None:
        """What is asked, as far as it was read: of a message that nothing proves too."""
        if self.request is not None:
            return self.request.kind
        return self.message.asks if self.message is not None else None

    def read(self, payload: bytes) -> DecodeError | None:
        """Take the message; on an error what could be read of it, if that can be answered."""
        try:
            self.message = self.origin.dialect.read(payload)
        except DecodeError as error:
            self.message = error.message
            return error
        return None

    @property
    def source(self) -> str:
        """The address it came from, for as long as it is not answered."""
        return source_name(self._reply.host) if self._reply is not None else ""

    @property
    def peer(self) -> str:
        """Address and port it came from, for as long as it is not answered."""
        return self._reply.peer if self._reply is not None else ""

    def ask(self, session: Session, spent: int = NOT_LOCKED) -> Request | Reason:
        """The host's request, or why this message is refused here.

        Keys up to the generation `spent` prove nothing.
        """
        dialect, message = self.origin.dialect, self.message
        self.session = session
        assert message is not None
        generation, must_be_sealed = 0, dialect.must_be_sealed(message)
        barred = self._barred(session, must_be_sealed=must_be_sealed)
        if barred is not None:
            return barred
        if must_be_sealed:
            proved = self._prove(session, message, spent)
            if isinstance(proved, Reason):
                return proved
            if session.is_order_blind and dialect.has_room(message):
                self.mac, self.is_fitted = None, True
                return Reason.FORMAT_ERROR
            generation = proved
        elif message.asks in UNSEALED_OF_BATCH and dialect.is_sealed(message):
            self._prove(session, message, spent)
        request = dialect.request(message, generation)
        if isinstance(request, Request):
            if not request.merchant_id:
                # Only what undoes comes without: whose terminal it is, is known.
                request = msgspec.structs.replace(request, merchant_id=session.profile.merchant_id)
            self.request = request
        return request

    def with_track(self, request: Request) -> Request:
        """The request as an issuer is sent it, with the track that was swiped in clear."""
        track = self.origin.dialect.track(self.message)
        return request if track is None else msgspec.structs.replace(request, track=track)

    def report(self, why: str) -> Request:
        """What people are told of a message that its terminal proved and nobody could act upon.

        It may come again, under the same key and in the same words, and is one case.
        """
        message, session = self.message, self.session
        assert message is not None
        assert session is not None, "its keys have proved it"
        key = ExchangeKey(
            self.origin.dialect.institution,
            message.terminal_id,
            message.epoch or session.profile.epoch,
            message.stan,
            Family.MANAGEMENT,
        )
        return Request(
            kind=Kind.CASE_REPORT,
            key=key,
            merchant_id=session.profile.merchant_id,
            issued_by_switch=True,
            detail=f"{message.asks} {message.mti}, trace {message.stan}: {why}",
            case="unreadable",
        )

    def answer(self, response: Response) -> bytes:
        """The answer's payload, sealed when the message was proved to be."""
        assert self.message is not None
        if response.sign_on_again and self.session is not None and not self.session.signs_on:
            # Under DUKPT a sign-on brings no keys.
            response = msgspec.structs.replace(response, sign_on_again=False)
        return self.origin.dialect.answer(self.message, response, self.mac)

    def refusal(self, reason: Reason) -> bytes:
        """The payload of the switch's own decline."""
        return self.answer(Response(reason=reason, sign_on_again=reason in SIGN_ON_AGAIN))

    def finish(self, payload: bytes | None) -> bool:
        """Answer, or with None leave in silence; what comes after the first time is ignored.

        False when there was nobody to take the answer.
        """
        reply, self._reply = self._reply, None
        if reply is None:
            return False
        if payload is None:
            reply.stay_silent()
            return True
        return reply.send(payload)

    def answered(self, response: Response) -> None:
        """As a `Waiter` of the link."""
        self._fate.decided(self, response)

    def unsent(self) -> None:
        """As a `Waiter` of the link."""
        self._fate.never_sent(self)

    def in_doubt(self) -> None:
        """As a `Waiter` of the link."""
        self._fate.in_doubt(self)

    def _barred(self, session: Session, *, must_be_sealed: bool) -> Reason | None:
        """Why this terminal is not heard here, whatever its message proves."""
        profile, origin, standing = session.profile, self.origin, self.standing
        if profile.family and profile.family is not origin.family:
            return Reason.INVALID_TERMINAL
        if standing.is_bound and not standing.may_speak_for(profile.terminal_id):
            return Reason.KEYS_MISSING
        if must_be_sealed and session.is_order_blind and not standing.is_apart:
            return Reason.NOT_PERMITTED_TO_TERMINAL
        return None

    def _prove(self, session: Session, message: AnyMessage, spent: int) -> int | Reason:
        """The generation of the key that sealed the message, newest first."""
        newest, dialect = session.newest, self.origin.dialect
        if newest <= spent:
            return Reason.KEYS_MISSING
        for generation, mac in session.macs:
            if generation > spent and dialect.mac_is_right(message, mac):
                self.mac = mac
                if generation == newest:
                    session.keep_newest()
                return generation
        return Reason.MAC_WRONG
