"""One destination, and what waits there for its answer."""

from typing import Generic, Protocol, TypeVar

from switch.hostlink import Destination, Ticket
from switch.memory.route_words import HOST


class Sent(Protocol):
    """What was sent, and when by trio's clock."""

    sent_at: float


SentT = TypeVar("SentT", bound=Sent)


class Lane(Generic[SentT]):
    """One destination, and what waits there in the order it was sent."""

    __slots__ = ("destination", "in_flight", "is_ours", "name", "seconds_max")

    def __init__(self, name: str, destination: Destination, seconds_max: float) -> None:
        self.name = name
        self.is_ours = name == HOST
        self.destination = destination
        self.seconds_max = seconds_max
        self.in_flight: dict[Ticket, SentT] = {}
        """By ticket, which is also the order in which they time out."""

    def sent_before(self, oldest: float) -> list[SentT]:
        """Those that have waited too long."""
        late = []
        for sent in self.in_flight.values():
            if sent.sent_at > oldest:
                break
            late.append(sent)
        return late
