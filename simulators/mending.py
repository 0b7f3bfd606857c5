"""What must still reach the host because an answer was missing: sent again until it is decided.

A reversal, a confirmation, a refund: each is tried when it is made, and once more before every
trade that follows, until an answer ends it or it is out of attempts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from simulators.batch import Entry
from simulators.record import Event, Record, What
from terminals.believed import Answer

ATTEMPTS_MAX: Final = 3
"""How often a message is sent in all, unless a terminal is told otherwise."""
UNHEARD: Final = 3
"""After so many sendings in silence a terminal signs on: keys not believed get no answer."""
UNDECIDED: Final = frozenset({"09", "68", "90", "91", "92", "96", "97", "98", "99", "A0"})
"""F39 values that say nothing of an earlier sending of the same message."""

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Generic[Message]):
    """A message that must reach the host."""

    slot: str
    message: Message
    told: What
    """What its answer is, in the record."""
    is_over: Callable[[str], bool]
    """Whether this F39 ends it."""
    entry: Entry | None = None
    """What stands in the batch once it is approved; of a reversal, what no longer does."""
    attempts: int = 0
    """How often it was sent."""
    unheard: int = 0
    """How often nothing was answered since something was, or since newer keys."""


class Mending(Generic[Message]):
    """All that one terminal still owes. `send` is one exchange, `book` what an end means."""

    def __init__(
        self,
        send: Callable[[Message], Awaitable[Answer]],
        book: Callable[[Pending[Message], Answer], None],
        record: Record,
        attempts_max: int,
    ) -> None:
        self._send = send
        self._book = book
        self._record = record
        self._attempts_max = attempts_max
        self._pending: list[Pending[Message]] = []

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def wants_sign_on(self) -> bool:
        """Whether one was left in silence so often that its keys may be why."""
        return any(one.unheard >= UNHEARD for one in self._pending)

    def has_newer_keys(self) -> None:
        """What is still owed leaves under other keys from here on."""
        self._pending = [replace(one, unheard=0) for one in self._pending]

    async def again(self) -> None:
        """Send everything once more."""
        pending, self._pending = self._pending, []
        for one in pending:
            await self.send(one)

    async def send(self, pending: Pending[Message]) -> Answer:
        """Send one; what is not over waits for the next time, or is given up."""
        answer = await self._send(pending.message)
        unheard = pending.unheard + 1 if answer.f39 is None else 0
        pending = replace(pending, attempts=pending.attempts + 1, unheard=unheard)
        if answer.f39 is not None and pending.is_over(answer.f39):
            rrn = answer.fields.get("37")
            self._record.note(Event(what=pending.told, slot=pending.slot, f39=answer.f39, rrn=rrn))
            self._book(pending, answer)
        elif pending.attempts < self._attempts_max:
            self._pending.append(pending)
        else:
            self._record.note(Event(what=What.GIVEN_UP, slot=pending.slot, f39=answer.f39))
        return answer


class NotByHandError(Exception):
    """Nothing was traded that could be sent again or undone by hand; says what was."""


def is_decided(f39: str) -> bool:
    """Whether an answer to a message sent again tells what became of it."""
    return f39 not in UNDECIDED
