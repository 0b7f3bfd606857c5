"""Nothing is sent that is not on disk, and no answer told that is not: for whoever needs it.

Put in front of a destination, `WriteAhead` notes a request before it goes on and its answer
before the asker hears it. A kill at any moment leaves a row that says what may have moved, so
the next life of the switch undoes it. Each way costs a synchronous commit, shared by all that
waits at that moment.
"""

from typing import Protocol

from host.link.client import Waiter
from host.link.frames import Ticket as LinkTicket
from host.model.requests import KINDS, Request, Response
from host.model.responses import Reason
from switch.hostlink import UNDER_WAY, Link, Slot, Taken, Ticket
from switch.memory.route_words import HOST, Noted, State
from switch.memory.routes import RouteMemory, without_secrets


class Onward(Protocol):
    """Where a noted request goes."""

    def send(self, request: Request, noted: Noted, waiter: Waiter, *, is_repeat: bool) -> Taken:
        """Take it, or return None: then it certainly goes nowhere.

        A response says that it never can: the waiter then hears nothing from here.
        """

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for this answer any more."""


class WriteAhead:
    """Requests on their way through the file, out, and back through the file."""

    def __init__(
        self, route: str, onward: Onward, memory: RouteMemory, *, keeps_answers: bool = True
    ) -> None:
        self.route = route
        self.keeps_answers = keeps_answers
        self.onward = onward
        self.memory = memory
        self._last_ticket = 0
        self._by_ticket: dict[Ticket, _Passage] = {}
        self._by_key: dict[str, _Passage] = {}

    @property
    def count(self) -> int:
        """How many are on their way."""
        return len(self._by_key)

    def has(self, key_text: str) -> bool:
        """Whether an exchange is on its way."""
        return key_text in self._by_key

    def take(self, request: Request, waiter: Waiter) -> Ticket:
        """Note it, send it, and tell the waiter exactly once what became of it."""
        passage = self._passage(request)
        ticket = self._wait(passage, waiter)
        self.memory.note(self.route, request, passage.noted)
        return ticket

    def join(self, request: Request, waiter: Waiter) -> Taken:
        """The same message again while it is on its way: both hear the one answer."""
        passage = self._by_key[request.key.text]
        if not passage.is_same(request):
            return Response(reason=Reason.DUPLICATE)
        if not passage.waiters:
            # It timed out and is being undone.
            return UNDER_WAY
        return self._wait(passage, waiter)

    def repeat(self, request: Request, noted: Noted, waiter: Waiter) -> Taken:
        """Send once more what was noted and sent before; None when that cannot be now.

        A reversal that can never go is answered so at once; of anything else, which was sent
        before, that decides nothing.
        """
        passage = self._passage(request)
        ticket = self._wait(passage, waiter)
        passage.note = noted
        passage.is_repeat = True
        taken = self.onward.send(request, noted, passage, is_repeat=True)
        if isinstance(taken, Response) or taken is None:
            self.end(passage)
            return None if self.keeps_answers else taken
        passage.onward_ticket = taken
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for this any more; if it has not left, it will not."""
        passage = self._by_ticket.pop(ticket, None)
        if passage is None:
            return
        del passage.waiters[ticket]
        if not passage.waiters and passage.onward_ticket is not None:
            self.onward.forget(passage.onward_ticket)
            self.end(passage)

    def end(self, passage: "_Passage") -> None:
        """It is over, whatever became of it."""
        for ticket in passage.waiters:
            self._by_ticket.pop(ticket, None)
        self._by_key.pop(passage.key_text, None)

    def _passage(self, request: Request) -> "_Passage":
        passage = _Passage(self, request)
        self._by_key[passage.key_text] = passage
        return passage

    def _wait(self, passage: "_Passage", waiter: Waiter) -> Ticket:
        self._last_ticket += 1
        ticket = self._last_ticket
        self._by_ticket[ticket] = passage
        passage.waiters[ticket] = waiter
        return ticket


