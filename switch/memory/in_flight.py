"""Our own host, of which the switch remembers what is in flight (`remember_in_flight`).

Nothing is sent that is not on disk, and no answer told that is not. A kill at any moment leaves a
row that says what may have moved, so the next life of the switch undoes it. Each way costs a
synchronous commit, shared by all that waits at that moment. What another process has in flight, or
had when it was killed, is told or undone there: a repeat that comes here hears nothing.
"""

import dataclasses

from host.link.client import Waiter
from host.link.frames import Ticket as LinkTicket
from host.model.requests import KINDS, Request, Response
from switch.hostlink import UNDER_WAY, Link, Slot, Taken, Ticket
from switch.memory.route_words import HOST, Noted
from switch.memory.routes import RouteMemory


class RememberingHost:
    """Our own host, whose requests are noted where the switch would have to undo them.

    POS terminals reverse by themselves what was not answered, so after a kill nothing stays in
    doubt for long and this is off. It is for terminals that do not: what was in flight in a
    killed switch is reversed as soon as it lives again.
    """

    def __init__(self, link: Link, memory: RouteMemory) -> None:
        self.link = link
        self.memory = memory
        self.in_flight: set[str] = set()
        """By the keys of their exchanges."""

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`: only what the switch would have to undo is noted."""
        moves_nothing = request.only_as_repeat or not KINDS[request.kind].undone_by_switch
        if moves_nothing or self._is_known(request.key.text):
            # The host knows a repeat when it sees one.
            return self.link.ask(request, waiter)
        if self.memory.is_at_another(request.key.text):
            return UNDER_WAY
        if self.memory.is_taken(request.key.text):
            return self.link.ask(request, waiter)
        message = _InFlight(self, request, waiter)
        self.in_flight.add(request.key.text)
        self.memory.note(HOST, request, message.noted)
        return message

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        if isinstance(ticket, _InFlight):
            ticket.forget()
        else:
            self.link.forget(ticket)

    def _is_known(self, key_text: str) -> bool:
        return key_text in self.in_flight or self.memory.is_changing(key_text)


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class _InFlight(Slot):
    """One request on its way: to the disk, to the host, and its answer to the disk and back."""

    host: RememberingHost
    request: Request
    waiter: Waiter | None
    """None when nobody waits any more."""
    note: Noted | None = None
    """As it is on disk."""
    of_link: LinkTicket | None = None
    response: Response | None = None

    def forget(self) -> None:
        """Nobody waits for this any more; if it has not left, it will not."""
        self.waiter = None
        if self.of_link is not None:
            self.host.link.forget(self.of_link)
            self._end()

    def answered(self, response: Response) -> None:
        """As a `Waiter` of the link: the answer must be on disk before it is told."""
        assert self.note is not None
        self.response = response
        self.host.memory.answer(self.note, response, self._kept)

    def unsent(self) -> None:
        """As a `Waiter` of the link: nothing has moved."""
        waiter = self._end()
        if self.note is not None:
            self.host.memory.drop(self.request.key.text, HOST)
        if waiter is not None:
            waiter.unsent()

    def in_doubt(self) -> None:
        """As a `Waiter` of the link: its row stays open until somebody undoes it."""
        waiter = self._end()
        if waiter is not None:
            waiter.in_doubt()

    def noted(self, note: Noted | None) -> None:
        """It is on disk, and may go; without a note it must not.

        There is none where another process took it meanwhile, which tells it or undoes it.
        """
        self.note = note
        if note is None and self.host.memory.is_taken(self.request.key.text):
            waiter = self._end()
            if waiter is not None:
                waiter.answered(UNDER_WAY)
            return
        if note is not None and self.waiter is not None:
            self.of_link = self.host.link.ask(self.request, self)
        if self.of_link is None:
            self.unsent()

    def _kept(self, note: Noted | None) -> None:
        """The answer is on disk, or the exchange was undone before."""
        waiter, response = self._end(), self.response
        assert response is not None
        if waiter is None:
            return
        if note is None:
            waiter.in_doubt()
        else:
            waiter.answered(response)

    def _end(self) -> Waiter | None:
        """It is over; returns who is to hear of it."""
        self.host.in_flight.discard(self.request.key.text)
        waiter, self.waiter = self.waiter, None
        return waiter
