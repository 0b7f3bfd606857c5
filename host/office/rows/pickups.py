"""What members come to pick up: they say where and when, and the store has it ready.

It is a word between a member and a store, and moves nothing: what hands the goods over is the
voucher's redemption, which ends it. A voucher that a till has taken is in no queue any more.
"""

import datetime as dt
from typing import Annotated, Final

from msgspec import Meta

from host.office.action import OK, Acting, Action, Result
from host.office.fields import Number, Values
from host.office.places import Scope
from host.office.refusals import NOT_FOUND, STATE, Refusal
from host.office.roles import MB, SC, SM
from host.office.rows.mails import SQL as OF_STORES
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.stock import gifts, vouchers
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "pickups.sql")
OPEN: Final = ("to_prepare", "prepared")
AT_STORES: Final = frozenset({SC, SM})
Minutes = Annotated[int, Meta(ge=0, le=7 * 24 * 60)]


class PickupAsk(Values, frozen=True, kw_only=True):
    """Which voucher of theirs, where, and in how many minutes they come; instead of before."""

    card: Number
    store: Number
    minutes: Minutes = 60


class PickupPrepare(Values, frozen=True, kw_only=True):
    """It is ready."""

    pickup: Number


class PickupCallOff(Values, frozen=True, kw_only=True):
    """Nobody comes for it."""

    pickup: Number


def _ask(acting: Acting, values: PickupAsk) -> Result:
    connection = acting.connection
    found = vouchers.voucher_of_hash(connection, gifts.card_at(connection, values.card))
    if found is None:
        raise StockRefusal(Why.NO_VOUCHER)
    told = {"store": values.store, "member": acting.grant.place.member_id}
    if connection.execute(OF_STORES["merchant_of_store"], told).fetchone() is None:
        raise Refusal(NOT_FOUND, what="store")
    vouchers.refuse_redemption(connection, found, vouchers.counter_of(connection, values.store))
    due_at = acting.now + dt.timedelta(minutes=values.minutes)
    asked = {**told, "card": values.card, "due_at": due_at, "at": acting.now}
    connection.execute(SQL["call_off_pickup"], asked)
    row = connection.execute(SQL["add_pickup"], asked).fetchone()
    assert row is not None, "RETURNING"
    number = {"pickup": row[0]}
    return Result(told=number, beside=number)


def _prepare(acting: Acting, _values: PickupPrepare) -> Result:
    _refuse_state(acting, "to_prepare")
    told = {"id": acting.subject.id, "by": acting.who.login, "at": acting.now}
    acting.connection.execute(SQL["prepare_pickup"], told)
    return OK


def _end(acting: Acting, _values: PickupCallOff) -> Result:
    _refuse_state(acting, *OPEN)
    told = {"id": acting.subject.id, "at": acting.now}
    acting.connection.execute(SQL["end_pickup"], told)
    return OK


def _refuse_state(acting: Acting, *wanted: str) -> None:
    was = acting.subject.content["state"]
    if was not in wanted:
        raise Refusal(STATE, state=was)


def hand_over(connection: Connection, card: int, at: dt.datetime) -> None:
    """What somebody came for with this voucher is theirs."""
    connection.execute(SQL["hand_over_pickup"], {"card": card, "at": at})


def _of_pickup(values: PickupPrepare | PickupCallOff) -> Ref:
    return Ref("pickup", str(values.pickup))


ASK: Final = Action(
    id="pickup.ask",
    en="Come and pick up what a voucher is for",
    zh="预约到店自提",
    values=PickupAsk,
    roles=frozenset({MB}),
    do=_ask,
    about=lambda values: Ref("card", str(values.card)),
)
PREPARE: Final = Action(
    id="pickup.prepare",
    en="Have it ready to be picked up",
    zh="备货完成",
    values=PickupPrepare,
    roles=AT_STORES,
    do=_prepare,
    about=_of_pickup,
    begins=("to_prepare",),
)
CALL_OFF: Final = Action(
    id="pickup.call_off",
    en="Call off a pick-up",
    zh="取消自提",
    values=PickupCallOff,
    roles=AT_STORES | {MB},
    do=_end,
    about=_of_pickup,
    begins=OPEN,
)
QUEUE: Final = View(
    id="pickup_queue",
    en="To be picked up",
    zh="自提队列",
    roles=AT_STORES,
    scopes=frozenset({Scope.STORE}),
    columns=(
        Column(name="pickup", kind=int),
        Column(name="comes_at", kind=dt.datetime),
        Column(name="name"),
        Column(name="code_last", is_masked=True),
        Column(name="pickup_state"),
        Column(name="asked_at", kind=dt.datetime),
        Column(name="prepared_by"),
        Column(name="prepared_at", kind=dt.datetime),
    ),
    order=("comes_at", "pickup"),
    filters=(Filter(name="pickup", column="pickup", kind=int),),
    actions=("pickup.prepare", "pickup.call_off"),
    state="pickup_state",
)
MY_PICKUPS: Final = View(
    id="my_pickups",
    en="What I pick up",
    zh="我的自提",
    roles=frozenset({MB}),
    scopes=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="pickup", kind=int),
        Column(name="comes_at", kind=dt.datetime),
        Column(name="at_store"),
        Column(name="name"),
        Column(name="card", kind=int),
        Column(name="pickup_state"),
    ),
    order=("pickup",),
    is_newest_first=True,
    filters=(Filter(name="pickup", column="pickup", kind=int),),
    actions=("pickup.call_off",),
    state="pickup_state",
)
