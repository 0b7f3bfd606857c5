"""Vouchers at a counter and in members' hands: redeemed, claimed, issued, given another code.

A clerk redeems at the own store: what is posted is the store's merchant's, as at a till, by a job
of one step that asks the poster. Claims move nothing. A code that is lost is nobody's from the
moment that a new one is told; that is told once, with a line of who saw it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar, cast

import msgspec
from msgspec import Meta

from host.hsm.interface import Hsm
from host.model.money import HOUSE_CURRENCY
from host.model.money import Money as Amount
from host.model.own import Counter, OwnRequest
from host.model.requests import Kind
from host.model.secrets import Secret
from host.model.voucher_codes import grouped
from host.model.vouchers import ProductKind
from host.office.action import Acting, Action, Result, Second, Step
from host.office.disclosing import Disclosure, disclose
from host.office.fields import Money, Note, Number, Phone, Pieces, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.phones import phone_hash
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, NOT_FOUND, NOT_YOUR_ROLE, Refusal
from host.office.roles import CS, IM, MB, MO, MP, PA, PO, ROLES, SC, SM
from host.office.rows.disclosures import REVEAL
from host.office.rows.pickups import hand_over
from host.office.rows.vouchers import SQL as OF_BATCHES
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, View
from host.stock import binding, gifts, lives, pickups, vouchers
from host.stock.batches import By
from host.stock.qr import PICKUP_LIFETIME
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection

REDEEM: Final = "voucher.redeem"
CLAIM: Final = "voucher.claim"
ISSUE: Final = "voucher.issue"
REISSUE: Final = "voucher.reissue"
PHONES_MAX: Final = 500
"""In one action: more are told in several."""

Channel = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9._-]{1,31}$")]
"""By which way it came to them."""
Goods = Annotated[str, Meta(max_length=30, pattern=r"^[!-~]*$")]


class VoucherRedeem(Values, frozen=True, kw_only=True):
    """At which store, the code as it is scanned or typed, and what is sold for it."""

    store: Number
    voucher_code: Secret
    amount_minor: Money | None = None
    """What is sold; without it nothing is paid for."""
    goods: Goods = ""
    """Which article, where it is for several."""


class VoucherShowPickup(Values, frozen=True, kw_only=True):
    """Whose voucher, by its number."""

    card: Number


class VoucherClaim(Values, frozen=True, kw_only=True):
    """Of which batch, for whose phone: the one of a code, or so many. A new phone is a member."""

    batch: str
    phone: Phone
    voucher_code: Secret | None = None
    count: Pieces = 1
    channel: Channel = "service"


class VoucherIssue(Values, frozen=True, kw_only=True):
    """So many vouchers of a batch for each phone; a phone that nobody has becomes a member."""

    batch: str
    phones: Annotated[tuple[Phone, ...], Meta(max_length=PHONES_MAX)] = ()
    members: Annotated[tuple[Number, ...], Meta(max_length=PHONES_MAX)] = ()
    count: Pieces = 1
    channel: Channel = "issue"
    note: Note


class VoucherReissue(Values, frozen=True, kw_only=True):
    """Whose voucher it is, by the phone that they have shown to be theirs, and why."""

    card: Number
    phone: Phone
    note: Note


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a redemption is left with."""

    card: int
    counter: Counter
    amount_minor: int
    goods: str
    login: str
    grant: Grant
    approval: int | None = None
    names_store: bool = False
    """Its key says at which store; one that was begun by an earlier version keeps its key."""


def post_redemption(at_work: AtWork) -> int:
    """Ask the poster to take a voucher: the one step of the job."""
    plan, job = msgspec.convert(at_work.job.plan, Plan), at_work.job
    own = OwnRequest(
        kind=Kind.VOUCHER_REDEMPTION,
        key=at_work.key(plan, plan.counter.store if plan.names_store else 0),
        card=gifts.card_at(at_work.connection, plan.card),
        amount=Amount(plan.amount_minor, HOUSE_CURRENCY) if plan.amount_minor else None,
        counter=plan.counter,
        goods=plan.goods or None,
    )
    answer = at_work.ask(own)
    line = at_work.line(plan)
    if not answer.is_approved:
        raise JobRefusedError(refusal_of(vouchers.refusal_of(answer.reason)), line)
    told = answer.besides.voucher if answer.besides is not None else None
    assert told is not None, "what a redemption is told"
    line.after = {
        "voucher": told.code, "taken": told.taken, "unit": told.unit, "rest_minor": told.rest_minor,
        "left": told.left, "rrn": answer.rrn,
    }  # fmt: skip
    write_line(at_work.connection, line, DONE)
    hand_over(at_work.connection, plan.card, line.at)
    return job.total


