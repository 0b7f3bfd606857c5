"""What the switch needs of a host: `host.link.client.HostLink`, or a test's stand-in."""

from typing import Protocol

from host.link.client import Finder, Waiter
from host.link.frames import Ticket
from host.model.requests import Request


class Link(Protocol):
    """Asks without waiting; told later."""

    def ask(self, request: Request, waiter: Waiter) -> Ticket:
        """Take a request, or return `NOT_TAKEN`: then it certainly goes nowhere."""

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for this answer any more."""

    def find(self, terminal_id: str, finder: Finder) -> bool:
        """Ask who a terminal is; False when there is nobody to ask."""