class _Passage:
    """One request on its way; the `Waiter` of where it goes."""

    __slots__ = (
        "_ahead",
        "_request",
        "_response",
        "is_repeat",
        "key_text",
        "note",
        "onward_ticket",
        "waiters",
    )

    def __init__(self, ahead: WriteAhead, request: Request) -> None:
        self._ahead = ahead
        self._request = request
        self._response: Response | None = None
        self.key_text = request.key.text
        self.note: Noted | None = None
        self.is_repeat = False
        self.onward_ticket: Ticket | None = None
        self.waiters: dict[Ticket, Waiter] = {}
        """Who is to hear its answer: whoever brought it, once or again. Empty when nobody waits
        any more."""

    def is_same(self, request: Request) -> bool:
        """Whether this is the same message, and not another under its key."""
        ours = self._request
        return request.pan == ours.pan and without_secrets(request) == without_secrets(ours)

    def noted(self, note: Noted | None) -> None:
        """It is on disk, and may go; without a note it must not."""
        self.note = note
        taken: Taken = None
        if note is not None and self.waiters:
            taken = self._ahead.onward.send(self._request, note, self, is_repeat=False)
        if isinstance(taken, Response):
            self._refused(taken)
        elif taken is None:
            self.unsent()
        else:
            self.onward_ticket = taken

    def answered(self, response: Response) -> None:
        """As a `Waiter`: an answer that is kept must be on disk before it is told."""
        assert self.note is not None
        if not self._ahead.keeps_answers:
            self._ahead.end(self)
            for waiter in self.waiters.values():
                waiter.answered(response)
            return
        self._response = response
        self._ahead.memory.answer(self.note, response, self._kept)

    def unsent(self) -> None:
        """As a `Waiter`: nothing has moved."""
        self._ahead.end(self)
        if self.note is not None and not self.is_repeat:
            self._ahead.memory.drop(self.key_text, self._ahead.route)
        for waiter in self.waiters.values():
            waiter.unsent()

    def in_doubt(self) -> None:
        """As a `Waiter`: its row stays open until somebody undoes it."""
        self._ahead.end(self)
        for waiter in self.waiters.values():
            waiter.in_doubt()

    def _refused(self, response: Response) -> None:
        """It can never go: told so, but where any answer would end what the terminal goes on with.

        A reversal of store-and-forward, which keeps no answers, is told: people take it over.
        """
        kind = self._request.kind
        if self._ahead.keeps_answers and KINDS[kind].only_host_may_end:
            self.unsent()
        else:
            self.answered(response)

    def _kept(self, note: Noted | None) -> None:
        """The answer is on disk, or the exchange was undone before."""
        self._ahead.end(self)
        response = self._response
        assert response is not None
        for waiter in self.waiters.values():
            if note is None:
                waiter.in_doubt()
            else:
                waiter.answered(response)


class _Unnoted(Slot):
    """What was sent on without a note, by its ticket of the link."""

    __slots__ = ("of_link",)

    def __init__(self, of_link: LinkTicket) -> None:
        self.of_link = of_link


class RememberingHost:
    """Our own host, of which the switch remembers what is in flight (`remember_in_flight`).

    POS terminals reverse by themselves what was not answered, so after a kill nothing stays in
    doubt for long and this is off. It is for terminals that do not: what was in flight in a
    killed switch is reversed as soon as it lives again.
    """

    def __init__(self, link: Link, memory: RouteMemory) -> None:
        self._link = link
        self._ahead = WriteAhead(HOST, _Plain(link), memory)

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`: only what the switch would have to undo is noted."""
        moves_nothing = request.only_as_repeat or not KINDS[request.kind].undone_by_switch
        if moves_nothing or self._is_known(request.key.text):
            # The host knows a repeat when it sees one.
            taken = self._link.ask(request, waiter)
            return None if taken is None else _Unnoted(taken)
        return self._ahead.take(request, waiter)

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        if isinstance(ticket, _Unnoted):
            self._link.forget(ticket.of_link)
        else:
            self._ahead.forget(ticket)

    def _is_known(self, key_text: str) -> bool:
        memory = self._ahead.memory
        if self._ahead.has(key_text) or memory.is_changing(key_text):
            return True
        noted = memory.find(key_text)
        return noted is not None and noted.state is not State.UNSENT


class _Plain:
    """The host link, which needs no note."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def send(self, request: Request, _noted: Noted, waiter: Waiter, *, is_repeat: bool) -> Taken:
        assert not is_repeat, "the host is sent a repeat as it comes"
        return self._link.ask(request, waiter)

    def forget(self, ticket: Ticket) -> None:
        self._link.forget(ticket)
