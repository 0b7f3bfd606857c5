"""PIN blocks on their way to an issuer: asked of our own host, whose HSM alone has both keys.

A terminal's PIN block is under the terminal's key, which no issuer has. Before a message goes on,
the host is asked for the same PIN under the issuer's zone key. Nothing has moved until the message
itself is sent, so whatever stops a translation leaves nothing in doubt.
"""

from collections.abc import Callable

from host.model.requests import Kind, PinBlock, Request, Response
from switch.hostlink import Destination, Ticket
from switch.memory.saf import NOT_YET

Done = Callable[[PinBlock | Response | None], None]
"""The block under the zone key; or the host's refusal; or None when it could not say."""


class PinZone:
    """One issuer's zone, as our own host translates for it."""

    def __init__(self, host: Destination, name: str) -> None:
        self._host = host
        self._name = name

    def translate(self, request: Request, done: Done) -> Ticket | None:
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
        taken = self._host.ask(asked, _Asked(done))
        assert not isinstance(taken, Response), "our own host never answers at once"
        return taken

    def forget(self, ticket: Ticket) -> None:
        """Nobody waits for it any more."""
        self._host.forget(ticket)


class _Asked:
    """The `Waiter` for one translation."""

    __slots__ = ("_done",)

    def __init__(self, done: Done) -> None:
        self._done = done

    def answered(self, response: Response) -> None:
        if response.reason in NOT_YET:
            self._done(None)
        else:
            self._done(response if response.pin is None else response.pin)

    def unsent(self) -> None:
        self._done(None)

    def in_doubt(self) -> None:
        self._done(None)
