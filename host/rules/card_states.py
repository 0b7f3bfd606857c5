"""CARD_STATES: the life of a card, and what a till is told of it, in the order it is asked.

What is asked first is answered first: a voided card says so whatever its batch says; its batch and
part come next, then its own status, its days, and whose it is.
"""

from typing import Final, NamedTuple

from host.model.instruments import CardStatus, Form, SaleState
from host.model.responses import Reason
from host.rules.batch_states import VOIDED_ANSWERS
from host.rules.states import NOTHING, Answers, Step, Use

INACTIVE, ACTIVE, FROZEN, LOST, STOLEN, REPLACED, VOIDED, EXPIRED = CardStatus
UNSOLD, ALLOCATED, SOLD, RETURNED = SaleState
IN_STOCK: Final = frozenset({UNSOLD, ALLOCATED})
"""Nobody has bought it: to be sold here, or by whom it was sent to."""
UNTRACKED: Final = ""
"""The sale state of a card that an estate file brought."""

CARD_STATES: Final = (
    Step(NOTHING, "generated", INACTIVE, "SY", "no value may be spent"),
    Step(INACTIVE, "card.activate", ACTIVE, "MB", "part opened, password right; bound"),
    Step(INACTIVE, "card.bind_bought", ACTIVE, "MB", "part opened; bound to its buyer"),
    Step(INACTIVE, "card.activate_for", ACTIVE, "IM CS", "part opened; bound"),
    Step(INACTIVE, "activation", ACTIVE, "till", "0200 900000: sold, face value loaded; bearer"),
    Step(ACTIVE, "card.activate", ACTIVE, "MB MP", "a bearer's, with its password; bound, once"),
    Step(ACTIVE, "card.activate_for", ACTIVE, "IM CS", "a bearer's; bound, once"),
    Step(ACTIVE, "card.rebind", ACTIVE, "CS", "another's from now on, or a bearer's; two people"),
    Step(ACTIVE, "undo activation", INACTIVE, "till", "reversed or voided: as it was before"),
    Step(INACTIVE, "redo activation", ACTIVE, "till", "the void of it is reversed"),
    Step(ACTIVE, "card.freeze", FROZEN, "MB CS RK IM", "holds from the next message"),
    Step(ACTIVE, "card.lose", LOST, "MB CS", "holds from the next message"),
    Step(ACTIVE, "card.steal", STOLEN, "MB CS", "holds from the next message"),
    Step(FROZEN, "card.release", ACTIVE, "who may", "RK's own needs two"),
    Step(LOST, "card.release", ACTIVE, "who may", "found again"),
    Step(FROZEN, "release into stock", INACTIVE, "who may", "its activation was taken back"),
    Step(LOST, "release into stock", INACTIVE, "who may", "its activation was taken back"),
    Step(LOST, "card.replace", REPLACED, "CS", "its value moves to another card"),
    Step(STOLEN, "card.replace", REPLACED, "CS", "its value moves to another card"),
    Step(ACTIVE, "card.replace", REPLACED, "CS", "its value moves to another card"),
    Step(INACTIVE, "card.void", VOIDED, "IM BO MO SY", "value back to the issuer"),
    Step(ACTIVE, "card.void", VOIDED, "IM BO MO SY", "value back to the issuer"),
    Step(FROZEN, "card.void", VOIDED, "IM BO MO SY", "value back to the issuer"),
    Step(INACTIVE, "expire", EXPIRED, "SY", "refused from the first second by its date"),
    Step(ACTIVE, "expire", EXPIRED, "SY", "refused from the first second by its date"),
    Step(FROZEN, "expire", EXPIRED, "SY", "refused from the first second by its date"),
    Step(EXPIRED, "card.extend", ACTIVE, "IM", "with a second person; not after breakage"),
    Step(EXPIRED, "extend in stock", INACTIVE, "IM", "nobody has activated it, sold or not"),
    Step(EXPIRED, "extend frozen", FROZEN, "IM", "who has frozen it lets it go"),
)

