"""PAYOUT_STATES: where a payout stands, from our bank's being told to its having paid."""

import enum
from typing import Final

from host.rules.states import NOTHING, Step


@enum.unique
class PayoutState(enum.StrEnum):
    """Where a payout stands."""

    INSTRUCTED = "instructed"
    PAID = "paid"
    RETURNED = "returned"


INSTRUCT: Final = "payout.instruct"
RETURN: Final = "payout.return"
INSTRUCTED, PAID, RETURNED = PayoutState

PAYOUT_STATES: Final = (
    Step(NOTHING, INSTRUCT, INSTRUCTED, "FN", "it stands in a file for the bank; two people"),
    Step(INSTRUCTED, "recon.import", PAID, "SY", "a line of a bank statement is matched with it"),
    Step(PAID, "recon.import", RETURNED, "SY", "a line says that it came back, and why"),
    Step(INSTRUCTED, "recon.import", RETURNED, "SY", "the same, before its payment was seen"),
    Step(PAID, RETURN, RETURNED, "FN", "no line says so, or none says why; two people"),
    Step(INSTRUCTED, RETURN, RETURNED, "FN", "the same, before its payment was seen"),
)
