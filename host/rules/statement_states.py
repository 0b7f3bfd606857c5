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
    DISPUTED = "disputed"


CONFIRM: Final = "settlement.confirm"
DISPUTE: Final = "settlement.dispute"
ANSWER: Final = "settlement.answer"
CALCULATED, HALF_CONFIRMED, CONFIRMED, DISPUTED = StatementState

STATEMENT_STATES: Final = (
    Step(NOTHING, "statements", CALCULATED, "SY", "the sum of parts, by the night of its date"),
    Step(CALCULATED, CONFIRM, HALF_CONFIRMED, "MO", "the merchant or the issuer, the first"),
    Step(HALF_CONFIRMED, CONFIRM, CONFIRMED, "MO", "the other of them"),
    Step(CALCULATED, DISPUTE, DISPUTED, "MO", "a side takes all of it but some rows"),
    Step(HALF_CONFIRMED, DISPUTE, DISPUTED, "MO", "the other of them does"),
    Step(DISPUTED, CONFIRM, DISPUTED, "MO", "the other side takes all of it"),
    Step(DISPUTED, ANSWER, CONFIRMED, "FN", "no dispute is open, and both sides have spoken"),
    Step(DISPUTED, ANSWER, HALF_CONFIRMED, "FN", "the other side has not spoken"),
)
