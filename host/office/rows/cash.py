"""Cash for cards: taken at a counter, owed by who took it, handed in and counted by another.

Either is a job that asks the poster. A receipt is one load, however often it is sent.
"""

import datetime as dt
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from host.model import money
from host.model.member_codes import card_of
from host.model.origins import Origin
from host.model.own import Counter, OwnKey, OwnRequest
from host.model.requests import Kind
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Login, Money, Number, Text, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, NOT_YOUR_ROLE, Refusal
from host.office.roles import AU, FN, IM, MO, MP, PA, PO, ROLES, SM
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, Own, View
from host.stock import cash, gifts, vouchers
from host.stock.batches import By

LOAD: Final = "load.cash"
HAND_IN: Final = "cash.hand_in"
NOBODY_YET: Final = "-"
"""Who has counted it, while it is only tried what handing it in would do."""
MemberCode = Annotated[str, Meta(pattern=r"^[0-9 ]{2,24}$")]
"""As it stands on the member's phone."""
Receipt = Annotated[str, Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]


class LoadCash(Values, frozen=True, kw_only=True):
    """For which card, or by which member's code; how much, and the number of its receipt."""

    card: Number | None = None
    member_code: MemberCode | None = None
    amount_minor: Money
    receipt: Receipt
    store: Number | None = None
    """At whose counter; without it, at the house's own."""


class HandIn(Values, frozen=True, kw_only=True):
    """Whose cash: all that is owed, as it was counted."""

    login: Login
    amount_minor: Money
    slip: Text = ""
    """Of the bank, where it went there."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is left with: the load that is taken, or what was handed in together."""

    number: int
    login: str
    grant: Grant
    counter: Counter | None = None
    approval: int | None = None


