"""Tables and pictures of `docs/cards.md`: states of cards and batches, and what each is told."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from config.manual.page import Blocks, listing, table
from host.model.responses import RESPONSE_CODES, Reason
from host.rules.batch_states import BATCH_STATES, BATCH_TOLD, PART_STATES
from host.rules.card_states import CARD_STATES, CARD_TOLD, NOT_YET_VALID, SALE_STATES, CardRow
from host.rules.gift_states import GIFT_STATES, HEARD
from host.rules.states import Answers, Step, Use, picture
from host.rules.voucher_states import VOUCHER_BATCH_TOLD, VOUCHER_STATES, VOUCHER_TOLD

ALLOWED: Final = "goes on"
USES: Final = tuple(use.value for use in Use)


def states_of(steps: Sequence[Step]) -> Callable[[], str]:
    """The picture of a table of states, and the table."""

    def written() -> str:
        rows = (
            (step.before, f"`{step.action}`", step.after, step.who, step.says) for step in steps
        )
        drawn = listing("\n".join(picture(steps)), "mermaid")
        return f"{drawn}\n\n{table(('from', 'action', 'to', 'who', 'what'), rows)}"

    return written


def _batch_told() -> str:
    rows = ((state.value, *_told(answers)) for state, answers in BATCH_TOLD.items())
    return table(("batch or part is", *USES), rows)


def _card_told() -> str:
    rows = ((_standing(row), *_told(row.answers)) for row in CARD_TOLD)
    early = ("before its first day", *_told(NOT_YET_VALID))
    late = ("after its last day or month", *_told(Answers.all(Reason.EXPIRED)))
    return table(("card is", *USES), (*rows, early, late))


def _voucher_told() -> str:
    """Of its batch or part first, then of itself."""
    batch = ((f"its batch {state.value}", *_told(a)) for state, a in VOUCHER_BATCH_TOLD.items())
    own = ((state.value, *_told(answers)) for state, answers in VOUCHER_TOLD.items())
    return table(("voucher is", *USES), (*batch, *own))


def _gift_heard() -> str:
    rows = ((heard.state.value, heard.sender, heard.receiver) for heard in HEARD)
    return table(("gift is", "at the sender's card", "at the receiver's card"), rows)


def _standing(row: CardRow) -> str:
    sales = " or ".join(sale or "not tracked" for sale in row.sales)
    return ", ".join(filter(None, (row.status.value, *row.forms, sales)))


def _told(answers: Answers) -> Iterator[str]:
    for use in Use:
        reason = answers.to(use)
        yield ALLOWED if reason is None else f"{RESPONSE_CODES[reason].f39} `{reason}`"


BLOCKS: Final[Blocks] = {
    "cards.batch_states": states_of(BATCH_STATES),
    "cards.part_states": states_of(PART_STATES),
    "cards.batch_told": _batch_told,
    "cards.card_states": states_of(CARD_STATES),
    "cards.sale_states": states_of(SALE_STATES),
    "cards.card_told": _card_told,
    "cards.voucher_states": states_of(VOUCHER_STATES),
    "cards.voucher_told": _voucher_told,
    "cards.gift_states": states_of(GIFT_STATES),
    "cards.gift_heard": _gift_heard,
}
