"""What people do with vouchers and see of them: batches made, opened, stopped; one voided."""

import datetime as dt
import enum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.model.instruments import BatchState
from host.model.vouchers import ProductKind, VoucherState
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import Login, MerchantId, Money, Name, Note, Number, Pieces, Text, Values
from host.office.grants import find_at_work
from host.office.places import Scope
from host.office.refusals import FIELD, NOT_YOUR_ROLE, STATE, Refusal
from host.office.roles import AU, BM, BO, CS, IM, MB, MO, PA, PO, RK, ROLES
from host.office.rows import batches as of_cards
from host.office.rows.card_views import OF_BATCH
from host.office.rows.stock import by_whom
from host.office.subjects import Ref
from host.office.view import Column, Filter, View
from host.rules.states import StateError, after
from host.rules.voucher_states import VOUCHER_STATES
from host.stock import batches, ends
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "vouchers.sql")
VOIDED_MAX: Final = 500
"""In one action."""
_ISSUERS: Final = frozenset({Scope.PLATFORM, Scope.ISSUER})


@enum.unique
class Stop(enum.StrEnum):
    """What becomes of a batch of vouchers."""

    SUSPEND = "suspend"
    RESUME = "resume"
    VOID = "void"


class VoucherBatchCreate(Values, frozen=True, kw_only=True):
    """Vouchers under a product's newest version, and who takes them; made by a job."""

    product: Number
    name: Name
    cards: Number
    responsible: Login
    face_minor: Money | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    merchants: tuple[MerchantId, ...] = ()
    """Who takes them; none: whoever takes the issuer's cards."""
    in_stores: tuple[Number, ...] = ()
    """In which stores; none: in all of theirs."""
    claims_max: Pieces | None = None
    """How many a member may claim; none: as many as there are."""
    is_reviewed: bool = False
    """Whether a redemption at a counter waits for another person of the merchant."""
    note: Text = ""


class VoucherBatchStop(Values, frozen=True, kw_only=True):
    """What becomes of it, and why."""

    batch: str
    how: Stop
    note: Note


class VoucherVoid(Values, frozen=True, kw_only=True):
    """One that nobody has used, or several."""

    card: Number
    others: Annotated[tuple[Number, ...], Meta(max_length=VOIDED_MAX)] = ()
    """And these."""
    note: Note


def _create(acting: Acting, values: VoucherBatchCreate) -> Result:
    find_at_work(acting, values.responsible)
    _check_kind(acting, values.product)
    told = msgspec.structs.asdict(values)
    del told["in_stores"]
    told["merchants"], told["stores"] = _takers(acting, values)
    made = batches.create_batch(acting.connection, batches.NewBatch(**told), by_whom(acting))
    told_of = of_cards.begin_making(acting, made.code, made.part, values.cards)
    return Result(key=made.code, told=told_of)


def _check_kind(acting: Acting, product: int) -> None:
    row = acting.connection.execute(SQL["kind_of_product"], (product,)).fetchone()
    if row is None or not ProductKind(row[0]).is_voucher:
        raise Refusal(FIELD, field="product", problem="it is a product of cards, not of vouchers")


def _takers(acting: Acting, values: VoucherBatchCreate) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Merchants and stores by their numbers: all of them take the issuer's cards."""
    told = {"product": values.product, "merchants": list(values.merchants)}
    told["stores"] = list(values.in_stores)
    found = []
    for field, names in (("merchants", values.merchants), ("in_stores", values.in_stores)):
        rows = acting.connection.execute(SQL[f"{field}_taking"], told).fetchall()
        if len(rows) != len(set(names)):
            problem = "one of them does not take this issuer's cards"
            raise Refusal(FIELD, field=field, problem=problem)
        found.append(tuple(number for (number,) in rows))
    return found[0], found[1]


def _open(acting: Acting, values: of_cards.BatchOpen) -> Result:
    _check_batch(acting)
    return of_cards.open_waiting(acting, values)


def _stop(acting: Acting, values: VoucherBatchStop) -> Result:
    _check_batch(acting)
    if values.how is not Stop.SUSPEND and acting.grant.role == RK:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    number = acting.subject.id
    assert isinstance(number, int), "batches are numbered"
    if values.how is Stop.SUSPEND:
        batches.suspend_batch(acting.connection, number, by_whom(acting))
    elif values.how is Stop.RESUME:
        batches.resume_batch(acting.connection, number)
    else:
        is_given_up = of_cards.nobody_is_at_it(acting)
        batches.void_batch(acting.connection, number, by_whom(acting), is_given_up=is_given_up)
    return OK


def _check_batch(acting: Acting) -> None:
    """What is said of vouchers is not done to cards."""
    _check_kind(acting, acting.subject.content["product_id"])


def _needs_two(acting: Acting, values: VoucherBatchStop) -> bool:
    """To void them all; to let go what risk has stopped, or, for a merchant, what an issuer has."""
    if values.how is Stop.RESUME:
        return of_cards.is_risks(acting) or not _is_own_stop(acting)
    return values.how is Stop.VOID


def _is_own_stop(acting: Acting) -> bool:
    """A merchant lets go alone what was stopped by people of the same merchant."""
    if acting.grant.role != MO:
        return True
    told = {
        "login": acting.subject.content["suspended_by"],
        "merchant": acting.grant.place.merchant_id,
    }
    return acting.connection.execute(SQL["stopped_by_merchant"], told).fetchone() == (True,)


