"""What an issuer approved, told to our own host, and a settlement that waits until it was heard.

`Advising` stands between the write-ahead and an issuer's lines: an approval is owed to the host
before it is noted as the answer, so before any terminal hears it. Killed in between, the switch
finds the exchange open and has it reversed, at the issuer and at the host; whichever the host
hears first, its books end where the issuer's do. Declines and doubts are no advices.

`Settling` stands in front of the host link for settlements alone: a batch adds up when the host
has heard of all that its terminal was told.
"""

import functools
from collections.abc import Callable
from typing import Protocol

import msgspec

from host.link.client import NOT_TAKEN, Waiter
from host.link.frames import Ticket
from host.model.requests import KINDS, IssuerDecision, Original, Request, Response
from switch.hostlink import Destination, Taken
from switch.memory.in_flight import Onward
from switch.memory.route_words import HOST, Noted
from switch.memory.routes import without_secrets


class Owing(Protocol):
    """Store and forward, as it is needed here."""

    def owe(self, request: Request, route: str, stored: Callable[[], None] | None = None) -> None:
        """Store it, say so, then send it until it is decided."""

    def owes(self, terminal_id: str) -> bool:
        """Whether our own host is still to hear anything of this terminal."""

    def hasten(self, terminal_id: str) -> bool:
        """Send what our own host is owed of a terminal now; False where it cannot be reached."""

    def when_clear(self, terminal_id: str, then: Callable[[], None]) -> None:
        """Call this once our own host has decided all that it is owed of a terminal."""

    def no_longer_when_clear(self, terminal_id: str, then: Callable[[], None]) -> None:
        """Who waited so waits no more."""

    @property
    def is_full(self) -> bool:
        """Whether so much is owed that nothing new should be begun that will be owed too."""


def advice_of(request: Request, response: Response, issuer_id: str) -> Request:
    """What our own host is told of an approval: no card number, and the issuer's own words.

    An original is named by its key alone, for the reference of an issuer is none of ours.
    """
    original = request.original
    key = original.key if original is not None else None
    return msgspec.structs.replace(
        without_secrets(request),
        original=Original(key=key) if key is not None else None,
        decision=IssuerDecision(
            issuer_id=issuer_id,
            rrn=_printable(response.rrn),
            auth_code=_printable(response.auth_code) if response.auth_code else None,
            card=request.pan.masked if request.pan is not None else "",
        ),
    )


class Advising:
    """An issuer's lines, of whose approvals our own host is told."""

    def __init__(self, onward: Onward, owing: Owing, issuer_id: str) -> None:
        self._onward = onward
        self._owing = owing
        self._issuer_id = issuer_id

    def send(self, request: Request, noted: Noted, waiter: Waiter, *, is_repeat: bool) -> Taken:
        """As an `Onward`."""
        if KINDS[request.kind].moves_value:
            waiter = _Advised(self, request, waiter)
        return self._onward.send(request, noted, waiter, is_repeat=is_repeat)

    def forget(self, ticket: Ticket) -> None:
        """As an `Onward`."""
        self._onward.forget(ticket)

    def approved(self, request: Request, response: Response, waiter: Waiter) -> None:
        """Owe the advice; the answer goes on once it is on disk."""
        advice = advice_of(request, response, self._issuer_id)
        self._owing.owe(advice, HOST, lambda: waiter.answered(response))


class _Advised:
    """A `Waiter` in front of another."""

    __slots__ = ("_advising", "_request", "_waiter")

    def __init__(self, advising: Advising, request: Request, waiter: Waiter) -> None:
        self._advising = advising
        self._request = request
        self._waiter = waiter

    def answered(self, response: Response) -> None:
        if response.is_approved:
            self._advising.approved(self._request, response, self._waiter)
        else:
            self._waiter.answered(response)

    def unsent(self) -> None:
        self._waiter.unsent()

    def in_doubt(self) -> None:
        self._waiter.in_doubt()


class Settling:
    """Our own host, asked for settlements once it has heard all that was owed of the terminal."""

    def __init__(self, link: Destination, owing: Owing) -> None:
        self._link = link
        self._owing = owing
        self._parked: dict[Ticket, Ticket] = {}
        """Tickets of those that wait here are negative; by theirs, the link's once they went on."""
        self._waiting: dict[Ticket, tuple[str, Callable[[], None]]] = {}
        """What is called when their terminal is clear."""
        self._last_parked = 0

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`."""
        terminal_id = request.key.terminal_id
        if not self._owing.owes(terminal_id):
            return self._link.ask(request, waiter)
        if not self._owing.hasten(terminal_id):
            return NOT_TAKEN
        self._last_parked -= 1
        parked = self._last_parked
        self._parked[parked] = NOT_TAKEN
        then = functools.partial(self._go_on, parked, request, waiter)
        self._waiting[parked] = (terminal_id, then)
        self._owing.when_clear(terminal_id, then)
        return parked

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        onward = self._parked.pop(ticket, NOT_TAKEN) if ticket < 0 else ticket
        if waiting := self._waiting.pop(ticket, None):
            self._owing.no_longer_when_clear(*waiting)
        if onward != NOT_TAKEN:
            self._link.forget(onward)

    def _go_on(self, parked: Ticket, request: Request, waiter: Waiter) -> None:
        self._waiting.pop(parked, None)
        if parked not in self._parked:
            return
        taken = self._link.ask(request, _Parked(self, parked, waiter))
        assert isinstance(taken, int), "a link never answers at once"
        if taken == NOT_TAKEN:
            del self._parked[parked]
            waiter.unsent()
        else:
            self._parked[parked] = taken

    def ended(self, parked: Ticket) -> None:
        """It was answered, or never will be."""
        self._parked.pop(parked, None)


class _Parked:
    """A `Waiter` in front of another: takes its place off the list."""

    __slots__ = ("_parked", "_settling", "_waiter")

    def __init__(self, settling: Settling, parked: Ticket, waiter: Waiter) -> None:
        self._settling = settling
        self._parked = parked
        self._waiter = waiter

    def answered(self, response: Response) -> None:
        self._settling.ended(self._parked)
        self._waiter.answered(response)

    def unsent(self) -> None:
        self._settling.ended(self._parked)
        self._waiter.unsent()

    def in_doubt(self) -> None:
        self._settling.ended(self._parked)
        self._waiter.in_doubt()


def _printable(text: str) -> str:
    """An issuer may send anything; what is kept for ever can be read."""
    return "".join(each if each.isprintable() else "?" for each in text)
