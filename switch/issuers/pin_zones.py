"""PIN blocks on their way to an issuer: asked of our own host, whose HSM alone has both keys.

A terminal's PIN block is under the terminal's key, which no issuer has. Before a message goes on,
the host is asked for the same PIN under the issuer's zone key. Nothing has moved until the message
itself is sent, so whatever stops a translation leaves nothing in doubt.
"""

from host.link.client import Waiter
from host.model.requests import Kind, Request, Response
from switch.hostlink import Destination, Ticket
from switch.memory.saf_answers import NOT_YET


class PinZone:
    """One issuer's zone, as our own host translates for it."""

    def __init__(self, host: Destination, name: str) -> None:
        self._host = host
        self._name = name

    def ask(self, request: Request, waiter: Waiter) -> Ticket | None:
        """Ask for the PIN block of a request; None when there is nobody to ask."""
        asked = Request(
            kind=Kind.PIN_TRANSLATION,
            key=request.key,
            merchant_id=request.merchant_id,
            pan=request.pan,
            pin=request.pin,
            key_generation=request.key_generation,
            ksn=request.ksn,
            zone=self._name,
        )
        taken = self._host.ask(asked, waiter)
        assert not isinstance(taken, Response), "our own host never answers at once"
        return taken

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for it any more."""
        self._host.forget(ticket)


def says_nothing(response: Response) -> bool:
    """Whether our own host can neither give the block now nor refuse it for good."""
    return response.pin is None and (response.is_approved or response.reason in NOT_YET)
