"""A message on its way to an issuer and back: one value from the asking to its end.

Down: its note comes to the disk (`noted`), its PIN is put under the issuer's key by our own host
(`answered`), and it is sent on a line. Up: its answer arrives (`arrived`), what our own host is
told of an approval comes to the disk (`_keep`), then the answer itself (`_kept`), and whoever
waits hears it (`_told`). So nothing is sent that is not on disk, and no answer told that is not:
killed at any moment, the switch finds the exchange open and has it undone, at the issuer and at
the host.
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Final

from host.link.client import Waiter
from host.model.requests import KINDS, PinBlock, Request, Response
from host.model.responses import Reason
from switch.hostlink import UNDER_WAY, Slot, Taken, Ticket
from switch.issuers.advice import Owing, advice_of
from switch.issuers.issuer import Issuer, OnLine, Stop
from switch.issuers.pin_zones import says_nothing
from switch.memory.route_words import HOST, Noted
from switch.memory.routes import RouteMemory, without_secrets

_NEVER: Final = Response(reason=Reason.FORMAT_ERROR)
"""It cannot be spelled for the issuer, now or later."""


@enum.unique
class Stage(enum.Enum):
    """Where a message is."""

    NOTING = enum.auto()
    """Its note is on its way to the disk, or there: nothing has left."""
    TRANSLATING = enum.auto()
    """Its PIN is at our own host. Nothing has gone to the issuer."""
    SENT = enum.auto()
    """It is on a line."""
    ADVISING = enum.auto()
    """Approved: what our own host is told of it is on its way to the disk."""
    ANSWERED = enum.auto()
    """Its answer is on its way to the disk."""
    TOLD = enum.auto()
    """Over: whoever waits has the answer."""
    UNDONE = enum.auto()
    """Over: its reversal was there before its answer, which nobody is told."""
    UNSENT = enum.auto()
    """Over: the issuer has not seen it, or not again."""
    IN_DOUBT = enum.auto()
    """Over: its row stays open until somebody undoes it."""


NEXT: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.NOTING: frozenset(
        {Stage.TRANSLATING, Stage.SENT, Stage.ANSWERED, Stage.TOLD, Stage.UNSENT}
    ),
    Stage.TRANSLATING: frozenset({Stage.SENT, Stage.ANSWERED, Stage.UNSENT, Stage.IN_DOUBT}),
    Stage.SENT: frozenset(
        {Stage.ADVISING, Stage.ANSWERED, Stage.TOLD, Stage.UNSENT, Stage.IN_DOUBT}
    ),
    Stage.ADVISING: frozenset({Stage.ANSWERED}),
    Stage.ANSWERED: frozenset({Stage.TOLD, Stage.UNDONE}),
}
"""What may come after what; what is not named here is an end."""


class Passages:
    """Messages on their way to one issuer, by the key of their exchange."""

    def __init__(self, issuer: Issuer, memory: RouteMemory, owing: Owing | None = None) -> None:
        """`owing` tells our own host of approvals. Without it: reversals of store-and-forward.

        That keeps what became of them itself, so their answers are told at once.
        """
        self.issuer = issuer
        self.memory = memory
        self.owing = owing
        self._by_key: dict[str, Passage] = {}

    @property
    def count(self) -> int:
        """How many are on their way."""
        return len(self._by_key)

    def has(self, key_text: str) -> bool:
        """Whether an exchange is on its way."""
        return key_text in self._by_key

    def take(self, request: Request, waiter: Waiter) -> Ticket:
        """Note it, send it, and tell the waiter exactly once what became of it."""
        passage = self._begin(request)
        ticket = passage.wait(waiter)
        self.memory.note(self.issuer.name, request, passage.noted)
        return ticket

    def join(self, request: Request, waiter: Waiter) -> Taken:
        """The same message again while it is on its way: both hear the one answer."""
        passage = self._by_key[request.key.text]
        if not passage.is_same(request):
            return Response(reason=Reason.DUPLICATE)
        # Where nobody waits any more it timed out and is being undone.
        return passage.wait(waiter) if passage.waiters else UNDER_WAY

    def repeat(self, request: Request, noted: Noted, waiter: Waiter) -> Taken:
        """Send once more what was noted and sent before; None when that cannot be now.

        A reversal that can never go is answered so at once; of anything else, which was sent
        before, that decides nothing.
        """
        passage = self._begin(request)
        passage.note, passage.is_repeat = noted, True
        ticket = passage.wait(waiter)
        stop = passage.go()
        if stop is None:
            return ticket
        passage.end(Stage.UNSENT)
        return _NEVER if stop is Stop.FOR_EVER and self.owing is None else None

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits by this ticket any more."""
        assert isinstance(ticket, _Seat)
        ticket.passage.forget(ticket)

    def ended(self, passage: "Passage") -> None:
        """It is over, and another of its key may begin."""
        if self._by_key.get(passage.request.key.text) is passage:
            del self._by_key[passage.request.key.text]

    def _begin(self, request: Request) -> "Passage":
        passage = self._by_key[request.key.text] = Passage(self, request)
        return passage


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class Passage:
    """One message on its way: our own host's `Waiter` for its PIN, its line's `Sender`."""

    passages: Passages
    request: Request
    note: Noted | None = None
    """As it is on disk."""
    is_repeat: bool = False
    """Whether the issuer may have seen it before."""
    stage: Stage = Stage.NOTING
    at_host: Ticket | None = None
    """By what its PIN waits at our own host."""
    pin: PinBlock | None = None
    """Under the issuer's key."""
    on_line: OnLine | None = None
    response: Response | None = None
    """What is to be told."""
    waiters: dict[Ticket, Waiter] = dataclasses.field(default_factory=dict)
    """Who is to hear it: whoever brought the message, once or again. Empty when nobody waits any
    more."""

    def is_same(self, request: Request) -> bool:
        """Whether this is the same message, and not another under its key."""
        ours = self.request
        return request.pan == ours.pan and without_secrets(request) == without_secrets(ours)

    def wait(self, waiter: Waiter) -> Ticket:
        """Who waits hears what became of it, by the ticket that this returns."""
        ticket = _Seat(self)
        self.waiters[ticket] = waiter
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """Who waits by this waits no more; if it has not left then, it will not.

        What is being written by now is written to its end, and told to nobody.
        """
        if self.waiters.pop(ticket, None) is None or self.waiters or self.stage is Stage.NOTING:
            return
        issuer = self.passages.issuer
        if self.stage is Stage.TRANSLATING:
            assert issuer.pins is not None
            assert self.at_host is not None
            issuer.pins.forget(self.at_host)
            self.end(Stage.IN_DOUBT)
        elif self.stage is Stage.SENT:
            assert self.on_line is not None
            issuer.timed_out(self.on_line)
            self.end(Stage.IN_DOUBT)
        else:
            self.passages.ended(self)

    def noted(self, note: Noted | None) -> None:
        """It is on disk, and may go; without a note it must not.

        There is none where another process took it meanwhile, which tells it or undoes it.
        """
        self.note = note
        is_trade, key_text = self.passages.owing is not None, self.request.key.text
        if note is None and is_trade and self.passages.memory.is_taken(key_text):
            self._told(UNDER_WAY)
        elif note is None or not self.waiters:
            self._never_left()
        else:
            self._stopped(self.go())

    def go(self) -> Stop | None:
        """To the issuer; where it has a PIN, by way of our own host. Returns what stopped it."""
        issuer = self.passages.issuer
        if self.request.pan is not None:
            issuer.cards.keep(self.request.key.text, self.request.pan)
        if self.request.pin is None or issuer.pins is None:
            return self._send()
        self.at_host = issuer.pins.ask(self.request, self)
        if self.at_host is None:
            return Stop.NOW
        self._to(Stage.TRANSLATING)
        return None

    def answered(self, response: Response) -> None:
        """As a `Waiter` of our own host: its PIN under the issuer's key, or why not."""
        if response.pin is not None:
            self.pin = response.pin
            self._stopped(self._send())
        elif says_nothing(response):
            self._never_left()
        else:
            self._decided(response)

    def arrived(self, fields: Mapping[str, str]) -> None:
        """As a `Sender`: the issuer's answer."""
        assert self.on_line is not None
        response = self.passages.issuer.read(self.on_line, fields)
        if response is None:
            self._may_have_moved(Stage.IN_DOUBT)
        else:
            self._decided(response)

    def unsent(self) -> None:
        """As a `Waiter` of our own host and as a `Sender`: it has not left for the issuer."""
        self._off_line()
        self._never_left()

    def in_doubt(self) -> None:
        """As both: our own host, asked for its PIN, has moved nothing; the issuer may have."""
        if self._off_line():
            self._may_have_moved(Stage.IN_DOUBT)
        else:
            self._never_left()

    def end(self, stage: Stage) -> list[Waiter]:
        """It is over; returns those who are to hear of it."""
        self._to(stage)
        self.passages.ended(self)
        waiters, self.waiters = self.waiters, {}
        return list(waiters.values())

    def _send(self) -> Stop | None:
        """On a line."""
        assert self.note is not None
        found = self.passages.issuer.send(
            self.request, self.note, self, pin=self.pin, is_repeat=self.is_repeat
        )
        if isinstance(found, Stop):
            return found
        self.on_line = found
        self._to(Stage.SENT)
        return None

    def _stopped(self, stop: Stop | None) -> None:
        """That it never can go is told, but where an answer would end what a terminal goes on with.

        A reversal of store-and-forward is told: people take it over.
        """
        if stop is None:
            return
        is_trade = self.passages.owing is not None
        if stop is Stop.NOW or (is_trade and KINDS[self.request.kind].only_host_may_end):
            self._never_left()
        else:
            self._decided(_NEVER)

    def _off_line(self) -> bool:
        """Its line went down, if it was on one."""
        if self.on_line is None:
            return False
        self.passages.issuer.lost(self.on_line)
        return True

    def _decided(self, response: Response) -> None:
        """What is told: an approval once our own host is sure to hear of it."""
        self.response = response
        owing, issuer = self.passages.owing, self.passages.issuer
        if owing is None:
            self._told(response)
        elif response.is_approved and KINDS[self.request.kind].moves_value:
            self._to(Stage.ADVISING)
            advice = advice_of(self.request, response, issuer.settings.issuer_id)
            owing.owe(advice, HOST, self._keep)
        else:
            self._keep()

    def _keep(self) -> None:
        """Our own host is sure to hear of it; now the answer itself."""
        assert self.note is not None
        assert self.response is not None
        self._to(Stage.ANSWERED)
        self.passages.memory.answer(self.note, self.response, self._kept)

    def _kept(self, note: Noted | None) -> None:
        """The answer is on disk, or the exchange was undone before."""
        assert self.response is not None
        if note is None:
            self._may_have_moved(Stage.UNDONE)
        else:
            self._told(self.response)

    def _told(self, response: Response) -> None:
        for waiter in self.end(Stage.TOLD):
            waiter.answered(response)

    def _never_left(self) -> None:
        waiters = self.end(Stage.UNSENT)
        if self.note is not None and not self.is_repeat:
            self.passages.memory.drop(self.request.key.text, self.passages.issuer.name)
        for waiter in waiters:
            waiter.unsent()

    def _may_have_moved(self, stage: Stage) -> None:
        for waiter in self.end(stage):
            waiter.in_doubt()

    def _to(self, stage: Stage) -> None:
        assert stage in NEXT[self.stage], f"{self.stage} is not followed by {stage}"
        self.stage = stage


class _Seat(Slot):
    """By what somebody waits for a message, which others may wait for as well."""

    __slots__ = ("passage",)

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
