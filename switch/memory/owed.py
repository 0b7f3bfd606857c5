"""One thing that is owed: how it is stored, what it is called, and the case it ends as."""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from host.model.requests import Family, Kind, Original, Request, Response
from host.model.responses import Reason
from switch.faults import note
from switch.hostlink import Ticket
from switch.memory.route_words import HOST
from switch.memory.saf_file import Name, Row
from switch.undoing import without_card

RETRY_SECONDS_MIN: Final = 0.5
_ENCODER: Final = msgspec.msgpack.Encoder()


class Keeper(Protocol):
    """Who keeps it until it is decided."""

    def settle(self, owed: "Owed", reason: Reason) -> None:
        """It was answered."""
        ...

    def put_off(self, owed: "Owed") -> None:
        """It was not, and is tried again."""
        ...


class Owed:
    """One thing owed: the `Waiter` for its request."""

    __slots__ = (
        "_saf",
        "attempts",
        "body",
        "due_at",
        "is_copy",
        "name",
        "pause",
        "refusals",
        "request",
        "route",
        "stored",
        "stored_at",
        "ticket",
    )

    def __init__(
        self,
        saf: Keeper,
        request: Request,
        route: str,
        stored_at: float,
        stored: Callable[[], None] | None = None,
        *,
        is_copy: bool = False,
    ) -> None:
        self._saf = saf
        self.request = request
        self.route = route
        self.body = b""
        """As it is to be stored; nothing where the file has it."""
        self.stored_at = stored_at
        self.stored = stored
        self.name: Name = (request.key.text, route)
        self.is_copy = is_copy
        """It goes with what is owed to an issuer."""
        self.ticket: Ticket | None = None
        self.attempts = 0
        self.refusals = 0
        self.pause = RETRY_SECONDS_MIN / 2
        self.due_at = 0.0

    @property
    def row(self) -> Row:
        """As the file has it."""
        return self.name[0], self.stored_at, self.body, self.route

    def is_of(self, terminal_id: str) -> bool:
        """Whether our own host is owed this, of that terminal, and its books wait for it."""
        request = self.request
        is_books = request.kind is not Kind.CASE_REPORT
        return self.route == HOST and is_books and request.key.terminal_id == terminal_id

    def answered(self, response: Response) -> None:
        """As a `Waiter`."""
        self._saf.settle(self, response.reason)

    def unsent(self) -> None:
        """As a `Waiter`."""
        self._saf.put_off(self)

    def in_doubt(self) -> None:
        """As a `Waiter`: sent again, for whoever took it takes it once."""
        self._saf.put_off(self)


def storable(request: Request) -> tuple[Request, bytes] | None:
    """A request and how it is stored: never with a card, which its key does without.

    None where it cannot be, which is a bug of ours: it could not be sent either.
    """
    for each in (request, without_card(request)):
        try:
            return each, _ENCODER.encode(each)
        except Exception:  # noqa: BLE001 - the encoder refuses secrets, and what is no text
            note("store and forward", key=request.key.text)
    return None


def what_of(request: Request) -> str:
    """What is owed, for people."""
    return f"advice of {request.kind}" if request.decision is not None else request.kind.value


def case_of(request: Request, route: str, why: str, attempts: int) -> Request:
    """What the host is told of something that nobody took.

    It is keyed by the exchange it is about, so that it is one case however often it is told.
    """
    to = f"issuer {route}" if route else "the host"
    return Request(
        kind=Kind.CASE_REPORT,
        key=request.key.of_family(Family.MANAGEMENT),
        merchant_id=request.merchant_id,
        amount=request.amount,
        original=request.original or Original(key=request.key, kind=request.kind),
        issued_by_switch=True,
        detail=f"{what_of(request)} {request.key.text} to {to}, {attempts} times sent: {why}",
    )