def _redeem(acting: Acting, values: VoucherRedeem) -> Result:
    connection, by = acting.connection, By(acting.who.login, acting.now)
    counter = vouchers.counter_of(connection, values.store)
    found, pickup = counted(acting, pickups.scanned, values.voucher_code)
    if pickup is not None:
        pickups.refuse_pickup(connection, pickup, counter, By(by.who, _scanned_at(acting)))
    vouchers.refuse_redemption(connection, found, counter)
    if pickup is not None:
        pickups.use_pickup(connection, pickup, counter, by)
    plan = Plan(
        card=found.id,
        counter=counter,
        amount_minor=values.amount_minor or 0,
        goods=values.goods,
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
        names_store=True,
    )
    job = begin_job(acting, REDEEM, acting.subject, total=1, plan=plan)
    beside = {"voucher": found.masked}
    told = {"job": job, **beside, "name": found.name, "valid_to": _day(found.valid_to)}
    if found.face_minor:
        told |= {"face_minor": found.face_minor, "unit": found.currency}
    return Result(told=told, beside=beside)


def _scanned_at(acting: Acting) -> dt.datetime:
    """When it was shown: where somebody has agreed to it, when that was asked for."""
    if acting.approval is None:
        return acting.now
    row = acting.connection.execute(OF_BATCHES["asked_at"], (acting.approval,)).fetchone()
    assert row is not None, "it was agreed to"
    return cast("dt.datetime", row[0])


def _is_reviewed(acting: Acting, values: VoucherRedeem) -> bool:
    return counted(acting, pickups.scanned, values.voucher_code).voucher.is_reviewed


def _foretold(acting: Acting, values: VoucherRedeem) -> Mapping[str, Any]:
    """What voucher it is, for who reviews: its code is shown to nobody."""
    found = counted(acting, pickups.scanned, values.voucher_code).voucher
    worth = {"face_minor": found.face_minor, "unit": found.currency} if found.face_minor else {}
    return {"voucher": found.masked, "name": found.name, "is_reviewed": found.is_reviewed, **worth}


def _day(date: dt.date | None) -> str:
    """As values are told."""
    return date.isoformat() if date is not None else ""


def _show_pickup(acting: Acting, values: VoucherShowPickup) -> Result:
    content = acting.subject.content
    if not content["member_id"]:
        raise StockRefusal(Why.NOBODYS)
    binding.refuse_member(acting.connection, content["member_id"])
    code = pickups.make_pickup(acting.connection, acting.hsm, values.card, acting.now)
    told = {"minutes": PICKUP_LIFETIME // dt.timedelta(minutes=1)}
    beside = {"member": content["member_id"]}
    return Result(told=told, beside=beside, shown_once={"code": code.reveal().decode()})


Looked = TypeVar("Looked")


def counted(
    acting: Acting,
    look: Callable[[Connection, Hsm, Secret, str, dt.datetime], Looked],
    code: Secret,
) -> Looked:
    """A wrong code is counted, whatever else becomes of it."""
    try:
        return look(acting.connection, acting.hsm, code, acting.who.login, acting.now)
    except StockRefusal as refusal:
        told = refusal_of(refusal)
        told.is_kept = True
        raise told from refusal


def _claim(acting: Acting, values: VoucherClaim) -> Result:
    batch, by = _batch(acting), By(acting.who.login, acting.now)
    found = None
    if values.voucher_code is not None:
        found = counted(acting, vouchers.voucher_of_code, values.voucher_code)
    if found is not None and found.batch != batch:
        raise StockRefusal(Why.NO_VOUCHER)
    member = lives.member_of(acting.connection, acting.hsm, values.phone, by)
    if found is not None:
        cards = [vouchers.claim_of_code(acting.connection, found, member, acting.now)]
    else:
        cards = vouchers.claim_of_batch(acting.connection, batch, member, values.count)
    vouchers.add_claims(acting.connection, cards, member, values.channel, by)
    return Result(told={"vouchers": cards}, beside={"vouchers": cards})


def _batch(acting: Acting) -> int:
    """The subject, which is a batch of vouchers."""
    found = acting.subject
    if not _is_of_vouchers(acting, found.content["product_id"]):
        raise Refusal(NOT_FOUND, what="card_batch")
    assert isinstance(found.id, int), "batches are numbered"
    return found.id


def _is_of_vouchers(acting: Acting, product: int) -> bool:
    row = acting.connection.execute(OF_BATCHES["kind_of_product"], (product,)).fetchone()
    return row is not None and ProductKind(row[0]).is_voucher


def _settled(acting: Acting, values: VoucherIssue) -> VoucherIssue:
    """Members in the place of phones: no phone is kept with what waits for a second person."""
    by = By(acting.who.login, acting.now)
    found = [lives.member_of(acting.connection, acting.hsm, phone, by) for phone in values.phones]
    for member in values.members:
        acting.find("member", member)
    members = dict.fromkeys([*found, *values.members])
    if not members:
        raise Refusal(FIELD, field="phones", problem="name phones or members")
    return msgspec.structs.replace(values, phones=(), members=tuple(members))


def _issue(acting: Acting, values: VoucherIssue) -> Result:
    batch = _batch(acting)
    by = By(acting.who.login, acting.now)
    for member in sorted(values.members):
        cards = vouchers.claim_of_batch(acting.connection, batch, member, values.count)
        vouchers.add_claims(acting.connection, cards, member, values.channel, by)
    told = {"members": len(values.members), "vouchers": len(values.members) * values.count}
    return Result(told=told, beside=told)


def _is_above_limit(acting: Acting, values: VoucherIssue) -> bool:
    """What they are worth is more than who asks may give alone; without a limit all of it is."""
    limit = acting.grant.limit_minor
    face = acting.subject.content["face_minor"]
    worth = int(face or 0) * values.count * (len(values.members) + len(values.phones))
    return limit is None or worth > limit


def _reissue(acting: Acting, values: VoucherReissue) -> Result:
    if acting.grant.role == CS and REVEAL not in acting.grant.rights:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[CS])
    if acting.subject.content["member_id"] != _holder(acting, acting.hsm, values.phone):
        raise StockRefusal(Why.BOUND)
    code = vouchers.give_code(acting.connection, acting.hsm, values.card)
    line = Disclosure(kind="reveal", what="voucher code", has_secrets=True, purpose=values.note)
    disclose(acting, acting.subject, line)
    return Result(told={"voucher": code.masked}, shown_once={"code": grouped(code.reveal())})