def post_load(at_work: AtWork) -> int:
    """Ask the poster to take it: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    load = cash.load_of(at_work.connection, plan.number)
    answer = at_work.ask(_own(at_work, Kind.CASH_TAKEN, plan, load, plan.counter))
    line = at_work.line(plan)
    if not answer.is_approved:
        raise JobRefusedError(
            refusal_of(gifts.refusal_of(answer.reason)),
            line,
            lambda connection: cash.refuse_load(connection, load.id),
        )
    line.after = {"load": load.id, "amount_minor": load.amount_minor, "rrn": answer.rrn}
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


def post_hand_in(at_work: AtWork) -> int:
    """Ask the poster for one load after the other; gives how many are no longer owed."""
    plan, job = msgspec.convert(at_work.job.plan, Plan), at_work.job
    found = cash.next_of(at_work.connection, plan.number)
    if found is None:
        return job.total
    load, owed = found
    answer = at_work.ask(_own(at_work, Kind.CASH_HANDED_IN, plan, load, None))
    if not answer.is_approved:
        raise JobRefusedError(refusal_of(gifts.refusal_of(answer.reason)), at_work.line(plan))
    return job.total - owed + 1


def _own(
    at_work: AtWork, kind: Kind, plan: Plan, load: cash.Load, counter: Counter | None
) -> OwnRequest:
    """A load has one key for each of the two, whichever job asks."""
    key = OwnKey(Origin.OFFICE, plan.login, at_work.job.action, f"load-{load.id}")
    return OwnRequest(
        kind=kind,
        key=key,
        card=gifts.card_at(at_work.connection, load.card),
        amount=money.Money(load.amount_minor, load.currency),
        counter=counter,
        cash=load.id,
    )


def _load(acting: Acting, values: LoadCash) -> Result:
    connection, store = acting.connection, values.store
    counter = vouchers.counter_of(connection, store) if store is not None else None
    card = _card_of(values)
    asked = cash.Asked(card, values.amount_minor, values.receipt, counter)
    said = cash.say_load(connection, asked, By(acting.who.login, acting.now))
    told = {"load": said.id, "receipt": values.receipt, "owed_minor": _owed(acting)}
    told["pan_masked"] = cash.masked_card(connection, card)
    if said.is_known:
        return Result(told={**told, "state": said.state})
    plan = Plan(
        number=said.id,
        login=acting.who.login,
        grant=acting.grant,
        counter=counter,
        approval=acting.approval,
    )
    job = begin_job(acting, LOAD, acting.subject, total=1, plan=plan)
    beside = {"card": card, "amount_minor": values.amount_minor}
    return Result(told={**told, "job": job}, beside=told | beside)


def _card_of(values: LoadCash) -> int:
    """Raises Refusal where none is named, or two are, or the code was typed wrongly."""
    if (values.card is None) == (values.member_code is None):
        raise Refusal(FIELD, field="member_code", problem="name a card or a member's code")
    if values.card is not None:
        return values.card
    try:
        return card_of(values.member_code or "")
    except ValueError as error:
        raise Refusal(FIELD, field="member_code", problem=str(error)) from None


def _owed(acting: Acting) -> int:
    return cash.owed_by(acting.connection, acting.who.login)


def _hand_in(acting: Acting, values: HandIn) -> Result:
    if acting.grant.role == MP and values.login != acting.who.login:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[MP])
    handed, loads = cash.hand_in(
        acting.connection,
        values.login,
        values.amount_minor,
        values.slip,
        By(acting.agreed_by or NOBODY_YET, acting.now),
    )
    plan = Plan(number=handed, login=acting.who.login, grant=acting.grant, approval=acting.approval)
    job = begin_job(acting, HAND_IN, acting.subject, total=loads, plan=plan)
    told = {"handed_in": handed, "loads": loads, "amount_minor": values.amount_minor}
    return Result(told={**told, "job": job}, beside=told)


LOAD_CASH: Final = Action(
    id=LOAD,
    en="Take cash for a card",
    zh="现金充值",
    values=LoadCash,
    roles=frozenset({FN, MP}),
    do=_load,
    about=lambda values: (
        Ref("card", str(_card_of(values)))
        if values.store is None
        else Ref("store", str(values.store))
    ),
    second=Second.ABOVE_LIMIT,
    amount=lambda values: values.amount_minor,
    approvers=frozenset({FN, MO, PA}),
    step=Step.OWN,
)
CASH_HAND_IN: Final = Action(
    id=HAND_IN,
    en="Hand in cash",
    zh="交款",
    values=HandIn,
    roles=frozenset({FN, MO, MP}),
    do=_hand_in,
    about=lambda values: Ref("person", values.login),
    second=Second.ALWAYS,
    approvers=frozenset({FN}),
)
_OF_CARD: Final = "v.card > 0"
LOADS: Final = View(
    id="loads",
    en="Loads of cards",
    zh="充值记录",
    roles=frozenset({PA, PO, AU, FN, IM, MO, MP}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="id", kind=int),
        Column(name="loaded_at", kind=dt.datetime),
        Column(name="business_date", kind=dt.date),
        Column(name="way"),
        Column(name="card", kind=int, opens="cards"),
        Column(name="pan_masked", is_masked=True),
        Column(name="amount_minor", kind=int),
        Column(name="unit"),
        Column(name="issuer", opens="issuers"),
        Column(name="merchant", opens="merchants"),
        Column(name="taken_by"),
        Column(name="receipt"),
        Column(name="is_valid", kind=bool),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="id", how=How.OF_DAY, kind=dt.date),
        Filter(name="card", column="card", kind=int, among=_OF_CARD),
        Filter(name="number", column="card", how=How.NUMBER, kind=int, among=_OF_CARD),
        Filter(name="phone", column="card", how=How.CARD_OF_PHONE, kind=int, among=_OF_CARD),
        Filter(name="member", column="card", how=How.CARD_OF_MEMBER, kind=int, among=_OF_CARD),
        Filter(name="valid", column="is_valid", kind=bool, beside="date"),
    ),
    own={
        Scope.PLATFORM: Own(among="v.amount_minor > 0", order=("id",)),
        Scope.ISSUER: Own(among="v.of_issuer > 0", order=("id",)),
        Scope.MERCHANT: Own(among="v.of_merchant > 0", order=("id",)),
    },
    actions=(LOAD,),
    exports="CX",
)
CASH_POSITIONS: Final = View(
    id="cash_positions",
    en="Cash that is owed",
    zh="现金头寸",
    roles=frozenset({PA, PO, AU, FN, MO, MP, SM}),
    scopes=frozenset({Scope.PLATFORM, Scope.MERCHANT, Scope.STORE}),
    columns=(
        Column(name="login"),
        Column(name="name"),
        Column(name="merchant", opens="merchants"),
        Column(name="loads", kind=int),
        Column(name="owed_minor", kind=int),
        Column(name="since", kind=dt.datetime),
        Column(name="taken_today_minor", kind=int),
        Column(name="handed_today_minor", kind=int),
    ),
    order=("login",),
    few=frozenset({Scope.MERCHANT, Scope.STORE}),
    actions=(HAND_IN,),
    exports="CX",
)
