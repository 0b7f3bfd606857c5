"""What is asked of an issuer: by the desk for terminals, and by store-and-forward.

`IssuerTrade` knows a repeat when it sees one and answers a terminal's reversal as soon as it is
stored. `IssuerReversals` sends 0420, again as 0421, and never before its original has come to an
end. Each begins a `Passage` for what is to go.
"""

import structlog

from host.link.client import Waiter
from host.model.requests import KINDS, Kind, Request, Response
from host.model.responses import Reason
from switch.hostlink import UNDER_WAY, Slot, Taken, Ticket
from switch.issuers.advice import Owing
from switch.issuers.issuer import Issuer
from switch.issuers.passage import Passages
from switch.memory.route_words import Noted, State
from switch.memory.routes import RouteMemory, without_secrets
from switch.undoing import reversal_of

_LOG = structlog.get_logger(__name__)


class IssuerTrade:
    """What the desk asks of an issuer."""

    def __init__(self, issuer: Issuer, memory: RouteMemory, owing: Owing) -> None:
        self._issuer = issuer
        self._memory = memory
        self._owing = owing
        self.passages = Passages(issuer, memory, owing)

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`."""
        if request.only_as_repeat and not self._is_known(request):
            return Response(reason=Reason.KSN_REFUSED)
        is_undoing = request.kind is Kind.REVERSAL
        return self._undo(request, waiter) if is_undoing else self._ask(request, waiter)

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        if isinstance(ticket, _Undoing):
            ticket.waiter = None
        else:
            self.passages.forget(ticket)

    def _ask(self, request: Request, waiter: Waiter) -> Taken:
        key_text = request.key.text
        if self.passages.has(key_text):
            return self.passages.join(request, waiter)
        if self._memory.is_changing(key_text):
            # Being undone, or it was never sent: nothing has moved that is to stand.
            return Response(reason=Reason.IN_PROGRESS)
        noted = self._memory.find(key_text)
        if noted is not None and noted.state is not State.UNSENT:
            return self._again(request, noted, waiter)
        if self._owing.is_full and KINDS[request.kind].moves_value:
            return Response(reason=Reason.HOST_UNREACHABLE)
        refusal = self._issuer.refusal(request, self.passages.count)
        return self.passages.take(request, waiter) if refusal is None else Response(reason=refusal)

    def _is_known(self, request: Request) -> bool:
        """Whether it was taken before: what it asks has been done, or is on its way."""
        undoes = request.original if request.kind is Kind.REVERSAL else None
        if undoes is None or undoes.key is None:
            noted = self._memory.find(request.key.text)
            is_noted = noted is not None and noted.state is not State.UNSENT
            return is_noted or self.passages.has(request.key.text)
        noted = self._memory.find(undoes.key.text)
        return noted is not None and noted.state is State.UNDONE

    def _again(self, request: Request, noted: Noted, waiter: Waiter) -> Taken:
        """One key, one answer."""
        card = request.pan.masked if request.pan is not None else ""
        if noted.request != without_secrets(request) or noted.card != card:
            return Response(reason=Reason.DUPLICATE)
        if noted.state is State.UNDONE:
            return Response(reason=Reason.DUPLICATE)
        if noted.answer is not None:
            return noted.answer
        if KINDS[request.kind].undone_by_switch:
            # Sent in another life or by another process: it is answered there, or undone.
            return UNDER_WAY
        return self.passages.repeat(request, noted, waiter)

    def _undo(self, request: Request, waiter: Waiter) -> Taken:
        """A terminal's reversal: its 00 says that we have it on disk.

        A refund is repeated until it is answered, never reversed, as at our own host.
        """
        original = request.original
        assert original is not None
        assert original.key is not None, "a reversal has the trace of its original"
        key_text = original.key.text
        noted = self._memory.find(key_text)
        known = noted.request if noted is not None else None
        if known is not None and request.amount not in {None, known.amount}:
            _LOG.warning("reversal of another amount", key=request.key.text)
            return Response(reason=Reason.ORIGINAL_NOT_FOUND)
        if known is not None and known.kind is Kind.REFUND:
            return Response(reason=Reason.FUNCTION_NOT_SUPPORTED)
        if noted is not None:
            self._issuer.learn_card(noted, request)
        ticket = _Undoing(waiter)
        answer = noted.answer if noted is not None else None
        route = self._issuer.name

        def stored() -> None:
            self._memory.undo(key_text, route, undone)

        def undone(_noted: Noted | None) -> None:
            if ticket.waiter is not None:
                ticket.waiter.answered(self._issuer.taken(answer.rrn if answer is not None else ""))

        undoing = without_secrets(request) if known is None else reversal_of(known)
        self._owing.owe(undoing, route, stored)
        return ticket


class IssuerReversals:
    """What store-and-forward asks of an issuer."""

    def __init__(self, issuer: Issuer, memory: RouteMemory, trade: Passages) -> None:
        self._memory = memory
        self._trade = trade
        self._reversals = Passages(issuer, memory)

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """As a `Destination`, for reversals alone."""
        original = request.original
        assert original is not None
        assert original.key is not None, "store-and-forward holds reversals by key"
        memory, undone, key_text = self._memory, original.key.text, request.key.text
        if self._trade.has(undone) or self._reversals.has(key_text):
            return None
        if memory.is_changing(undone) or memory.is_changing(key_text):
            return None
        sale = memory.find(undone)
        if sale is None or sale.request is None:
            return Response(reason=Reason.ORIGINAL_NOT_FOUND)
        if sale.state is State.UNSENT:
            return Response(reason=Reason.APPROVED)
        noted = memory.find(key_text)
        if noted is None or noted.state is State.UNSENT:
            return self._reversals.take(request, waiter)
        return self._reversals.repeat(request, noted, waiter)

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""
        self._reversals.forget(ticket)


class _Undoing(Slot):
    """A reversal on its way to the disk, and who hears that it is there."""

    __slots__ = ("waiter",)

    def __init__(self, waiter: Waiter) -> None:
        self.waiter: Waiter | None = waiter
