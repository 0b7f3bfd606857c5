"""DAY_STATES: where a business date stands, until its files are handed out.

A state is what there is of the date: steps of its night, files that others sent of it with what
differs, and its release. The view `day_state` says
the same in SQL.
"""

import enum
from typing import Final

from host.rules.states import NOTHING, Step


@enum.unique
class DayState(enum.StrEnum):
    """Where a business date stands."""

    OPEN = "open"
    CLOSED = "closed"
    NETTED = "netted"
    FILES_OUT = "files_out"
    RECONCILED = "reconciled"
    RELEASED = "released"


RELEASE: Final = "clearing.release"
OPEN, CLOSED, NETTED, FILES_OUT, RECONCILED, RELEASED = DayState

DAY_STATES: Final = (
    Step(NOTHING, "cut off", OPEN, "SY", "the date before it was cut off"),
    Step(OPEN, "cut_off", CLOSED, "SY", "trade goes on under the next date"),
    Step(CLOSED, "net", NETTED, "SY", "it is whole, and who owes whom is known"),
    Step(NETTED, "checkpoint", FILES_OUT, "SY", "the books balance, files are written"),
    Step(FILES_OUT, "reconcile", RECONCILED, "SY", "all files due are in, nothing differs"),
    Step(FILES_OUT, RELEASE, RELEASED, "FN", "not who took a step; no case is open"),
    Step(RECONCILED, RELEASE, RELEASED, "FN", "not who took a step; no case is open"),
)
