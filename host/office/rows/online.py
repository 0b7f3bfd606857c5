"""A member pays over a payment port for a card, one's own or that of a phone number.

What was paid is put onto the card by a job that the clock begins once the port has said so: whoever
pays waits for nothing, and is never asked to pay again.
"""

import datetime as dt
from typing import Any, Final

import msgspec
from psycopg.types.json import Jsonb

from host.model.money import Money as Amount
from host.model.origins import Origin
from host.model.own import OwnKey, OwnRequest
from host.model.requests import Kind
from host.office.action import OK, Acting, Action, Result
from host.office.fields import Money, Number, Phone, Values
from host.office.jobs import SQL as JOBS
from host.office.jobs import AtWork, JobRefusedError, wake
from host.office.people import Grant
from host.office.phones import phone_hash
from host.office.places import Place, Scope
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, IN_DOUBT, Refusal
from host.office.roles import AU, FN, MB, PA, PO
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.timer import Timer
from host.office.view import Column, Filter, View
from host.stock import gifts, port_payments
from host.stock.payment_ports import PORTS, PortSilentError
from host.stock.port_payments import Asked, Payment
from host.stock.refusals import StockRefusal
from host.stock.simulated_port import Event, simulate
from host.store.connecting import Connection
from host.store.office_settings import SIMULATED_PAYMENTS

ONLINE: Final = "load.online"
LOOKED_AT_MAX: Final = 50
"""Payments in one transaction."""
PORT: Final = next(iter(PORTS.values()))
"""Over which members pay."""


class LoadOnline(Values, frozen=True, kw_only=True):
    """How much, for which card of one's own, or, where a phone is named, for the card of that."""

    amount_minor: Money
    card: Number | None = None
    phone: Phone | None = None


class PaymentNamed(Values, frozen=True, kw_only=True):
    """Which payment."""

    payment: Number


class PortSimulate(Values, frozen=True, kw_only=True):
    """What the simulated port is to say of which payment."""

    payment: Number
    port_event: Event


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with that puts a payment onto its card."""

    payment: int
    card: int
    member: int
    amount_minor: int
    currency: str
    login: str
    grant: Grant
    approval: int | None = None


def post_paid(at_work: AtWork) -> int:
    """Ask the poster to put it onto the card: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    own = OwnRequest(
        kind=Kind.PORT_LOAD,
        key=OwnKey(Origin.MEMBER, str(plan.member), ONLINE, f"payment-{plan.payment}"),
        card=gifts.card_at(at_work.connection, plan.card),
        amount=Amount(plan.amount_minor, plan.currency),
        payment=plan.payment,
    )
    answer, line = at_work.ask(own), at_work.line(plan)
    if not answer.is_approved:
        reason, now = answer.reason.value, at_work.now
        raise JobRefusedError(
            refusal_of(gifts.refusal_of(answer.reason)),
            line,
            lambda connection: port_payments.give_back(connection, plan.payment, reason, now),
        )
    line.after = {
        "payment": plan.payment, "amount_minor": plan.amount_minor, "rrn": answer.rrn,
    }  # fmt: skip
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


def _pay(acting: Acting, values: LoadOnline) -> Result:
    member = acting.grant.place.member_id
    person = acting.who.person
    assert member is not None, "its role is a member's"
    assert person is not None, "they have signed in"
    card = _card(acting, values)
    found = port_payments.card_to_pay(acting.connection, card, values.amount_minor)
    plan = Plan(
        payment=0,
        card=card,
        member=member,
        amount_minor=values.amount_minor,
        currency=found.currency,
        login=acting.who.login,
        grant=acting.grant,
    )
    asked = Asked(PORT.name, member, person, card, values.amount_minor, msgspec.to_builtins(plan))
    try:
        number = port_payments.say_payment(acting.connection, asked, found, acting.now)
    except PortSilentError:
        raise Refusal(IN_DOUBT) from None
    told: dict[str, Any] = {"payment": number, "amount_minor": values.amount_minor}
    simulated = {"simulated_by": PORT.name} if PORT.is_simulated else {}
    return Result(told={**told, **simulated}, beside={**told, "card": card})


