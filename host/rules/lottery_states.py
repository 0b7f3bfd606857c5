"""LOTTERY_STATES: the life of a lottery, and what a till hears that draws meanwhile."""

from typing import Final

from host.model.lottery import LotteryState
from host.model.responses import Reason
from host.rules.states import NOTHING, Step

DRAFT, FROZEN, OPEN, CLOSED, REVEALED, POSTED, CANCELLED = LotteryState

LOTTERY_STATES: Final = (
    Step(NOTHING, "lottery.create", DRAFT, "IM MO AL", "odds add up to 100 %"),
    Step(DRAFT, "lottery.freeze", FROZEN, "IM MO AL", "not who made it; the commitment is public"),
    Step(FROZEN, "open", OPEN, "SY", "its first day has come"),
    Step(OPEN, "lottery.close", CLOSED, "IM MO AL SY", "or its last day is over"),
    Step(CLOSED, "reveal", REVEALED, "SY", "the seed is public, the list is counted"),
    Step(REVEALED, "post", POSTED, "SY", "each prize that stands was posted or handed out"),
    Step(DRAFT, "lottery.close", CANCELLED, "IM MO AL", "before it opens"),
    Step(FROZEN, "lottery.close", CANCELLED, "IM MO AL", "before it opens"),
)

DRAW_TOLD: Final[dict[LotteryState, Reason | None]] = {
    state: None if state is OPEN else Reason.LOTTERY_NOT_OPEN for state in LotteryState
}
"""None where it draws."""
