"""Who asks too often for what anybody may ask. No sockets, no clock.

A sign-on, an echo, an unproved settlement, a message of a terminal that nobody knows: no key proves
who sent it, and each costs the host something. So an address may send only so many, and one
terminal at one address may sign on only so often; who trades is not counted. Counted is a terminal
*at an address*, as in `switch.mac_guard`: a flood in its name from elsewhere does not shut it out.

Each is a leaky bucket kept as one number, the moment at which it will be empty again. Each switch
process counts for itself.
"""

from typing import Final

KEPT_MAX: Final = 50_000
"""Beyond it the one that asked longest ago is let go."""
BURST_SECONDS: Final = 15.0
"""An address may send what it may send in so long at once: a gateway's terminals wake together."""


class Rate:
    """So many at once, and one more each `seconds`; 0 seconds: as many as come."""

    __slots__ = ("_empty_at", "_patience", "_seconds")

    def __init__(self, at_once: float, seconds: float) -> None:
        self._seconds = seconds
        self._patience = seconds * (at_once - 1)
        self._empty_at: dict[tuple[str, ...], float] = {}

    def __len__(self) -> int:
        return len(self._empty_at)

    def take(self, who: tuple[str, ...], now: float) -> bool:
        """Whether this one may have another now; counts it where it may."""
        if not self._seconds:
            return True
        empty_at = max(self._empty_at.pop(who, now), now)
        is_taken = empty_at - now <= self._patience
        if not is_taken:
            self._empty_at[who] = empty_at
            return False
        if len(self._empty_at) >= KEPT_MAX:
            del self._empty_at[next(iter(self._empty_at))]
        self._empty_at[who] = empty_at + self._seconds
        return True

    def give_back(self, who: tuple[str, ...]) -> None:
        """What was taken last is not counted after all."""
        if who in self._empty_at:
            self._empty_at[who] -= self._seconds

    def sweep(self, now: float) -> None:
        """Forget who has asked for nothing for long enough, from the longest on."""
        while self._empty_at:
            who = next(iter(self._empty_at))
            if self._empty_at[who] > now:
                return
            del self._empty_at[who]


class Floods:
    """What each address has asked of late that proved nothing."""

    __slots__ = ("_sign_ons", "_strangers", "_unproved")

    def __init__(self, sign_ons_max: int, sign_on_seconds: float, unproved_rate: float) -> None:
        self._sign_ons = Rate(sign_ons_max, sign_on_seconds)
        seconds = 1 / unproved_rate if unproved_rate else 0.0
        at_once = max(1.0, unproved_rate * BURST_SECONDS)
        self._unproved = Rate(at_once, seconds)
        self._strangers = Rate(at_once, seconds)

    def may_ask(self, source: str, now: float) -> bool:
        """Whether this address may ask for something that no key has proved."""
        return self._unproved.take((source,), now)

    def may_introduce(self, source: str, now: float) -> bool:
        """Whether the host may be asked who this is; counted until `knows` says that it knew.

        Counted apart: whoever floods with sign-ons keeps no terminal behind the same address away.
        """
        return self._strangers.take((source,), now)

    def knows(self, source: str) -> None:
        """The host knew whom it was asked for."""
        self._strangers.give_back((source,))

    def may_sign_on(self, terminal_id: str, source: str, now: float) -> bool:
        """Whether keys may be asked for in this terminal's name, from there."""
        return self._sign_ons.take((terminal_id, source), now) and self.may_ask(source, now)

    def sweep(self, now: float) -> None:
        """Forget what is over."""
        self._sign_ons.sweep(now)
        self._unproved.sweep(now)
        self._strangers.sweep(now)
