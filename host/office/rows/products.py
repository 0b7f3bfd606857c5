"""Making and revising products: what a card is, in versions."""

import datetime as dt
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from host.model import money
from host.model.instruments import Activation, Form, PinPolicy
from host.office.action import Acting, Action, Result, Second
from host.office.fields import (
    Days,
    HoldDays,
    InstitutionId,
    Money,
    Name,
    Number,
    Percent,
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


class ProductRevise(Values, frozen=True, kw_only=True):
    """A new product, or the next version of one: cards that are there keep theirs."""

    product: Number | None = None
    issuer: InstitutionId | None = None
    code: ProductCode | None = None
    name: Name
    form: Form
    face_minor_min: Money
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
    regifts_max: Regifts | None = None
    """How often what came as a gift may be given on; without it, as often as one likes."""
    hold_days: HoldDays | None = None
    """Without it, and without the percent, a pre-authorisation is as its issuer says."""
    hold_over_percent: Percent | None = None


def _revise(acting: Acting, values: ProductRevise) -> Result:
    issuer, code = _of_product(acting, values)
    if values.pin is PinPolicy.REQUIRED:
        raise Refusal(FIELD, field="pin", problem="cards that are made here have no PIN yet")
    told = msgspec.structs.asdict(values)
    named = {field.name for field in msgspec.structs.fields(products.NewVersion)}
    told["face_minor_max"] = values.face_minor_max or values.face_minor_min
    version = products.NewVersion(**{name: told[name] for name in told if name in named})
    _refuse_beyond(acting, issuer, version)
    by = (acting.who.login, acting.now)
    product, number = products.revise_product(
        acting.connection, issuer, (code, values.name), version, by
    )
    return Result(key=str(product), told={"version": number})


def _refuse_beyond(acting: Acting, issuer: int, version: products.NewVersion) -> None:
    """A face value that no card may have, or no till load, is none."""
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
