"""STATEMENT_STATES: where a statement stands between a merchant and an issuer."""

import enum
from typing import Final

from host.rules.states import NOTHING, Step


@enum.unique
class StatementState(enum.StrEnum):
    """Where a statement stands."""

    CALCULATED = "calculated"
    HALF_CONFIRMED = "half_confirmed"
    CONFIRMED = "confirmed"


CONFIRM: Final = "settlement.confirm"
CALCULATED, HALF_CONFIRMED, CONFIRMED = StatementState

STATEMENT_STATES: Final = (
    Step(NOTHING, "statements", CALCULATED, "SY", "the sum of parts, by the night of its date"),
    Step(CALCULATED, CONFIRM, HALF_CONFIRMED, "MO", "the merchant or the issuer, the first"),
    Step(HALF_CONFIRMED, CONFIRM, CONFIRMED, "MO", "the other of them"),
)
