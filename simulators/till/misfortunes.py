"""What may go wrong on the line, as a person says it."""

from typing import Final

import msgspec

from simulators.faults import Fault


class FaultWords(msgspec.Struct, frozen=True, kw_only=True):
    """How one misfortune is typed, and what it is."""

    name: str
    says: str


FAULT_WORDS: Final[dict[Fault, FaultWords]] = {
    Fault.DROP_ANSWER: FaultWords(name="lose answer", says="its answer is not heard"),
    Fault.DROP_REQUEST: FaultWords(name="lose request", says="it never reaches the switch"),
    Fault.DELAY_ANSWER: FaultWords(name="late answer", says="its answer comes too late"),
    Fault.GARBLE_ANSWER: FaultWords(name="garble answer", says="its answer has a wrong MAC"),
    Fault.CUT: FaultWords(name="cut", says="the line is cut behind it"),
    Fault.CUT_MID_FRAME: FaultWords(name="cut half", says="the line is cut in mid-message"),
    Fault.HALF_OPEN: FaultWords(name="dead line", says="the line is dead behind it"),
    Fault.DUPLICATE: FaultWords(name="twice", says="it arrives twice at once"),
}
"""Each misfortune of a line but none."""
