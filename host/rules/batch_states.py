"""BATCH_STATES: the life of a card batch and of its parts, and what its cards are told meanwhile.

A part is made and opened by itself; everything else happens to the batch whole. So a card is told
what its batch's state says where that is not `opened`, else what its part's says.
"""

from typing import Final

from host.model.instruments import BatchState
from host.model.responses import Reason
from host.rules.states import NOTHING, Answers, Step

DRAFT, GENERATING, GENERATED, OPENED, SUSPENDED, VOIDED, EXPIRED, CLOSED = BatchState

BATCH_STATES: Final = (
    Step(NOTHING, "card_batch.create", DRAFT, "BM IM", "responsible person; maker if physical"),
    Step(DRAFT, "generate", GENERATING, "SY", "numbers are made, resumed after a crash"),
    Step(GENERATING, "generated", GENERATED, "SY", "as many cards as were asked for"),
    Step(DRAFT, "give up", VOIDED, "BO", "card_batch.void once no job makes its cards any more"),
    Step(GENERATING, "give up", VOIDED, "BO", "the same; what was put on them goes back"),
    Step(GENERATED, "card_batch.open", OPENED, "BO", "not who created it; step-up"),
    Step(OPENED, "card_batch.suspend", SUSPENDED, "BO IM RK", "holds from the next message"),
    Step(SUSPENDED, "card_batch.resume", OPENED, "BO", "step-up; RK where RK suspended it"),
    Step(GENERATED, "card_batch.void", VOIDED, "BO", "with IM or PA; what is left goes back"),
    Step(OPENED, "card_batch.void", VOIDED, "BO", "with IM or PA; what is left goes back"),
    Step(SUSPENDED, "card_batch.void", VOIDED, "BO", "with IM or PA; what is left goes back"),
    Step(OPENED, "expire", EXPIRED, "SY", "its last day is over"),
    Step(SUSPENDED, "expire", EXPIRED, "SY", "its last day is over"),
    Step(EXPIRED, "card.extend", OPENED, "IM", "a card of it has a later last day"),
    Step(EXPIRED, "extend suspended", SUSPENDED, "IM", "the same, as it stood before"),
    Step(OPENED, "close", CLOSED, "SY", "each card was voided or replaced"),
    Step(EXPIRED, "close", CLOSED, "SY", "each card was voided or replaced"),
)

PART_STATES: Final = (
    Step(NOTHING, "card_batch.add", DRAFT, "BM IM", "the batch's other cards go on meanwhile"),
    Step(DRAFT, "generate", GENERATING, "SY", "numbers are made, resumed after a crash"),
    Step(GENERATING, "generated", GENERATED, "SY", "as many cards as were asked for"),
    Step(GENERATED, "card_batch.open", OPENED, "BO", "not who added it; step-up"),
)

VOIDED_ANSWERS: Final = Answers(
    Reason.CARD_VOIDED_SPEND,
    Reason.CARD_VOIDED_BIND,
    Reason.CARD_VOIDED_SELL,
    Reason.CARD_VOIDED_LOAD,
)

BATCH_TOLD: Final[dict[BatchState, Answers]] = {
    DRAFT: Answers.all(Reason.CARD_NOT_FOUND),
    GENERATING: Answers.all(Reason.CARD_NOT_FOUND),
    GENERATED: Answers.all(Reason.CARD_BATCH_NOT_OPENED),
    OPENED: Answers(),
    SUSPENDED: Answers.all(Reason.CARD_BATCH_SUSPENDED),
    VOIDED: VOIDED_ANSWERS,
    EXPIRED: Answers.all(Reason.EXPIRED),
    CLOSED: Answers.all(Reason.EXPIRED),
}
"""What a card is told of its batch or part: nothing where that is opened."""


def told_of(batch: BatchState, part: BatchState) -> Answers:
    """What the cards of a part are told before anything is asked of the card itself."""
    return BATCH_TOLD[batch if batch is not OPENED else part]
