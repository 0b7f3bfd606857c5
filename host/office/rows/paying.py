"""Members pay by codes: one is shown to a till, or a store's is scanned.

The office asks for a member who is on the phone or at its desk, as with gifts: what is posted is
the member's, and its key says so. A code is told once, and only its keyed hash is kept.
"""

import datetime as dt
from typing import Final

import msgspec

from host.model.instruments import CardStatus
from host.model.money import HOUSE_CURRENCY
from host.model.money import Money as Amount
from host.model.origins import Origin
from host.model.own import Counter, OwnKey, OwnRequest
from host.model.pay_codes import BILL_MINUTES, OPEN_SECONDS
from host.model.requests import Kind
from host.model.secrets import Secret
from host.office.action import Acting, Action, Result, Step
from host.office.fields import Money, Number, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, Refusal
from host.office.roles import CS, MB, MO, MP, SC, SM
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.stock import binding, gifts, paying
from host.stock.batches import By
from host.stock.refusals import StockRefusal, Why
from host.store.office_settings import PAY_FREE_MINOR_MAX, value_of

SHOW: Final = "pay.show_code"
BILL: Final = "pay.store_code"
SCAN: Final = "pay.scan"


class PayShowCode(Values, frozen=True, kw_only=True):
    """Whose cards pay: by any card of theirs, which is in use."""

    card: Number


class PayStoreCode(Values, frozen=True, kw_only=True):
    """At which store, and for how much: paid once. Without an amount it stays until the next."""

    store: Number
    amount_minor: Money | None = None


class PayScan(Values, frozen=True, kw_only=True):
    """Whose cards pay, the store's code, and how much, where the code does not say it."""

    card: Number
    store_code: Secret
    amount_minor: Money | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job of a payment is left with."""

    card: int
    member: int
    amount_minor: int
    counter: Counter
    login: str
    grant: Grant
    approval: int | None = None
    code: bytes | None = None


def post_payment(at_work: AtWork) -> int:
    """Ask the poster to pay out of a member's cards: the one step of the job."""
    plan, job = msgspec.convert(at_work.job.plan, Plan), at_work.job
    own = OwnRequest(
        kind=Kind.PURCHASE,
        key=OwnKey(Origin.MEMBER, str(plan.member), job.action, f"job-{job.id}"),
        card=gifts.card_at(at_work.connection, plan.card),
        amount=Amount(plan.amount_minor, HOUSE_CURRENCY),
        counter=plan.counter,
        payer=plan.member,
        pay_code=plan.code,
    )
    answer = at_work.ask(own)
    line = at_work.line(plan)
    if not answer.is_approved:
        raise JobRefusedError(refusal_of(paying.refusal_of(answer.reason)), line)
    drawn = answer.besides.drawn if answer.besides is not None else ()
    line.after = {
        "rrn": answer.rrn,
        "amount_minor": plan.amount_minor,
        "merchant": plan.counter.merchant,
        "store": plan.counter.store,
        "cards": [one.card for one in drawn],
    }
    write_line(at_work.connection, line, DONE)
    return job.total


def _show(acting: Acting, _values: PayShowCode) -> Result:
    member = _payer(acting)
    code = paying.show_code(acting.connection, acting.hsm, member, _by(acting))
    told = {"seconds": OPEN_SECONDS}
    return Result(told=told, beside={"member": member}, shown_once={"code": code.reveal()})


def _bill(acting: Acting, values: PayStoreCode) -> Result:
    store = int(acting.subject.id)
    code = paying.make_store_code(
        acting.connection, acting.hsm, store, values.amount_minor, _by(acting)
    )
    told = {"minutes": BILL_MINUTES} if values.amount_minor is not None else {}
    beside = {"amount_minor": values.amount_minor}
    return Result(told=told, beside=beside, shown_once={"code": code.reveal().decode()})


def _scan(acting: Acting, values: PayScan) -> Result:
    member = _payer(acting)
    found = paying.scanned(acting.connection, acting.hsm, values.store_code, acting.now)
    amount = found.amount_minor or values.amount_minor
    if amount is None:
        raise Refusal(FIELD, field="amount_minor", problem="it is needed")
    if values.amount_minor not in {None, amount}:
        raise Refusal(FIELD, field="amount_minor", problem="the store asks for another amount")
    paying.refuse_short(acting.connection, member, found.counter.merchant, amount)
    plan = Plan(
        card=values.card,
        member=member,
        amount_minor=amount,
        counter=found.counter,
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
        code=found.code,
    )
    job = begin_job(acting, SCAN, acting.subject, total=1, plan=plan)
    return Result(told={"job": job, "amount_minor": amount})


def _payer(acting: Acting) -> int:
    """Whose card it is: neither they nor it is stopped."""
    status = acting.subject.content["status"]
    if status != CardStatus.ACTIVE:
        raise StockRefusal(Why.CARD, reason=status)
    card = gifts.card_of_somebody(acting.connection, int(acting.subject.id))
    binding.refuse_member(acting.connection, card.member)
    return card.member


def _is_beyond_free(acting: Acting, values: PayScan) -> bool:
    """A member pays a little without their PIN: what they typed, so that they know how much."""
    if not acting.who.is_member or values.amount_minor is None:
        return True
    return values.amount_minor > value_of(acting.connection, PAY_FREE_MINOR_MAX)


def _by(acting: Acting) -> By:
    return By(acting.who.login, acting.now)


PAID_AT_STORE: Final = View(
    id="paid_at_store",
    en="Paid by a store's code",
    zh="门店码收款",
    roles=frozenset({SC, SM, MP, MO}),
    scopes=frozenset({Scope.MERCHANT, Scope.STORE}),
    columns=(
        Column(name="id", kind=int),
        Column(name="at", kind=dt.datetime),
        Column(name="store", kind=int, opens="stores"),
        Column(name="amount_minor", kind=int),
        Column(name="rrn", opens="transactions"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(Filter(name="store", column="store", kind=int),),
    needs=frozenset({"store"}),
    exports="C",
)
"""What members have paid there, by whatever cards of theirs: the lines that its jobs have left."""
PAY_SHOW_CODE: Final = Action(
    id=SHOW,
    en="Show a code to pay by",
    zh="出示付款码",
    values=PayShowCode,
    roles=frozenset({CS, MB}),
    do=_show,
    about=lambda values: Ref("card", str(values.card)),
    step=Step.OWN,
    step_when=lambda acting, _values: not acting.who.has_given_pin,
)
PAY_STORE_CODE: Final = Action(
    id=BILL,
    en="Make a store's code that members scan",
    zh="生成商家收款码",
    values=PayStoreCode,
    roles=frozenset({SC, SM, MP, MO}),
    do=_bill,
    about=lambda values: Ref("store", str(values.store)),
)
PAY_SCAN: Final = Action(
    id=SCAN,
    en="Pay by a store's code",
    zh="扫商家码付款",
    values=PayScan,
    roles=frozenset({CS, MB}),
    do=_scan,
    about=lambda values: Ref("card", str(values.card)),
    step=Step.OWN,
    step_when=_is_beyond_free,
)
