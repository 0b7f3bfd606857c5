"""What the ledger proves to whoever has the public keys, as the roof finds it out for the office.

The host writes seals and does not judge them: the night does, in words of its own. So the office is
given a callable, as it is given the poster.
"""

import datetime as dt
from collections.abc import Callable

import msgspec


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Between two checkpoints nothing was changed since: so many of each were looked at."""

    upto: int
    """The number of the last checkpoint."""
    checkpoints: int
    seals: int
    rows: int
    links: int
    changes: int


class BadRowError(Exception):
    """The first line of an export that is not as it was sealed or signed, and why."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


class NothingSignedError(Exception):
    """No checkpoint was signed since then, or nobody here has a public key."""


Proves = Callable[[dt.date | None, dt.date | None], Proof]
"""From a business date to another, whose days count; None: from the first, to the last signed."""
