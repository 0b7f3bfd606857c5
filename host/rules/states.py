"""What a table of states is: which step leads where, who takes it, and what is told meanwhile.

A step that is not in its table does not exist. Roles are the house's codes for them.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from host.model.responses import Reason

NOTHING: Final = ""
"""Before a thing is made."""


@enum.unique
class Use(enum.StrEnum):
    """What is wanted of a card."""

    SPEND = "spend"
    BIND = "bind"
    SELL = "sell"
    LOAD = "load"


class Step(NamedTuple):
    """One way from a state to another. `who` is codes of roles; SY is the system itself."""

    before: str
    action: str
    after: str
    who: str
    says: str


class Answers(NamedTuple):
    """What who wants to spend, bind, sell or load is told: None where this state allows it."""

    spend: Reason | None = None
    bind: Reason | None = None
    sell: Reason | None = None
    load: Reason | None = None

    @classmethod
    def all(cls, reason: Reason) -> "Answers":
        """The same to each."""
        return cls(reason, reason, reason, reason)

    def to(self, use: Use) -> Reason | None:
        """What this use is told."""
        return self[_PLACE[use]]


_PLACE: Final[Mapping[Use, int]] = {use: place for place, use in enumerate(Use)}


class StateError(Exception):
    """The step does not exist from where the thing stands."""

    def __init__(self, what: str, state: str, action: str) -> None:
        super().__init__(f"{what} is {state or 'not there'}, so {action} cannot be done")
        self.state, self.action = state, action


def after(steps: Iterable[Step], what: str, state: str, action: str) -> str:
    """Where a thing that stands at `state` is once `action` is done.

    Raises:
        StateError: there is no such step.
    """
    for step in steps:
        if (step.before, step.action) == (state, action):
            return step.after
    raise StateError(what, state, action)


def from_which(steps: Iterable[Step], action: str) -> list[str]:
    """The states in which `action` can be done."""
    return [step.before for step in steps if step.action == action]


def begins_at(steps: Iterable[Step], *actions: str) -> tuple[str, ...]:
    """The states in which one of them can be done, each once, in the table's order."""
    return tuple(dict.fromkeys(step.before for step in steps if step.action in actions))


def picture(steps: Iterable[Step]) -> Iterator[str]:
    """The steps as lines of a Mermaid state diagram."""
    yield "stateDiagram-v2"
    for step in steps:
        before = step.before or "[*]"
        yield f"    {before} --> {step.after}: {step.action} ({step.who})"
