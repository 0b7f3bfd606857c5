"""Making and revising products: what a card is, in versions."""

import datetime as dt
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.model import money
from host.model.instruments import Activation, Form, PinPolicy
from host.model.vouchers import COUNTED, ProductKind
from host.office.action import Acting, Action, Result, Second
from host.office.fields import (
    Days,
    HoldDays,
    InstitutionId,
    Money,
    Name,
    Number,
    Percent,
    Pieces,
    ProductCode,
    Values,
)
from host.office.refusals import FIELD, ID, Refusal
from host.office.roles import IM, PA
from host.office.subjects import Ref
from host.stock import products
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "stock.sql")

Regifts = Annotated[int, Meta(ge=0, le=99)]
BreakageDays = Annotated[int, Meta(ge=1, le=3_650)]


class ProductRevise(Values, frozen=True, kw_only=True):
    """A new product, or the next version of one: cards that are there keep theirs."""

    product: Number | None = None
    issuer: InstitutionId | None = None
    code: ProductCode | None = None
    name: Name
    form: Form
    face_minor_min: Money | None = None
    """Of a points card: points. What gives goods, entries or free ones has none."""
    face_minor_max: Money | None = None
    """None: every card is worth the same."""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    valid_days: Days | None = None
    """Without it, and without a last day, its cards never end."""
    is_reloadable: bool = False
    is_registered: bool = True
    pin: PinPolicy = PinPolicy.NEVER
    activation: frozenset[Activation] = frozenset(Activation)
    amount_minor_max: Money | None = None
    balance_minor_max: Money | None = None
    replacement_fee_minor_max: Money | None = None
    """Without it a card is replaced for nothing."""
    makes: ProductKind = ProductKind.CARD
    """What its cards are; the rest is of vouchers."""
    entries: Pieces = 1
    """Of a ticket; of goods how many at once; of what is bought so often, how many are free."""
    buys: Pieces | None = None
    may_load: bool = False
    """What a voucher is worth may be put onto a card; of a points card always."""
    sale_minor_min: Money | None = None
    grace_days: Days | None = None
    goods: tuple[ProductCode, ...] = ()
    """Articles that a voucher is for; none: any."""
    regions: tuple[ProductCode, ...] = ()
    """Of the stores that take it; none: any."""
    regifts_max: Regifts | None = None
    """How often what came as a gift may be given on; without it, as often as one likes."""
    hold_days: HoldDays | None = None
    """Without it, and without the percent, a pre-authorisation is as its issuer says."""
    hold_over_percent: Percent | None = None
    breakage_days: BreakageDays | None = None
    """After so many days what is left on an expired card is its issuer's; without it, never."""


def _revise(acting: Acting, values: ProductRevise) -> Result:
    issuer, code = _of_product(acting, values)
    if values.pin is PinPolicy.REQUIRED:
        raise Refusal(FIELD, field="pin", problem="cards that are made here have no PIN yet")
    told = msgspec.structs.asdict(values)
    named = {field.name for field in msgspec.structs.fields(products.NewVersion)}
    told |= _of_voucher(values)
    version = products.NewVersion(**{name: told[name] for name in told if name in named})
    _refuse_beyond(acting, issuer, version)
    by = (acting.who.login, acting.now)
    product, number = products.revise_product(
        acting.connection, issuer, (code, values.name), version, by
    )
    return Result(key=str(product), told={"version": number})


def _of_voucher(values: ProductRevise) -> dict[str, Any]:
    """What is left out means nothing; what a voucher gives that is no money has no face value."""
    is_counted = values.makes in COUNTED
    if is_counted == (values.face_minor_min is not None):
        problem = "it has none: it gives no money" if is_counted else "it is needed"
        raise Refusal(FIELD, field="face_minor_min", problem=problem)
    return {
        "kind": values.makes,
        "face_minor_min": values.face_minor_min or 0,
        "face_minor_max": values.face_minor_max or values.face_minor_min or 0,
        "buys": values.buys or 0,
        "may_load": values.may_load or values.makes is ProductKind.POINTS_CARD,
        "sale_minor_min": values.sale_minor_min or 0,
        "grace_days": values.grace_days or 0,
        "goods": frozenset(values.goods),
        "regions": frozenset(values.regions),
    }


def _refuse_beyond(acting: Acting, issuer: int, version: products.NewVersion) -> None:
    """A face value that no card may have, or no till load, is none. Points are no money."""
    if version.kind is ProductKind.POINTS_CARD:
        return
    row = acting.connection.execute(SQL["limits_of_issuer"], {"issuer": issuer}).fetchone()
    limits = [*(row or ()), version.amount_minor_max, version.balance_minor_max]
    most = min(limit for limit in limits if limit is not None)
    if version.face_minor_max > most:
        problem = (
            f"a card of this issuer has {money.Money(most, money.HOUSE_CURRENCY).figures} at most"
        )
        raise Refusal(FIELD, field="face_minor_max", problem=problem)


def _of_product(acting: Acting, values: ProductRevise) -> tuple[int, str]:
    if acting.about is not None:
        return acting.about.content["issuer_id"], acting.about.content["code"]
    if acting.within is None or not values.code:
        raise Refusal(FIELD, field="code", problem="a new product needs one")
    told = {"issuer": acting.within.id, "code": values.code}
    if acting.connection.execute(SQL["product_coded"], told).fetchone() is not None:
        raise Refusal(ID, field="code", what="product", key=values.code)
    issuer = acting.within.place.issuer_id
    assert issuer is not None, "an issuer's place is itself"
    return issuer, values.code


PRODUCT_REVISE: Final = Action(
    id="product.revise",
    en="Make or revise a product",
    zh="卡券产品",
    values=ProductRevise,
    roles=frozenset({IM}),
    do=_revise,
    about=lambda values: Ref("product", str(values.product or "")),
    within=lambda values: Ref("issuer", values.issuer or ""),
    second=Second.WHEN,
    second_when=lambda acting, _values: acting.about is not None,
    approvers=frozenset({IM, PA}),
)
