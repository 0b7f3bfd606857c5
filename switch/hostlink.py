"""Who is asked: our own host, or a stand-in of a test, or an issuer's host.

A `Destination` takes a request and tells its waiter once what became of it. A `Link` is our own
host's, which also knows the terminals: `host.link.client.HostLink`.
"""

from typing import Final, Protocol

from host.link.client import Finder, Waiter
from host.link.frames import Ticket as LinkTicket
from host.model.requests import Request, Response
from host.model.responses import Reason


class Slot:
    """Where a request waits that has no number on a line yet, or none of its own."""

    __slots__ = ()


Ticket = LinkTicket | Slot
"""What a request waits by."""
Taken = Ticket | Response | None
"""A ticket to wait by, the answer at once, or None: then it certainly goes nowhere."""
UNDER_WAY: Final = Response(reason=Reason.IN_PROGRESS)
"""At once: what became of it will be told elsewhere, or undone. To say anything but silence here
would end what the terminal has to go on with: it would take 09 for a decline."""


class Destination(Protocol):
    """Asks without waiting; told later."""

    def ask(self, request: Request, waiter: Waiter) -> Taken:
        """Take a request, or return None: then it certainly goes nowhere.

        An answer that needs nobody to be asked is returned; the waiter then hears nothing.
        """

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for this answer any more."""


class Link(Protocol):
    """A destination that also knows who a terminal is, and never answers at once."""

    def ask(self, request: Request, waiter: Waiter) -> LinkTicket | None:
        """As a `Destination`."""

    def forget(self, ticket: Ticket) -> None:
        """As a `Destination`."""

    def find(self, terminal_id: str, finder: Finder) -> bool:
        """Ask who a terminal is; False when there is nobody to ask."""