def _foretold_stop(acting: Acting, values: VoucherBatchStop) -> dict[str, Any]:
    """How many stand in each state: those that are claimed are lost to who has them."""
    number = acting.subject.id
    assert isinstance(number, int), "batches are numbered"
    told = ends.foretold_void(acting.connection, number)
    return {"how": values.how.value, "cards_by_state": told.cards}


def _void(acting: Acting, values: VoucherVoid) -> Result:
    """All of them or none: each is held, in their order, and looked at then."""
    for card in values.others:
        acting.find("card", card)
    cards = sorted({values.card, *values.others})
    for status, *_more in acting.connection.execute(SQL["hold_vouchers"], (cards,)).fetchall():
        try:
            after(VOUCHER_STATES, "voucher", status, "voucher.void")
        except StateError as error:
            raise Refusal(STATE, state=status) from error
    acting.connection.execute(SQL["void_vouchers"], (cards,))
    return Result(beside={"vouchers": cards}) if values.others else OK


VOUCHER_BATCH_CREATE: Final = Action(
    id="voucher_batch.create",
    en="Make a batch of vouchers",
    zh="生成纸质券/电子券",
    values=VoucherBatchCreate,
    roles=frozenset({PO, IM}),
    do=_create,
    about=lambda _values: Ref("card_batch", ""),
    within=lambda values: Ref("product", str(values.product)),
)
VOUCHER_BATCH_OPEN: Final = Action(
    id="voucher_batch.open",
    en="Open a batch of vouchers",
    zh="开启券批次",
    values=of_cards.BatchOpen,
    roles=frozenset({BO}),
    do=_open,
    about=lambda values: Ref("card_batch", values.batch),
    second=Second.ITSELF,
    step=Step.OWN,
)
VOUCHER_BATCH_STOP: Final = Action(
    id="voucher_batch.stop",
    en="Suspend, resume or void a batch of vouchers",
    zh="暂停/恢复/废弃券批次",
    values=VoucherBatchStop,
    roles=frozenset({BO, RK, MO}),
    do=_stop,
    about=lambda values: Ref("card_batch", values.batch),
    second=Second.WHEN,
    second_when=_needs_two,
    approvers=frozenset({IM, PA, RK}),
    step=Step.OWN,
    foretold=_foretold_stop,
)
VOUCHER_VOID: Final = Action(
    id="voucher.void",
    en="Void a voucher",
    zh="废弃券",
    values=VoucherVoid,
    roles=frozenset({PO, IM}),
    do=_void,
    about=lambda values: Ref("card", str(values.card)),
    second=Second.WHEN,
    second_when=lambda _acting, values: bool(values.others),
    approvers=frozenset({PO, IM, PA}),
    step=Step.OWN,
)

VOUCHER_BATCHES: Final = View(
    id="voucher_batches",
    en="Voucher batches",
    zh="券批次",
    roles=frozenset({PA, PO, AU, RK, IM, BM, BO, MO}),
    scopes=_ISSUERS | {Scope.MERCHANT},
    columns=(
        Column(name="id", kind=int),
        Column(name="batch"),
        Column(name="name"),
        Column(name="product", kind=int, opens="products"),
        Column(name="kind"),
        Column(name="face_minor", kind=int),
        Column(name="unit"),
        Column(name="cards", kind=int),
        Column(name="merchants"),
        Column(name="in_stores"),
        Column(name="is_reviewed", kind=bool),
        Column(name="valid_to", kind=dt.date),
        Column(name="claimed", kind=int),
        Column(name="redeemed", kind=int),
        Column(name="loaded", kind=int),
        Column(name="state"),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="batch", column="batch"),
        Filter(name="state", column="state", words=tuple(BatchState)),
        Filter(name="product", column="product", kind=int),
    ),
    actions=("voucher_batch.open", "voucher_batch.stop", "voucher_batch.print", "voucher.issue"),
    exports="C",
)
VOUCHERS: Final = View(
    id="vouchers",
    en="Vouchers",
    zh="券",
    roles=frozenset({PA, PO, AU, CS, IM, BM, BO, MB}),
    scopes=_ISSUERS | {Scope.MEMBER},
    columns=(
        Column(name="id", kind=int),
        Column(name="pan_masked", is_masked=True),
        Column(name="product", kind=int, opens="products"),
        Column(name="name"),
        Column(name="face_minor", kind=int),
        Column(name="unit"),
        Column(name="voucher_status"),
        Column(name="sale"),
        Column(name="member", kind=int, opens="members"),
        Column(name="times_used", kind=int),
        Column(name="used_at", kind=dt.datetime),
        Column(name="used_where"),
        Column(name="claimed_by_channel"),
        Column(name="valid_from", kind=dt.date),
        Column(name="valid_to", kind=dt.date),
    ),
    order=("id",),
    filters=(
        *OF_BATCH,
        Filter(name="card", column="id", kind=int),
        Filter(name="voucher_status", column="voucher_status", words=tuple(VoucherState)),
    ),
    needs=frozenset({"batch", "card"}),
    few=frozenset({Scope.MEMBER}),
    actions=("voucher.void", "voucher.reissue"),
    exports="C",
)
