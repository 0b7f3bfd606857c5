"""What is remembered of an exchange, wherever it is kept: in the log, on the shelf, on its way."""

import enum
from typing import Final

import msgspec

from host.model.requests import Request, Response

HOST: Final = ""
"""The route of what went to our own host."""
TRACE_MAX: Final = 999_999


@enum.unique
class State(enum.StrEnum):
    """What is known of an exchange."""

    OPEN = "open"
    ANSWERED = "answered"
    UNSENT = "unsent"
    UNDONE = "undone"


class Noted(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One exchange as it is remembered."""

    key_text: str
    route: str
    owner: str
    state: State
    noted_at: float
    """Seconds since 1970, also what the issuer was told as the time of transmission."""
    trace: int
    """The STAN under which the issuer knows it."""
    card: str = ""
    request: Request | None = None
    """Without card, PIN and track; None in a tombstone."""
    answer: Response | None = None