SALE_STATES: Final = (
    Step(NOTHING, "generated", UNSOLD, "SY", "in a batch"),
    Step(UNSOLD, "shipment.import", ALLOCATED, "BM PO", "sent to who sells it"),
    Step(UNSOLD, "card.sell", SOLD, "MP PO AP SY", "taken from an opened batch, atomically"),
    Step(ALLOCATED, "card.sell", SOLD, "MP PO AP SY", "sold by whom it was sent to"),
    Step(UNSOLD, "activation", SOLD, "till", "sold and activated in one message"),
    Step(ALLOCATED, "activation", SOLD, "till", "sold and activated in one message"),
    Step(UNSOLD, "card.activate", SOLD, "MB", "its holder's: in no stock any more"),
    Step(ALLOCATED, "card.activate", SOLD, "MB", "its holder's: in no stock any more"),
    Step(UNSOLD, "card.activate_for", SOLD, "IM CS", "its holder's: in no stock any more"),
    Step(ALLOCATED, "card.activate_for", SOLD, "IM CS", "its holder's: in no stock any more"),
    Step(UNSOLD, "card.replace", SOLD, "CS", "it has the place of another"),
    Step(ALLOCATED, "card.replace", SOLD, "CS", "it has the place of another"),
    Step(UNSOLD, "card_batch.open", SOLD, "BO", "of another system, where it was in use"),
    Step(SOLD, "undo activation", UNSOLD, "till", "as it was before"),
    Step(SOLD, "undo activation, sent", ALLOCATED, "till", "as it was before: it was sent there"),
    Step(UNSOLD, "redo activation", SOLD, "till", "the void of it is reversed"),
    Step(ALLOCATED, "redo activation", SOLD, "till", "the void of it is reversed"),
    Step(SOLD, "card.return_sale", RETURNED, "MO FN", "unspent only; the card is voided"),
)


class CardRow(NamedTuple):
    """What is told of cards that stand so: of any sale state or form where none is named."""

    status: CardStatus
    answers: Answers
    sales: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()


_DEAD: Final = Answers.all
CARD_TOLD: Final = (
    CardRow(VOIDED, VOIDED_ANSWERS),
    CardRow(
        INACTIVE,
        Answers(Reason.CARD_NOT_ACTIVE, Reason.CARD_NOT_SOLD, None, Reason.CARD_NOT_ACTIVE),
        sales=(UNSOLD,),
        forms=(Form.VIRTUAL,),
    ),
    CardRow(
        INACTIVE,
        Answers(Reason.CARD_NOT_ACTIVE, None, None, Reason.CARD_NOT_ACTIVE),
        sales=(UNTRACKED, UNSOLD),
    ),
    CardRow(
        INACTIVE,
        Answers(Reason.CARD_NOT_ACTIVE, None, None, Reason.CARD_NOT_ACTIVE),
        sales=(ALLOCATED,),
        forms=(Form.PHYSICAL,),
    ),
    CardRow(
        INACTIVE,
        Answers(Reason.CARD_NOT_ACTIVE, None, Reason.CARD_ALREADY_SOLD, Reason.CARD_NOT_ACTIVE),
    ),
    CardRow(LOST, _DEAD(Reason.CARD_LOST)),
    CardRow(STOLEN, _DEAD(Reason.CARD_STOLEN)),
    CardRow(FROZEN, _DEAD(Reason.CARD_FROZEN)),
    CardRow(REPLACED, _DEAD(Reason.CARD_REPLACED)),
    CardRow(EXPIRED, _DEAD(Reason.EXPIRED)),
    CardRow(ACTIVE, Answers(sell=Reason.CARD_ALREADY_SOLD)),
)
"""The first row that fits is told. Of a sound card's days and owner is asked after it. A physical
card that was sent to a shop is sold there; a virtual one that was allocated has its buyer."""

NOT_YET_VALID: Final = Answers(spend=Reason.CARD_NOT_YET_VALID, load=Reason.CARD_NOT_YET_VALID)
"""Before its first day a card may be sold and bound."""
MEMBER_STOPPED: Final = Answers(
    spend=Reason.MEMBER_FROZEN, bind=Reason.MEMBER_FROZEN, load=Reason.MEMBER_FROZEN
)
"""Of a card whose member is frozen, or leaves."""


def answers_of(status: str, sale: str, form: Form | None) -> Answers:
    """What is told of a card that stands so."""
    for row in CARD_TOLD:
        if row.status == status and _fits(row.sales, sale) and _fits(row.forms, form):
            return row.answers
    msg = f"no row says what a card is told that is {status}"
    raise AssertionError(msg)


def _fits(wanted: tuple[str, ...], found: str | None) -> bool:
    return not wanted or found in wanted


STATUS_TOLD: Final[dict[Use, dict[str, Reason | None]]] = {
    use: {status.value: answers_of(status, UNTRACKED, None).to(use) for status in CardStatus}
    for use in (Use.SPEND, Use.LOAD)
}
"""The same for what every message asks, where neither sale nor form says anything."""
