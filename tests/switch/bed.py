"""A desk for one tongue, without wires: what is said is heard, asked, answered and forgotten."""

from dataclasses import dataclass, field
from typing import Any

from host.model.requests import ExchangeKey, Request, Response
from switch.exchange import Origin
from switch.front import Front
from switch.metrics import Metrics
from switch.settings import SwitchSettings
from switch.standing import Standing
from tests.switch.bugs import Bugs
from tests.switch.conftest import TERMINAL, approval
from tests.switch.tongues import Tongue

DESK_CASES_MAX = 200
"""Then the tongue gets a desk that remembers nothing: no counter that only rises, no refusal."""
SETTINGS = SwitchSettings(log_messages=False)
APPROVED = approval()


@dataclass
class Ends:
    """Host link, store-and-forward and connection in one: what came of a message."""

    profile: Any
    asked: list[tuple[Request, Any]] = field(default_factory=list)
    finders: list[tuple[str, Any]] = field(default_factory=list)
    fates: int = 0
    said: list[bytes] = field(default_factory=list)
    host: str = ""
    standing: Standing = field(default_factory=Standing)
    peer: str = ""

    def ask(self, request: Request, waiter: Any) -> int:
        self.asked.append((request, waiter))
        return len(self.asked)

    def find(self, terminal_id: str, finder: Any) -> bool:
        self.finders.append((terminal_id, finder))
        return True

    def forget(self, _ticket: object) -> None:
        raise AssertionError("nothing is late here")

    def owe(self, _request: Request, _route: str, _stored: Any = None) -> None:
        """A reversal or refund the host could not decide."""

    def undoes(self, _key: ExchangeKey) -> bool:
        return False

    def send(self, payload: bytes) -> bool:
        self.fates += 1
        self.said.append(payload)
        return True

    def stay_silent(self) -> None:
        self.fates += 1


class Bed:
    """A desk for one tongue, and the messages it may hear of."""

    def __init__(self, tongue: Tongue, bugs: Bugs) -> None:
        self.tongue, self.bugs = tongue, bugs
        self._fresh()
        self.known = [self._hear(payload, APPROVED) for payload in tongue.corpus]
        assert any(request is not None for request in self.known)
        self._fresh()

    def say_after(self, first: bytes, payload: bytes, answer: Response) -> Request | None:
        """As `say`, to a desk that has heard another message before."""
        if self.cases + 2 > DESK_CASES_MAX:
            self._fresh()
        assert self.say(first, answer) is not None
        return self.say(payload, answer)

    def _fresh(self) -> None:
        self.ends = Ends(self.tongue.profile)
        self.front = Front(self.ends, self.ends, Metrics(), SETTINGS)
        self.dialect = self.tongue.make()
        self.cases = 0

    def say(self, payload: bytes, answer: Response) -> Request | None:
        """What the host is asked when a terminal says this; everything has its fate, at once."""
        if self.cases >= DESK_CASES_MAX:
            self._fresh()
        self.cases += 1
        request = self._hear(payload, answer)
        assert not self.bugs.found, f"{payload.hex()}: {self.bugs.found}"
        assert self.ends.fates == 1, f"{self.ends.fates} fates: {payload.hex()}"
        return request

    def _hear(self, payload: bytes, answer: Response) -> Request | None:
        ends = self.ends
        ends.fates = 0
        ends.host = f"10.{self.cases >> 16 & 255}.{self.cases >> 8 & 255}.{self.cases & 255}"
        self.front.take(Origin(self.dialect, "fuzz"), ends, [payload])
        self._tell_who()
        asked, ends.asked = ends.asked, []
        for _request, waiter in asked:
            waiter.answered(answer)
        self._tell_who()
        assert len(asked) <= 1, f"{len(asked)} requests of one message: {payload.hex()}"
        return asked[0][0] if asked else None

    def _tell_who(self) -> None:
        while self.ends.finders:
            terminal_id, finder = self.ends.finders.pop()
            finder.found(self.ends.profile if terminal_id == TERMINAL else None)


def share(count: int, parts: int, place: int) -> int:
    """How much of a count falls to one of so many."""
    return count // parts + (place < count % parts)