def _card(acting: Acting, values: LoadOnline) -> int:
    """That of the phone, where one is named; else one's own. Phones without one are counted."""
    if values.card is not None:
        acting.find("card", values.card)
    if values.phone is None:
        if values.card is None:
            raise Refusal(FIELD, field="card", problem="name a card or a phone")
        return values.card
    hashed, by = phone_hash(acting.hsm, values.phone), acting.who.login
    try:
        return port_payments.card_of_phone(acting.connection, hashed, by, acting.now)
    except StockRefusal as refusal:
        told = refusal_of(refusal)
        told.is_kept = True
        raise told from refusal


def _simulate(acting: Acting, values: PortSimulate) -> Result:
    order = acting.subject.content["order_number"]
    simulate(acting.connection, order, values.port_event, acting.now)
    return _look(acting, values)


def _look(acting: Acting, values: PaymentNamed | PortSimulate) -> Result:
    port_payments.look_soon(acting.connection, values.payment, acting.now)
    wake(acting.connection)
    return OK


def look_at_due(connection: Connection, now: dt.datetime) -> int:
    """Ask ports what became of what is due; what was paid becomes a job."""
    numbers = port_payments.due(connection, now, LOOKED_AT_MAX)
    for number in numbers:
        paid = port_payments.look(connection, number, now)
        if paid is not None:
            _begin(connection, paid, now)
    return len(numbers)


def _begin(connection: Connection, paid: Payment, now: dt.datetime) -> None:
    told = {
        "action": ONLINE,
        "kind": "card",
        "key": str(paid.card),
        **msgspec.structs.asdict(Place(issuer_id=paid.issuer, member_id=paid.member)),
        "plan": Jsonb(paid.plan),
        "total": 1,
        "asked_by": paid.asked_by,
        "asked_at": now,
    }
    connection.execute(JOBS["add_job"], told)
    wake(connection)


PAYMENT_TIMER: Final = Timer(name="payments", every=dt.timedelta(0), do=look_at_due)

LOAD_ONLINE: Final = Action(
    id=ONLINE,
    en="Pay for a card over a payment port",
    zh="在线充值",
    values=LoadOnline,
    roles=frozenset({MB}),
    do=_pay,
    about=None,
    only_where=SIMULATED_PAYMENTS if PORT.is_simulated else None,
)
PAYMENT_LOOK: Final = Action(
    id="payment.look",
    en="Ask the port again what became of a payment",
    zh="向支付渠道查询",
    values=PaymentNamed,
    roles=frozenset({PA, PO, FN, MB}),
    do=_look,
    about=lambda values: Ref("payment", str(values.payment)),
)
PORT_SIMULATE: Final = Action(
    id="port.simulate",
    en="Play what becomes of a payment",
    zh="模拟支付结果",
    values=PortSimulate,
    roles=frozenset({PA, PO, MB}),
    do=_simulate,
    about=lambda values: Ref("payment", str(values.payment)),
    only_where=SIMULATED_PAYMENTS,
)
PAYMENTS: Final = View(
    id="port_payments",
    en="Payments over ports",
    zh="在线支付单",
    roles=frozenset({PA, PO, AU, FN, MB}),
    scopes=frozenset({Scope.PLATFORM, Scope.MEMBER}),
    columns=(
        Column(name="payment", kind=int),
        Column(name="port"),
        Column(name="is_simulated", kind=bool),
        Column(name="order_number"),
        Column(name="payment_state"),
        Column(name="amount_minor", kind=int),
        Column(name="member", kind=int, opens="members"),
        Column(name="pan_masked", is_masked=True),
        Column(name="asked_at", kind=dt.datetime),
        Column(name="paid_at", kind=dt.datetime),
        Column(name="port_reference"),
        Column(name="more_paid", kind=int),
        Column(name="refusal"),
        Column(name="looks", kind=int, hidden_from=frozenset({Scope.MEMBER})),
        Column(name="next_look_at", kind=dt.datetime, hidden_from=frozenset({Scope.MEMBER})),
    ),
    order=("payment",),
    is_newest_first=True,
    filters=(
        Filter(name="payment", column="payment", kind=int),
        Filter(name="member", column="member", kind=int),
    ),
    few=frozenset({Scope.MEMBER}),
    actions=(PAYMENT_LOOK.id, PORT_SIMULATE.id),
    exports="C",
)
