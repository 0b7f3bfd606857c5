"""What an issuer approved, told to our own host, and a settlement that waits until it was heard.

A `Passage` owes the host an approval before it is noted as the answer, so before any terminal
hears it. Killed in between, the switch finds the exchange open and has it reversed, at the issuer
and at the host; whichever the host hears first, its books end where the issuer's do. Declines and
doubts are no advices.

`Settling` stands in front of the host link for settlements alone: a batch adds up when the host
has heard of all that its terminal was told.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from host.link.client import Waiter
from host.model.requests import IssuerDecision, Original, Request, Response
from switch.hostlink import Destination, Slot, Taken, Ticket
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


class Settling:
    """Our own host, asked for settlements once it has heard all that was owed of the terminal."""

    def __init__(self, link: Destination, owing: Owing) -> None:
        self._link = link
        self._owing = owing

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`."""
        terminal_id = request.key.terminal_id
        if not self._owing.owes(terminal_id):
            return self._link.ask(request, waiter)
        if not self._owing.hasten(terminal_id):
            return None
        parked = _Parked(self._link, request, waiter)
        self._owing.when_clear(terminal_id, parked.go_on)
        return parked

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        if not isinstance(ticket, _Parked):
            self._link.forget(ticket)
        elif ticket.onward is None:
            self._owing.no_longer_when_clear(ticket.terminal_id, ticket.go_on)
        else:
            self._link.forget(ticket.onward)


class _Parked(Slot):
    """A settlement until its terminal is clear; then it is the link's."""

    __slots__ = ("_link", "_request", "_waiter", "onward")

    def __init__(self, link: Destination, request: Request, waiter: Waiter) -> None:
        self._link = link
        self._request = request
        self._waiter = waiter
        self.onward: Ticket | None = None
        """By what it waits once it went on."""

    @property
    def terminal_id(self) -> str:
        """Whose settlement it is."""
        return self._request.key.terminal_id

    def go_on(self) -> None:
        """All that was owed of its terminal has been heard."""
        taken = self._link.ask(self._request, self._waiter)
        assert not isinstance(taken, Response), "our own host never answers at once"
        self.onward = taken
        if taken is None:
            self._waiter.unsent()


def _printable(text: str) -> str:
    """An issuer may send anything; what is kept for ever can be read."""
    return "".join(each if each.isprintable() else "?" for each in text)
