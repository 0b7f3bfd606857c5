"""Gifts, as people ask for them and look at them: sent to a phone or by a link, claimed, withdrawn.

The office asks for a member who is on the phone or at its desk: what is posted is the member's, and
its key says so. Each is a job of one step, which asks the poster.
"""

import datetime as dt
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from host.model.gifts import GiftEnd, GiftNamed, GiftSent, GiftState
from host.model.money import Money as Amount
from host.model.numbers import number_of_rrn
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind, Response
from host.model.secrets import Secret
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Money, Number, Phone, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, Refusal
from host.office.roles import AU, CS, IM, MB, PA, PO, RK
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.tokens import new_token
from host.office.view import Column, Filter, How, View
from host.stock import gifts, lives
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store.office_settings import GIFT_HOURS, value_of

SEND: Final = "gift.send"
CLAIM: Final = "gift.claim"
WITHDRAW: Final = "gift.withdraw"

Wish = Annotated[str, Meta(max_length=60)]
FromName = Annotated[str, Meta(max_length=40)]


class GiftSend(Values, frozen=True, kw_only=True):
    """From a card to a phone, or to a member; to neither: to who has the link, which is shown once.

    A phone that nobody has becomes a member.
    """

    card: Number
    amount_minor: Money
    phone: Phone | None = None
    member: Number | None = None
    wish: Wish = ""
    from_name: FromName = ""


class GiftClaim(Values, frozen=True, kw_only=True):
    """Onto which card of who claims it: by its link, or by its number where it is for them.

    Without either, the one that waits for their phone. One that they have claimed stays where
    it is.
    """

    card: Number
    gift: Number | None = None
    link: Secret | None = None


