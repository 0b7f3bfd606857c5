"""Tables and pictures of `docs/lottery.md`: states of lotteries, and what a draw hears in each."""

from config.manual.cards import states_of
from config.manual.page import Blocks
from host.model.responses import RESPONSE_CODES
from host.rules.lottery_states import DRAW_TOLD, LOTTERY_STATES
from terminals.manual import table


def _told() -> str:
    rows = (
        (state.value, "draws" if why is None else f"{RESPONSE_CODES[why].f39} `{why}`")
        for state, why in DRAW_TOLD.items()
    )
    return table(("lottery is", "a draw at a till"), rows)


BLOCKS: Blocks = {
    "lottery.states": states_of(LOTTERY_STATES),
    "lottery.told": _told,
}
