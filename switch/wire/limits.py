"""How much one address may ask of us. No sockets, no clock.

An address's share is a token bucket that holds one second of its rate and may run into debt: what
was read in one go is all handled, and nothing more is read from that address until the debt is
paid. So nothing is lost and nobody is answered with an error; the sender's own TCP waits.
"""

from switch.addresses import source_name


class Source:
    """One address: how many connections it has and how much it may still send."""

    __slots__ = ("as_of", "connections", "name", "tokens")

    def __init__(self, name: str, tokens: float, now: float) -> None:
        self.name = name
        self.tokens = tokens
        self.as_of = now
        self.connections = 0


class Sources:
    """All addresses that have connections, or had until their bucket was full again."""

    __slots__ = ("_by_name", "_connections_max", "_rate", "_tokens_max")

    def __init__(self, connections_max: int, rate: float) -> None:
        """`rate` is messages and new connections a second; 0 leaves it open."""
        self._connections_max = connections_max
        self._rate = rate
        self._tokens_max = max(rate, 1.0)
        self._by_name: dict[str, Source] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def is_rated(self) -> bool:
        """Whether anything has to be counted but connections."""
        return self._rate > 0

    def adjust(self, connections_max: int, rate: float) -> None:
        """Other limits from now on."""
        self._connections_max = connections_max
        self._rate = rate
        self._tokens_max = max(rate, 1.0)

    def join(self, host: str, now: float) -> Source | None:
        """One more connection of this address; None when it has enough."""
        name = source_name(host)
        source = self._by_name.get(name)
        if source is None:
            source = self._by_name[name] = Source(name, self._tokens_max, now)
        if source.connections >= self._connections_max:
            return None
        source.connections += 1
        self.spend(source, 1, now)
        return source

    def leave(self, source: Source) -> None:
        """One connection less."""
        source.connections -= 1
        if not (source.connections or self._rate):
            self._by_name.pop(source.name, None)

    def spend(self, source: Source, count: int, now: float) -> None:
        """So many messages have come."""
        if self._rate:
            self._refill(source, now)
            source.tokens -= count

    def seconds_in_debt(self, source: Source, now: float) -> float:
        """How long nothing is to be read from it; 0 when it may go on."""
        if not self._rate:
            return 0.0
        self._refill(source, now)
        return max(0.0, -source.tokens / self._rate)

    def sweep(self, now: float) -> None:
        """Forget who is gone and owes nothing."""
        for name in [
            name
            for name, source in self._by_name.items()
            if not (source.connections or self.seconds_in_debt(source, now))
        ]:
            del self._by_name[name]

    def _refill(self, source: Source, now: float) -> None:
        earned = (now - source.as_of) * self._rate
        source.tokens = min(self._tokens_max, source.tokens + earned)
        source.as_of = now