class GiftWithdraw(Values, frozen=True, kw_only=True):
    """Back to its sender: withdrawn by them, or declined by whose phone it was sent to."""

    gift: Number | None = None
    card: Number | None = None
    """In its place: the card that it left, of which no other waits."""
    is_declined: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a gift is left with."""

    kind: Kind
    card: int
    """Which it leaves, or comes onto."""
    member: int
    """Who asks."""
    amount_minor: int
    unit: str
    login: str
    grant: Grant
    approval: int | None = None
    sent: GiftSent | None = None
    ended: GiftNamed | None = None
    giver: int = 0
    """The card that it left, where it is claimed."""


def post_gift(at_work: AtWork) -> int:
    """Ask the poster to take a gift off its card, or to end it: the one step of the job.

    Who claims what they have claimed is told so: it is theirs, and nothing was posted again.
    """
    plan = msgspec.convert(at_work.job.plan, Plan)
    answer = at_work.ask(_own(at_work, plan))
    line = at_work.line(plan)
    if answer.is_approved:
        state = plan.ended.end.state if plan.ended is not None else GiftState.RESERVED
        line.after = {"gift": _number(plan, answer), "state": state.value, "rrn": answer.rrn}
    elif plan.ended is not None and _is_theirs(at_work, plan, plan.ended):
        line.after = {"gift": plan.ended.number, "state": GiftState.CLAIMED.value}
    else:
        raise JobRefusedError(refusal_of(gifts.refusal_of(answer.reason)), line)
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


def _is_theirs(at_work: AtWork, plan: Plan, ended: GiftNamed) -> bool:
    is_claim = plan.kind is Kind.GIFT_CLAIM
    return is_claim and gifts.is_theirs(at_work.connection, ended.number, plan.member)


def _own(at_work: AtWork, plan: Plan) -> OwnRequest:
    job, connection = at_work.job, at_work.connection
    is_claim = plan.kind is Kind.GIFT_CLAIM
    is_return = plan.kind is Kind.GIFT_RETURN
    return OwnRequest(
        kind=plan.kind,
        key=OwnKey(Origin.MEMBER, str(plan.member), job.action, f"job-{job.id}"),
        card=gifts.card_at(connection, plan.card),
        to=gifts.card_at(connection, plan.giver) if is_claim else None,
        amount=None if is_return else Amount(plan.amount_minor, plan.unit),
        member=0 if is_return else plan.member,
        gift=plan.sent,
        ended_gift=plan.ended,
    )


def _number(plan: Plan, answer: Response) -> int | None:
    if plan.ended is not None:
        return plan.ended.number
    return number_of_rrn(answer.rrn, dt.date.fromisoformat(answer.business_date))


def _settled(acting: Acting, values: GiftSend) -> GiftSend:
    """The member, whoever was named: so no phone is kept with what waits for a second person."""
    if values.phone is not None and values.member is not None:
        raise Refusal(FIELD, field="member", problem="name a phone or a member")
    member = values.member
    if values.phone is not None:
        by = By(acting.who.login, acting.now)
        member = lives.member_of(acting.connection, acting.hsm, values.phone, by)
    elif member is not None:
        acting.find("member", member)
        member = lives.holder_of(acting.connection, member)
    return msgspec.structs.replace(values, phone=None, member=member)


def _send(acting: Acting, values: GiftSend) -> Result:
    card = gifts.card_of_somebody(acting.connection, values.card)
    link = new_token() if values.member is None else None
    sent = GiftSent(
        hours=value_of(acting.connection, GIFT_HOURS),
        wish=values.wish,
        from_name=values.from_name,
    )
    if values.member is not None:
        phone = gifts.phone_of(acting.connection, values.member)
        sent = msgspec.structs.replace(sent, phone_hash=phone.hash, phone_masked=phone.masked)
    if link is not None:
        token = gifts.link_hash(acting.hsm, link)
        sent = msgspec.structs.replace(sent, token_hash=token)
    plan = _plan(acting, Kind.GIFT_SEND, (card.id, card.member))
    plan = msgspec.structs.replace(
        plan, amount_minor=values.amount_minor, unit=card.currency, sent=sent
    )
    job = begin_job(acting, SEND, acting.subject, total=1, plan=plan)
    shown = {} if link is None else {"link": link.reveal().decode()}
    return Result(told={"job": job, "gift_hours": sent.hours}, shown_once=shown)


def _claim(acting: Acting, values: GiftClaim) -> Result:
    if values.gift is not None and values.link is not None:
        raise Refusal(FIELD, field="gift", problem="name a gift or its link")
    card = gifts.card_of_somebody(acting.connection, values.card)
    number = values.gift
    if number is None and values.link is None:
        number = _only(gifts.waiting_for(acting.connection, card.member))
    sent = gifts.gift_for(acting.connection, acting.hsm, card.member, number, values.link)
    plan = _ending(acting, Kind.GIFT_CLAIM, sent, GiftEnd.CLAIMED)
    plan = msgspec.structs.replace(plan, card=card.id, member=card.member, giver=sent.card)
    job = begin_job(acting, CLAIM, acting.subject, total=1, plan=plan)
    return Result(told={"job": job, "gift": sent.number})


def _withdraw(acting: Acting, values: GiftWithdraw) -> Result:
    if (values.gift is None) == (values.card is None):
        raise Refusal(FIELD, field="gift", problem="name a gift, or the card that it left")
    number = values.gift
    if number is None:
        number = _only(gifts.waiting_of(acting.connection, int(acting.subject.id)))
    sent = gifts.gift_of_number(acting.connection, number)
    end, member = GiftEnd.WITHDRAWN, sent.sender
    if values.is_declined:
        end, member = GiftEnd.DECLINED, gifts.whom_for(acting.connection, sent)
    _refuse_other(acting, member)
    plan = _ending(acting, Kind.GIFT_RETURN, sent, end)
    plan = msgspec.structs.replace(plan, card=sent.card, member=member)
    job = begin_job(acting, WITHDRAW, acting.subject, total=1, plan=plan)
    return Result(told={"job": job})


def _refuse_other(acting: Acting, member: int) -> None:
    """A member withdraws what they gave, and declines what is for them."""
    if acting.who.is_member and acting.grant.place.member_id != member:
        raise StockRefusal(Why.NOT_FOR)


def _only(numbers: list[int]) -> int:
    if not numbers:
        raise StockRefusal(Why.GIFT_GONE)
    if len(numbers) > 1:
        raise Refusal(FIELD, field="gift", problem="more than one waits: name it")
    return numbers[0]


def _subject_of(values: GiftWithdraw) -> Ref:
    if values.card is not None:
        return Ref("card", str(values.card))
    kind = "gift_to" if values.is_declined else "gift"
    return Ref(kind, str(values.gift or ""))


def _ending(acting: Acting, kind: Kind, sent: gifts.Sent, end: GiftEnd) -> Plan:
    return msgspec.structs.replace(
        _plan(acting, kind, (sent.card, sent.sender)),
        amount_minor=sent.amount_minor,
        unit=sent.unit,
        ended=GiftNamed(sent.shard, sent.number, end),
    )


def _plan(acting: Acting, kind: Kind, whose: tuple[int, int]) -> Plan:
    card, member = whose
    return Plan(
        kind=kind,
        card=card,
        member=member,
        amount_minor=0,
        unit="",
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
    )


def _is_above_limit(acting: Acting, values: GiftSend) -> bool:
    limit = acting.grant.limit_minor
    return not acting.who.is_member and (limit is None or values.amount_minor > limit)


GIFT_SEND: Final = Action(
    id=SEND,
    en="Give money of a member's card",
    zh="赠送",
    values=GiftSend,
    roles=frozenset({CS, MB}),
    do=_send,
    about=lambda values: Ref("card", str(values.card)),
    settled=_settled,
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({CS, IM, PA}),
    step=Step.OWN,
)
GIFT_CLAIM: Final = Action(
    id=CLAIM,
    en="Claim a gift for who it is for",
    zh="收下",
    values=GiftClaim,
    roles=frozenset({CS, MB}),
    do=_claim,
    about=lambda values: Ref("card", str(values.card)),
)
GIFT_WITHDRAW: Final = Action(
    id=WITHDRAW,
    en="Withdraw a gift, or decline it",
    zh="撤回/婉拒",
    values=GiftWithdraw,
    roles=frozenset({CS, MB}),
    do=_withdraw,
    about=_subject_of,
)
WALLET: Final = View(
    id="wallet",
    en="What a member has",
    zh="会员卡包",
    roles=frozenset({CS, MB}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MEMBER}),
    columns=(
        Column(name="id", kind=int, opens="cards"),
        Column(name="pan_masked", is_masked=True),
        Column(name="issuer", opens="issuers"),
        Column(name="product", kind=int, opens="products"),
        Column(name="card_status"),
        Column(name="free_minor", kind=int),
        Column(name="held_minor", kind=int),
        Column(name="waiting_minor", kind=int, opens="gifts"),
        Column(name="points", kind=int),
        Column(name="last_day", kind=dt.date),
    ),
    order=("last_day", "id"),
    filters=(
        Filter(name="phone", column="member", how=How.PHONE, kind=int),
        Filter(name="member", column="member", kind=int),
    ),
    needs=frozenset({"member", "phone"}),
    few=frozenset({Scope.MEMBER}),
    actions=(SEND, CLAIM, "card.merge", "pay.show_code", "pay.scan"),
)
GIFTS: Final = View(
    id="gifts",
    en="Gifts",
    zh="赠送记录",
    roles=frozenset({PA, PO, AU, RK, CS, IM}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER}),
    columns=(
        Column(name="id", kind=int),
        Column(name="state"),
        Column(name="ended_as"),
        Column(name="amount_minor", kind=int),
        Column(name="issuer", opens="issuers"),
        Column(name="card", kind=int, opens="cards"),
        Column(name="sender", kind=int, opens="members"),
        Column(name="phone", is_masked=True),
        Column(name="receiver", kind=int, opens="members"),
        Column(name="to_card", kind=int, opens="cards"),
        Column(name="from_name"),
        Column(name="wish"),
        Column(name="given_at", kind=dt.datetime),
        Column(name="expires_at", kind=dt.datetime),
        Column(name="ended_at", kind=dt.datetime),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="gift", column="id", kind=int),
        Filter(name="sender", column="sender", kind=int),
        Filter(name="receiver", column="receiver", kind=int),
        Filter(name="card", column="card", kind=int),
        Filter(name="number", column="card", how=How.NUMBER, kind=int),
        Filter(name="state", column="state", words=tuple(GiftState)),
    ),
    actions=(CLAIM, WITHDRAW),
    exports="C",
)
MY_GIFTS: Final = View(
    id="my_gifts",
    en="Gifts that were given and got",
    zh="收到与送出",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="id", kind=int),
        Column(name="direction"),
        Column(name="state"),
        Column(name="ended_as"),
        Column(name="amount_minor", kind=int),
        Column(name="unit"),
        Column(name="phone", is_masked=True),
        Column(name="from_name"),
        Column(name="wish"),
        Column(name="given_at", kind=dt.datetime),
        Column(name="expires_at", kind=dt.datetime),
        Column(name="ended_at", kind=dt.datetime),
    ),
    order=("id", "direction"),
    is_newest_first=True,
    filters=(
        Filter(name="direction", column="direction", words=("given", "got", "waits")),
        Filter(name="state", column="state", words=tuple(GiftState)),
    ),
    few=frozenset({Scope.MEMBER}),
    actions=(CLAIM, WITHDRAW),
)
