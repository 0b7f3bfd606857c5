"""What is kept of a purse for somebody: for whom, and what can become of it."""

import enum
from typing import Final, NamedTuple


@enum.unique
class HoldOwner(enum.StrEnum):
    """For what something is kept."""

    PREAUTH = "preauth"
    GIFT = "gift"
    ORDER = "order"


@enum.unique
class HoldFact(enum.StrEnum):
    """What becomes of a hold. `EFFECTS` says what each does to it."""

    OPENED = "opened"
    INCREASED = "increased"
    DECREASED = "decreased"
    """An increase was undone."""
    USED = "used"
    """It was paid out of what was kept."""
    RELEASED = "released"
    RETURNED = "returned"
    """What had been used or released is kept again."""


class Effect(NamedTuple):
    """In which direction a fact moves what a hold is for in all, and what it has left."""

    amount: int
    held: int


EFFECTS: Final[dict[HoldFact, Effect]] = {
    HoldFact.OPENED: Effect(+1, +1),
    HoldFact.INCREASED: Effect(+1, +1),
    HoldFact.DECREASED: Effect(-1, -1),
    HoldFact.USED: Effect(0, -1),
    HoldFact.RELEASED: Effect(0, -1),
    HoldFact.RETURNED: Effect(0, +1),
}
"""Every fact has a row. The audit adds up holds by it."""
HOLD_DAYS: Final = 30
"""How long a pre-authorisation lasts where nobody says otherwise."""
