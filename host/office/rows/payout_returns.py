"""Payments that came back and of which no line says so, or none says why: two people say it.

The merchant is owed it again from then on, and a later payout pays it. Where the bank's line is a
difference, that is answered by it.
"""

from typing import Annotated, Any, Final

from msgspec import Meta

from host.model.money import Money
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Note, Number, Values
from host.office.payable import SQL
from host.office.recon_matching import SQL as RECON
from host.office.recon_refusals import SUM
from host.office.refusals import FIELD, NOT_FOUND, STATE, Refusal
from host.office.roles import FN, PA
from host.office.subjects import THE_PLATFORM
from host.rules.payout_states import RETURN, RETURNED

ANSWER: Final = "returned"
_NOBODY_YET: Final = "-"
"""Who has agreed, while it is only tried what it would do."""


class PayoutReturn(Values, frozen=True, kw_only=True):
    """Which payout came back and why, as the bank tells; and the difference that its line is."""

    payout: Number
    returned_for: Annotated[str, Meta(min_length=1, max_length=70, pattern=r"^\S(.*\S)?$")]
    difference: Number | None = None
    note: Note


def _return(acting: Acting, values: PayoutReturn) -> Result:
    row = acting.connection.execute(SQL["payout_that_came_back"], {"id": values.payout}).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, field="payout", what="payout")
    minor, unit, end_to_end_id = row
    told = {
        "id": values.payout,
        "reason": values.returned_for,
        "item": values.difference,
        "said_by": acting.who.login,
        "agreed_by": acting.agreed_by or _NOBODY_YET,
        "now": acting.now,
    }
    if not acting.connection.execute(SQL["add_return"], told).rowcount:
        raise Refusal(STATE, state=RETURNED)
    if values.difference is not None:
        _answer(acting, values, Money(minor, unit))
    acting.connection.execute(SQL["add_return_said"], told)
    said = {"payout": values.payout, "end_to_end_id": end_to_end_id, "amount_minor": minor}
    return Result(told=said, beside={**said, "returned_for": values.returned_for})


def _answer(acting: Acting, values: PayoutReturn, amount: Money) -> None:
    """For good: it is the bank's, open, and of what was paid, the other way."""
    items = {"items": [values.difference]}
    row = acting.connection.execute(RECON["differences"], items).fetchone()
    if row is None:
        raise Refusal(NOT_FOUND, field="difference", what="recon_item")
    _id, source, _merchant, _issuer, _port, unit, ours, theirs, answer, _number = row
    if answer is not None:
        raise Refusal(STATE, state="resolved")
    if source != "bank_statement" or unit != amount.unit:
        raise Refusal(FIELD, field="difference", problem="it is of no statement of that account")
    left = theirs - ours + amount.amount_minor
    if left:
        raise Refusal(SUM, amount=Money(abs(left), unit))
    told: dict[str, Any] = {
        "answer": ANSWER,
        "by": acting.who.login,
        "now": acting.now,
        "with": values.difference,
        "shard": None,
        "number": None,
        "note": values.note,
    }
    acting.connection.execute(RECON["answer_differences"], items | told)


RETURNS: Final = Action(
    id=RETURN,
    en="Say that the bank sent a payment back",
    zh="登记银行退回付款",
    values=PayoutReturn,
    roles=frozenset({FN}),
    do=_return,
    about=lambda _values: THE_PLATFORM,
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
)
