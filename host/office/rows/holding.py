"""Whose a card is: activated for somebody by the office, bound to its buyer, given to another.

A bearer's card, which a till has sold, is nobody's: it is bound like any other, once, and from then
on is given to another.

What moves value with it is a job of one step, which asks the poster: activating and binding, with
the face value where the product has one, are one posting.
"""

from typing import Final, TypeVar

import msgspec

from host.model.instruments import Activation
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import Note, Number, Phone, Text, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, NOT_YOUR_ROLE, Refusal
from host.office.roles import CS, IM, PA, PO, ROLES
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.rules.card_states import CARD_STATES
from host.rules.states import begins_at
from host.stock import binding, lives
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why

ACTIVATE_FOR: Final = "card.activate_for"
BIND_BOUGHT: Final = "card.bind_bought"
ACTIVATE_RIGHT: Final = "activate"
"""What customer service needs in its grant to activate a card for somebody."""


class CardActivateFor(Values, frozen=True, kw_only=True):
    """For whom: a phone, which becomes a member where it is new, or a member."""

    card: Number
    phone: Phone | None = None
    member: Number | None = None
    note: Note


class CardBindBought(Values, frozen=True, kw_only=True):
    """A card of the member's own order."""

    card: Number
    member: Number


class CardRebind(Values, frozen=True, kw_only=True):
    """Whose it is to be. `evidence` says what was seen of it: a form, a file and its digest."""

    card: Number
    phone: Phone | None = None
    member: Number | None = None
    evidence: Text = ""
    note: Note


Named = TypeVar("Named", CardActivateFor, CardRebind)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a binding is left with."""

    member: int
    origin: Origin
    login: str
    grant: Grant
    note: str = ""
    approval: int | None = None


def post_binding(at_work: AtWork) -> int:
    """Ask the poster to bind a card: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    card = binding.card_to_bind(at_work.connection, int(at_work.job.about.key))
    made_by = plan.login if plan.origin is Origin.OFFICE else str(plan.member)
    key = OwnKey(plan.origin, made_by, at_work.job.action, f"job-{at_work.job.id}")
    answer = at_work.ask(
        OwnRequest(kind=Kind.CARD_BOUND_ACTIVATION, key=key, card=card.at, member=plan.member)
    )
    line = at_work.line(plan, plan.note)
    if not answer.is_approved:
        refusal = refusal_of(binding.refusal_of(answer.reason))
        raise JobRefusedError(refusal, line)
    line.before = {"status": card.status, "sale": card.sale, "member_id": card.member or None}
    line.after = {"status": "active", "sale": "sold", "member_id": plan.member, "rrn": answer.rrn}
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


def _settled(acting: Acting, values: Named) -> Named:
    """The member, whoever was named: so no phone is kept with what waits for a second person."""
    if (values.phone is None) == (values.member is None):
        raise Refusal(FIELD, field="member", problem="name a phone or a member")
    member = values.member
    if values.phone is not None:
        by = By(acting.who.login, acting.now)
        member = lives.member_of(acting.connection, acting.hsm, values.phone, by)
    elif member is not None:
        acting.find("member", member)
        member = lives.holder_of(acting.connection, member)
    return msgspec.structs.replace(values, phone=None, member=member)


def _activate_for(acting: Acting, values: CardActivateFor) -> Result:
    may = acting.grant.role != CS or ACTIVATE_RIGHT in acting.grant.rights
    if not may:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[CS])
    assert values.member is not None, "settled"
    card = binding.card_to_bind(acting.connection, values.card)
    _refuse(acting, card, values.member, Activation.OFFICE)
    return _bind(acting, ACTIVATE_FOR, values.member, Origin.OFFICE, values.note)


def _bind_bought(acting: Acting, values: CardBindBought) -> Result:
    acting.find("member", values.member)
    member = lives.holder_of(acting.connection, values.member)
    card = binding.card_to_bind(acting.connection, values.card)
    if card.buyer != member:
        raise StockRefusal(Why.NOT_YOURS)
    _refuse(acting, card, member, Activation.HOLDER)
    return _bind(acting, BIND_BOUGHT, member, Origin.MEMBER)


def _rebind(acting: Acting, values: CardRebind) -> Result:
    assert values.member is not None, "settled"
    card = binding.card_to_bind(acting.connection, values.card)
    if card.member and not card.is_registered:
        raise StockRefusal(Why.GIFT)
    if card.member:
        binding.refuse_member(acting.connection, values.member)
    else:
        _refuse(acting, card, values.member, None)
    lives.rebind_card(acting.connection, values.card, values.member, acting.now)
    return OK


def _refuse(acting: Acting, card: binding.ToBind, member: int, way: Activation | None) -> None:
    binding.refuse_member(acting.connection, member)
    binding.refuse_binding(acting.connection, card, member, way, acting.now)


def _bind(acting: Acting, action: str, member: int, origin: Origin, note: str = "") -> Result:
    plan = Plan(
        member=member,
        origin=origin,
        login=acting.who.login,
        grant=acting.grant,
        note=note,
        approval=acting.approval,
    )
    job = begin_job(acting, action, acting.subject, total=1, plan=plan)
    return Result(told={"job": job})


def _is_above_limit(acting: Acting, values: CardActivateFor) -> bool:
    """What the card is worth against what the grant may move alone."""
    limit = acting.grant.limit_minor
    card = binding.card_to_bind(acting.connection, values.card)
    return limit is None or card.face_minor > limit


def _of_card(values: CardActivateFor | CardBindBought | CardRebind) -> Ref:
    return Ref("card", str(values.card))


CARD_ACTIVATE_FOR: Final = Action(
    id=ACTIVATE_FOR,
    en="Activate a card for somebody",
    zh="手动激活",
    values=CardActivateFor,
    roles=frozenset({IM, CS}),
    do=_activate_for,
    about=_of_card,
    begins=begins_at(CARD_STATES, ACTIVATE_FOR),
    settled=_settled,
    second=Second.WHEN,
    second_when=_is_above_limit,
    step=Step.OWN,
)
CARD_BIND_BOUGHT: Final = Action(
    id=BIND_BOUGHT,
    en="Bind a card to who bought it",
    zh="绑定已购卡",
    values=CardBindBought,
    roles=frozenset({CS, PO}),
    do=_bind_bought,
    about=_of_card,
)
CARD_REBIND: Final = Action(
    id="card.rebind",
    en="Bind a card to somebody else, or a bearer's",
    zh="换绑",
    values=CardRebind,
    roles=frozenset({CS}),
    do=_rebind,
    about=_of_card,
    begins=begins_at(CARD_STATES, "card.rebind"),
    settled=_settled,
    second=Second.ALWAYS,
    approvers=frozenset({CS, IM, PA}),
    step=Step.OWN,
)
