"""VOUCHER_STATES: the life of a voucher, and what a till is told of it, in the order it is asked.

A voucher is a card of a batch: a voided one says so whatever its batch says, then its batch and
part are asked, then where it stands itself, and its days.
"""

from collections.abc import Mapping
from typing import Final

from host.model.instruments import BatchState, SaleState
from host.model.responses import Reason
from host.model.vouchers import VoucherState
from host.rules.states import NOTHING, Answers, Step

ISSUED, CLAIMED, HELD, REDEEMED, LOADED, VOIDED, EXPIRED = VoucherState
USABLE: Final = frozenset({ISSUED, CLAIMED})
"""It may be redeemed, or put onto a card."""

VOUCHER_STATES: Final = (
    Step(NOTHING, "generated", ISSUED, "SY", "of no use before its part is opened by another"),
    Step(ISSUED, "voucher.claim", CLAIMED, "CS", "by its code, or one of a batch: so many each"),
    Step(ISSUED, "voucher.issue", CLAIMED, "PO IM", "one for each phone"),
    Step(CLAIMED, "voucher.reissue", CLAIMED, "CS", "a new code, and the one before is nobody's"),
    Step(ISSUED, "voucher.redeem", REDEEMED, "till SC SM MP", "0200 920000: once, whole"),
    Step(CLAIMED, "voucher.redeem", REDEEMED, "till SC SM MP", "0200 920000: once, whole"),
    Step(ISSUED, "use", ISSUED, "till", "an entry of several, or one that was bought"),
    Step(CLAIMED, "use", CLAIMED, "till", "an entry of several, or one that was bought"),
    Step(ISSUED, "load.code", LOADED, "till", "0200 930000: onto a card, once"),
    Step(CLAIMED, "load.code", LOADED, "till", "0200 930000: onto a card, once"),
    Step(REDEEMED, "give back", ISSUED, "till SM MP", "void or reversal: as it was before"),
    Step(
        REDEEMED, "give back, claimed", CLAIMED, "till SM MP", "void or reversal: as it was before"
    ),
    Step(LOADED, "give back", ISSUED, "till", "void or reversal: as it was before"),
    Step(LOADED, "give back, claimed", CLAIMED, "till", "void or reversal: as it was before"),
    Step(ISSUED, "use again", REDEEMED, "till", "the void of it is reversed"),
    Step(CLAIMED, "use again", REDEEMED, "till", "the void of it is reversed"),
    Step(ISSUED, "load again", LOADED, "till", "the void of it is reversed"),
    Step(CLAIMED, "load again", LOADED, "till", "the void of it is reversed"),
    Step(ISSUED, "voucher.void", VOIDED, "IM MO PO", "never again"),
    Step(CLAIMED, "voucher.void", VOIDED, "IM MO PO", "never again"),
    Step(ISSUED, "expire", EXPIRED, "SY", "refused from the first second by its date"),
    Step(CLAIMED, "expire", EXPIRED, "SY", "refused from the first second by its date"),
    Step(HELD, "expire", EXPIRED, "SY", "refused from the first second by its date"),
)

VOIDED_ANSWERS: Final = Answers(
    Reason.VOUCHER_VOIDED_SPEND,
    Reason.VOUCHER_VOIDED_BIND,
    Reason.VOUCHER_VOIDED_SELL,
    Reason.VOUCHER_VOIDED_LOAD,
)
VOUCHER_BATCH_TOLD: Final[Mapping[BatchState, Answers]] = {
    BatchState.DRAFT: Answers.all(Reason.VOUCHER_UNKNOWN),
    BatchState.GENERATING: Answers.all(Reason.VOUCHER_UNKNOWN),
    BatchState.GENERATED: Answers.all(Reason.VOUCHER_NOT_OPENED),
    BatchState.OPENED: Answers(),
    BatchState.SUSPENDED: Answers.all(Reason.VOUCHER_SUSPENDED),
    BatchState.VOIDED: VOIDED_ANSWERS,
    BatchState.EXPIRED: Answers.all(Reason.EXPIRED),
    BatchState.CLOSED: Answers.all(Reason.EXPIRED),
}
"""What a voucher is told of its batch or part: nothing where that is opened."""

VOUCHER_TOLD: Final[Mapping[VoucherState, Answers]] = {
    ISSUED: Answers(),
    CLAIMED: Answers(),
    HELD: Answers.all(Reason.VOUCHER_HELD),
    REDEEMED: Answers.all(Reason.VOUCHER_USED),
    LOADED: Answers.all(Reason.VOUCHER_USED),
    VOIDED: VOIDED_ANSWERS,
    EXPIRED: Answers.all(Reason.EXPIRED),
}
VOUCHER_SOLD: Final[Mapping[str, Answers]] = {
    SaleState.UNSOLD: Answers(),
    SaleState.ALLOCATED: Answers(),
    SaleState.SOLD: Answers(sell=Reason.VOUCHER_ALREADY_SOLD),
    SaleState.RETURNED: VOIDED_ANSWERS,
}
"""Whether it was sold says no more than that."""


def told_of_batch(batch: BatchState, part: BatchState) -> Answers:
    """What the vouchers of a part are told before anything is asked of the voucher itself."""
    return VOUCHER_BATCH_TOLD[batch if batch is not BatchState.OPENED else part]


def told_of_voucher(status: str, sale: str) -> Answers:
    """What is told of one that stands so."""
    answers = VOUCHER_TOLD[VoucherState(status)]
    return answers if any(answers) else VOUCHER_SOLD[sale]