def _holder(acting: Acting, hsm: Hsm, phone: str) -> int:
    told = (phone_hash(hsm, phone),)
    row = acting.connection.execute(lives.SQL["member_of_phone"], told).fetchone()
    return int(row[0]) if row is not None else 0


AT_THE_COUNTER: Final = View(
    id="counter_work",
    en="Redeemed at the counter",
    zh="我的核销",
    roles=frozenset({SC, SM, MP}),
    scopes=frozenset({Scope.MERCHANT, Scope.STORE}),
    columns=(
        Column(name="id", kind=int),
        Column(name="at", kind=dt.datetime),
        Column(name="action"),
        Column(name="job", kind=int),
        Column(name="outcome"),
        Column(name="voucher", is_masked=True),
        Column(name="taken", kind=int),
        Column(name="unit"),
        Column(name="rrn"),
        Column(name="of_rrn"),
    ),
    order=("at", "id"),
    is_newest_first=True,
    filters=(
        Filter(name="mine", column="who", how=How.MINE),
        Filter(name="since", column="at", how=How.FROM, kind=dt.datetime, beside="mine"),
    ),
    needs=frozenset({"mine"}),
)
"""What somebody has redeemed, and taken back: their own alone."""
VOUCHER_REDEEM: Final = Action(
    id=REDEEM,
    en="Redeem a voucher at the own store",
    zh="核销",
    values=VoucherRedeem,
    roles=frozenset({SC, SM, MP}),
    do=_redeem,
    about=lambda values: Ref("store", str(values.store)),
    second=Second.WHEN,
    second_when=_is_reviewed,
    approvers=frozenset({SM, MO, MP}),
    foretold=_foretold,
)
VOUCHER_SHOW_PICKUP: Final = Action(
    id="voucher.show_pickup",
    en="Show a code to pick up by",
    zh="出示自提码",
    values=VoucherShowPickup,
    roles=frozenset({CS, MB}),
    do=_show_pickup,
    about=lambda values: Ref("card", str(values.card)),
    step=Step.OWN,
)
VOUCHER_CLAIM: Final = Action(
    id=CLAIM,
    en="Claim vouchers for a member",
    zh="领取",
    values=VoucherClaim,
    roles=frozenset({CS}),
    do=_claim,
    about=lambda values: Ref("card_batch", values.batch),
)
VOUCHER_ISSUE: Final = Action(
    id=ISSUE,
    en="Issue vouchers to members",
    zh="批量发放",
    values=VoucherIssue,
    roles=frozenset({PO, IM}),
    do=_issue,
    about=lambda values: Ref("card_batch", values.batch),
    settled=_settled,
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({PO, IM, PA}),
    step=Step.OWN,
)
VOUCHER_REISSUE: Final = Action(
    id=REISSUE,
    en="Give a voucher another code",
    zh="找回提货码",
    values=VoucherReissue,
    roles=frozenset({CS}),
    do=_reissue,
    about=lambda values: Ref("card", str(values.card)),
    step=Step.OWN,
)
