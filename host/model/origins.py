"""ORIGINS: who can have made an exchange, and how keys of each begin.

The first part of a key is its space, the second says who: a terminal's id, a person's login, a
member's id, or the name of the clock's timer. So a key, which is under the seal, says both, and no
origin can take the key of another.
"""

import enum
from typing import Final

import msgspec


@enum.unique
class Origin(enum.StrEnum):
    """Who made an exchange."""

    TERMINAL = "terminal"
    OFFICE = "office"
    MEMBER = "member"
    CLOCK = "clock"
    NIGHT = "night"


class KeySpace(msgspec.Struct, frozen=True):
    """How keys begin that only one origin has, and who made what is kept under them."""

    name: str
    origin: Origin
    made_by: str | None = None
    """None: the key's own second part says it. Keys of earlier times have something else there."""


class OriginRow(msgspec.Struct, frozen=True):
    """One origin for people."""

    meaning: str
    made_by: str
    """What names who made it."""


ORIGINS: Final[dict[Origin, OriginRow]] = {
    Origin.TERMINAL: OriginRow(
        "a terminal's message, or what its switch does in its name", "the terminal's id"
    ),
    Origin.OFFICE: OriginRow("a person at the office", "the person's login"),
    Origin.MEMBER: OriginRow("a member, for what is the member's own", "the member's id"),
    Origin.CLOCK: OriginRow("a timer that came due", "the timer's name"),
    Origin.NIGHT: OriginRow("a step of the night", "the step's name"),
}

SPACES: Final = (
    KeySpace("office", Origin.OFFICE),
    KeySpace("member", Origin.MEMBER),
    KeySpace("clock", Origin.CLOCK),
    KeySpace("night", Origin.NIGHT),
    KeySpace("estate", Origin.OFFICE, made_by="estate"),
    KeySpace("house", Origin.CLOCK, made_by="points_expiry"),
)
"""Whatever begins otherwise is a terminal's: its channel's institution. The last two are of earlier
times: the opening of a card that came with its estate, and points written off."""
_SPACES: Final = {space.name: space for space in SPACES}


def origin_of(slot: str) -> tuple[Origin, str]:
    """Who made what is kept under this key: the origin, and which of them.

    PostgreSQL says the same in `exchange.origin` and `made_by`; but of a terminal that is its id.
    """
    begin, who, *_ = slot.split("/")
    space = _SPACES.get(begin)
    if space is None:
        return Origin.TERMINAL, who
    return space.origin, space.made_by or who
